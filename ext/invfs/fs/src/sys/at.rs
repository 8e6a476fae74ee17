//! Calls of the kernel on a name in an open directory. None of them follows a symbolic link.

use std::ffi::CString;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

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

fn c_name(name: &[u8]) -> Answer<CString> {
    CString::new(name).map_err(|_| Errno(libc::ENOENT))
}

fn done(result: i32) -> Answer<()> {
    match result {
        -1 => Err(Errno::last()),
        _ => Ok(()),
    }
}

/// `openat`, closed on `exec` unless the flags are the caller's own.
pub fn open(dir: BorrowedFd, name: &[u8], flags: i32, mode: u32) -> Answer<OwnedFd> {
    open_as_is(dir, name, flags | libc::O_CLOEXEC, mode)
}

/// `openat` with just these flags and `O_NOFOLLOW`.
pub fn open_as_is(dir: BorrowedFd, name: &[u8], flags: i32, mode: u32) -> Answer<OwnedFd> {
    let name = c_name(name)?;
    let flags = flags | libc::O_NOFOLLOW;
    // SAFETY: the name is a C string that outlives the call.
    let fd = unsafe { libc::openat(dir.as_raw_fd(), name.as_ptr(), flags, mode) };
    done(fd)?;
    // SAFETY: the kernel just made it, and nobody else knows of it.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}

/// `fstatat`; `None` where there is nothing.
pub fn stat(dir: BorrowedFd, name: &[u8]) -> Answer<Option<Meta>> {
    match look(dir, name) {
        Err(Errno(libc::ENOENT | libc::ENOTDIR)) => Ok(None),
        found => found.map(Some),
    }
}

/// `fstatat`.
pub fn look(dir: BorrowedFd, name: &[u8]) -> Answer<Meta> {
    let name = c_name(name)?;
    // SAFETY: all zeroes are a valid `stat`.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    let flags = libc::AT_SYMLINK_NOFOLLOW;
    // SAFETY: the name is a C string and the buffer a `stat`; both outlive the call.
    done(unsafe { libc::fstatat(dir.as_raw_fd(), name.as_ptr(), &mut stat, flags) })?;
    Ok(Meta::of(&stat))
}

/// `fstat`.
pub fn look_at(file: BorrowedFd) -> Answer<Meta> {
    // SAFETY: all zeroes are a valid `stat`.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the buffer is a `stat` that outlives the call.
    done(unsafe { libc::fstat(file.as_raw_fd(), &mut stat) })?;
    Ok(Meta::of(&stat))
}

impl Meta {
    fn of(stat: &libc::stat) -> Meta {
        Meta {
            kind: match stat.st_mode & libc::S_IFMT {
                libc::S_IFREG => Some(Kind::File),
                libc::S_IFDIR => Some(Kind::Directory),
                libc::S_IFLNK => Some(Kind::Symlink),
                _ => None,
            },
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

/// `readlinkat`.
pub fn read_link(dir: BorrowedFd, name: &[u8]) -> Answer<Vec<u8>> {
    let name = c_name(name)?;
    let mut target = vec![0u8; libc::PATH_MAX as usize];
    let (at, room) = (target.as_mut_ptr().cast(), target.len());
    // SAFETY: the name is a C string, and the kernel writes at most `room` bytes.
    let len = unsafe { libc::readlinkat(dir.as_raw_fd(), name.as_ptr(), at, room) };
    if len < 0 {
        return Err(Errno::last());
    }
    target.truncate(len as usize);
    Ok(target)
}

/// `mkdirat`.
pub fn make_directory(dir: BorrowedFd, name: &[u8], mode: u32) -> Answer<()> {
    let name = c_name(name)?;
    // SAFETY: the name is a C string that outlives the call.
    done(unsafe { libc::mkdirat(dir.as_raw_fd(), name.as_ptr(), mode) })
}

/// `symlinkat`.
pub fn symlink(target: &[u8], dir: BorrowedFd, name: &[u8]) -> Answer<()> {
    let (target, name) = (c_name(target)?, c_name(name)?);
    // SAFETY: both are C strings that outlive the call.
    done(unsafe { libc::symlinkat(target.as_ptr(), dir.as_raw_fd(), name.as_ptr()) })
}

/// A second name for what the first one names, also if that is a symbolic link.
pub fn link(dir: BorrowedFd, name: &[u8], to: BorrowedFd, new: &[u8]) -> Answer<()> {
    let (name, new) = (c_name(name)?, c_name(new)?);
    let (from, to) = (dir.as_raw_fd(), to.as_raw_fd());
    // SAFETY: both names are C strings that outlive the call.
    done(unsafe { libc::linkat(from, name.as_ptr(), to, new.as_ptr(), 0) })
}

/// `renameat`.
pub fn rename(dir: BorrowedFd, name: &[u8], to: BorrowedFd, new: &[u8]) -> Answer<()> {
    let (name, new) = (c_name(name)?, c_name(new)?);
    let (from, to) = (dir.as_raw_fd(), to.as_raw_fd());
    // SAFETY: both names are C strings that outlive the call.
    done(unsafe { libc::renameat(from, name.as_ptr(), to, new.as_ptr()) })
}

/// Removes a directory if `kind` is that, else any other name.
pub fn remove(dir: BorrowedFd, name: &[u8], kind: Option<Kind>) -> Answer<()> {
    let name = c_name(name)?;
    let flags = match kind {
        Some(Kind::Directory) => libc::AT_REMOVEDIR,
        _ => 0,
    };
    // SAFETY: the name is a C string that outlives the call.
    done(unsafe { libc::unlinkat(dir.as_raw_fd(), name.as_ptr(), flags) })
}

/// Sets permission bits; those of a link cannot be set.
pub fn set_mode(dir: BorrowedFd, name: &[u8], mode: u32) -> Answer<()> {
    let at = c_name(name)?;
    let (fd, flags) = (dir.as_raw_fd(), libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: the name is a C string that outlives the call.
    match done(unsafe { libc::fchmodat(fd, at.as_ptr(), mode, flags) }) {
        Err(Errno(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL)) => {}
        result => return result,
    }
    // An old kernel with an old C library, or no /proc.
    let file = std::fs::File::from(open(dir, name, libc::O_PATH, 0)?);
    if file.metadata()?.is_symlink() {
        return Err(Errno(libc::ENOENT));
    }
    let path = c_name(format!("/proc/self/fd/{}", file.as_raw_fd()).as_bytes())?;
    // SAFETY: the path is a C string that outlives the call; it leads to what is open, whatever that is.
    match done(unsafe { libc::chmod(path.as_ptr(), mode) }) {
        Err(Errno(libc::ENOENT)) => {
            let file = open(dir, name, libc::O_RDONLY | libc::O_NONBLOCK, 0)?;
            // SAFETY: a call on an open descriptor.
            done(unsafe { libc::fchmod(file.as_raw_fd(), mode) })
        }
        result => result,
    }
}

/// `fchownat`.
pub fn set_owner(dir: BorrowedFd, name: &[u8], user: u32, group: u32) -> Answer<()> {
    let name = c_name(name)?;
    let (fd, flags) = (dir.as_raw_fd(), libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: the name is a C string that outlives the call.
    done(unsafe { libc::fchownat(fd, name.as_ptr(), user, group, flags) })
}

/// Sets access and modification time.
pub fn set_times(dir: BorrowedFd, name: &[u8], times: [Time; 2]) -> Answer<()> {
    let name = c_name(name)?;
    let times = times.map(|time| {
        let (seconds, nanoseconds) = match time {
            Time::Same => (0, libc::UTIME_OMIT),
            Time::Now => (0, libc::UTIME_NOW),
            Time::At(seconds, nanoseconds) => (seconds, i64::from(nanoseconds)),
        };
        libc::timespec {
            tv_sec: seconds,
            tv_nsec: nanoseconds,
        }
    });
    let (fd, flags) = (dir.as_raw_fd(), libc::AT_SYMLINK_NOFOLLOW);
    // SAFETY: the name is a C string and the times are two; both outlive the call.
    done(unsafe { libc::utimensat(fd, name.as_ptr(), times.as_ptr(), flags) })
}

/// `faccessat` with the effective user: `W_OK`, `X_OK`.
pub fn access(dir: BorrowedFd, wanted: i32) -> Answer<()> {
    let flags = libc::AT_EACCESS;
    // SAFETY: the name is a C string constant.
    done(unsafe { libc::faccessat(dir.as_raw_fd(), c".".as_ptr(), wanted, flags) })
}

/// `flock`, however often a signal comes in between.
pub fn lock(file: BorrowedFd, operation: i32) -> Answer<()> {
    loop {
        // SAFETY: a call on an open descriptor.
        match done(unsafe { libc::flock(file.as_raw_fd(), operation) }) {
            Err(Errno(libc::EINTR)) => {}
            result => return result,
        }
    }
}
