/* SPDX-License-Identifier: (GPL-2.0 WITH Linux-syscall-note) OR BSD-2-Clause */
/* The same as FreeBSD's. */
#include "../../net/if_types.h"
