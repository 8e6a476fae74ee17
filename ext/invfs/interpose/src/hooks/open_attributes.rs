//! Functions that change permissions, owners, times and lengths of what is open.
//!
//! What is open of a mount is a copy in memory, or the empty directory: the change is made to the file or directory that it
//! stands for. A file of the upper layer is a real one, and a written file of a file system in Ruby is on its way there: the
//! original changes these.

use std::ffi::{c_int, c_void};

use crate::hooks::arguments::{Given, In};
use crate::hooks::attributes::{microseconds, nanoseconds, set_times};
use crate::hooks::extended;
use crate::hooks::macros::hooks;
use crate::open::{empty_dir, fd_table, in_parts};
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::file_system::Change;
use invfs_fs::sys::errno::{Answer, Errno};

hooks! {
    [c"fchmod"] fn fchmod(fd: c_int, mode: u32) -> c_int = libc::fchmod {
        of(fd, || original(fd, mode), |at| at.change(Change::Mode(&at.place.sub, mode)))
    }

    [c"fchown"] fn fchown(fd: c_int, user: u32, group: u32) -> c_int = libc::fchown {
        of(fd, || original(fd, user, group), |at| at.change(Change::Owner(&at.place.sub, user, group, true)))
    }

    [c"futimens"] fn futimens(fd: c_int, times: In<libc::timespec, 2>) -> c_int = libc::futimens {
        of(fd, || original(fd, times), |at| set_times(at, times.get().map(nanoseconds), true))
    }

    [c"futimes"] fn futimes(fd: c_int, times: In<libc::timeval, 2>) -> c_int = libc::futimes {
        of(fd, || original(fd, times), |at| set_times(at, times.get().map(microseconds), true))
    }

    [c"ftruncate", c"ftruncate64"] fn ftruncate(fd: c_int, length: i64) -> c_int = libc::ftruncate64 {
        // It is open for reading.
        of(fd, || original(fd, length), |_| Err(Errno(libc::EINVAL)))
    }

    [c"fsetxattr"] fn fsetxattr(fd: c_int, name: Text, value: Given<c_void>, size: usize, flags: c_int) -> c_int
        = libc::fsetxattr {
        of(fd, || original(fd, name, value, size, flags), |at| extended::change(at, true))
    }

    [c"fremovexattr"] fn fremovexattr(fd: c_int, name: Text) -> c_int = libc::fremovexattr {
        of(fd, || original(fd, name), |at| extended::change(at, true))
    }
}

/// Calls `real` for what the operating system has, else `inside`.
fn of(
    fd: c_int,
    real: impl FnOnce() -> c_int,
    inside: impl FnOnce(&PathTarget) -> Answer<c_int>,
) -> Answer<c_int> {
    let place = empty_dir::of_descriptor(fd)
        .or_else(|| fd_table::reader(fd).map(|reader| reader.place))
        .or_else(|| in_parts::place(fd));
    match place {
        Some(place) => inside(&PathTarget::new(place)),
        None => Ok(real()),
    }
}
