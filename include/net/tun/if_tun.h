/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/* DragonFly's path of this header. */
#include <net/if_tun.h>
