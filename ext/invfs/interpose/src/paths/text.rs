//! Strings that C passes.

use std::ffi::{c_char, CStr};
use std::marker::PhantomData;

use invfs_fs::sys::memfd::ProcPath;

/// A string as the functions of the C library take it: NULL, or NUL-terminated and the same for as long as `'a`.
///
/// C passes it as the pointer that it is; here, one can only be made from a [`CStr`].
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Text<'a>(*const c_char, PhantomData<&'a CStr>);

impl<'a> From<&'a CStr> for Text<'a> {
    fn from(string: &'a CStr) -> Text<'a> {
        Text(string.as_ptr(), PhantomData)
    }
}

impl<'a> From<&'a ProcPath> for Text<'a> {
    fn from(path: &'a ProcPath) -> Text<'a> {
        Text(path.as_ptr(), PhantomData)
    }
}

impl<'a> Text<'a> {
    /// The pointer, for C.
    pub fn as_ptr(self) -> *const c_char {
        self.0
    }

    /// Whether there is no string.
    pub fn is_null(self) -> bool {
        self.0.is_null()
    }

    /// The string; `None` for NULL.
    #[inline]
    pub fn as_c_str(self) -> Option<&'a CStr> {
        // SAFETY: not NULL, so it is NUL-terminated and stays as it is: see the type.
        (!self.0.is_null()).then(|| unsafe { CStr::from_ptr(self.0) })
    }

    /// The bytes of the string; `None` for NULL.
    #[inline]
    pub fn to_bytes(self) -> Option<&'a [u8]> {
        self.as_c_str().map(CStr::to_bytes)
    }

    /// Whether there is a slash in the string.
    pub fn has_slash(self) -> bool {
        self.to_bytes().is_some_and(|bytes| bytes.contains(&b'/'))
    }
}
