//! `stat` and its relatives.

use std::ffi::c_int;

use crate::hooks::arguments::Out;
use crate::hooks::macros::hooks;
use crate::open::zeroed::zeroed;
use crate::open::{empty_dir, identities, stat};
use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::lookup;
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::sys::errno::Answer;

#[cfg(not(target_env = "musl"))]
use libc::statx as real_statx;

hooks! {
    [c"stat", c"stat64"] fn stat(path: Text, out: Out<libc::stat>) -> c_int
        => fstatat(libc::AT_FDCWD, path, out, 0);

    [c"lstat", c"lstat64"] fn lstat(path: Text, out: Out<libc::stat>) -> c_int
        => fstatat(libc::AT_FDCWD, path, out, libc::AT_SYMLINK_NOFOLLOW);

    [c"fstat", c"fstat64"] fn fstat(fd: c_int, out: Out<libc::stat>) -> c_int = libc::fstat {
        let result = original(fd, out);
        if result == 0 {
            // SAFETY: fstat(2) answered 0, so it has filled in what `out` points to, which is the caller's alone as yet.
            let found = unsafe { &mut *out.as_ptr() };
            identities::correct(found);
            empty_dir::correct(fd, found)?;
        }
        Ok(result)
    }

    [c"fstatat", c"fstatat64"] fn fstatat(fd: c_int, path: Text, out: Out<libc::stat>, flags: c_int) -> c_int
        = libc::fstatat {
        if means_descriptor(fd, path, flags) {
            return Ok(fstat(fd, out));
        }
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, out, flags),
            |at| {
                out.set(lookup::target(&at, flags & libc::AT_SYMLINK_NOFOLLOW == 0)?)?;
                Ok(0)
            },
        )
    }

    // Before 2.33 the GNU C library had these instead, with the version of the structure in front. There is one version.

    [c"__xstat", c"__xstat64"] fn xstat(_version: c_int, path: Text, out: Out<libc::stat>) -> c_int
        => stat(path, out);

    [c"__lxstat", c"__lxstat64"] fn lxstat(_version: c_int, path: Text, out: Out<libc::stat>) -> c_int
        => lstat(path, out);

    [c"__fxstat", c"__fxstat64"] fn fxstat(_version: c_int, fd: c_int, out: Out<libc::stat>) -> c_int
        => fstat(fd, out);

    [c"__fxstatat", c"__fxstatat64"] fn fxstatat(
        _version: c_int,
        fd: c_int,
        path: Text,
        out: Out<libc::stat>,
        flags: c_int
    ) -> c_int => fstatat(fd, path, out, flags);

    [c"statx"] fn statx(fd: c_int, path: Text, flags: c_int, mask: u32, out: Out<libc::statx>) -> c_int = real_statx {
        if means_descriptor(fd, path, flags) {
            return descriptor_statx(fd, original(fd, path, flags, mask, out), out);
        }
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, flags, mask, out),
            |at| {
                let found = lookup::target(&at, flags & libc::AT_SYMLINK_NOFOLLOW == 0)?;
                out.set(stat::extended(&found))?;
                Ok(0)
            },
        )
    }

    /// What `statvfs` says: that nothing can be written, or what the place of the upper layer says.
    [c"statvfs", c"statvfs64"] fn statvfs(path: Text, out: Out<libc::statvfs>) -> c_int = libc::statvfs {
        dispatch_path(
            path,
            |path| original(path, out),
            |at| {
                let (found, read_only) = file_system(&at)?;
                let mut answer: libc::statvfs = zeroed();
                answer.f_bsize = found.st_blksize as _;
                answer.f_frsize = found.st_blksize as _;
                answer.f_fsid = found.st_dev as _;
                answer.f_namemax = 255;
                if read_only {
                    answer.f_flag = libc::ST_RDONLY;
                }
                out.set(answer)?;
                Ok(0)
            },
        )
    }

    /// [`statvfs`], as Linux has it.
    [c"statfs", c"statfs64"] fn statfs(path: Text, out: Out<libc::statfs64>) -> c_int = libc::statfs64 {
        dispatch_path(
            path,
            |path| original(path, out),
            |at| {
                let (found, read_only) = file_system(&at)?;
                let mut answer: libc::statfs64 = zeroed();
                // Files are in memory when they are open, and `fstatfs` says this of them.
                answer.f_type = libc::TMPFS_MAGIC as _;
                answer.f_bsize = found.st_blksize as _;
                answer.f_frsize = found.st_blksize as _;
                answer.f_namelen = 255;
                if read_only {
                    answer.f_flags = libc::ST_RDONLY as _;
                }
                out.set(answer)?;
                Ok(0)
            },
        )
    }
}

/// Whether the path is empty and may be, so that the descriptor itself is meant.
fn means_descriptor(fd: c_int, path: Text<'_>, flags: c_int) -> bool {
    flags & libc::AT_EMPTY_PATH != 0 && fd >= 0 && path.to_bytes() == Some(b"")
}

/// The C library's `statx`, for the sake of those that are laid over it; musl has none before 1.2.5.
///
/// # Safety
/// As for `statx` itself.
#[cfg(target_env = "musl")]
unsafe fn real_statx(
    fd: c_int,
    path: *const std::ffi::c_char,
    flags: c_int,
    mask: u32,
    out: *mut libc::statx,
) -> c_int {
    // SAFETY: the system call takes what the function takes.
    unsafe { libc::syscall(libc::SYS_statx, fd, path, flags, mask, out) as c_int }
}

/// `statx` of a descriptor, which has answered `result`, corrected where that is one of a mount.
fn descriptor_statx(fd: c_int, result: c_int, out: Out<'_, libc::statx>) -> Answer<c_int> {
    if result != 0 {
        return Ok(result);
    }
    let mut found = invfs_fs::sys::memfd::metadata(fd)?;
    let device = found.st_dev;
    identities::correct(&mut found);
    empty_dir::correct(fd, &mut found)?;
    if found.st_dev != device {
        out.set(stat::extended(&found))?;
    }
    Ok(result)
}

/// What is said of the file system that a path lies in: of the path, and whether nothing can be written there.
fn file_system(at: &PathTarget) -> Answer<(libc::stat, bool)> {
    let found = lookup::target(at, true)?;
    let writable = at.place.mount.file_system().writable(&at.place.sub);
    Ok((found, writable.is_err()))
}
