// SPDX-License-Identifier: GPL-2.0

//! Attributes of netlink messages, as link kinds have them in `IFLA_INFO_DATA`.
//!
//! C header: [`include/net/netlink.h`](srctree/include/net/netlink.h)

use crate::c::bindings;
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

/// The extended ACK of a request: where a driver explains to the user why the request fails.
///
/// # Invariants
///
/// `ptr` is null, or points to a structure that only this value accesses during `'a`.
pub(crate) struct ExtAck<'a> {
    ptr: *mut bindings::netlink_ext_ack,
    _lifetime: PhantomData<&'a mut bindings::netlink_ext_ack>,
}

impl ExtAck<'_> {
    /// An extended ACK that is discarded, where there is no request.
    pub(super) fn none() -> Self {
        // INVARIANT: Null.
        Self {
            ptr: core::ptr::null_mut(),
            _lifetime: PhantomData,
        }
    }

    /// # Safety
    ///
    /// `ptr` must be null, or valid and not accessed by others while the value lives.
    pub(super) unsafe fn from_raw(ptr: *mut bindings::netlink_ext_ack) -> Self {
        // INVARIANT: By the safety requirement.
        Self {
            ptr,
            _lifetime: PhantomData,
        }
    }

    /// Sets the message, which `ip` prints after "Error:". C's `NL_SET_ERR_MSG()`.
    pub(crate) fn set(&mut self, message: &'static CStr) {
        if let Some(ext_ack) = NonNull::new(self.ptr) {
            // SAFETY: Valid by the type invariant; the message is static.
            unsafe { addr_of_mut!((*ext_ack.as_ptr())._msg).write(message.as_char_ptr()) };
        }
    }
}

/// The longest word in an attribute, in bytes without its NUL.
const WORD_MAX: usize = 15;

/// The payload that the core accepts for an attribute. The core rejects a request with any other
/// payload before the driver sees it. `struct nla_policy`.
#[repr(transparent)]
pub(crate) struct Policy(bindings::nla_policy);

// SAFETY: A policy is never written, and it only points to static data.
unsafe impl Sync for Policy {}

impl Policy {
    /// No attribute has this number.
    pub(crate) const fn none() -> Self {
        Self(pin_init::zeroed())
    }

    /// A `u8` that is 0 or 1. Not to be confused with C's `NLA_FLAG`, which has no payload.
    pub(crate) const fn u8_bool() -> Self {
        let mut policy = Self::none();
        policy.0.type_ = bindings::NLA_U8 as u8;
        policy.0.validation_type = bindings::nla_policy_validation_NLA_VALIDATE_MAX as u8;
        policy.0.__bindgen_anon_1.__bindgen_anon_1 =
            bindings::nla_policy__bindgen_ty_1__bindgen_ty_1 { min: 0, max: 1 };
        policy
    }

    /// A `u32` in host byte order.
    pub(crate) const fn u32() -> Self {
        let mut policy = Self::none();
        policy.0.type_ = bindings::NLA_U32 as u8;
        policy
    }

    /// A word of at most [`WORD_MAX`] bytes, with a NUL behind it.
    pub(crate) const fn word() -> Self {
        let mut policy = Self::none();
        policy.0.type_ = bindings::NLA_NUL_STRING as u8;
        policy.0.len = WORD_MAX as u16;
        policy
    }

    /// An attribute that is rejected with the message `reason`. C's `NLA_REJECT`.
    pub(crate) const fn refused(reason: &'static CStr) -> Self {
        let mut policy = Self::none();
        policy.0.type_ = bindings::NLA_REJECT as u8;
        policy.0.__bindgen_anon_1.reject_message =
            kernel::str::as_char_ptr_in_const_context(reason);
        policy
    }
}

/// The parsed attributes of a request, by number.
///
/// # Invariants
///
/// Each element of `table` is null, or points to the attribute with the number of its index, which
/// is valid during `'a`.
pub(crate) struct NlAttrs<'a> {
    table: &'a [*mut bindings::nlattr],
}

impl<'a> NlAttrs<'a> {
    /// No attributes.
    pub(super) const fn none() -> Self {
        // INVARIANT: Empty.
        Self { table: &[] }
    }

    /// Wraps a table of `len` attributes, as `nla_parse()` fills it; null stands for no attributes.
    ///
    /// # Safety
    ///
    /// `table` must be null, or point to `len` elements for which the type invariant holds.
    pub(super) unsafe fn from_raw(table: *mut *mut bindings::nlattr, len: usize) -> Self {
        if table.is_null() {
            return Self::none();
        }
        // INVARIANT: By the safety requirement.
        Self {
            // SAFETY: By the safety requirement.
            table: unsafe { core::slice::from_raw_parts(table, len) },
        }
    }

    /// The attribute with this number as a `u32` in host byte order; `None` if the request does not
    /// have it or its length is not 4 bytes.
    pub(crate) fn u32(&self, number: u16) -> Option<u32> {
        self.payload(number).map(u32::from_ne_bytes)
    }

    /// The attribute with this number, a [`Policy::u8_bool`], as a `bool`; `None` if the request
    /// does not have it or its length is not 1 byte.
    pub(crate) fn u8_bool(&self, number: u16) -> Option<bool> {
        self.payload(number).map(|[byte]| byte != 0)
    }

    /// The attribute with this number, a [`Policy::word`], without its NUL; `None` if the request
    /// does not have it.
    pub(crate) fn word(&self, number: u16) -> Option<&'a [u8]> {
        let attr = self.get(number)?;
        // SAFETY: The attribute is valid by the type invariant.
        let (payload, len) = unsafe { Self::nested(attr) };
        let len = usize::try_from(len).unwrap_or(0);
        // SAFETY: The payload is valid during `'a`, with `len` bytes.
        let bytes = unsafe { core::slice::from_raw_parts(payload.cast::<u8>(), len) };
        bytes.split(|&byte| byte == 0).next()
    }

    /// Whether the request has the attribute with this number.
    pub(super) fn contains(&self, number: u16) -> bool {
        self.get(number).is_some()
    }

    /// The `N` bytes of payload of the attribute with this number; `None` if the request does not
    /// have it or its length is different.
    pub(super) fn payload<const N: usize>(&self, number: u16) -> Option<[u8; N]> {
        let attr = self.get(number)?.as_ptr();
        // SAFETY: Valid by the type invariant.
        let len = usize::from(unsafe { (*attr).nla_len });
        if len != mem::size_of::<bindings::nlattr>() + N {
            return None;
        }
        // SAFETY: The payload, of which there are `N` bytes, follows the header.
        let payload = unsafe { attr.add(1) }.cast::<[u8; N]>();
        // SAFETY: As above.
        Some(unsafe { payload.read_unaligned() })
    }

    /// Validates the attributes that are nested in the attribute `inner`, which itself is nested in
    /// the attribute `outer`: rejects unknown ones, and those that do not match `policies` exactly.
    /// Accepts a request that does not have them.
    ///
    /// The core does not do this for `IFLA_INFO_DATA`: it ignores unknown attributes, and payloads
    /// that are too long.
    ///
    /// # Errors
    ///
    /// `EINVAL`, `ERANGE`.
    pub(super) fn validate_nested(
        &self,
        outer: u16,
        inner: u16,
        policies: &'static [Policy],
        ext_ack: &mut ExtAck<'_>,
    ) -> Result {
        let Some(outer) = self.get(outer) else {
            return Ok(());
        };
        // SAFETY: The attribute is valid by the type invariant.
        let (payload, len) = unsafe { Self::nested(outer) };
        // SAFETY: The payload is valid, with `len` bytes.
        let inner = unsafe { bindings::nla_find(payload, len, c_int::from(inner)) };
        let Some(inner) = NonNull::new(inner) else {
            return Ok(());
        };
        // SAFETY: `nla_find` returns a valid attribute.
        let (payload, len) = unsafe { Self::nested(inner) };
        // CAST: A policy is a transparent wrapper.
        // SAFETY: The payload is valid, with `len` bytes; there is a policy for each number up to
        // the highest; the extended ACK is null or valid.
        to_result(unsafe {
            bindings::__nla_validate(
                payload,
                len,
                policies.len().saturating_sub(1) as c_int,
                policies.as_ptr().cast(),
                bindings::NL_VALIDATE_STRICT,
                ext_ack.ptr,
            )
        })
    }

    fn get(&self, number: u16) -> Option<NonNull<bindings::nlattr>> {
        NonNull::new(*self.table.get(usize::from(number))?)
    }

    /// Payload and length in bytes of an attribute with nested attributes. C's `nla_data()` and
    /// `nla_len()`.
    ///
    /// # Safety
    ///
    /// `attr` must point to a valid attribute.
    unsafe fn nested(attr: NonNull<bindings::nlattr>) -> (*const bindings::nlattr, c_int) {
        // SAFETY: By the safety requirement.
        let len = unsafe { (*attr.as_ptr()).nla_len };
        // SAFETY: By the safety requirement; the payload follows the header, and may be empty.
        let payload = unsafe { attr.as_ptr().add(1) };
        let header = mem::size_of::<bindings::nlattr>() as c_int;
        (payload.cast_const(), c_int::from(len) - header)
    }
}

/// A netlink message that is being built.
///
/// # Invariants
///
/// `skb` points to a netlink message that only this value accesses during `'a`.
pub(crate) struct Message<'a> {
    skb: *mut bindings::sk_buff,
    _lifetime: PhantomData<&'a mut bindings::sk_buff>,
}

impl Message<'_> {
    /// Upper bound in bytes of the room that this many attributes need.
    pub(super) const fn size(attributes: usize) -> usize {
        attributes * (mem::size_of::<bindings::nlattr>() + WORD_MAX + 1)
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

    /// Adds a `u32` attribute in host byte order.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` if the message has no room left.
    pub(crate) fn put_u32(&mut self, number: u16, value: u32) -> Result {
        self.put(number, &value.to_ne_bytes())
    }

    /// Adds a `u8` attribute that is 0 or 1.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` if the message has no room left.
    pub(crate) fn put_u8_bool(&mut self, number: u16, value: bool) -> Result {
        self.put(number, &[u8::from(value)])
    }

    /// Adds a [`Policy::word`] attribute.
    ///
    /// # Errors
    ///
    /// `EMSGSIZE` if the message has no room left, or the word is too long.
    pub(crate) fn put_word(&mut self, number: u16, word: &str) -> Result {
        let mut bytes = [0; WORD_MAX + 1];
        if word.len() > WORD_MAX {
            return Err(EMSGSIZE);
        }
        bytes[..word.len()].copy_from_slice(word.as_bytes());
        self.put(number, &bytes[..=word.len()])
    }

    fn put(&mut self, number: u16, bytes: &[u8]) -> Result {
        // SAFETY: The message is valid by the type invariant, and so is `bytes`.
        to_result(unsafe {
            bindings::nla_put(
                self.skb,
                c_int::from(number),
                bytes.len() as c_int,
                bytes.as_ptr().cast(),
            )
        })
    }
}
