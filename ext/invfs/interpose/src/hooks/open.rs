//! `open` and its relatives.

use std::ffi::c_int;
use std::os::fd::RawFd;

use crate::hooks::macros::hooks;
use crate::open::{empty_dir, loading, open_file};
use crate::paths::dispatch::dispatch_for;
use crate::paths::liveness;
use crate::paths::route::{PathTarget, Wants};
use crate::paths::text::Text;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::OpenHow;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};

/// Opens what a path in a mount names, for whoever reads it past our hooks, too.
pub fn target(at: &PathTarget, flags: c_int, mode: u32) -> Answer<RawFd> {
    by(at, flags, mode, open_file::open)
}

/// Opens what a path in a mount names; a file is opened by `open`.
fn by(
    target: &PathTarget,
    flags: c_int,
    mode: u32,
    open: impl Fn(&Place, OpenHow) -> Answer<RawFd>,
) -> Answer<RawFd> {
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
    match open(place, how) {
        Err(Errno(libc::EISDIR)) if !how.writes() => empty_dir::open(place, flags),
        // A directory that only leads to another mount.
        Err(Errno(libc::ENOENT)) if is_directory(place) => match how.writes() {
            true => Err(Errno(libc::EISDIR)),
            false => empty_dir::open(place, flags),
        },
        answer => answer,
    }
}

fn is_directory(place: &Place) -> bool {
    let node = place.stat(true);
    node.is_ok_and(|node| node.kind == Kind::Directory)
}

// The functions take a mode only with O_CREAT or O_TMPFILE. On x86-64 and AArch64 it stands where a declared argument
// would; without one the value means nothing, and nothing looks at it.
hooks! {
    [c"open", c"open64"] fn open(path: Text, flags: c_int, mode: u32) -> c_int
        => openat(libc::AT_FDCWD, path, flags, mode);

    [c"openat", c"openat64"] fn openat(fd: c_int, path: Text, flags: c_int, mode: u32) -> c_int = libc::openat64 {
        let wants = match flags & libc::O_DIRECTORY {
            0 => Wants::Anything,
            _ => Wants::Listing,
        };
        dispatch_for(
            wants,
            fd,
            path,
            |fd, path| {
                let opened = original(fd, path, flags, mode);
                if opened >= 0 && (OpenHow { flags, mode }).writes() {
                    liveness::opened_for_writing(opened);
                }
                opened
            },
            |at| by(&at, flags, mode, open_file::open_for_calls),
        )
    }

    /// Without a mode: the headers call it only where the flags have no O_CREAT.
    [c"__open_2", c"__open64_2"] fn open_2(path: Text, flags: c_int) -> c_int
        => openat(libc::AT_FDCWD, path, flags, 0);

    /// `openat` without a mode.
    [c"__openat_2", c"__openat64_2"] fn openat_2(fd: c_int, path: Text, flags: c_int) -> c_int
        => openat(fd, path, flags, 0);

    [c"creat", c"creat64"] fn creat(path: Text, mode: u32) -> c_int
        => openat(libc::AT_FDCWD, path, libc::O_CREAT | libc::O_WRONLY | libc::O_TRUNC, mode);
}
