//! Paths below an open directory in one call of the kernel, which may follow no symbolic link on its way.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{Mode, ResolveFlags};

use crate::sys::at;
use crate::sys::at::Meta;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::components;

/// Whether the kernel has no `openat2`, or a sandbox forbids it.
static MISSING: AtomicBool = AtomicBool::new(false);

/// Opens `path`, closed on `exec` only if the flags say so. `ELOOP` or `ENOTDIR` where a link stands in the way; a link
/// at the end is opened with `O_PATH` and else refused with `ELOOP`.
pub fn open(dir: impl AsFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    // One name leads nowhere else.
    if !path.contains(&b'/') {
        return at::open_as_is(dir, path, flags, 0);
    }
    if !MISSING.load(Ordering::Relaxed) {
        match openat2(&dir, path, flags) {
            Err(Errno(libc::ENOSYS)) => {}
            // A file may say so, too, when it is opened for writing.
            Err(Errno(libc::EPERM)) if flags & (libc::O_PATH | libc::O_DIRECTORY) != 0 => {}
            result => return result,
        }
        MISSING.store(true, Ordering::Relaxed);
    }
    step_by_step(dir, path, flags)
}

/// What stands under `path`; errors as [`open`] has them.
pub fn stat(dir: impl AsFd, path: &[u8]) -> Answer<Meta> {
    if !path.contains(&b'/') {
        return at::look(dir, path);
    }
    let file = open(dir, path, libc::O_PATH | libc::O_CLOEXEC)?;
    at::look_at(file.as_fd())
}

fn openat2(dir: impl AsFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let flags = at::flags(flags | libc::O_NOFOLLOW);
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS;
    Ok(rustix::fs::openat2(
        dir,
        path,
        flags,
        Mode::empty(),
        resolve,
    )?)
}

fn step_by_step(dir: impl AsFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    let mut names = components(path).peekable();
    while let Some(name) = names.next() {
        let here = at.as_ref().map_or(dir.as_fd(), AsFd::as_fd);
        let next = match names.peek() {
            Some(_) => at::open(here, name, at::DIRECTORY, 0)?,
            None => return at::open_as_is(here, name, flags, 0),
        };
        at = Some(next);
    }
    Err(Errno(libc::ENOENT))
}
