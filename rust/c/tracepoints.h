/* SPDX-License-Identifier: GPL-2.0 */
#undef TRACE_SYSTEM
#undef TRACE_INCLUDE_PATH
#undef TRACE_INCLUDE_FILE
#define TRACE_SYSTEM bsdtun
#define TRACE_INCLUDE_PATH .
#define TRACE_INCLUDE_FILE tracepoints

#if !defined(BSDTUN_TRACEPOINTS_H) || defined(TRACE_HEADER_MULTI_READ)
#define BSDTUN_TRACEPOINTS_H

#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/types.h>
#include <net/dropreason.h>

/*
 * unit is the name of the node. dev is the current name of the interface, or
 * "-" if it was removed. skbaddr is the same as in the events of net and skb,
 * so that a packet can be followed through all of them. len excludes the prefix
 * that a program reads or writes in front of a packet. gso_size is not 0 if the
 * packet is to be segmented, and gso_segs the number of its segments, if the sender
 * has stored it.
 *
 * The names are arrays in the record, so that eBPF programs can read them
 * directly.
 */

/* The stack has transmitted a packet. queued is the number of queued packets, with this one. */
TRACE_EVENT(bsdtun_queue,
	TP_PROTO(const char *unit, const struct net_device *dev,
		 const struct sk_buff *skb, unsigned int queued),

	TP_ARGS(unit, dev, skb, queued),

	TP_STRUCT__entry(
		__array(char, unit, IFNAMSIZ)
		__array(char, dev, IFNAMSIZ)
		__field(const void *, skbaddr)
		__field(unsigned int, len)
		__field(unsigned short, protocol)
		__field(unsigned short, gso_size)
		__field(unsigned short, gso_segs)
		__field(unsigned int, queued)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
		__entry->gso_size = skb_shinfo(skb)->gso_size;
		__entry->gso_segs = skb_shinfo(skb)->gso_segs;
		__entry->queued = queued;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x gso_size=%u gso_segs=%u queued=%u",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol,
		  __entry->gso_size, __entry->gso_segs, __entry->queued)
);

/* A packet was read. copied includes the prefix and excludes truncated bytes. */
TRACE_EVENT(bsdtun_read,
	TP_PROTO(const char *unit, const struct net_device *dev,
		 const struct sk_buff *skb, size_t copied),

	TP_ARGS(unit, dev, skb, copied),

	TP_STRUCT__entry(
		__array(char, unit, IFNAMSIZ)
		__array(char, dev, IFNAMSIZ)
		__field(const void *, skbaddr)
		__field(unsigned int, len)
		__field(unsigned short, protocol)
		__field(unsigned short, gso_size)
		__field(unsigned short, gso_segs)
		__field(size_t, copied)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
		__entry->gso_size = skb_shinfo(skb)->gso_size;
		__entry->gso_segs = skb_shinfo(skb)->gso_segs;
		__entry->copied = copied;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x gso_size=%u gso_segs=%u copied=%zu",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol,
		  __entry->gso_size, __entry->gso_segs, __entry->copied)
);

/* A packet was written, and is about to be passed to the stack. */
TRACE_EVENT(bsdtun_write,
	TP_PROTO(const char *unit, const struct net_device *dev,
		 const struct sk_buff *skb),

	TP_ARGS(unit, dev, skb),

	TP_STRUCT__entry(
		__array(char, unit, IFNAMSIZ)
		__array(char, dev, IFNAMSIZ)
		__field(const void *, skbaddr)
		__field(unsigned int, len)
		__field(unsigned short, protocol)
		__field(unsigned short, gso_size)
		__field(unsigned short, gso_segs)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
		__entry->gso_size = skb_shinfo(skb)->gso_size;
		__entry->gso_segs = skb_shinfo(skb)->gso_segs;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x gso_size=%u gso_segs=%u",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol,
		  __entry->gso_size, __entry->gso_segs)
);

#undef REASON
#define REASON(name) TRACE_DEFINE_ENUM(SKB_DROP_REASON_##name);
DEFINE_DROP_REASON(REASON, REASON)

#undef REASON
#undef LAST
#define REASON(name) { SKB_DROP_REASON_##name, #name },
#define LAST(name) { SKB_DROP_REASON_##name, #name }

/*
 * A packet from the stack (tx) or from a program (rx) is dropped. skbaddr and
 * protocol are 0 if it is dropped before an skb was allocated.
 */
TRACE_EVENT(bsdtun_drop,
	TP_PROTO(const char *unit, const struct net_device *dev,
		 const struct sk_buff *skb, size_t len, bool tx,
		 enum skb_drop_reason reason),

	TP_ARGS(unit, dev, skb, len, tx, reason),

	TP_STRUCT__entry(
		__array(char, unit, IFNAMSIZ)
		__array(char, dev, IFNAMSIZ)
		__field(const void *, skbaddr)
		__field(size_t, len)
		__field(unsigned short, protocol)
		__field(bool, tx)
		__field(enum skb_drop_reason, reason)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = len;
		__entry->protocol = skb ? bsdtun_trace_protocol(dev, skb) : 0;
		__entry->tx = tx;
		__entry->reason = reason;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%zu protocol=0x%04x way=%s reason=%s",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol,
		  __entry->tx ? "tx" : "rx",
		  __print_symbolic(__entry->reason, DEFINE_DROP_REASON(REASON, LAST)))
);

#undef REASON
#undef LAST

#endif /* BSDTUN_TRACEPOINTS_H */

/* Outside of the guard, because it includes this file again. */
#include <trace/define_trace.h>
