//! `open` and its relatives.

use std::ffi::{c_char, c_int};
use std::os::fd::RawFd;

use crate::open::{empty_dir, loading, open_file};
use crate::paths::dispatch::dispatch_for;
use crate::paths::liveness;
use crate::paths::route::{PathTarget, Wants};
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::OpenHow;
use invfs_fs::sys::errno::{Answer, Errno};

/// Opens what a path in a mount names.
pub fn target(target: &PathTarget, flags: c_int, mode: u32) -> Answer<RawFd> {
    let how = OpenHow { flags, mode };
    let place = &target.place;
    if let Some(fd) = loading::open(place, flags) {
        return Ok(fd);
    }
    if flags & libc::O_TMPFILE == libc::O_TMPFILE {
        return Err(Errno(libc::EOPNOTSUPP));
    }
    if flags & libc::O_NOFOLLOW != 0 && !target.slash {
        if let Ok(Kind::Symlink) = place.stat(false).map(|node| node.kind) {
            return Err(Errno(libc::ELOOP));
        }
    }
    if flags & libc::O_DIRECTORY != 0 || target.slash {
        return match place.stat(true).map(|node| node.kind) {
            Ok(Kind::Directory) if how.writes() => Err(Errno(libc::EISDIR)),
            Ok(Kind::Directory) => empty_dir::open(place, flags),
            Ok(_) => Err(Errno(libc::ENOTDIR)),
            Err(Errno(libc::ENOENT)) if flags & libc::O_CREAT != 0 => Err(Errno(libc::EISDIR)),
            Err(errno) => Err(errno),
        };
    }
    match open_file::open(place, how) {
        Err(Errno(libc::EISDIR)) if !how.writes() => empty_dir::open(place, flags),
        // A directory that only leads to another mount.
        Err(Errno(libc::ENOENT)) if place.stat(true).is_ok() => match how.writes() {
            true => Err(Errno(libc::EISDIR)),
            false => empty_dir::open(place, flags),
        },
        answer => answer,
    }
}

// The functions take a mode only with O_CREAT or O_TMPFILE. On x86-64 and AArch64 it stands where a declared argument
// would; without one the value means nothing, and nothing looks at it.

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: u32) -> c_int {
    // SAFETY: passed through from the caller of `openat`.
    unsafe { openat(libc::AT_FDCWD, path, flags, mode) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn openat(fd: c_int, path: *const c_char, flags: c_int, mode: u32) -> c_int {
    let wants = match flags & libc::O_DIRECTORY {
        0 => Wants::Anything,
        _ => Wants::Listing,
    };
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_for(
            wants,
            fd,
            path,
            -1,
            |fd, path| {
                let opened = libc::openat64(fd, path, flags, mode);
                if opened >= 0 && (OpenHow { flags, mode }).writes() {
                    liveness::opened_for_writing(opened);
                }
                opened
            },
            |at| target(&at, flags, mode),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn open_2(path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: as for `openat`; flags with O_CREAT would not have come this way.
    unsafe { openat(libc::AT_FDCWD, path, flags, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn openat_2(fd: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: as for `openat`.
    unsafe { openat(fd, path, flags, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn creat(path: *const c_char, mode: u32) -> c_int {
    let flags = libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC;
    // SAFETY: as for `openat`.
    unsafe { openat(libc::AT_FDCWD, path, flags, mode) }
}
