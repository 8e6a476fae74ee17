//! Extended attributes: files in mounts have none, and none can be set.

use std::ffi::{c_char, c_int, c_void};

use crate::hooks::arguments::Given;
use crate::hooks::macros::hooks;
use crate::paths::dispatch::dispatch_path;
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};

/// As on a file system without extended attributes, but only for what is there.
fn none<T>(target: &PathTarget, follow: bool) -> Answer<T> {
    target.check(&target.place.stat(follow || target.slash)?)?;
    Err(Errno(libc::EOPNOTSUPP))
}

pub fn change(target: &PathTarget, follow: bool) -> Answer<c_int> {
    target
        .place
        .mount
        .file_system()
        .writable(&target.place.sub)?;
    none(target, follow)
}

hooks! {
    [c"getxattr"] fn getxattr(path: Text, name: Text, value: Given<c_void>, size: usize) -> isize = libc::getxattr {
        dispatch_path(path, |path| original(path, name, value, size), |at| none(&at, true))
    }

    [c"lgetxattr"] fn lgetxattr(path: Text, name: Text, value: Given<c_void>, size: usize) -> isize = libc::lgetxattr {
        dispatch_path(path, |path| original(path, name, value, size), |at| none(&at, false))
    }

    [c"listxattr"] fn listxattr(path: Text, list: Given<c_char>, size: usize) -> isize = libc::listxattr {
        dispatch_path(path, |path| original(path, list, size), |at| none(&at, true))
    }

    [c"llistxattr"] fn llistxattr(path: Text, list: Given<c_char>, size: usize) -> isize = libc::llistxattr {
        dispatch_path(path, |path| original(path, list, size), |at| none(&at, false))
    }

    [c"setxattr"] fn setxattr(path: Text, name: Text, value: Given<c_void>, size: usize, flags: c_int) -> c_int
        = libc::setxattr {
        dispatch_path(path, |path| original(path, name, value, size, flags), |at| change(&at, true))
    }

    [c"lsetxattr"] fn lsetxattr(path: Text, name: Text, value: Given<c_void>, size: usize, flags: c_int) -> c_int
        = libc::lsetxattr {
        dispatch_path(path, |path| original(path, name, value, size, flags), |at| change(&at, false))
    }

    [c"removexattr"] fn removexattr(path: Text, name: Text) -> c_int = libc::removexattr {
        dispatch_path(path, |path| original(path, name), |at| change(&at, true))
    }

    [c"lremovexattr"] fn lremovexattr(path: Text, name: Text) -> c_int = libc::lremovexattr {
        dispatch_path(path, |path| original(path, name), |at| change(&at, false))
    }
}
