//! Calls of the kernel on a name in an open directory. None of them follows a symbolic link.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::Duration;

use rustix::fs::{
    AtFlags, FileType, FlockOperation, Gid, Mode, OFlags, Stat, Timespec, Timestamps, Uid,
};

use crate::sys::errno::{Answer, Errno};
use invfs_engine::vfs::Kind;

/// The open directory itself, as a name in it.
pub const HERE: &[u8] = b".";

/// To find names below a directory, which needs no permission to read it.
pub const DIRECTORY: i32 = libc::O_PATH | libc::O_DIRECTORY | libc::O_NOFOLLOW;

/// What the kernel tells of a name.
#[derive(Debug, Clone, Copy)]
pub struct Meta {
    /// `None` for devices, pipes and sockets.
    pub kind: Option<Kind>,
    /// Length in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Modification time: seconds since the epoch, and nanoseconds.
    pub mtime: (i64, u32),
    /// Access time.
    pub atime: (i64, u32),
    /// Time of the last change of its status.
    pub ctime: (i64, u32),
    /// Inode number.
    pub ino: u64,
    /// The device that it lies on.
    pub dev: u64,
    /// How many names it has.
    pub links: u64,
    /// User and group.
    pub owner: (u32, u32),
    /// How many blocks of 512 bytes it takes.
    pub blocks: u64,
    /// The size of blocks in which it is best read and written.
    pub block_size: u64,
    /// Whether no directory has it any more.
    pub is_gone: bool,
}

/// A time to set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Left as it is (`UTIME_OMIT`).
    Same,
    /// The time of the call (`UTIME_NOW`).
    Now,
    /// Seconds since the epoch, and nanoseconds.
    At(i64, u32),
}

/// The flags of `open(2)`, whatever they are.
pub(super) fn flags(flags: i32) -> OFlags {
    OFlags::from_bits_retain(flags as u32)
}

/// Permission bits.
fn permissions(mode: u32) -> Mode {
    Mode::from_bits_retain(mode)
}

/// `openat`, closed on `exec` unless the flags are the caller's own.
pub fn open(dir: impl AsFd, name: &[u8], flags: i32, mode: u32) -> Answer<OwnedFd> {
    open_as_is(dir, name, flags | libc::O_CLOEXEC, mode)
}

/// `openat` with just these flags and `O_NOFOLLOW`.
pub fn open_as_is(dir: impl AsFd, name: &[u8], flags: i32, mode: u32) -> Answer<OwnedFd> {
    let flags = self::flags(flags | libc::O_NOFOLLOW);
    Ok(rustix::fs::openat(dir, name, flags, permissions(mode))?)
}

/// `fstatat`; `None` where there is nothing.
pub fn stat(dir: impl AsFd, name: &[u8]) -> Answer<Option<Meta>> {
    match look(dir, name) {
        Err(Errno(libc::ENOENT | libc::ENOTDIR)) => Ok(None),
        found => found.map(Some),
    }
}

/// `fstatat`.
pub fn look(dir: impl AsFd, name: &[u8]) -> Answer<Meta> {
    let found = rustix::fs::statat(dir, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(Meta::of(&found))
}

/// `fstat`.
pub fn look_at(file: impl AsFd) -> Answer<Meta> {
    Ok(Meta::of(&rustix::fs::fstat(file)?))
}

impl Meta {
    fn of(stat: &Stat) -> Meta {
        Meta {
            kind: kind(FileType::from_raw_mode(stat.st_mode)),
            size: stat.st_size as u64,
            mode: stat.st_mode & 0o7777,
            mtime: (stat.st_mtime, stat.st_mtime_nsec as u32),
            atime: (stat.st_atime, stat.st_atime_nsec as u32),
            ctime: (stat.st_ctime, stat.st_ctime_nsec as u32),
            ino: stat.st_ino,
            dev: stat.st_dev,
            // Of different types on different processors.
            #[allow(clippy::unnecessary_cast)]
            links: stat.st_nlink as u64,
            owner: (stat.st_uid, stat.st_gid),
            blocks: stat.st_blocks as u64,
            block_size: stat.st_blksize as u64,
            is_gone: stat.st_nlink == 0,
        }
    }
}

/// The kind of a file; `None` for devices, pipes and sockets.
pub fn kind(file: FileType) -> Option<Kind> {
    match file {
        FileType::RegularFile => Some(Kind::File),
        FileType::Directory => Some(Kind::Directory),
        FileType::Symlink => Some(Kind::Symlink),
        _ => None,
    }
}

/// `readlinkat`.
pub fn read_link(dir: impl AsFd, name: &[u8]) -> Answer<Vec<u8>> {
    Ok(rustix::fs::readlinkat(dir, name, Vec::new())?.into_bytes())
}

/// `mkdirat`.
pub fn make_directory(dir: impl AsFd, name: &[u8], mode: u32) -> Answer<()> {
    Ok(rustix::fs::mkdirat(dir, name, permissions(mode))?)
}

/// `symlinkat`.
pub fn symlink(target: &[u8], dir: impl AsFd, name: &[u8]) -> Answer<()> {
    Ok(rustix::fs::symlinkat(target, dir, name)?)
}

/// A second name for what the first one names, also if that is a symbolic link.
pub fn link(dir: impl AsFd, name: &[u8], to: impl AsFd, new: &[u8]) -> Answer<()> {
    Ok(rustix::fs::linkat(dir, name, to, new, AtFlags::empty())?)
}

/// `renameat`.
pub fn rename(dir: impl AsFd, name: &[u8], to: impl AsFd, new: &[u8]) -> Answer<()> {
    Ok(rustix::fs::renameat(dir, name, to, new)?)
}

/// Removes a directory if `kind` is that, else any other name.
pub fn remove(dir: impl AsFd, name: &[u8], kind: Option<Kind>) -> Answer<()> {
    let flags = match kind {
        Some(Kind::Directory) => AtFlags::REMOVEDIR,
        _ => AtFlags::empty(),
    };
    Ok(rustix::fs::unlinkat(dir, name, flags)?)
}

/// Sets permission bits; those of a link cannot be set.
pub fn set_mode(dir: impl AsFd, name: &[u8], mode: u32) -> Answer<()> {
    match set_mode_in_one_call(&dir, name, mode) {
        Err(Errno(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)) => {}
        result => return result,
    }
    // An old kernel with an old C library, or no /proc.
    let file = std::fs::File::from(open(&dir, name, libc::O_PATH, 0)?);
    if file.metadata()?.is_symlink() {
        return Err(Errno(libc::ENOENT));
    }
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    match rustix::fs::chmod(path, permissions(mode)) {
        Err(rustix::io::Errno::NOENT) => {
            let file = open(dir, name, libc::O_RDONLY | libc::O_NONBLOCK, 0)?;
            Ok(rustix::fs::fchmod(file, permissions(mode))?)
        }
        result => Ok(result?),
    }
}

/// `fchmodat`. The C library's: older kernels have no call that does not follow links, and it knows another way.
fn set_mode_in_one_call(dir: impl AsFd, name: &[u8], mode: u32) -> Answer<()> {
    let name = std::ffi::CString::new(name).map_err(|_| Errno(libc::EINVAL))?;
    let (fd, flags) = (dir.as_fd().as_raw_fd(), libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: `name` is a C string that outlives the call.
    match unsafe { libc::fchmodat(fd, name.as_ptr(), mode, flags) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// `fchownat`; `u32::MAX` leaves the user or the group as it is.
pub fn set_owner(dir: impl AsFd, name: &[u8], user: u32, group: u32) -> Answer<()> {
    let (user, group) = (changed(user), changed(group));
    let (user, group) = (user.map(Uid::from_raw), group.map(Gid::from_raw));
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    Ok(rustix::fs::chownat(dir, name, user, group, flags)?)
}

fn changed(id: u32) -> Option<u32> {
    (id != u32::MAX).then_some(id)
}

/// Sets access and modification time.
pub fn set_times(dir: impl AsFd, name: &[u8], times: [Time; 2]) -> Answer<()> {
    let [last_access, last_modification] = times.map(|time| {
        let (tv_sec, tv_nsec) = match time {
            Time::Same => (0, rustix::fs::UTIME_OMIT),
            Time::Now => (0, rustix::fs::UTIME_NOW),
            Time::At(seconds, nanoseconds) => (seconds, nanoseconds.into()),
        };
        Timespec { tv_sec, tv_nsec }
    });
    let times = Timestamps {
        last_access,
        last_modification,
    };
    let flags = AtFlags::SYMLINK_NOFOLLOW;
    Ok(rustix::fs::utimensat(dir, name, &times, flags)?)
}

/// `faccessat` with the effective user: `W_OK`, `X_OK`. The C library's: it knows a way for kernels that only ask for
/// the real user.
pub fn access(dir: impl AsFd, wanted: i32) -> Answer<()> {
    let (fd, flags) = (dir.as_fd().as_raw_fd(), libc::AT_EACCESS);
    // SAFETY: the name is a C string constant.
    match unsafe { libc::faccessat(fd, c".".as_ptr(), wanted, flags) } {
        0 => Ok(()),
        _ => Err(Errno::last()),
    }
}

/// How often, and how many milliseconds apart, a lock is tried again after a signal: most are held for less.
const TRIES_AFTER_SIGNAL: (u32, u64) = (20, 1);

/// Waits for an exclusive `flock`. `EINTR` if a signal comes and the lock does not become free soon after it: then the
/// program decides whether to wait on.
pub fn lock(file: impl AsFd) -> Answer<()> {
    match rustix::fs::flock(&file, FlockOperation::LockExclusive) {
        Err(rustix::io::Errno::INTR) => {}
        answer => return Ok(answer?),
    }
    for _ in 0..TRIES_AFTER_SIGNAL.0 {
        if try_lock(&file)? {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(TRIES_AFTER_SIGNAL.1));
    }
    Err(Errno(libc::EINTR))
}

/// Takes an exclusive `flock`; `false` where another has it.
pub fn try_lock(file: impl AsFd) -> Answer<bool> {
    match rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        answer => Ok(answer.map(|()| true)?),
    }
}

/// Gives a `flock` back.
pub fn unlock(file: impl AsFd) -> Answer<()> {
    Ok(rustix::fs::flock(file, FlockOperation::Unlock)?)
}
