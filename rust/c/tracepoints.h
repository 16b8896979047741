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
 * The unit is called as its node is, the interface as it is at this moment; it
 * is "-" when there is none any more. skbaddr is that of the events of net and
 * skb: one packet can be followed through all of them. len does not count the
 * prefix that a program reads or writes before a packet.
 *
 * The names are in the record itself and not behind it: eBPF programs can use
 * them as they are.
 */

/* A packet from the stack waits for a program; queued is how many wait now. */
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
		__field(unsigned int, queued)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
		__entry->queued = queued;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x queued=%u",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol, __entry->queued)
);

/* A program has read a packet; copied counts its prefix, and what did not fit not. */
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
		__field(size_t, copied)
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
		__entry->copied = copied;
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x copied=%zu",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol, __entry->copied)
);

/* A program has written a packet, which the stack has not seen yet. */
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
	),

	TP_fast_assign(
		strscpy_pad(__entry->unit, unit, IFNAMSIZ);
		strscpy_pad(__entry->dev, bsdtun_trace_name(dev), IFNAMSIZ);
		__entry->skbaddr = skb;
		__entry->len = skb->len;
		__entry->protocol = bsdtun_trace_protocol(dev, skb);
	),

	TP_printk("unit=%s dev=%s skbaddr=%p len=%u protocol=0x%04x",
		  __entry->unit, __entry->dev, __entry->skbaddr,
		  __entry->len, __entry->protocol)
);

#undef REASON
#define REASON(name) TRACE_DEFINE_ENUM(SKB_DROP_REASON_##name);
DEFINE_DROP_REASON(REASON, REASON)

#undef REASON
#undef LAST
#define REASON(name) { SKB_DROP_REASON_##name, #name },
#define LAST(name) { SKB_DROP_REASON_##name, #name }

/*
 * A packet is lost on its way from the stack (tx) or from a program (rx). What
 * is lost before a packet was made of it has no skbaddr, and no protocol.
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

/* Outside of the guard: it reads this file again. */
#include <trace/define_trace.h>
