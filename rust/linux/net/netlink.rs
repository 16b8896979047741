// SPDX-License-Identifier: GPL-2.0

//! NlAttrs of netlink messages, as kinds of link have them in `IFLA_INFO_DATA`.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use crate::{
    c::bindings,
    linux::net::device::EthernetAddress, //
};
use core::{
    marker::PhantomData,
    mem,
    ptr::{
        addr_of_mut,
        NonNull, //
    }, //
};
use kernel::{
    error::to_result,
    prelude::*, //
};

/// Where a refused request leaves its reason for the user to read.
///
/// # Invariants
///
/// `ptr` is null, or valid for writing during `'a`.
pub(crate) struct ExtAck<'a> {
    ptr: *mut bindings::netlink_ext_ack,
    _lifetime: PhantomData<&'a mut bindings::netlink_ext_ack>,
}

impl ExtAck<'_> {
    /// Nobody will read the reason.
    pub(super) fn none() -> Self {
        // INVARIANT: Null.
        Self {
            ptr: core::ptr::null_mut(),
            _lifetime: PhantomData,
        }
    }

    /// # Safety
    ///
    /// `ptr` must be null, or valid and nobody else's while the value lives.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::netlink_ext_ack) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            ptr,
            _lifetime: PhantomData,
        }
    }

    /// Sets the text that `ip` prints after "Error:".
    pub(crate) fn set(&mut self, message: &'static CStr) {
        if let Some(ext_ack) = NonNull::new(self.ptr) {
            // SAFETY: Valid by the type invariant; the text is static.
            unsafe { addr_of_mut!((*ext_ack.as_ptr())._msg).write(message.as_char_ptr()) };
        }
    }
}

/// What an attribute may hold. What does not fit is refused before a driver sees it.
#[repr(transparent)]
pub(crate) struct Policy(bindings::nla_policy);

// SAFETY: Nobody writes to it, and what it points to is static.
unsafe impl Sync for Policy {}

impl Policy {
    /// No such attribute.
    pub(crate) const fn none() -> Self {
        Self(pin_init::zeroed())
    }

    /// A byte, 0 or 1.
    pub(crate) const fn u8_bool() -> Self {
        Self::limited(bindings::NLA_U8 as u8, 1)
    }

    /// 32 bits, of a number that is not above `max`.
    pub(crate) const fn u32_up_to(max: i16) -> Self {
        Self::limited(bindings::NLA_U32 as u8, max)
    }

    /// An attribute that is not taken: `reason` is for whoever sends it.
    pub(crate) const fn refused(reason: &'static CStr) -> Self {
        let mut policy = Self::none();
        policy.0.type_ = bindings::NLA_REJECT as u8;
        policy.0.__bindgen_anon_1.reject_message =
            kernel::str::as_char_ptr_in_const_context(reason);
        policy
    }

    const fn limited(kind: u8, max: i16) -> Self {
        let mut policy = Self::none();
        policy.0.type_ = kind;
        policy.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_MAX as u8;
        policy.0.__bindgen_anon_1.__bindgen_anon_1 =
            bindings::nla_policy__bindgen_ty_1__bindgen_ty_1 { min: 0, max };
        policy
    }
}

/// The attributes that a request carries.
///
/// # Invariants
///
/// `table` holds pointers that are null or lead to whole attributes, valid during `'a`, at the place
/// of their number.
pub(crate) struct NlAttrs<'a> {
    table: &'a [*mut bindings::nlattr],
}

impl<'a> NlAttrs<'a> {
    /// None at all.
    pub(super) const fn none() -> Self {
        // INVARIANT: Empty.
        Self { table: &[] }
    }

    /// # Safety
    ///
    /// `table` must be null, or the attributes that the core has parsed with `policies`; all must stay
    /// during `'a`.
    pub(super) unsafe fn from_raw(
        table: *mut *mut bindings::nlattr,
        policies: &'static [Policy],
    ) -> Self {
        if table.is_null() {
            return Self::none();
        }
        // INVARIANT: By the safety requirement.
        Self {
            // SAFETY: The core's table has a place for each policy.
            table: unsafe { core::slice::from_raw_parts(table, policies.len()) },
        }
    }

    /// The attribute of this number, if it is there and 32 bits long.
    pub(crate) fn u32(&self, number: u16) -> Option<u32> {
        self.payload(number).map(u32::from_ne_bytes)
    }

    /// The attribute of this number, if it is there and one byte long.
    pub(crate) fn u8_bool(&self, number: u16) -> Option<bool> {
        self.payload(number).map(|[byte]| byte != 0)
    }

    fn payload<const N: usize>(&self, number: u16) -> Option<[u8; N]> {
        let attr = *self.table.get(usize::from(number))?;
        let attr = NonNull::new(attr)?.as_ptr();
        // SAFETY: Valid by the type invariant.
        let len = usize::from(unsafe { (*attr).nla_len });
        if len != mem::size_of::<bindings::nlattr>() + N {
            return None;
        }
        // SAFETY: The attribute is that long, by the type invariant.
        Some(unsafe { attr.add(1).cast::<[u8; N]>().read_unaligned() })
    }
}

/// A message that attributes are put into.
///
/// # Invariants
///
/// `skb` is a netlink message that is being built, and nobody else's while the value lives.
pub(crate) struct Message<'a> {
    skb: *mut bindings::sk_buff,
    _lifetime: PhantomData<&'a mut bindings::sk_buff>,
}

impl Message<'_> {
    /// The room that so many attributes, none longer than 32 bits, need in a message.
    pub(super) const fn size(attributes: usize) -> usize {
        attributes * (mem::size_of::<bindings::nlattr>() + mem::size_of::<u32>())
    }

    /// # Safety
    ///
    /// As the type invariant says.
    pub(super) unsafe fn from_raw(skb: *mut bindings::sk_buff) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            skb,
            _lifetime: PhantomData,
        }
    }

    /// Adds 32 bits.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` without room.
    pub(crate) fn put_u32(&mut self, number: u16, value: u32) -> Result {
        self.put(number, &value.to_ne_bytes())
    }

    /// Adds a byte, 0 or 1.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` without room.
    pub(crate) fn put_u8_bool(&mut self, number: u16, value: bool) -> Result {
        self.put(number, &[u8::from(value)])
    }

    fn put<const N: usize>(&mut self, number: u16, bytes: &[u8; N]) -> Result {
        // SAFETY: The message is valid by the type invariant, and `N` bytes are there.
        to_result(unsafe {
            bindings::nla_put(
                self.skb,
                c_int::from(number),
                N as c_int,
                bytes.as_ptr().cast(),
            )
        })
    }
}

/// Refuses an address, `IFLA_ADDRESS`, that no Ethernet device can have.
///
/// # Errors
///
/// `EINVAL` for a wrong length, `EADDRNOTAVAIL` for zeroes or the address of a group.
///
/// # Safety
///
/// `tb` must be the parsed attributes of a message about a link.
pub(super) unsafe fn validate_ethernet_address(tb: *mut *mut bindings::nlattr) -> Result {
    // SAFETY: The table has a place for each attribute of links.
    let table = unsafe { core::slice::from_raw_parts(tb, bindings::IFLA_ADDRESS as usize + 1) };
    // INVARIANT: By the safety requirement.
    let attributes = NlAttrs { table };
    if table[bindings::IFLA_ADDRESS as usize].is_null() {
        return Ok(());
    }
    let address: EthernetAddress = attributes
        .payload(bindings::IFLA_ADDRESS as u16)
        .ok_or(EINVAL)?;
    if address[0] & 1 != 0 || address == EthernetAddress::default() {
        return Err(EADDRNOTAVAIL);
    }
    Ok(())
}

/// Refuses what the core lets pass: attributes in `IFLA_INFO_DATA` that are unknown, or longer than
/// they should be.
///
/// # Errors
///
/// `EINVAL`, `ERANGE`.
///
/// # Safety
///
/// `tb` must be the parsed attributes of a message about a link.
pub(super) unsafe fn validate_info_data(
    tb: *mut *mut bindings::nlattr,
    policies: &'static [Policy],
    ext_ack: *mut bindings::netlink_ext_ack,
) -> Result {
    // SAFETY: The table has a place for each attribute of links.
    let info = unsafe { *tb.add(bindings::IFLA_LINKINFO as usize) };
    if info.is_null() {
        return Ok(());
    }
    let last = policies.len().saturating_sub(1);
    // CAST: A policy is a transparent wrapper.
    // SAFETY: `info` is a whole attribute; there are as many policies as are said.
    to_result(unsafe {
        bindings::bsdtun_nla_validate_nested_at(
            info,
            bindings::IFLA_INFO_DATA as c_int,
            last as c_int,
            policies.as_ptr().cast(),
            ext_ack,
        )
    })
}
