//! Descriptors of files that are read in parts.

use std::os::fd::{IntoRawFd, RawFd};
use std::sync::Arc;

use crate::open::fd_table::{self, Description};
use crate::open::identities;
use crate::open::parts::Parts;
use invfs_fs::file_system::Node;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::{fork, memfd};

/// Opens the file at `place`, which is read in parts; `None` where there are no such descriptors.
pub fn open(place: &Place, node: &Node, flags: i32) -> Answer<Option<RawFd>> {
    if !fork::owns_memory() || flags & libc::O_PATH != 0 {
        // A child of vfork is about to become another program, which could not read it.
        return Ok(None);
    }
    let opened = match beside(place, node.size) {
        // So that a lock on the one excludes the other.
        Some(other) => memfd::reopen(&other, flags & !libc::O_ACCMODE | libc::O_WRONLY),
        None => memfd::placeholder(node.size, &place.path(), flags),
    };
    let Ok(file) = opened else {
        return match opened {
            Err(errno) if errno.is_no_room() => Err(errno),
            _ => Ok(None),
        };
    };
    let inode = identities::remember(place, &file, node, true);
    let parts = Parts::new(place, inode, node.size);
    let fd = file.into_raw_fd();
    fd_table::insert(fd, Description::Parts(Arc::new(parts)));
    Ok(Some(fd))
}

/// A descriptor of the file at `place`, if it is open and has this size.
fn beside(place: &Place, size: u64) -> Option<RawFd> {
    let open = fd_table::in_parts();
    let (fd, _) = open.iter().find(|(_, parts)| parts.is_at(place, size))?;
    one(*fd).map(|_| *fd)
}

/// The file of a descriptor, if that is one which is read in parts.
pub fn one(fd: RawFd) -> Option<Arc<Parts>> {
    if !fd_table::may_be_in_parts(fd) {
        return None;
    }
    // First without a lock: a signal handler may use a pipe.
    let found = memfd::nameless(fd)?;
    match fd_table::get(fd)? {
        Description::Parts(parts) if parts.inode() == found.st_ino => Some(parts),
        Description::Parts(_) => {
            // Closed where there is no hook, and the number used again.
            fd_table::remove(fd);
            None
        }
        _ => None,
    }
}

/// The place of a descriptor's file.
pub fn place(fd: RawFd) -> Option<Place> {
    one(fd)?.place()
}
