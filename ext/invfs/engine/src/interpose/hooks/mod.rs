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
mod named_library;
mod open;
mod program;
mod stat;
mod stream;
mod table;
mod temporary;

use std::ffi::{c_char, c_int};
use std::panic::{catch_unwind, AssertUnwindSafe};

pub use library::lock;
pub use open::open;
pub use stat::look_at as look;
pub use table::HOOKS;

use super::errno::{Answer, Errno};
use super::files;
use super::links;
use super::route::{self, Route, Target, Wants};
use crate::path::MAX_LINKS;

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

/// [`dispatch`] for a function that takes no directory descriptor.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
unsafe fn dispatch_path<T: Copy + PartialEq>(
    path: *const c_char,
    failure: T,
    real: impl Fn(*const c_char) -> T,
    inside: impl Fn(Target) -> Answer<T>,
) -> T {
    let real = |_, path| real(path);
    // SAFETY: the caller's promise.
    unsafe { dispatch(libc::AT_FDCWD, path, failure, real, inside) }
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
        let attempt = || {
            // SAFETY: the caller's promise.
            let mut route = unsafe { route::at(fd, path, wants) };
            for _ in 0..MAX_LINKS {
                let next = match route {
                    Route::Real => {
                        let result = real(fd, path);
                        if result != failure || path.is_null() {
                            return Ok(result);
                        }
                        // SAFETY: the caller's promise.
                        unsafe { links::followed(fd, path, wants) }
                    }
                    Route::Elsewhere(path) => {
                        let result = real(libc::AT_FDCWD, path.as_ptr());
                        if result != failure {
                            return Ok(result);
                        }
                        // SAFETY: a NUL-terminated string.
                        unsafe { links::followed(libc::AT_FDCWD, path.as_ptr(), wants) }
                    }
                    Route::Virtual(target) => return inside(target),
                    Route::Failed(errno) => return Err(errno),
                };
                match next {
                    Some(next) => route = next,
                    None => return Ok(failure),
                }
            }
            Err(Errno(libc::ELOOP))
        };
        let answer = attempt();
        if let Err(errno) = answer {
            errno.set();
        }
        match answer {
            Ok(value) if value != failure => Ok(value),
            _ if files::made_room() => attempt(),
            answer => answer,
        }
    })
}
