//! The functions that loaded objects call instead of the C library's.
//!
//! Each has the signature of the function whose place it takes, asks [`route`](super::route) where its path leads, and
//! hands over to the original at once where that is no mount. None unwinds: a panic becomes `EIO`.

mod access;
mod attributes;
mod change;
mod cwd;
mod descriptor;
mod directory;
mod extended;
mod library;
mod link;
mod open;
mod program;
mod stat;
mod stream;
mod table;
mod temporary;

use std::ffi::{c_char, c_int};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub use table::HOOKS;

use super::errno::{Answer, Errno};
use super::links;
use super::route::{self, Route, Target, Wants};

/// A function with its replacement.
pub struct Hook {
    /// The name under which objects ask for it.
    pub symbol: &'static std::ffi::CStr,
    /// The replacement, with the same signature.
    pub function: *const (),
}

// SAFETY: the address of a function.
unsafe impl Sync for Hook {}

/// Runs a hook's body; an error becomes `errno` and `failure`.
fn guard<T>(failure: T, body: impl FnOnce() -> Answer<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(errno)) => {
            errno.set();
            failure
        }
        Err(_) => {
            Errno(libc::EIO).set();
            failure
        }
    }
}

/// Calls `real` where the path leads out of all mounts, else `inside`.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
unsafe fn dispatch<T: Copy + PartialEq>(
    fd: c_int,
    path: *const c_char,
    failure: T,
    real: impl Fn(c_int, *const c_char) -> T,
    inside: impl Fn(Target) -> Answer<T>,
) -> T {
    // SAFETY: the caller's promise.
    unsafe { dispatch_for(Wants::Anything, fd, path, failure, real, inside) }
}

/// [`dispatch`] for a function that does something with certain things only.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
unsafe fn dispatch_for<T: Copy + PartialEq>(
    wants: Wants,
    fd: c_int,
    path: *const c_char,
    failure: T,
    real: impl Fn(c_int, *const c_char) -> T,
    inside: impl Fn(Target) -> Answer<T>,
) -> T {
    guard(failure, || {
        // SAFETY: the caller's promise.
        match unsafe { route::at(fd, path, wants) } {
            Route::Real => {
                let result = real(fd, path);
                if result != failure || path.is_null() {
                    return Ok(result);
                }
                // SAFETY: the caller's promise.
                match unsafe { links::followed(fd, path) } {
                    Some(target) => inside(target),
                    None => Ok(result),
                }
            }
            Route::Elsewhere(path) => Ok(real(libc::AT_FDCWD, path.as_ptr())),
            Route::Virtual(target) => inside(target),
            Route::Failed(errno) => Err(errno),
        }
    })
}
