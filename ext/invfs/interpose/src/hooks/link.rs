//! `readlink` and `realpath`.

use std::ffi::{c_char, c_int, CString};

use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::route::PathTarget;
use invfs_fs::mounts::real;
use invfs_fs::sys::errno::{Answer, Errno};

/// # Safety
/// `buffer` has room for `size` bytes.
unsafe fn read_target(target: &PathTarget, buffer: *mut c_char, size: usize) -> Answer<isize> {
    if target.slash {
        target.check(&target.place.stat(true)?)?;
        return Err(Errno(libc::EINVAL));
    }
    let place = &target.place;
    let link = place.mount.file_system().read_link(&place.sub)?;
    let length = link.len().min(size);
    // SAFETY: not more than the buffer holds; two places in memory.
    unsafe { std::ptr::copy_nonoverlapping(link.as_ptr().cast(), buffer, length) };
    Ok(length as isize)
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readlink(path: *const c_char, buffer: *mut c_char, size: usize) -> isize {
    // SAFETY: passed through.
    unsafe { readlinkat(libc::AT_FDCWD, path, buffer, size) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readlinkat(
    fd: c_int,
    path: *const c_char,
    buffer: *mut c_char,
    size: usize,
) -> isize {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::readlinkat(fd, path, buffer, size),
            |at| read_target(&at, buffer, size),
        )
    }
}

/// Room that the checked variants say a buffer has; `readlink` itself never writes more than its size.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readlink_chk(
    path: *const c_char,
    buffer: *mut c_char,
    size: usize,
    _room: usize,
) -> isize {
    // SAFETY: passed through.
    unsafe { readlinkat(libc::AT_FDCWD, path, buffer, size) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readlinkat_chk(
    fd: c_int,
    path: *const c_char,
    buffer: *mut c_char,
    size: usize,
    _room: usize,
) -> isize {
    // SAFETY: passed through.
    unsafe { readlinkat(fd, path, buffer, size) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn realpath(path: *const c_char, resolved: *mut c_char) -> *mut c_char {
    // SAFETY: the arguments are the caller's own; `resolved` has room for PATH_MAX bytes, or is NULL.
    unsafe {
        dispatch_path(
            path,
            std::ptr::null_mut(),
            |path| libc::realpath(path, resolved),
            |at| {
                let (real, node) = real::real(&at.place)?;
                at.check(&node)?;
                hand_out(real.path(), resolved)
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn realpath_chk(
    path: *const c_char,
    resolved: *mut c_char,
    _room: usize,
) -> *mut c_char {
    // SAFETY: passed through.
    unsafe { realpath(path, resolved) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn canonicalize_file_name(path: *const c_char) -> *mut c_char {
    // SAFETY: passed through.
    unsafe { realpath(path, std::ptr::null_mut()) }
}

/// Copies a path to where the caller wants it, or to memory that the caller frees.
///
/// # Safety
/// `to` is NULL or has room for `PATH_MAX` bytes.
unsafe fn hand_out(path: Vec<u8>, to: *mut c_char) -> Answer<*mut c_char> {
    if path.len() >= libc::PATH_MAX as usize {
        return Err(Errno(libc::ENAMETOOLONG));
    }
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    // SAFETY: a NUL-terminated string, and room for it.
    unsafe {
        if to.is_null() {
            let copy = libc::strdup(path.as_ptr());
            return if copy.is_null() {
                Err(Errno(libc::ENOMEM))
            } else {
                Ok(copy)
            };
        }
        Ok(libc::strcpy(to, path.as_ptr()))
    }
}
