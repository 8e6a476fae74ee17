//! What `stat` says of a path, as callers with hooks are told it.

use std::cell::Cell;
use std::ffi::CString;

use crate::open::stat;
use crate::open::zeroed::zeroed;
use crate::paths::dispatch::{dispatch_path, guard};
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};

/// What is said of a place in a mount; `follow`, of what a link at its end leads to.
pub fn target(target: &PathTarget, follow: bool) -> Answer<libc::stat> {
    let place = &target.place;
    // A slash at the end makes a link count as what it leads to, and that must be a directory.
    let node = place.stat(follow || target.slash)?;
    target.check(&node)?;
    Ok(stat::of(place, &node))
}

/// What is said of a path, links followed.
pub fn stat(path: &[u8]) -> Answer<libc::stat> {
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    let found = Cell::new(zeroed::<libc::stat>());
    let result = guard(|| {
        dispatch_path(
            Text::from(&*path),
            // SAFETY: a NUL-terminated string, and room for the answer.
            |path| unsafe { libc::stat(path.as_ptr(), found.as_ptr()) },
            |at| {
                found.set(target(&at, true)?);
                Ok(0)
            },
        )
    });
    match result {
        0 => Ok(found.get()),
        _ => Err(Errno::last()),
    }
}
