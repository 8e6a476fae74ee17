//! Functions that make, remove and move names.

use std::ffi::{c_char, c_int, CStr};

use crate::paths::dispatch::{dispatch, dispatch_path, guard};
use crate::paths::route;
use crate::paths::route::Wants::Anything;
use crate::paths::route::{PathTarget, Route};
use crate::paths::{liveness, moves, real_links};
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::Change;
use invfs_fs::sys::errno::{Answer, Errno};

impl PathTarget {
    /// Makes a change to something that a mount holds; the mount's own root is in use.
    pub fn change(&self, change: Change<'_>) -> Answer<c_int> {
        if self.place.sub.is_root() {
            return Err(Errno(match change {
                Change::MakeDirectory(..) | Change::Symlink(..) => libc::EEXIST,
                // Its attributes can be changed as those of any directory.
                Change::Mode(..) | Change::Owner(..) | Change::Times(..) => {
                    return self.place.mount.file_system().change(change).map(|()| 0)
                }
                Change::Truncate(..) => libc::EISDIR,
                _ => libc::EBUSY,
            }));
        }
        moves::change(&self.place.mount, change).map(|()| 0)
    }

    /// What the system says of a path like `name/` where something is to be removed that is no directory, or made.
    fn check_no_slash(&self, exists: c_int, missing: c_int) -> Answer<()> {
        match self.slash.then(|| self.place.stat(false)) {
            None => Ok(()),
            Some(Ok(node)) if node.kind == Kind::Directory && exists == libc::ENOTDIR => {
                Err(Errno(libc::EISDIR))
            }
            Some(Ok(_)) => Err(Errno(exists)),
            Some(Err(Errno(libc::ENOENT))) => Err(Errno(missing)),
            Some(Err(errno)) => Err(errno),
        }
    }

    /// `ENOTDIR` for a path like `file/`, where a directory is meant and something else is there.
    pub fn check_existing(&self) -> Answer<()> {
        match self.slash {
            true => self.check(&self.place.stat(true)?),
            false => Ok(()),
        }
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkdir(path: *const c_char, mode: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { mkdirat(libc::AT_FDCWD, path, mode) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkdirat(fd: c_int, path: *const c_char, mode: u32) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::mkdirat(fd, path, mode),
            |at| at.change(Change::MakeDirectory(&at.place.sub, mode)),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn rmdir(path: *const c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { unlinkat(libc::AT_FDCWD, path, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn unlinkat(fd: c_int, path: *const c_char, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| changed(libc::unlinkat(fd, path, flags)),
            |at| {
                if flags & libc::AT_REMOVEDIR != 0 && at.dot {
                    return Err(Errno(libc::EINVAL));
                }
                if flags & libc::AT_REMOVEDIR != 0 {
                    return at.change(Change::RemoveDirectory(&at.place.sub));
                }
                at.check_no_slash(libc::ENOTDIR, libc::ENOENT)?;
                at.change(Change::Remove(&at.place.sub))
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn remove(path: *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| changed(libc::remove(path)),
            |at| {
                let sub = &at.place.sub;
                match at.place.stat(false)?.kind {
                    Kind::Directory => at.change(Change::RemoveDirectory(sub)),
                    _ => at.change(Change::Remove(sub)),
                }
            },
        )
    }
}

/// Makes a change that concerns two paths: both lie in one mount, or neither in any, or it fails with `EXDEV`.
///
/// # Safety
/// Both paths are NULL or NUL-terminated strings.
unsafe fn two(
    from: (c_int, *const c_char),
    to: (c_int, *const c_char),
    real: impl Fn((c_int, *const c_char), (c_int, *const c_char)) -> c_int,
    inside: impl Fn(&PathTarget, &PathTarget) -> Answer<c_int>,
) -> c_int {
    guard(-1, || {
        // SAFETY: the paths are the caller's own.
        match unsafe {
            (
                route::at(from.0, from.1, Anything),
                route::at(to.0, to.1, Anything),
            )
        } {
            (Route::Real, Route::Real) => Ok(real(from, to)),
            (Route::Failed(errno), _) | (_, Route::Failed(errno)) => Err(errno),
            (Route::Virtual(from), Route::Virtual(to)) => {
                if from.place.mount.id != to.place.mount.id {
                    return Err(Errno(libc::EXDEV));
                }
                inside(&from, &to)
            }
            (Route::Elsewhere(a), Route::Elsewhere(b)) => Ok(real(
                (libc::AT_FDCWD, a.as_ptr()),
                (libc::AT_FDCWD, b.as_ptr()),
            )),
            (Route::Elsewhere(a), Route::Real) => Ok(real((libc::AT_FDCWD, a.as_ptr()), to)),
            (Route::Real, Route::Elsewhere(b)) => Ok(real(from, (libc::AT_FDCWD, b.as_ptr()))),
            _ => Err(Errno(libc::EXDEV)),
        }
    })
}

/// A real name leads elsewhere now.
fn moved(result: c_int) -> c_int {
    if result == 0 {
        real_links::changed();
    }
    changed(result)
}

/// Real names, or what a real name stands for, have changed.
fn changed(result: c_int) -> c_int {
    if result == 0 {
        liveness::changed();
    }
    result
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn rename(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { renameat(libc::AT_FDCWD, from, libc::AT_FDCWD, to) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn renameat(
    from_fd: c_int,
    from: *const c_char,
    to_fd: c_int,
    to: *const c_char,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| moved(libc::renameat(from.0, from.1, to.0, to.1)),
            |from, to| renamed(from, to, 0),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn renameat2(
    from_fd: c_int,
    from: *const c_char,
    to_fd: c_int,
    to: *const c_char,
    flags: u32,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| {
                moved(
                    libc::syscall(libc::SYS_renameat2, from.0, from.1, to.0, to.1, flags) as c_int,
                )
            },
            |from, to| renamed(from, to, flags),
        )
    }
}

fn renamed(from: &PathTarget, to: &PathTarget, flags: u32) -> Answer<c_int> {
    if flags & !libc::RENAME_NOREPLACE != 0 {
        return Err(Errno(libc::EINVAL));
    }
    for at in [from, to].into_iter().filter(|at| at.dot) {
        // What the dot stands in is looked for first.
        at.check(&at.place.stat(true)?)?;
    }
    if to.place.sub.is_root() || from.dot || to.dot {
        return Err(Errno(libc::EBUSY));
    }
    // A link is no directory, whatever it leads to.
    if (from.slash || to.slash) && from.place.stat(false)?.kind != Kind::Directory {
        return Err(Errno(libc::ENOTDIR));
    }
    let keep = flags & libc::RENAME_NOREPLACE != 0;
    from.change(Change::Rename(&from.place.sub, &to.place.sub, keep))
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn link(from: *const c_char, to: *const c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { linkat(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn linkat(
    from_fd: c_int,
    from: *const c_char,
    to_fd: c_int,
    to: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| moved(libc::linkat(from.0, from.1, to.0, to.1, flags)),
            |from, to| {
                if to.place.sub.is_root() {
                    return Err(Errno(libc::EEXIST));
                }
                from.check_existing()?;
                to.check_no_slash(libc::EEXIST, libc::ENOENT)?;
                from.change(Change::Link(&from.place.sub, &to.place.sub))
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn symlink(target: *const c_char, path: *const c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { symlinkat(target, libc::AT_FDCWD, path) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn symlinkat(target: *const c_char, fd: c_int, path: *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| moved(libc::symlinkat(target, fd, path)),
            |at| {
                if target.is_null() {
                    return Err(Errno(libc::EFAULT));
                }
                at.check_no_slash(libc::EEXIST, libc::ENOENT)?;
                at.change(Change::Symlink(
                    CStr::from_ptr(target).to_bytes(),
                    &at.place.sub,
                ))
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkfifo(path: *const c_char, mode: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { mknodat(libc::AT_FDCWD, path, libc::S_IFIFO | mode, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkfifoat(fd: c_int, path: *const c_char, mode: u32) -> c_int {
    // SAFETY: passed through.
    unsafe { mknodat(fd, path, libc::S_IFIFO | mode, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mknod(path: *const c_char, mode: u32, device: u64) -> c_int {
    // SAFETY: passed through.
    unsafe { mknodat(libc::AT_FDCWD, path, mode, device) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mknodat(fd: c_int, path: *const c_char, mode: u32, device: u64) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch(
            fd,
            path,
            -1,
            |fd, path| libc::mknodat(fd, path, mode, device),
            |at| {
                if at.place.stat(false).is_ok() {
                    return Err(Errno(libc::EEXIST));
                }
                at.check_no_slash(libc::EEXIST, libc::ENOENT)?;
                // A mount has files, directories and links.
                at.place.mount.file_system().writable(&at.place.sub)?;
                Err(Errno(libc::EPERM))
            },
        )
    }
}
