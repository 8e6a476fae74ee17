//! Descriptors that come and go: what they stand for goes with them.

use std::ffi::c_int;

use super::guard;
use crate::interpose::errno::{Answer, Errno};
use crate::interpose::{directories, files, own, writers};

pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    guard(-1, || {
        if own::is_ours(fd) {
            // Whoever tries never opened it.
            return Err(Errno(libc::EBADF));
        }
        directories::closing(fd);
        let saved = writers::closing(fd);
        // SAFETY: the arguments are the caller's own.
        let result = unsafe { libc::close(fd) };
        saved.map(|()| result)
    })
}

fn duplicated(fd: c_int, copy: c_int) -> c_int {
    if copy >= 0 {
        directories::duplicated(fd, copy);
        writers::duplicated(fd, copy);
    }
    copy
}

pub unsafe extern "C" fn dup(fd: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    guard(-1, || Ok(duplicated(fd, unsafe { libc::dup(fd) })))
}

pub unsafe extern "C" fn dup2(fd: c_int, to: c_int) -> c_int {
    guard(-1, || {
        if fd == to {
            // SAFETY: the arguments are the caller's own.
            return Ok(unsafe { libc::dup2(fd, to) });
        }
        let saved = replaced(fd, to);
        // SAFETY: as above.
        let copy = duplicated(fd, unsafe { libc::dup2(fd, to) });
        saved.map(|()| copy)
    })
}

pub unsafe extern "C" fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int {
    guard(-1, || {
        let saved = if fd == to { Ok(()) } else { replaced(fd, to) };
        // SAFETY: the arguments are the caller's own.
        let copy = duplicated(fd, unsafe { libc::dup3(fd, to, flags) });
        saved.map(|()| copy)
    })
}

/// `to` is about to be closed, if `fd` can take its place.
fn replaced(fd: c_int, to: c_int) -> Answer<()> {
    // SAFETY: asks about a descriptor.
    if unsafe { libc::fcntl(fd, libc::F_GETFD) } < 0 {
        return Ok(());
    }
    if own::is_ours(to) {
        files::replaced(to);
    }
    directories::closing(to);
    writers::closing(to)
}

/// The third argument is a number or a pointer, or is missing; it stands where a declared one would.
pub unsafe extern "C" fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int {
    guard(-1, || {
        // SAFETY: the arguments are the caller's own.
        let result = unsafe { libc::fcntl(fd, command, argument) };
        Ok(match command {
            libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicated(fd, result),
            _ => result,
        })
    })
}
