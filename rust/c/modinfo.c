// SPDX-License-Identifier: GPL-2.0
/* The version, which the kernel crate's module!() has no field for. */
#include <linux/module.h>

MODULE_VERSION(BSDTUN_VERSION);
