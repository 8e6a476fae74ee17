//! Descriptors that come and go: what they stand for goes with them.

use std::ffi::{c_int, c_uint};

use crate::open::{fd_table, identities, open_file, source_file};
use crate::paths::dispatch::guard;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::{fork, reserved_fd};

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    guard(-1, || {
        if reserved_fd::is_ours(fd) {
            // Whoever tries never opened it.
            return Err(Errno(libc::EBADF));
        }
        let saved = fd_table::closing(fd);
        // SAFETY: the arguments are the caller's own.
        let result = unsafe { libc::close(fd) };
        source_file::closed(fd);
        saved.map(|()| result)
    })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int {
    guard(-1, || {
        if flags == 0 {
            fd_table::closing_all(first..=last)?;
        }
        let mut from = first;
        while let Some(ours) = reserved_fd::first_from(from, last) {
            if ours > from {
                range(from, ours - 1, flags)?;
            }
            from = ours + 1;
        }
        match from > last && last >= first {
            true => Ok(0),
            false => range(from, last, flags).map(|()| 0),
        }
    })
}

fn range(first: c_uint, last: c_uint, flags: c_int) -> Answer<()> {
    // SAFETY: plain integers.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn closefrom(first: c_int) {
    let first = first.max(0) as c_uint;
    // SAFETY: plain integers.
    if unsafe { close_range(first, c_uint::MAX, 0) } != 0 {
        // Before Linux 5.9.
        // SAFETY: plain integers; who calls this wants all of them closed.
        (first..unsafe { libc::sysconf(libc::_SC_OPEN_MAX) } as c_uint).for_each(|fd| unsafe {
            close(fd as c_int);
        });
    }
}

/// Once more where the first try found no room for a descriptor, after those that are held to save time were closed.
fn with_room(call: impl Fn() -> c_int) -> c_int {
    match call() {
        -1 if open_file::made_room() => call(),
        result => result,
    }
}

/// A function that makes descriptors of no file: it only needs room for them.
fn new_descriptor(call: impl Fn() -> c_int) -> c_int {
    guard(-1, || Ok(with_room(call)))
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn pipe(ends: *mut c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::pipe(ends) })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn pipe2(ends: *mut c_int, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::pipe2(ends, flags) })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::socket(domain, kind, protocol) })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn socketpair(
    domain: c_int,
    kind: c_int,
    protocol: c_int,
    ends: *mut c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::socketpair(domain, kind, protocol, ends) })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn accept(
    socket: c_int,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::accept(socket, address, length) })
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn accept4(
    socket: c_int,
    address: *mut libc::sockaddr,
    length: *mut libc::socklen_t,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    new_descriptor(|| unsafe { libc::accept4(socket, address, length, flags) })
}

fn duplicated(fd: c_int, copy: c_int) -> c_int {
    if copy >= 0 {
        fd_table::duplicated(fd, copy);
    }
    copy
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn dup(fd: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    let call = || unsafe { libc::dup(fd) };
    guard(-1, || Ok(duplicated(fd, with_room(call))))
}

// SAFETY: the caller passes what the C library's function of this name takes.
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

// SAFETY: the caller passes what the C library's function of this name takes.
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
    // In the child of a vfork, the number means a file of the child's alone.
    if reserved_fd::is_ours(to) && fork::owns_memory() {
        reserved_fd::make_way(to);
    }
    fd_table::closing(to)
}

/// The third argument is a number or a pointer, or is missing; it stands where a declared one would.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int {
    guard(-1, || {
        // SAFETY: the arguments are the caller's own.
        let call = || unsafe { libc::fcntl(fd, command, argument) };
        Ok(match command {
            libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicated(fd, with_room(call)),
            libc::F_GETFL => flags(fd, call()),
            _ => call(),
        })
    })
}

/// The flags of a descriptor: a sealed file that was handed out as it was made is open for writing to the system alone.
fn flags(fd: c_int, flags: c_int) -> c_int {
    if flags < 0 || flags & libc::O_ACCMODE != libc::O_RDWR {
        return flags;
    }
    match identities::is_sealed(fd) {
        true => flags & !libc::O_ACCMODE,
        false => flags,
    }
}
