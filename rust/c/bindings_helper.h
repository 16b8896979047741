/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The input of bindgen: the headers that the abstractions wrap, and constants
 * that bindgen does not evaluate because they contain casts or functions.
 */

#include <linux/anon_inodes.h>
#include <linux/etherdevice.h>
#include <linux/ethtool.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/if_arp.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/inetdevice.h>
#include <linux/miscdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/skbuff.h>
#include <linux/uio.h>
#include <linux/virtio_net.h>
#include <net/addrconf.h>
#include <net/dropreason.h>
#include <net/gso.h>
#include <net/if_inet6.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/rtnetlink.h>
#include <net/sch_generic.h>
#include <uapi/asm/ioctls.h>
#include <uapi/asm/sockios.h>

#include "../../include/linux/if_bsdtun.h"
#include "../../include/net/if_tap.h"
#include "../../include/net/if_tun.h"
#include "../../include/net/if_types.h"
#include "../../include/openbsd/net/if_tun_hdr.h"
#include "driver.h"
#include "helpers.h"
#include "tracepoints.h"

/* `bindgen` gets confused at certain things. */
const fmode_t RUST_CONST_HELPER_FMODE_NOWAIT = FMODE_NOWAIT;
const int RUST_CONST_HELPER_IOCB_NOWAIT = IOCB_NOWAIT;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_FRAGLIST = NETIF_F_FRAGLIST;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_GSO_UDP_L4 = NETIF_F_GSO_UDP_L4;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_HW_CSUM = NETIF_F_HW_CSUM;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_HW_VLAN_CTAG_TX = NETIF_F_HW_VLAN_CTAG_TX;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_IPV6_CSUM = NETIF_F_IPV6_CSUM;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_IP_CSUM = NETIF_F_IP_CSUM;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_SG = NETIF_F_SG;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_TSO = NETIF_F_TSO;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_TSO6 = NETIF_F_TSO6;
const netdev_features_t RUST_CONST_HELPER_NETIF_F_TSO_ECN = NETIF_F_TSO_ECN;
const int RUST_CONST_HELPER_PAGE_ALLOC_COSTLY_ORDER = PAGE_ALLOC_COSTLY_ORDER;
const u32 RUST_CONST_HELPER_NL_VALIDATE_STRICT = NL_VALIDATE_STRICT;
const int RUST_CONST_HELPER_NET_IP_ALIGN = NET_IP_ALIGN;
const u32 RUST_CONST_HELPER_FIONREAD = FIONREAD;
const u32 RUST_CONST_HELPER_TUNGDEBUG = TUNGDEBUG;
const u32 RUST_CONST_HELPER_TUNSDEBUG = TUNSDEBUG;
const u32 RUST_CONST_HELPER_TUNSIFINFO = TUNSIFINFO;
const u32 RUST_CONST_HELPER_TUNGIFINFO = TUNGIFINFO;
const u32 RUST_CONST_HELPER_TUNSLMODE = TUNSLMODE;
const u32 RUST_CONST_HELPER_TUNGIFNAME = TUNGIFNAME;
const u32 RUST_CONST_HELPER_TUNSIFMODE = TUNSIFMODE;
const u32 RUST_CONST_HELPER_TUNSIFPID = TUNSIFPID;
const u32 RUST_CONST_HELPER_TUNSIFHEAD = TUNSIFHEAD;
const u32 RUST_CONST_HELPER_TUNGIFHEAD = TUNGIFHEAD;
const u32 RUST_CONST_HELPER_TUNSTRANSIENT = TUNSTRANSIENT;
const u32 RUST_CONST_HELPER_TUNGTRANSIENT = TUNGTRANSIENT;
const u32 RUST_CONST_HELPER_FIODGNAME = FIODGNAME;
const u32 RUST_CONST_HELPER_TUNMRU = TUNMRU;
const u32 RUST_CONST_HELPER_TUNMTU = TUNMTU;
const u32 RUST_CONST_HELPER_TAPGDEBUG = TAPGDEBUG;
const u32 RUST_CONST_HELPER_TAPSDEBUG = TAPSDEBUG;
const u32 RUST_CONST_HELPER_TAPSIFINFO = TAPSIFINFO;
const u32 RUST_CONST_HELPER_TAPGIFINFO = TAPGIFINFO;
const u32 RUST_CONST_HELPER_TAPGIFNAME = TAPGIFNAME;
const u32 RUST_CONST_HELPER_TAPSVNETHDR = TAPSVNETHDR;
const u32 RUST_CONST_HELPER_TAPGVNETHDR = TAPGVNETHDR;
const u32 RUST_CONST_HELPER_BSDTUNGVNETHDR = BSDTUNGVNETHDR;
const u32 RUST_CONST_HELPER_BSDTUNSBATCH = BSDTUNSBATCH;
const u32 RUST_CONST_HELPER_BSDTUNGBATCH = BSDTUNGBATCH;
const u32 RUST_CONST_HELPER_BSDTUN_RECORD_ALIGNMENT = BSDTUN_RECORD_ALIGNMENT;
const u32 RUST_CONST_HELPER_BSDTUN_RECORD_TRUNCATED = BSDTUN_RECORD_TRUNCATED;
const u32 RUST_CONST_HELPER_TUNSCAP = TUNSCAP;
const u32 RUST_CONST_HELPER_TUNGCAP = TUNGCAP;
const u32 RUST_CONST_HELPER_TUNDCAP = TUNDCAP;
const u32 RUST_CONST_HELPER_TAPSTRANSIENT = TAPSTRANSIENT;
const u32 RUST_CONST_HELPER_TAPGTRANSIENT = TAPGTRANSIENT;
const u32 RUST_CONST_HELPER_VMIO_SIOCSIFFLAGS = VMIO_SIOCSIFFLAGS;
const u32 RUST_CONST_HELPER_TAPMRU = TAPMRU;
const u32 RUST_CONST_HELPER_IFT_ETHER = IFT_ETHER;
const u32 RUST_CONST_HELPER_IFT_PPP = IFT_PPP;
const u32 RUST_CONST_HELPER_FIOSETOWN = FIOSETOWN;
const u32 RUST_CONST_HELPER_FIOGETOWN = FIOGETOWN;
const u32 RUST_CONST_HELPER_SIOCSPGRP = SIOCSPGRP;
const u32 RUST_CONST_HELPER_SIOCGPGRP = SIOCGPGRP;
const u32 RUST_CONST_HELPER_SIOCGIFADDR = SIOCGIFADDR;
const u32 RUST_CONST_HELPER_SIOCSIFADDR = SIOCSIFADDR;
const u32 RUST_CONST_HELPER_TIOCSPGRP = TIOCSPGRP;
const u32 RUST_CONST_HELPER_TIOCGPGRP = TIOCGPGRP;
