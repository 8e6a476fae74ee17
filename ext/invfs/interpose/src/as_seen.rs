//! Files as callers with hooks see them, for our own library, which has none.

use std::ffi::{CString, OsStr};
use std::os::fd::{FromRawFd, OwnedFd};
use std::os::unix::ffi::{OsStrExt, OsStringExt};

use crate::hooks;
use crate::open::identities;
use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd;

/// Opens a file with the flags of `open(2)`; `O_CREAT` is left out.
pub fn open_file(path: &[u8], flags: i32) -> Answer<OwnedFd> {
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    match hooks::open(Text::from(&*path), flags & !libc::O_CREAT, 0) {
        // SAFETY: a new descriptor that nobody else owns.
        fd if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(Errno::last()),
    }
}

/// What `fstat` says of a descriptor.
pub fn metadata(fd: &impl std::os::fd::AsRawFd) -> Answer<libc::stat> {
    let mut found = memfd::metadata(fd.as_raw_fd())?;
    identities::correct(&mut found);
    Ok(found)
}

/// Goes on in the working directory that this program was started in, if that was in a mount of its parent, and is in one
/// here. The parent has noted it in the environment, as the kernel does not know it.
pub fn enter_handed_on() {
    let Some(path) = std::env::var_os(OsStr::from_bytes(hooks::DIRECTORY)) else {
        return;
    };
    // A program in between may have left it.
    let parked = rustix::fs::stat(".").is_ok_and(|found| found.st_nlink == 0);
    let Ok(path) = CString::new(path.into_vec()) else {
        return;
    };
    if parked && hooks::chdir(Text::from(&*path)) == 0 {
        std::env::remove_var(OsStr::from_bytes(hooks::DIRECTORY));
    }
}
