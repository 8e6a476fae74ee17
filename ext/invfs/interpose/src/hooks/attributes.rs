//! Functions that change permissions, owners, times and lengths.

use std::ffi::{c_char, c_int};

use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::liveness;
use crate::paths::route::PathTarget;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{Change, Time};
use invfs_fs::sys::errno::{Answer, Errno};

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn chmod(path: *const c_char, mode: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { fchmodat(libc::AT_FDCWD, path, mode, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn lchmod(path: *const c_char, mode: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { fchmodat(libc::AT_FDCWD, path, mode, libc::AT_SYMLINK_NOFOLLOW) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fchmodat(
    fd: c_int,
    path: *const c_char,
    mode: u32,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::fchmodat(fd, path, mode, flags),
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
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn chown(path: *const c_char, user: u32, group: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { fchownat(libc::AT_FDCWD, path, user, group, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn lchown(path: *const c_char, user: u32, group: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { fchownat(libc::AT_FDCWD, path, user, group, libc::AT_SYMLINK_NOFOLLOW) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fchownat(
    fd: c_int,
    path: *const c_char,
    user: u32,
    group: u32,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::fchownat(fd, path, user, group, flags),
            |at| {
                at.check_existing()?;
                let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
                at.change(Change::Owner(&at.place.sub, user, group, follow))
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn truncate(path: *const c_char, length: i64) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| {
                let result = libc::truncate64(path, length);
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
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn utimensat(
    fd: c_int,
    path: *const c_char,
    times: *const libc::timespec,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own: NULL or two times.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::utimensat(fd, path, times, flags),
            |at| {
                let times = match times.is_null() {
                    true => [Time::Now; 2],
                    false => [time(*times), time(*times.add(1))],
                };
                set_times(&at, times, flags & libc::AT_SYMLINK_NOFOLLOW == 0)
            },
        )
    }
}

fn time(time: libc::timespec) -> Time {
    match time.tv_nsec {
        libc::UTIME_OMIT => Time::Same,
        libc::UTIME_NOW => Time::Now,
        nanoseconds => Time::At(time.tv_sec, nanoseconds as u32),
    }
}

fn set_times(at: &PathTarget, times: [Time; 2], follow: bool) -> Answer<c_int> {
    at.check_existing()?;
    at.change(Change::Times(&at.place.sub, times, follow))
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn utimes(path: *const c_char, times: *const libc::timeval) -> c_int {
    // SAFETY: the arguments are the caller's own: NULL or two times.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::utimes(path, times),
            |at| set_times(&at, seconds(times), true),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn lutimes(path: *const c_char, times: *const libc::timeval) -> c_int {
    // SAFETY: the arguments are the caller's own: NULL or two times.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::lutimes(path, times),
            |at| set_times(&at, seconds(times), false),
        )
    }
}

/// # Safety
/// `times` is NULL or points to two times.
unsafe fn seconds(times: *const libc::timeval) -> [Time; 2] {
    if times.is_null() {
        return [Time::Now; 2];
    }
    // SAFETY: the caller's promise.
    let times = unsafe { [*times, *times.add(1)] };
    times.map(|time| Time::At(time.tv_sec, (time.tv_usec * 1000) as u32))
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn utime(path: *const c_char, times: *const libc::utimbuf) -> c_int {
    // SAFETY: the arguments are the caller's own: NULL or a pair of times.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::utime(path, times),
            |at| {
                let times = match times.is_null() {
                    true => [Time::Now; 2],
                    false => [Time::At((*times).actime, 0), Time::At((*times).modtime, 0)],
                };
                set_times(&at, times, true)
            },
        )
    }
}
