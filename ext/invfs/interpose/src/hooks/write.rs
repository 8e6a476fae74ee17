//! Writing to a file of a mount that is open for reading: `EBADF`, and `EACCES` for mapping it, as the system says.
//!
//! Its copy in memory may count as open for writing. A write would then be refused with `EPERM`, and still change its times.

use std::ffi::{c_int, c_void};

use crate::hooks::arguments::Given;
use crate::hooks::macros::hooks;
use crate::open::{fd_table, in_parts};
use crate::paths::dispatch::{ErrorNumber, Returned};
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd;

hooks! {
    [c"write"] fn write(fd: c_int, bytes: Given<c_void>, count: usize) -> isize = libc::write {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, bytes, count))
    }

    [c"pwrite", c"pwrite64"] fn pwrite(fd: c_int, bytes: Given<c_void>, count: usize, offset: i64) -> isize
        = libc::pwrite64 {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, bytes, count, offset))
    }

    [c"writev"] fn writev(fd: c_int, pieces: Given<libc::iovec>, count: c_int) -> isize = libc::writev {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, pieces, count))
    }

    [c"pwritev", c"pwritev64"] fn pwritev(fd: c_int, pieces: Given<libc::iovec>, count: c_int, offset: i64) -> isize
        = libc::pwritev64 {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, pieces, count, offset))
    }

    [c"fallocate", c"fallocate64"] fn fallocate(fd: c_int, mode: c_int, offset: i64, length: i64) -> c_int
        = libc::fallocate64 {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, mode, offset, length))
    }

    [c"posix_fallocate", c"posix_fallocate64"] fn posix_fallocate(fd: c_int, offset: i64, length: i64) -> ErrorNumber
        = libc::posix_fallocate64 {
        check_not_reader(fd, libc::EBADF)?;
        Ok(original(fd, offset, length))
    }

    [c"mmap", c"mmap64"] fn mmap(
        address: Given<c_void>,
        length: usize,
        protection: c_int,
        flags: c_int,
        fd: c_int,
        offset: i64
    ) -> Mapping = libc::mmap64 {
        const SHARED: c_int = libc::MAP_SHARED & libc::MAP_SHARED_VALIDATE;
        if protection & libc::PROT_WRITE != 0 && flags & SHARED != 0 {
            check_not_reader(fd, libc::EACCES)?;
        }
        Ok(original(address, length, protection, flags, fd, offset))
    }
}

/// Where `mmap` has mapped something.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(transparent)]
pub struct Mapping(*mut c_void);

impl Returned for Mapping {
    type C = *mut c_void;
    const FAILURE: Mapping = Mapping(libc::MAP_FAILED);

    fn returned(value: *mut c_void) -> Mapping {
        Mapping(value)
    }
}

/// The error for a descriptor of a file that only this process has, in memory that nobody may change.
fn check_not_reader(fd: c_int, errno: c_int) -> Answer<()> {
    // First without a lock: a signal handler may write to a pipe.
    let may_be = fd_table::may_have(fd) && memfd::nameless(fd).is_some();
    match may_be && (fd_table::reader(fd).is_some() || in_parts::one(fd).is_some()) {
        true => Err(Errno(errno)),
        false => Ok(()),
    }
}
