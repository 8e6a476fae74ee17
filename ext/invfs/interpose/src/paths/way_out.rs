//! Symbolic links in a mount that lead out of it: to another place in the same mount, to another mount, or to what the
//! operating system has.

use std::ffi::CString;

use crate::paths::route::{self, PathTarget, Route, Wants};
use invfs_fs::mounts::{self, Place};
use invfs_fs::sys::errno::{Answer, Errno};

/// Where the path of a call leads that failed with [`Errno::LEADS_OUT`]. With `follow`, a link at its end counts, too.
pub fn of(target: &PathTarget, follow: bool, wants: Wants) -> Answer<Route> {
    let mut path = path(&target.place, follow)?;
    if target.slash {
        path.extend_from_slice(if target.dot { b"/." } else { b"/" });
    }
    let table = mounts::current();
    let table = table.as_ref().ok_or(Errno(libc::ENOENT))?;
    Ok(match route::absolute(table, &path) {
        Route::Real => Route::Elsewhere(CString::new(path).map_err(|_| Errno(libc::ENOENT))?),
        Route::Virtual(target) => route::settle(target, wants),
        route => route,
    })
}

/// The absolute path that the first link on the way which leads out of the mount leads to, with what follows it.
pub fn path(place: &Place, follow: bool) -> Answer<Vec<u8>> {
    let out = place.mount.file_system().way_out(&place.sub, follow)?;
    let out = out.ok_or(Errno(libc::ENOENT))?;
    Ok(match out.starts_with(b"/") {
        true => out,
        false => [&*place.mount.root, b"/", &out].concat(),
    })
}
