//! Locks on files that other processes read from the same archive.
//!
//! The kernel locks what a descriptor has open, and each process has a copy of its own in memory. Before the first lock, the
//! descriptor is led to a file that all of them find.

use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use rustix::fs::{fcntl_getfl, fcntl_setfl, seek, tell, OFlags, SeekFrom};
use rustix::io::{dup3, fcntl_getfd, DupFlags, FdFlags};

use crate::open::fd_table::{self, Description};
use crate::open::identities;
use invfs_engine::hash::same_everywhere;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::{fork, memfd, shared_file};

/// The descriptor is about to be locked: leads it, and its duplicates, to a file that other processes lock, too, where they
/// can have the same file. `ENOLCK` if that cannot be done.
pub fn prepare(fd: RawFd) -> Answer<()> {
    if !fork::owns_memory() {
        // A child of vfork has descriptors of its own, and they cannot be noted.
        return Ok(());
    }
    let Some(reader) = fd_table::reader(fd) else {
        return Ok(());
    };
    let Some(origin) = reader.place.mount.file_system().origin() else {
        return Ok(());
    };
    let mut found = memfd::metadata(fd)?;
    if found.st_nlink != 0 {
        // That was done before.
        return Ok(());
    }
    let own = programs(fd);
    let flags = fcntl_getfl(&*own)?;
    if flags.contains(OFlags::PATH) {
        // It cannot be locked, as the system will say.
        return Ok(());
    }
    identities::correct(&mut found);
    let contents = memfd::read_all(&*own)?;
    // Other contents are another file.
    let hash = same_everywhere((origin, found.st_ino, &contents));
    let file = shared_file::open(&format!("{hash:016x}"), &contents)?;
    let inode = identities::pass_on(fd, &file)?;
    seek(&file, SeekFrom::Start(tell(&*own)?))?;
    fcntl_setfl(&file, flags & OFlags::NONBLOCK)?;
    for same in fd_table::same_opening(fd, &reader) {
        put(&file, same)?;
        fd_table::insert(same, Description::Read(reader.moved_to(inode)));
    }
    Ok(())
}

/// A descriptor of the program, which keeps it.
fn programs(fd: RawFd) -> ManuallyDrop<OwnedFd> {
    // SAFETY: open, as the table and the system say of it just before, and never closed here. The program, which asks for a
    // lock of it, does not close it meanwhile.
    ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// Makes the open descriptor `fd` one of `file`; it is closed on `exec` as it was before.
fn put(file: &OwnedFd, fd: RawFd) -> Answer<()> {
    let mut fd = programs(fd);
    let flags = match fcntl_getfd(&*fd)?.contains(FdFlags::CLOEXEC) {
        true => DupFlags::CLOEXEC,
        false => DupFlags::empty(),
    };
    Ok(dup3(file, &mut fd, flags)?)
}
