//! Descriptors that come and go: what they stand for goes with them.

use std::ffi::{c_int, c_uint};

use crate::hooks::arguments::Given;
use crate::hooks::macros::hooks;
use crate::open::fd_table::Closing;
use crate::open::{fd_table, identities, open_file, shared_lock, source_file};
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::{fork, memfd, reserved_fd};

hooks! {
    [c"close"] fn close(fd: c_int) -> c_int = libc::close {
        if reserved_fd::is_ours(fd) {
            // The caller never opened it.
            return Err(Errno(libc::EBADF));
        }
        let closing = fd_table::closing(fd);
        if let Some(reader) = &closing.last_reader {
            open_file::hold(fd, reader);
        }
        let result = original(fd);
        source_file::closed(fd);
        closing.closed().map(|()| result)
    }

    [c"fsync"] fn fsync(fd: c_int) -> c_int = libc::fsync {
        fd_table::hand_over(fd)?;
        Ok(original(fd))
    }

    [c"fdatasync"] fn fdatasync(fd: c_int) -> c_int = libc::fdatasync {
        fd_table::hand_over(fd)?;
        Ok(original(fd))
    }

    [c"flock"] fn flock(fd: c_int, operation: c_int) -> c_int = libc::flock {
        if operation & libc::LOCK_UN == 0 {
            fd_table::lock(fd);
            shared_lock::prepare(fd)?;
        }
        Ok(original(fd, operation))
    }

    [c"close_range"] fn close_range(first: c_uint, last: c_uint, flags: c_int) -> c_int {
        let closing = (flags == 0).then(|| fd_table::closing_all(first..=last));
        let result = all_but_ours(first, last, flags);
        let saved = closing.map_or(Ok(()), Closing::closed);
        result.and(saved).map(|()| 0)
    }

    [c"closefrom"] fn closefrom(first: c_int) -> () {
        let first = first.max(0) as c_uint;
        if close_range(first, c_uint::MAX, 0) != 0 {
            // Before Linux 5.9.
            // SAFETY: asks for a number.
            let end = unsafe { libc::sysconf(libc::_SC_OPEN_MAX) } as c_uint;
            (first..end).for_each(|fd| {
                close(fd as c_int);
            });
        }
        Ok(())
    }

    [c"pipe"] fn pipe(ends: Given<c_int>) -> c_int = libc::pipe {
        Ok(with_room(|| original(ends)))
    }

    [c"pipe2"] fn pipe2(ends: Given<c_int>, flags: c_int) -> c_int = libc::pipe2 {
        Ok(with_room(|| original(ends, flags)))
    }

    [c"socket"] fn socket(domain: c_int, kind: c_int, protocol: c_int) -> c_int = libc::socket {
        Ok(with_room(|| original(domain, kind, protocol)))
    }

    [c"socketpair"] fn socketpair(domain: c_int, kind: c_int, protocol: c_int, ends: Given<c_int>) -> c_int
        = libc::socketpair {
        Ok(with_room(|| original(domain, kind, protocol, ends)))
    }

    [c"accept"] fn accept(socket: c_int, address: Given<libc::sockaddr>, length: Given<libc::socklen_t>) -> c_int
        = libc::accept {
        Ok(with_room(|| original(socket, address, length)))
    }

    [c"accept4"] fn accept4(
        socket: c_int,
        address: Given<libc::sockaddr>,
        length: Given<libc::socklen_t>,
        flags: c_int
    ) -> c_int = libc::accept4 {
        Ok(with_room(|| original(socket, address, length, flags)))
    }

    [c"dup"] fn dup(fd: c_int) -> c_int = libc::dup {
        Ok(duplicated(fd, with_room(|| original(fd))))
    }

    [c"dup2"] fn dup2(fd: c_int, to: c_int) -> c_int = libc::dup2 {
        if fd == to {
            return Ok(original(fd, to));
        }
        let replaced = replaced(fd, to);
        let copy = duplicated(fd, original(fd, to));
        replaced.map_or(Ok(()), Closing::closed).map(|()| copy)
    }

    [c"dup3"] fn dup3(fd: c_int, to: c_int, flags: c_int) -> c_int = libc::dup3 {
        let replaced = if fd == to { None } else { replaced(fd, to) };
        let copy = duplicated(fd, original(fd, to, flags));
        replaced.map_or(Ok(()), Closing::closed).map(|()| copy)
    }

    /// The third argument is a number or a pointer, or is missing; it stands where a declared one would.
    [c"fcntl", c"fcntl64"] fn fcntl(fd: c_int, command: c_int, argument: usize) -> c_int = libc::fcntl {
        let call = || original(fd, command, argument);
        Ok(match command {
            libc::F_DUPFD | libc::F_DUPFD_CLOEXEC => duplicated(fd, with_room(call)),
            libc::F_GETFL => flags(fd, call()),
            libc::F_OFD_SETLK | libc::F_OFD_SETLKW => {
                fd_table::lock(fd);
                call()
            }
            _ => call(),
        })
    }
}

/// Closes a range, and leaves out the descriptors that mounts need for themselves.
fn all_but_ours(first: c_uint, last: c_uint, flags: c_int) -> Answer<()> {
    let mut from = first;
    while let Some(ours) = reserved_fd::first_from(from, last) {
        if ours > from {
            range(from, ours - 1, flags)?;
        }
        from = ours + 1;
    }
    match from > last && last >= first {
        true => Ok(()),
        false => range(from, last, flags),
    }
}

fn range(first: c_uint, last: c_uint, flags: c_int) -> Answer<()> {
    // SAFETY: plain integers.
    match unsafe { libc::syscall(libc::SYS_close_range, first, last, flags) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// Closes a descriptor that a hook has opened itself and handed to nobody.
pub fn close_own(fd: c_int) {
    let closing = fd_table::closing(fd);
    // SAFETY: a plain integer.
    unsafe { libc::close(fd) };
    // The hook has failed already, or another descriptor stands for the same.
    let _ = closing.closed();
}

/// Once more where the first try found no room for a descriptor, after those that are held to save time were closed.
fn with_room(call: impl Fn() -> c_int) -> c_int {
    match call() {
        -1 if open_file::made_room() => call(),
        result => result,
    }
}

fn duplicated(fd: c_int, copy: c_int) -> c_int {
    if copy >= 0 {
        fd_table::duplicated(fd, copy);
    }
    copy
}

/// `to` is about to be closed, if `fd` can take its place.
fn replaced(fd: c_int, to: c_int) -> Option<Closing> {
    // Whether it is open at all.
    memfd::metadata(fd).ok()?;
    // In the child of a vfork, the number means a file of the child's alone.
    if reserved_fd::is_ours(to) && fork::owns_memory() {
        reserved_fd::make_way(to);
    }
    Some(fd_table::closing(to))
}

/// The flags of a descriptor: a sealed file is open for writing to the system alone.
fn flags(fd: c_int, flags: c_int) -> c_int {
    if flags < 0 || flags & libc::O_ACCMODE == libc::O_RDONLY {
        return flags;
    }
    match identities::is_sealed(fd) {
        true => flags & !libc::O_ACCMODE,
        false => flags,
    }
}
