// SPDX-License-Identifier: GPL-2.0

//! Bindings to the kernel's C code, and to the driver's own: helpers, tracepoints, and the
//! functions of `driver.h`.

pub(crate) mod bindings;
