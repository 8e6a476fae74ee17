//! Calls the original function or answers from a mount, as the path of a call says.

use std::ffi::{c_char, c_int};
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::open::open_file;
use crate::paths::real_links;
use crate::paths::route::{self, PathTarget, Route, Wants};
use invfs_engine::path::MAX_LINKS;
use invfs_fs::sys::errno::{Answer, Errno};

/// Runs a hook's body; an error becomes `errno` and `failure`.
pub fn guard<T>(failure: T, body: impl FnOnce() -> Answer<T>) -> T {
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
pub unsafe fn dispatch<T: Copy + PartialEq>(
    fd: c_int,
    path: *const c_char,
    failure: T,
    real: impl Fn(c_int, *const c_char) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> T {
    // SAFETY: the caller's promise.
    unsafe { dispatch_for(Wants::Anything, fd, path, failure, real, inside) }
}

/// [`dispatch`] for a function that takes no directory descriptor.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
pub unsafe fn dispatch_path<T: Copy + PartialEq>(
    path: *const c_char,
    failure: T,
    real: impl Fn(*const c_char) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> T {
    let real = |_, path| real(path);
    // SAFETY: the caller's promise.
    unsafe { dispatch(libc::AT_FDCWD, path, failure, real, inside) }
}

/// [`dispatch`] for a function that does something with certain things only.
///
/// # Safety
/// `path` is NULL or a NUL-terminated string.
pub unsafe fn dispatch_for<T: Copy + PartialEq>(
    wants: Wants,
    fd: c_int,
    path: *const c_char,
    failure: T,
    real: impl Fn(c_int, *const c_char) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
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
                        unsafe { real_links::followed(fd, path, wants) }
                    }
                    Route::Elsewhere(path) => {
                        let result = real(libc::AT_FDCWD, path.as_ptr());
                        if result != failure {
                            return Ok(result);
                        }
                        // SAFETY: a NUL-terminated string.
                        unsafe { real_links::followed(libc::AT_FDCWD, path.as_ptr(), wants) }
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
            _ if open_file::made_room() => attempt(),
            answer => answer,
        }
    })
}
