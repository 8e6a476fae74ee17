//! Paths below an open directory in one call of the kernel, which may follow no symbolic link on its way.

use std::ffi::CString;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::at;
use crate::sys::at::Meta;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::components;

/// Whether the kernel has no `openat2`, or a sandbox forbids it.
static MISSING: AtomicBool = AtomicBool::new(false);

/// Opens `path`, closed on `exec` only if the flags say so. `ELOOP` or `ENOTDIR` where a link stands in the way; a link
/// at the end is opened with `O_PATH` and else refused with `ELOOP`.
pub fn open(dir: BorrowedFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    // One name leads nowhere else.
    if !path.contains(&b'/') {
        return at::open_as_is(dir, path, flags, 0);
    }
    if !MISSING.load(Ordering::Relaxed) {
        match openat2(dir, path, flags) {
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
pub fn stat(dir: BorrowedFd, path: &[u8]) -> Answer<Meta> {
    if !path.contains(&b'/') {
        return at::look(dir, path);
    }
    let file = open(dir, path, libc::O_PATH | libc::O_CLOEXEC)?;
    at::look_at(file.as_fd())
}

fn openat2(dir: BorrowedFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    // SAFETY: all zeroes are a valid `open_how`.
    let mut how: libc::open_how = unsafe { std::mem::zeroed() };
    how.flags = u64::from((flags | libc::O_NOFOLLOW) as u32);
    how.resolve = libc::RESOLVE_BENEATH | libc::RESOLVE_NO_SYMLINKS;
    let (fd, size) = (dir.as_raw_fd(), std::mem::size_of_val(&how));
    // SAFETY: the path is a C string and `how` as long as the call is told; both outlive the call.
    match unsafe { libc::syscall(libc::SYS_openat2, fd, path.as_ptr(), &raw mut how, size) } {
        -1 => Err(Errno::last()),
        // SAFETY: the kernel just made it, and nobody else knows of it.
        fd => Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) }),
    }
}

fn step_by_step(dir: BorrowedFd, path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let mut at: Option<OwnedFd> = None;
    let mut names = components(path).peekable();
    while let Some(name) = names.next() {
        let here = at.as_ref().map_or(dir, AsFd::as_fd);
        let next = match names.peek() {
            Some(_) => at::open(here, name, at::DIRECTORY, 0)?,
            None => return at::open_as_is(here, name, flags, 0),
        };
        at = Some(next);
    }
    Err(Errno(libc::ENOENT))
}
