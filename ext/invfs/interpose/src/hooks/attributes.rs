//! Functions that change permissions, owners, times and lengths.

use std::ffi::c_int;

use crate::hooks::arguments::In;
use crate::hooks::macros::hooks;
use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::liveness;
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{Change, Time};
use invfs_fs::sys::errno::{Answer, Errno};

hooks! {
    [c"chmod"] fn chmod(path: Text, mode: u32) -> c_int => fchmodat(libc::AT_FDCWD, path, mode, 0);

    [c"lchmod"] fn lchmod(path: Text, mode: u32) -> c_int
        => fchmodat(libc::AT_FDCWD, path, mode, libc::AT_SYMLINK_NOFOLLOW);

    [c"fchmodat"] fn fchmodat(fd: c_int, path: Text, mode: u32, flags: c_int) -> c_int = libc::fchmodat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, mode, flags),
            |at| {
                at.check_existing()?;
                let nofollow = flags & libc::AT_SYMLINK_NOFOLLOW != 0;
                if nofollow && at.place.stat(false)?.kind == Kind::Symlink {
                    return Err(Errno(libc::EOPNOTSUPP));
                }
                at.change(Change::Mode(&at.place.sub, mode))
            },
        )
    }

    [c"chown"] fn chown(path: Text, user: u32, group: u32) -> c_int => fchownat(libc::AT_FDCWD, path, user, group, 0);

    [c"lchown"] fn lchown(path: Text, user: u32, group: u32) -> c_int
        => fchownat(libc::AT_FDCWD, path, user, group, libc::AT_SYMLINK_NOFOLLOW);

    [c"fchownat"] fn fchownat(fd: c_int, path: Text, user: u32, group: u32, flags: c_int) -> c_int = libc::fchownat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, user, group, flags),
            |at| {
                at.check_existing()?;
                let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
                at.change(Change::Owner(&at.place.sub, user, group, follow))
            },
        )
    }

    [c"truncate", c"truncate64"] fn truncate(path: Text, length: i64) -> c_int = libc::truncate64 {
        dispatch_path(
            path,
            |path| {
                let result = original(path, length);
                liveness::changed();
                result
            },
            |at| {
                at.check_existing()?;
                let length = u64::try_from(length).map_err(|_| Errno(libc::EINVAL))?;
                at.change(Change::Truncate(&at.place.sub, length))
            },
        )
    }

    [c"utime"] fn utime(path: Text, times: In<libc::utimbuf, 1>) -> c_int = libc::utime {
        dispatch_path(
            path,
            |path| original(path, times),
            |at| {
                let times = times.get().map(|[times]| [Time::At(times.actime, 0), Time::At(times.modtime, 0)]);
                set_times(&at, times, true)
            },
        )
    }

    [c"utimes"] fn utimes(path: Text, times: In<libc::timeval, 2>) -> c_int = libc::utimes {
        dispatch_path(
            path,
            |path| original(path, times),
            |at| set_times(&at, times.get().map(microseconds), true),
        )
    }

    [c"lutimes"] fn lutimes(path: Text, times: In<libc::timeval, 2>) -> c_int = libc::lutimes {
        dispatch_path(
            path,
            |path| original(path, times),
            |at| set_times(&at, times.get().map(microseconds), false),
        )
    }

    [c"utimensat"] fn utimensat(fd: c_int, path: Text, times: In<libc::timespec, 2>, flags: c_int) -> c_int
        = libc::utimensat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, times, flags),
            |at| {
                let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
                set_times(&at, times.get().map(nanoseconds), follow)
            },
        )
    }
}

/// Sets the times; `None` means now.
pub fn set_times(at: &PathTarget, times: Option<[Time; 2]>, follow: bool) -> Answer<c_int> {
    at.check_existing()?;
    let times = times.unwrap_or([Time::Now; 2]);
    at.change(Change::Times(&at.place.sub, times, follow))
}

pub fn microseconds(times: [libc::timeval; 2]) -> [Time; 2] {
    times.map(|time| Time::At(time.tv_sec, (time.tv_usec * 1000) as u32))
}

pub fn nanoseconds(times: [libc::timespec; 2]) -> [Time; 2] {
    times.map(|time| match time.tv_nsec {
        libc::UTIME_OMIT => Time::Same,
        libc::UTIME_NOW => Time::Now,
        nanoseconds => Time::At(time.tv_sec, nanoseconds as u32),
    })
}
