/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/* Where DragonFly has it. */
#include <net/if_tap.h>
