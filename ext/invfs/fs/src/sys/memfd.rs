//! Files in memory: real descriptors for contents that no disk holds.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustix::buffer::spare_capacity;
use rustix::fs::{MemfdFlags, Mode, SealFlags};
use rustix::process::{getrlimit, setrlimit, Resource, Rlimit};

use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::fork::{self, ForkMutex};
use crate::sys::reserved_fd::ReservedFd;
use crate::sys::temporary;

/// A new anonymous file with these contents, named in `/proc/PID/maps` and `lsof` after `name`.
///
/// Its offset is 0. `sealed`, nobody can change it any more, whatever the descriptor's flags say.
pub fn file(contents: &[u8], name: &[u8], sealed: bool) -> Answer<OwnedFd> {
    let flags = match sealed {
        true => MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        false => MemfdFlags::CLOEXEC,
    };
    let file = match rustix::fs::memfd_create(shown(name), flags).map_err(Errno::from) {
        Err(Errno(libc::ENOSYS | libc::EPERM | libc::EACCES)) => return on_disk(contents, sealed),
        file => file?,
    };
    filled(file, contents, sealed)
}

/// The same for a program, or what one loads before it could find it in a mount. The system may be told that files in
/// memory are not executed, unless they are made for it.
pub fn executable(contents: &[u8], name: &[u8]) -> Answer<OwnedFd> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = match rustix::fs::memfd_create(shown(name), flags | MemfdFlags::EXEC) {
        // Before Linux 6.3.
        Err(rustix::io::Errno::INVAL) => rustix::fs::memfd_create(shown(name), flags),
        made => made,
    }?;
    filled(file, contents, true)
}

/// The new file with its contents.
fn filled(file: OwnedFd, contents: &[u8], sealed: bool) -> Answer<OwnedFd> {
    within_limit(contents.len() as u64, || write_all(file.as_fd(), contents))?;
    if sealed {
        rustix::fs::fcntl_add_seals(&file, SEALS)?;
    }
    Ok(file)
}

/// Nobody can change the file, nor these.
const SEALS: SealFlags = SealFlags::SEAL
    .union(SealFlags::SHRINK)
    .union(SealFlags::GROW)
    .union(SealFlags::WRITE);

/// What the kernel shows of a name. It takes up to 249 bytes: the end of a path tells most.
fn shown(name: &[u8]) -> &[u8] {
    name.get(name.len().saturating_sub(200)..).unwrap_or(name)
}

/// A new anonymous file of `len` bytes that hold nothing and take no memory. Nobody can read it, and nobody can change it.
///
/// Its offset is 0, and can be moved. `flags` may be `O_CLOEXEC` and others of `open(2)`.
pub fn placeholder(len: u64, name: &[u8], flags: i32) -> Answer<OwnedFd> {
    let sealable = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = rustix::fs::memfd_create(shown(name), sealable)?;
    within_limit(len, || Ok(rustix::fs::ftruncate(&file, len)?))?;
    rustix::fs::fcntl_add_seals(&file, SEALS)?;
    reopen(&file, flags & !libc::O_ACCMODE | libc::O_WRONLY)
}

/// [`file`] where the system has no files in memory, or does not let this process have some.
fn on_disk(contents: &[u8], sealed: bool) -> Answer<OwnedFd> {
    let file = temporary::file()?;
    within_limit(contents.len() as u64, || write_all(file.as_fd(), contents))?;
    if !sealed {
        return Ok(file);
    }
    // Without /proc nobody else can open it again, either.
    Ok(reopen(&file, libc::O_RDONLY | libc::O_CLOEXEC).unwrap_or(file))
}

/// Whether the process may make a file of `len` bytes.
pub fn is_allowed(len: u64) -> bool {
    getrlimit(Resource::Fsize)
        .current
        .is_none_or(|most| len <= most)
}

/// Held while the limit is another one than the program has set.
static RAISING: ForkMutex<()> = ForkMutex::new(());
survives_fork!(RAISING, Outer);

/// Runs `write`, which makes a file of `len` bytes, although the process may make only smaller ones (`RLIMIT_FSIZE`), if it
/// may raise that limit. `EFBIG` if not: writing would end the process by a signal.
fn within_limit<T>(len: u64, write: impl FnOnce() -> Answer<T>) -> Answer<T> {
    if is_allowed(len) {
        return write();
    }
    let _alone = fork::owns_memory().then(|| RAISING.lock());
    let limit = getrlimit(Resource::Fsize);
    let raised = Rlimit {
        current: Some(len.max(limit.maximum.unwrap_or(0))),
        maximum: limit.maximum.map(|most| most.max(len)),
    };
    setrlimit(Resource::Fsize, raised).map_err(|_| Errno(libc::EFBIG))?;
    let answer = write();
    // It was this before, and may always be lowered.
    let _ = setrlimit(Resource::Fsize, limit);
    answer
}

/// Writes the bytes at the beginning of the file, over what is there.
pub fn write_all_at_start(file: impl AsFd, contents: &[u8]) -> Answer<()> {
    write_all(file.as_fd(), contents)
}

/// Writes everything at the beginning, without moving the offset.
fn write_all(file: BorrowedFd, contents: &[u8]) -> Answer<()> {
    let mut done = 0;
    while let Some(rest) = contents.get(done..).filter(|rest| !rest.is_empty()) {
        match rustix::io::retry_on_intr(|| rustix::io::pwrite(file, rest, done as u64))? {
            // Memory that is full says ENOSPC; a file that will not grow for another reason must not hang us.
            0 => return Err(Errno(libc::ENOSPC)),
            wrote => done += wrote,
        }
    }
    Ok(())
}

/// A path of the open file that was never used before, for `dlopen`: the loader takes a path that it knows for the
/// library that it opened then, although the number may be another file's now. The bits of a counter are spelled as `/`
/// and `/.`.
pub fn unused_path(file: &impl AsRawFd) -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let mut count = COUNT.fetch_add(1, Ordering::Relaxed);
    let mut path = String::from("/proc/self/fd");
    while count > 0 {
        path.push_str(if count & 1 == 1 { "/." } else { "/" });
        count >>= 1;
    }
    path.push('/');
    path.push_str(&file.as_raw_fd().to_string());
    path
}

/// Reads the whole file, wherever its offset stands.
pub fn read_all(file: impl AsFd) -> Answer<Vec<u8>> {
    let size = at::look_at(&file)?.size as usize;
    let mut contents = Vec::new();
    if contents.try_reserve_exact(size).is_err() {
        return Err(Errno(libc::ENOMEM));
    }
    while contents.len() < size {
        let offset = contents.len() as u64;
        match rustix::io::pread(&file, spare_capacity(&mut contents), offset) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(contents)
}

/// `/proc/self/fd` as a directory of this process, which saves half of the way.
static DESCRIPTORS: ArcSwapOption<ReservedFd> = ArcSwapOption::const_empty();
in_forked_child!(disown);

/// The directory of the process's descriptors; `None` where there is none. What the child of a `vfork` finds here are the
/// descriptors of its parent.
fn descriptors() -> Option<Arc<ReservedFd>> {
    if !fork::owns_memory() {
        return None;
    }
    let known = DESCRIPTORS.load_full();
    if known.is_some() {
        return known;
    }
    let opened = std::fs::File::open("/proc/self/fd").ok()?;
    let opened = Arc::new(ReservedFd::out_of_the_way(opened.into()));
    let before = DESCRIPTORS.compare_and_swap(&None::<Arc<ReservedFd>>, Some(opened.clone()));
    // Another thread may have been faster.
    Some(before.clone().unwrap_or(opened))
}

/// In a forked child: the directory is that of the parent's descriptors.
fn disown() {
    drop(DESCRIPTORS.swap(None));
}

/// Opens a file in memory once more, with an offset and flags of its own.
pub fn reopen(file: &impl AsRawFd, flags: i32) -> Answer<OwnedFd> {
    let path = ProcPath::new(file.as_raw_fd());
    let directory = descriptors();
    // What is opened is a link of the system's own, and the file exists.
    let flags = flags
        & !(libc::O_CREAT | libc::O_EXCL | libc::O_TRUNC | libc::O_NOFOLLOW | libc::O_NOATIME);
    let (flags, mode) = (at::flags(flags), Mode::empty());
    let opened = match &directory {
        None => rustix::fs::open(path.as_c_str(), flags, mode).map_err(Errno::from),
        Some(directory) => directory
            .get()
            .and_then(|directory| Ok(rustix::fs::openat(directory, path.name(), flags, mode)?)),
    };
    let Err(errno) = opened else {
        return opened;
    };
    if fork::owns_memory() && matches!(errno.0, libc::EBADF | libc::ENOTDIR) {
        if let Some(directory) = directory {
            // Closed where there is no hook, and perhaps the number used again.
            directory.lose();
            DESCRIPTORS.compare_and_swap(&directory, None);
        }
    }
    Err(errno)
}

/// What the system says of an open file.
pub fn metadata(fd: RawFd) -> Answer<libc::stat> {
    let mut found = std::mem::MaybeUninit::uninit();
    // SAFETY: room for what is written, which is complete where the call succeeds.
    match unsafe { libc::fstat(fd, found.as_mut_ptr()) } {
        // SAFETY: filled in by the call.
        0 => Ok(unsafe { found.assume_init() }),
        _ => Err(Errno::last()),
    }
}

/// What the system says of an open regular file that no directory has, as files in memory are; `None` of any other.
pub fn nameless(fd: RawFd) -> Option<libc::stat> {
    let found = metadata(fd).ok()?;
    (found.st_nlink == 0 && found.st_mode & libc::S_IFMT == libc::S_IFREG).then_some(found)
}

/// `/proc/self/fd/N` without an allocation.
pub struct ProcPath([u8; 32]);

impl ProcPath {
    /// The path of the descriptor `fd`.
    pub fn new(fd: RawFd) -> ProcPath {
        use std::io::Write;
        let mut path = [0; 32];
        // 14 bytes and at most 10 digits always fit.
        let _ = write!(&mut path[..31], "/proc/self/fd/{fd}");
        ProcPath(path)
    }

    /// The last component.
    fn name(&self) -> &[u8] {
        self.as_bytes()
            .get(b"/proc/self/fd/".len()..)
            .unwrap_or_default()
    }

    /// The path.
    pub fn as_bytes(&self) -> &[u8] {
        self.as_c_str().to_bytes()
    }

    /// The path.
    pub fn as_c_str(&self) -> &CStr {
        // It always has a NUL.
        CStr::from_bytes_until_nul(&self.0).unwrap_or_default()
    }

    /// The path, NUL-terminated.
    pub fn as_ptr(&self) -> *const libc::c_char {
        self.0.as_ptr().cast()
    }
}
