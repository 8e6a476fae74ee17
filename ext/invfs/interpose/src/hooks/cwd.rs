//! The working directory.

use std::ffi::{c_char, c_int};

use crate::open::empty_dir;
use crate::paths::dispatch::{dispatch_for, guard};
use crate::paths::route::Wants;
use crate::paths::{cwd, real_links, relative};
use invfs_fs::sys::errno::{Answer, Errno};

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn chdir(path: *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_for(
            Wants::Directory,
            libc::AT_FDCWD,
            path,
            -1,
            |_, path| left(libc::chdir(path)),
            |at| cwd::enter(&at.place).map(|()| 0),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fchdir(fd: c_int) -> c_int {
    guard(-1, || match empty_dir::of_descriptor(fd) {
        Some(place) => cwd::enter(&place).map(|()| 0),
        // SAFETY: the arguments are the caller's own.
        None => Ok(left(unsafe { libc::fchdir(fd) })),
    })
}

fn left(result: c_int) -> c_int {
    if result == 0 {
        real_links::changed();
        relative::moved();
        cwd::left();
    }
    result
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn getcwd(buffer: *mut c_char, size: usize) -> *mut c_char {
    guard(std::ptr::null_mut(), || match cwd::current() {
        // SAFETY: the arguments are the caller's own.
        None => Ok(unsafe { libc::getcwd(buffer, size) }),
        // As in a directory that was removed.
        Some(place) if !place.is_mounted() => Err(Errno(libc::ENOENT)),
        // SAFETY: as above.
        Some(place) => unsafe { hand_out(&place.path(), buffer, size) },
    })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn getcwd_chk(buffer: *mut c_char, size: usize, _room: usize) -> *mut c_char {
    // SAFETY: passed through.
    unsafe { getcwd(buffer, size) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn get_current_dir_name() -> *mut c_char {
    // SAFETY: memory is allocated for the answer.
    unsafe { getcwd(std::ptr::null_mut(), 0) }
}

/// Copies the path as `getcwd(3)` says.
///
/// # Safety
/// `buffer` is NULL or has room for `size` bytes.
unsafe fn hand_out(path: &[u8], buffer: *mut c_char, size: usize) -> Answer<*mut c_char> {
    let wanted = path.len() + 1;
    if size == 0 && !buffer.is_null() {
        return Err(Errno(libc::EINVAL));
    }
    if size != 0 && size < wanted {
        return Err(Errno(libc::ERANGE));
    }
    let to = match buffer.is_null() {
        // SAFETY: asks for memory.
        true => unsafe { libc::malloc(size.max(wanted)) }.cast::<c_char>(),
        false => buffer,
    };
    if to.is_null() {
        return Err(Errno(libc::ENOMEM));
    }
    // SAFETY: room for the path and the NUL byte was checked or allocated.
    unsafe {
        std::ptr::copy_nonoverlapping(path.as_ptr().cast(), to, path.len());
        *to.add(path.len()) = 0;
    }
    Ok(to)
}
