/* SPDX-License-Identifier: GPL-2.0 */
/* Loading and unloading the module. */
#ifndef BSDTUN_LIB_MODULE_H
#define BSDTUN_LIB_MODULE_H

#include <stdbool.h>

long module_unload(void);

/* Loads the file that BSDTUN_KO names. */
long module_load(void);

/* False also if the driver is built in. */
bool module_loaded(void);

#endif /* BSDTUN_LIB_MODULE_H */
