//! The names in a real directory.

use std::ops::ControlFlow;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, RawDir};

use crate::sys::at;
use crate::sys::errno::Answer;

/// Room for the names that the kernel tells at a time.
const ROOM: usize = 16 * 1024;

/// The names in a directory.
pub fn names(dir: BorrowedFd) -> Answer<Vec<Vec<u8>>> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    first_names(at::open(dir, at::HERE, flags, 0)?, usize::MAX)
}

/// At most so many names of a directory that is open for reading.
pub fn first_names(dir: OwnedFd, most: usize) -> Answer<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for_each(dir.as_fd(), |name, _| {
        names.push(name.to_vec());
        Ok(match names.len() < most {
            true => ControlFlow::Continue(()),
            false => ControlFlow::Break(()),
        })
    })?;
    Ok(names)
}

/// Shows `visit` each name of a directory that is open for reading, with what the file system says it is; `.` and `..`
/// are left out.
pub fn for_each(
    dir: BorrowedFd,
    mut visit: impl FnMut(&[u8], FileType) -> Answer<ControlFlow<()>>,
) -> Answer<()> {
    let mut room = Vec::with_capacity(ROOM);
    let mut entries = RawDir::new(dir, room.spare_capacity_mut());
    while let Some(entry) = entries.next() {
        let entry = match entry {
            // Removed while it is read.
            Err(rustix::io::Errno::NOENT) => break,
            entry => entry?,
        };
        let name = entry.file_name().to_bytes();
        if name != b"." && name != b".." && visit(name, entry.file_type())?.is_break() {
            break;
        }
    }
    Ok(())
}
