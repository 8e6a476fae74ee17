//! Functions that make, remove and move names.

use std::ffi::c_int;

use crate::hooks::macros::hooks;
use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::route;
use crate::paths::route::Wants::Anything;
use crate::paths::route::{PathTarget, Route};
use crate::paths::text::Text;
use crate::paths::{liveness, moves, real_links, way_out};
use invfs_engine::path::MAX_LINKS;
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

hooks! {
    [c"mkdir"] fn mkdir(path: Text, mode: u32) -> c_int => mkdirat(libc::AT_FDCWD, path, mode);

    [c"mkdirat"] fn mkdirat(fd: c_int, path: Text, mode: u32) -> c_int = libc::mkdirat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, mode),
            |at| at.change(Change::MakeDirectory(&at.place.sub, mode)),
        )
    }

    [c"rmdir"] fn rmdir(path: Text) -> c_int => unlinkat(libc::AT_FDCWD, path, libc::AT_REMOVEDIR);

    [c"unlink"] fn unlink(path: Text) -> c_int => unlinkat(libc::AT_FDCWD, path, 0);

    [c"unlinkat"] fn unlinkat(fd: c_int, path: Text, flags: c_int) -> c_int = libc::unlinkat {
        dispatch(
            fd,
            path,
            |fd, path| changed(original(fd, path, flags)),
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

    [c"remove"] fn remove(path: Text) -> c_int = libc::remove {
        dispatch_path(
            path,
            |path| changed(original(path)),
            |at| {
                let sub = &at.place.sub;
                match at.place.stat(false)?.kind {
                    Kind::Directory => at.change(Change::RemoveDirectory(sub)),
                    _ => at.change(Change::Remove(sub)),
                }
            },
        )
    }

    [c"rename"] fn rename(from: Text, to: Text) -> c_int => renameat(libc::AT_FDCWD, from, libc::AT_FDCWD, to);

    [c"renameat"] fn renameat(from_fd: c_int, from: Text, to_fd: c_int, to: Text) -> c_int = libc::renameat {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| moved(original(from.0, from.1, to.0, to.1)),
            |from, to| renamed(from, to, 0),
        )
    }

    [c"renameat2"] fn renameat2(from_fd: c_int, from: Text, to_fd: c_int, to: Text, flags: u32) -> c_int {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| moved(rename_call(from, to, flags)),
            |from, to| renamed(from, to, flags),
        )
    }

    [c"link"] fn link(from: Text, to: Text) -> c_int => linkat(libc::AT_FDCWD, from, libc::AT_FDCWD, to, 0);

    [c"linkat"] fn linkat(from_fd: c_int, from: Text, to_fd: c_int, to: Text, flags: c_int) -> c_int = libc::linkat {
        two(
            (from_fd, from),
            (to_fd, to),
            |from, to| moved(original(from.0, from.1, to.0, to.1, flags)),
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

    [c"symlink"] fn symlink(target: Text, path: Text) -> c_int => symlinkat(target, libc::AT_FDCWD, path);

    [c"symlinkat"] fn symlinkat(target: Text, fd: c_int, path: Text) -> c_int = libc::symlinkat {
        dispatch(
            fd,
            path,
            |fd, path| moved(original(target, fd, path)),
            |at| {
                let target = target.to_bytes().ok_or(Errno(libc::EFAULT))?;
                at.check_no_slash(libc::EEXIST, libc::ENOENT)?;
                at.change(Change::Symlink(target, &at.place.sub))
            },
        )
    }

    [c"mkfifo"] fn mkfifo(path: Text, mode: u32) -> c_int => mknodat(libc::AT_FDCWD, path, libc::S_IFIFO | mode, 0);

    [c"mkfifoat"] fn mkfifoat(fd: c_int, path: Text, mode: u32) -> c_int => mknodat(fd, path, libc::S_IFIFO | mode, 0);

    [c"mknod"] fn mknod(path: Text, mode: u32, device: u64) -> c_int => mknodat(libc::AT_FDCWD, path, mode, device);

    [c"mknodat"] fn mknodat(fd: c_int, path: Text, mode: u32, device: u64) -> c_int = libc::mknodat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, mode, device),
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

/// A directory's descriptor and a path that begins there.
type At<'a> = (c_int, Text<'a>);

/// Makes a change that concerns two paths: both lie in one mount, or neither in any, or it fails with `EXDEV`.
fn two(
    from: At<'_>,
    to: At<'_>,
    real: impl Fn(At<'_>, At<'_>) -> c_int,
    inside: impl Fn(&PathTarget, &PathTarget) -> Answer<c_int>,
) -> Answer<c_int> {
    let mut routes = (
        route::at(from.0, from.1, Anything),
        route::at(to.0, to.1, Anything),
    );
    for _ in 0..MAX_LINKS {
        match two_routes((from, to), &routes, &real, &inside) {
            Err(Errno::LEADS_OUT) => routes = (led_out(routes.0)?, led_out(routes.1)?),
            answer => return answer,
        }
    }
    Err(Errno(libc::ELOOP))
}

/// Where a name leads, if a link on its way leads out of its mount.
fn led_out(route: Route) -> Answer<Route> {
    let Route::Virtual(target) = &route else {
        return Ok(route);
    };
    match target.place.stat(false) {
        Err(Errno::LEADS_OUT) => way_out::of(target, false, Anything),
        _ => Ok(route),
    }
}

fn two_routes(
    (from, to): (At<'_>, At<'_>),
    routes: &(Route, Route),
    real: impl Fn(At<'_>, At<'_>) -> c_int,
    inside: impl Fn(&PathTarget, &PathTarget) -> Answer<c_int>,
) -> Answer<c_int> {
    match routes {
        (Route::Real, Route::Real) => Ok(real(from, to)),
        (Route::Failed(errno), _) | (_, Route::Failed(errno)) => Err(*errno),
        (Route::Virtual(from), Route::Virtual(to)) => {
            if from.place.mount.id != to.place.mount.id {
                return Err(Errno(libc::EXDEV));
            }
            inside(from, to)
        }
        (Route::Elsewhere(a), Route::Elsewhere(b)) => Ok(real(
            (libc::AT_FDCWD, Text::from(&**a)),
            (libc::AT_FDCWD, Text::from(&**b)),
        )),
        (Route::Elsewhere(a), Route::Real) => Ok(real((libc::AT_FDCWD, Text::from(&**a)), to)),
        (Route::Real, Route::Elsewhere(b)) => Ok(real(from, (libc::AT_FDCWD, Text::from(&**b)))),
        _ => Err(Errno(libc::EXDEV)),
    }
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

/// The original of `renameat2`, which not every C library has.
fn rename_call(from: At<'_>, to: At<'_>, flags: u32) -> c_int {
    let (old, new) = (from.1.as_ptr(), to.1.as_ptr());
    // SAFETY: renameat2(2) takes two descriptors, two NUL-terminated paths, which it only reads, and flags.
    unsafe { libc::syscall(libc::SYS_renameat2, from.0, old, to.0, new, flags) as c_int }
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
