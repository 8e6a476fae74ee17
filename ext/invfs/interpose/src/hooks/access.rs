//! `access` and its relatives.

use std::ffi::c_int;

use crate::hooks::macros::hooks;
use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::Node;
use invfs_fs::sys::errno::{Answer, Errno};

fn target(target: &PathTarget, mode: c_int, effective: bool, follow: bool) -> Answer<c_int> {
    let place = &target.place;
    let node = place.stat(follow || target.slash)?;
    target.check(&node)?;
    if mode & libc::W_OK != 0 {
        place.mount.file_system().writable(&place.sub)?;
    }
    match mode
        & !granted(&node, node.owner(place.mount.owner), effective)
        & (libc::R_OK | libc::W_OK | libc::X_OK)
    {
        0 => Ok(0),
        _ => Err(Errno(libc::EACCES)),
    }
}

/// `EACCES` unless the target may be executed.
pub fn executable(at: &PathTarget) -> Answer<()> {
    let node = at.place.stat(true)?;
    at.check(&node)?;
    match node.kind == Kind::File
        && granted(&node, node.owner(at.place.mount.owner), true) & libc::X_OK != 0
    {
        true => Ok(()),
        false => Err(Errno(libc::EACCES)),
    }
}

/// What the permission bits allow, as the system reckons: the class of user that fits first decides, and root may all
/// but execute what nobody may.
fn granted(node: &Node, owner: (u32, u32), effective: bool) -> c_int {
    // SAFETY: all four only ask for a number.
    let (user, group) = unsafe {
        match effective {
            true => (libc::geteuid(), libc::getegid()),
            false => (libc::getuid(), libc::getgid()),
        }
    };
    let executable = node.mode & 0o111 != 0 || node.kind == Kind::Directory;
    let bits = match (user, group) {
        (0, _) => 0o6 | u32::from(executable),
        (user, _) if user == owner.0 => node.mode >> 6,
        (_, group) if group == owner.1 => node.mode >> 3,
        _ => node.mode,
    };
    (bits & 0o7) as c_int
}

hooks! {
    [c"access"] fn access(path: Text, mode: c_int) -> c_int = libc::access {
        dispatch_path(path, |path| original(path, mode), |at| target(&at, mode, false, true))
    }

    [c"eaccess", c"euidaccess"] fn eaccess(path: Text, mode: c_int) -> c_int
        => faccessat(libc::AT_FDCWD, path, mode, libc::AT_EACCESS);

    [c"faccessat"] fn faccessat(fd: c_int, path: Text, mode: c_int, flags: c_int) -> c_int = libc::faccessat {
        let effective = flags & libc::AT_EACCESS != 0;
        let follow = flags & libc::AT_SYMLINK_NOFOLLOW == 0;
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, mode, flags),
            |at| target(&at, mode, effective, follow),
        )
    }
}
