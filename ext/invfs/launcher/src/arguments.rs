//! The command line, in the memory where the kernel put it: a program that changes its title writes there.

use std::ffi::{c_char, c_int, CStr, CString};

/// The arguments of the process.
pub struct Arguments(Vec<*mut c_char>);

impl Arguments {
    /// Takes over what `main` was called with.
    ///
    /// # Safety
    /// `argv` has `argc` NUL-terminated strings that stay valid until the process ends.
    pub unsafe fn new(argc: c_int, argv: *const *mut c_char) -> Arguments {
        let count = usize::try_from(argc).unwrap_or(0);
        // SAFETY: as the caller promises.
        Arguments(unsafe { std::slice::from_raw_parts(argv, count) }.to_vec())
    }

    /// The name that the program was called by.
    pub fn name(&self) -> &[u8] {
        match self.0.first() {
            // SAFETY: a NUL-terminated string that stays, see `new`.
            Some(name) => unsafe { CStr::from_ptr(*name) }.to_bytes(),
            None => b"",
        }
    }

    /// Puts arguments before those of the user.
    pub fn insert(&mut self, more: Vec<CString>) {
        let at = self.0.len().min(1);
        self.0
            .splice(at..at, more.into_iter().map(CString::into_raw));
    }

    /// The array for a C function, with NULL at its end, which stays until the process ends; and its length.
    pub fn leak(self) -> (c_int, *mut *mut c_char) {
        let count = c_int::try_from(self.0.len()).unwrap_or(c_int::MAX);
        let mut arguments = self.0;
        arguments.push(std::ptr::null_mut());
        (count, arguments.leak().as_mut_ptr())
    }
}
