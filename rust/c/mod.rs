// SPDX-License-Identifier: GPL-2.0

//! Bindings to the kernel's C, and to the driver's own helpers and tracepoints.

pub(crate) mod bindings;
