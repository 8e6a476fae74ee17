//! Calls the original function or answers from a mount, as the path of a call says.

use std::ffi::c_int;
use std::panic::{catch_unwind, AssertUnwindSafe};

use crate::open::open_file;
use crate::paths::real_links;
use crate::paths::route::{self, PathTarget, Route, Wants};
use crate::paths::text::Text;
use crate::paths::way_out;
use invfs_engine::path::MAX_LINKS;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork;

/// What a function of the C library answers.
pub trait Returned: Copy + PartialEq {
    /// The type that it has in C.
    type C;
    /// The answer of a function that has failed.
    const FAILURE: Self;

    /// The answer of the original.
    fn returned(value: Self::C) -> Self;

    /// The answer for an error.
    fn failed(errno: Errno) -> Self {
        errno.set();
        Self::FAILURE
    }
}

macro_rules! returned {
    ($($kind:ty = $failure:literal;)*) => {$(
        impl Returned for $kind {
            type C = $kind;
            const FAILURE: $kind = $failure;

            fn returned(value: $kind) -> $kind {
                value
            }
        }
    )*};
}

returned! {
    i32 = -1;
    i64 = -1;
    isize = -1;
}

impl Returned for () {
    type C = ();
    const FAILURE: () = ();

    fn returned((): ()) {}
}

impl<T> Returned for *mut T {
    type C = *mut T;
    const FAILURE: *mut T = std::ptr::null_mut();

    fn returned(value: *mut T) -> *mut T {
        value
    }
}

/// The answer of a function that answers with the error number itself, and with 0 if there is none.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct ErrorNumber(c_int);

impl Returned for ErrorNumber {
    type C = c_int;
    /// No function answers with it.
    const FAILURE: ErrorNumber = ErrorNumber(-1);

    fn returned(value: c_int) -> ErrorNumber {
        ErrorNumber(value)
    }

    fn failed(errno: Errno) -> ErrorNumber {
        errno.set();
        ErrorNumber(errno.0)
    }
}

/// Runs a hook's body; an error, and a panic as `EIO`, become what the function answers when it has failed.
#[inline]
pub fn guard<T: Returned>(body: impl FnOnce() -> Answer<T>) -> T {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(value)) => value,
        Ok(Err(errno)) => T::failed(errno),
        Err(_) => T::failed(Errno(libc::EIO)),
    }
}

/// Calls `real` where the path leads out of all mounts, else `inside`.
#[inline]
pub fn dispatch<T: Returned>(
    fd: c_int,
    path: Text<'_>,
    real: impl Fn(c_int, Text<'_>) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> Answer<T> {
    dispatch_for(Wants::Anything, fd, path, real, inside)
}

/// [`dispatch`] for a function that takes no directory descriptor.
#[inline]
pub fn dispatch_path<T: Returned>(
    path: Text<'_>,
    real: impl Fn(Text<'_>) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> Answer<T> {
    dispatch(libc::AT_FDCWD, path, |_, path| real(path), inside)
}

/// [`dispatch`] for a function that does something with certain things only.
#[inline]
pub fn dispatch_for<T: Returned>(
    wants: Wants,
    fd: c_int,
    path: Text<'_>,
    real: impl Fn(c_int, Text<'_>) -> T,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> Answer<T> {
    let attempt = || {
        let mut route = route::at(fd, path, wants);
        for _ in 0..MAX_LINKS {
            let next = match route {
                Route::Real => {
                    let result = real(fd, path);
                    if result != T::FAILURE || path.is_null() {
                        return Ok(result);
                    }
                    real_links::followed(fd, path, wants)
                }
                Route::Elsewhere(path) => {
                    let path = Text::from(&*path);
                    let result = real(libc::AT_FDCWD, path);
                    if result != T::FAILURE {
                        return Ok(result);
                    }
                    real_links::followed(libc::AT_FDCWD, path, wants)
                }
                Route::Virtual(target) => match within(target, wants, &inside) {
                    Within::Answered(answer) => return answer,
                    Within::LedOut(route) => Some(route?),
                },
                Route::Failed(errno) => return Err(errno),
            };
            match next {
                Some(next) => route = next,
                None => return Ok(T::FAILURE),
            }
        }
        Err(Errno(libc::ELOOP))
    };
    let answer = attempt();
    if let Err(errno) = answer {
        errno.set();
    }
    match answer {
        Ok(value) if value != T::FAILURE => Ok(value),
        _ if open_file::made_room() => attempt(),
        answer => answer,
    }
}

/// What a call came to in a mount.
enum Within<T> {
    /// To its end.
    Answered(Answer<T>),
    /// Out of the mount, by a link.
    LedOut(Answer<Route>),
}

fn within<T>(
    target: PathTarget,
    wants: Wants,
    inside: impl Fn(PathTarget) -> Answer<T>,
) -> Within<T> {
    if !target.place.mount.file_system().may_lead_out() {
        return Within::Answered(inside(target));
    }
    if !fork::owns_memory() {
        // A child of `vfork` that becomes another program never gives back to its parent what it holds then. So no copy of
        // the target is kept: the way out is looked for first. All that such a child calls follows links.
        return match way_out::of(&target, true, wants) {
            Ok(route) => Within::LedOut(Ok(route)),
            Err(_) => Within::Answered(inside(target)),
        };
    }
    match inside(target.clone()) {
        Err(Errno::LEADS_OUT) => Within::LedOut(way_out::of(&target, true, wants)),
        answer => Within::Answered(answer),
    }
}
