//! Extended attributes: files in mounts have none, and none can be set.

use std::ffi::{c_char, c_int, c_void};

use crate::paths::dispatch::dispatch_path;
use crate::paths::route::PathTarget;
use invfs_fs::sys::errno::{Answer, Errno};

/// As on a file system without extended attributes, but only for what is there.
fn none<T>(target: &PathTarget, follow: bool) -> Answer<T> {
    target.check(&target.place.stat(follow || target.slash)?)?;
    Err(Errno(libc::EOPNOTSUPP))
}

fn change(target: &PathTarget, follow: bool) -> Answer<c_int> {
    target
        .place
        .mount
        .file_system()
        .writable(&target.place.sub)?;
    none(target, follow)
}

macro_rules! extended {
    ($($name:ident $follow:literal ($($argument:ident: $kind:ty),*) -> $result:ty, $inside:path;)*) => {
        $(// SAFETY: the caller passes what the C library's function of this name takes.
        pub unsafe extern "C" fn $name(path: *const c_char, $($argument: $kind),*) -> $result {
            // SAFETY: the arguments are the caller's own.
            unsafe {
                dispatch_path(path, -1, |path| libc::$name(path, $($argument),*),
                    |at| $inside(&at, $follow),
                )
            }
        })*
    };
}

extended! {
    getxattr true (name: *const c_char, value: *mut c_void, size: usize) -> isize, none;
    lgetxattr false (name: *const c_char, value: *mut c_void, size: usize) -> isize, none;
    listxattr true (list: *mut c_char, size: usize) -> isize, none;
    llistxattr false (list: *mut c_char, size: usize) -> isize, none;
    setxattr true (name: *const c_char, value: *const c_void, size: usize, flags: c_int) -> c_int, change;
    lsetxattr false (name: *const c_char, value: *const c_void, size: usize, flags: c_int) -> c_int, change;
    removexattr true (name: *const c_char) -> c_int, change;
    lremovexattr false (name: *const c_char) -> c_int, change;
}
