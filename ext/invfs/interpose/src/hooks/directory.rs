//! Directory streams.

use std::ffi::{c_char, c_int, c_long};

use crate::open::dir_streams;
use crate::open::dir_streams::Read;
use crate::open::{empty_dir, fd_table};
use crate::paths::dispatch::{dispatch_for, guard};
use crate::paths::route::Wants;
use invfs_fs::sys::errno::Errno;

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn opendir(path: *const c_char) -> *mut libc::DIR {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_for(
            Wants::Listing,
            libc::AT_FDCWD,
            path,
            std::ptr::null_mut(),
            |_, path| libc::opendir(path),
            |at| {
                let fd = empty_dir::open(&at.place, libc::O_CLOEXEC)?;
                // SAFETY: just opened, and given away unless that fails.
                dir_streams::open(fd, at.place).inspect_err(|_| {
                    fd_table::remove(fd);
                    libc::close(fd);
                })
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fdopendir(fd: c_int) -> *mut libc::DIR {
    guard(std::ptr::null_mut(), || {
        match empty_dir::of_descriptor(fd) {
            // SAFETY: the caller gives the descriptor away, as `fdopendir` asks.
            Some(place) => unsafe { dir_streams::open(fd, place) },
            // SAFETY: the arguments are the caller's own.
            None => Ok(unsafe { libc::fdopendir(fd) }),
        }
    })
}

/// `struct dirent` and `struct dirent64` are one on 64-bit systems.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readdir(stream: *mut libc::DIR) -> *mut libc::dirent64 {
    guard(std::ptr::null_mut(), || match dir_streams::read(stream) {
        // SAFETY: the arguments are the caller's own.
        Read::Real => Ok(unsafe { libc::readdir64(stream) }),
        Read::End => Ok(std::ptr::null_mut()),
        Read::Entry(entry) => Ok(entry),
    })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn readdir_r(
    stream: *mut libc::DIR,
    entry: *mut libc::dirent64,
    result: *mut *mut libc::dirent64,
) -> c_int {
    // The one that answers with the error number itself.
    guard(libc::EIO, || {
        // SAFETY: the arguments are the caller's own: room for one entry and one pointer.
        unsafe {
            match dir_streams::read(stream) {
                Read::Real => return Ok(libc::readdir64_r(stream, entry, result)),
                Read::End => *result = std::ptr::null_mut(),
                Read::Entry(found) => {
                    std::ptr::copy_nonoverlapping(found, entry, 1);
                    *result = entry;
                }
            }
        }
        Ok(0)
    })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn telldir(stream: *mut libc::DIR) -> c_long {
    guard(-1, || match dir_streams::tell(stream) {
        Some(at) => Ok(at as c_long),
        // SAFETY: the arguments are the caller's own.
        None => Ok(unsafe { libc::telldir(stream) }),
    })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn seekdir(stream: *mut libc::DIR, to: c_long) {
    guard((), || {
        if !dir_streams::seek(stream, to.max(0) as usize) {
            // SAFETY: the arguments are the caller's own.
            unsafe { libc::seekdir(stream, to) };
        }
        Ok(())
    });
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn rewinddir(stream: *mut libc::DIR) {
    guard((), || {
        if !dir_streams::rewind(stream) {
            // SAFETY: the arguments are the caller's own.
            unsafe { libc::rewinddir(stream) };
        }
        Ok(())
    });
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn closedir(stream: *mut libc::DIR) -> c_int {
    guard(-1, || {
        if stream.is_null() {
            return Err(Errno(libc::EINVAL));
        }
        dir_streams::closing(stream);
        // SAFETY: the arguments are the caller's own.
        Ok(unsafe { libc::closedir(stream) })
    })
}
