//! Locks on files that other processes read from the same archive.
//!
//! The kernel locks what a descriptor has open, and each process has a copy of its own in memory. Before the first lock, the
//! descriptor is led to a file that all of them find.

use std::hash::BuildHasher;
use std::mem::ManuallyDrop;
use std::os::fd::{FromRawFd, OwnedFd, RawFd};

use foldhash::fast::FixedState;
use rustix::fs::{fcntl_setfl, seek, Mode, OFlags, SeekFrom};
use rustix::io::DupFlags;

use crate::open::fd_table::{self, Description};
use crate::open::identities;
use invfs_fs::sys::errno::{Answer, Errno};
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
    let status = Status::of(fd)?;
    if status.flags.contains(OFlags::PATH) {
        // It cannot be locked, as the system will say.
        return Ok(());
    }
    identities::correct(&mut found);
    let own = memfd::reopen(&fd, libc::O_RDONLY | libc::O_CLOEXEC).map_err(no_locks)?;
    let contents = memfd::read_all(own)?;
    // Other contents are another file.
    let hash = FixedState::with_seed(0).hash_one((origin, found.st_ino, &contents));
    let file = shared_file::open(&format!("{hash:016x}"), &contents)?;
    let inode = identities::pass_on(fd, &file)?;
    seek(&file, SeekFrom::Start(status.offset))?;
    fcntl_setfl(&file, status.flags & OFlags::NONBLOCK)?;
    for same in fd_table::same_opening(fd, &reader) {
        put(&file, same)?;
        fd_table::insert(same, Description::Read(reader.moved_to(inode)));
    }
    Ok(())
}

/// Where the system does not say, there are no locks; that there is no room is said as it is.
fn no_locks(errno: Errno) -> Errno {
    match errno.is_no_room() {
        true => errno,
        false => Errno(libc::ENOLCK),
    }
}

/// Makes the open descriptor `fd` one of `file`; it is closed on `exec` as it was before.
fn put(file: &OwnedFd, fd: RawFd) -> Answer<()> {
    let flags = match Status::of(fd)?.flags.contains(OFlags::CLOEXEC) {
        true => DupFlags::CLOEXEC,
        false => DupFlags::empty(),
    };
    // SAFETY: the descriptor is open, as `Status` saw, and stays so: what it stands for is replaced, and it is not closed
    // here. It is the program's, which asks for a lock of it.
    let mut fd = ManuallyDrop::new(unsafe { OwnedFd::from_raw_fd(fd) });
    Ok(rustix::io::dup3(file, &mut fd, flags)?)
}

/// What the system tells of an open descriptor.
struct Status {
    offset: u64,
    flags: OFlags,
}

impl Status {
    fn of(fd: RawFd) -> Answer<Status> {
        Status::read(fd).map_err(no_locks)
    }

    fn read(fd: RawFd) -> Answer<Status> {
        let path = format!("/proc/self/fdinfo/{fd}");
        let flags = OFlags::RDONLY | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty())?;
        let mut text = [0; 256];
        let length = rustix::io::read(file, &mut text)?;
        let text = text.get(..length).unwrap_or_default();
        let text = String::from_utf8_lossy(text);
        let value = |name: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(name)?.trim().into())
        };
        let offset = value("pos:").and_then(|value| value.parse().ok());
        let flags = value("flags:").and_then(|value| u32::from_str_radix(value, 8).ok());
        match (offset, flags) {
            (Some(offset), Some(flags)) => Ok(Status {
                offset,
                flags: OFlags::from_bits_retain(flags),
            }),
            _ => Err(Errno(libc::ENOLCK)),
        }
    }
}
