//! `stat` and its relatives.

use std::ffi::{c_char, c_int};

use crate::open::{empty_dir, identities, stat};
use crate::paths::dispatch::{dispatch, dispatch_path, guard};
use crate::paths::lookup;
use crate::paths::route::PathTarget;
use invfs_fs::sys::errno::Answer;

/// # Safety
/// `out` has room for the answer.
unsafe fn look(fd: c_int, path: *const c_char, out: *mut libc::stat, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        if flags & libc::AT_EMPTY_PATH != 0 && !path.is_null() && *path == 0 && fd >= 0 {
            return fstat(fd, out);
        }
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::fstatat(fd, path, out, flags),
            |at| {
                *out = lookup::target(&at, flags & libc::AT_SYMLINK_NOFOLLOW == 0)?;
                Ok(0)
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn stat(path: *const c_char, out: *mut libc::stat) -> c_int {
    // SAFETY: as for `look`.
    unsafe { look(libc::AT_FDCWD, path, out, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn lstat(path: *const c_char, out: *mut libc::stat) -> c_int {
    // SAFETY: as for `look`.
    unsafe { look(libc::AT_FDCWD, path, out, libc::AT_SYMLINK_NOFOLLOW) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fstatat(
    fd: c_int,
    path: *const c_char,
    out: *mut libc::stat,
    flags: c_int,
) -> c_int {
    // SAFETY: as for `look`.
    unsafe { look(fd, path, out, flags) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fstat(fd: c_int, out: *mut libc::stat) -> c_int {
    guard(-1, || {
        // SAFETY: the arguments are the caller's own.
        let result = unsafe { libc::fstat(fd, out) };
        if result == 0 {
            // SAFETY: the call filled it in.
            let found = unsafe { &mut *out };
            identities::correct(found);
            empty_dir::correct(fd, found)?;
        }
        Ok(result)
    })
}

// Before 2.33 the GNU C library had these instead, with the version of the structure in front. There is one version.

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn xstat(_: c_int, path: *const c_char, out: *mut libc::stat) -> c_int {
    // SAFETY: as for `look`.
    unsafe { stat(path, out) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn lxstat(_: c_int, path: *const c_char, out: *mut libc::stat) -> c_int {
    // SAFETY: as for `look`.
    unsafe { lstat(path, out) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fxstat(_: c_int, fd: c_int, out: *mut libc::stat) -> c_int {
    // SAFETY: as for `look`.
    unsafe { fstat(fd, out) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fxstatat(
    _: c_int,
    fd: c_int,
    path: *const c_char,
    out: *mut libc::stat,
    flags: c_int,
) -> c_int {
    // SAFETY: as for `look`.
    unsafe { look(fd, path, out, flags) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn statx(
    fd: c_int,
    path: *const c_char,
    flags: c_int,
    mask: u32,
    out: *mut libc::statx,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        let real = |fd, path| real_statx(fd, path, flags, mask, out);
        if flags & libc::AT_EMPTY_PATH != 0 && !path.is_null() && *path == 0 && fd >= 0 {
            return guard(-1, || descriptor_statx(fd, real(fd, path), out));
        }
        dispatch(fd, path, -1, real, |at| {
            let found = lookup::target(&at, flags & libc::AT_SYMLINK_NOFOLLOW == 0)?;
            *out = stat::extended(&found);
            Ok(0)
        })
    }
}

/// The C library's `statx`, for the sake of those that are laid over it; musl has none before 1.2.5.
///
/// # Safety
/// As for `statx` itself.
unsafe fn real_statx(
    fd: c_int,
    path: *const c_char,
    flags: c_int,
    mask: u32,
    out: *mut libc::statx,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        #[cfg(target_env = "musl")]
        return libc::syscall(libc::SYS_statx, fd, path, flags, mask, out) as c_int;
        #[cfg(not(target_env = "musl"))]
        libc::statx(fd, path, flags, mask, out)
    }
}

/// `statx` of a descriptor, corrected where that is one of a mount.
///
/// # Safety
/// `out` has what `statx` answered for `fd`, if `result` is 0.
unsafe fn descriptor_statx(fd: c_int, result: c_int, out: *mut libc::statx) -> Answer<c_int> {
    if result != 0 {
        return Ok(result);
    }
    let mut found = invfs_fs::sys::memfd::metadata(fd)?;
    let device = found.st_dev;
    identities::correct(&mut found);
    empty_dir::correct(fd, &mut found)?;
    if found.st_dev != device {
        // SAFETY: as the caller's.
        unsafe { *out = stat::extended(&found) };
    }
    Ok(result)
}

/// What is said of the file system that a path lies in: of the path, and whether nothing can be written there.
fn file_system(at: &PathTarget) -> Answer<(libc::stat, bool)> {
    let found = lookup::target(at, true)?;
    let writable = at.place.mount.file_system().writable(&at.place.sub);
    Ok((found, writable.is_err()))
}

/// What `statvfs` says: that nothing can be written, or what the place of the upper layer says.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn statvfs(path: *const c_char, out: *mut libc::statvfs) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::statvfs(path, out),
            |at| {
                let (found, read_only) = file_system(&at)?;
                let mut answer: libc::statvfs = std::mem::zeroed();
                answer.f_bsize = found.st_blksize as _;
                answer.f_frsize = found.st_blksize as _;
                answer.f_fsid = found.st_dev as _;
                answer.f_namemax = 255;
                if read_only {
                    answer.f_flag = libc::ST_RDONLY;
                }
                *out = answer;
                Ok(0)
            },
        )
    }
}

/// [`statvfs`], as Linux has it.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn statfs(path: *const c_char, out: *mut libc::statfs64) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::statfs64(path, out),
            |at| {
                let (found, read_only) = file_system(&at)?;
                let mut answer: libc::statfs64 = std::mem::zeroed();
                // Files are in memory when they are open, and `fstatfs` says this of them.
                answer.f_type = libc::TMPFS_MAGIC as _;
                answer.f_bsize = found.st_blksize as _;
                answer.f_frsize = found.st_blksize as _;
                answer.f_namelen = 255;
                if read_only {
                    answer.f_flags = libc::ST_RDONLY as _;
                }
                *out = answer;
                Ok(0)
            },
        )
    }
}
