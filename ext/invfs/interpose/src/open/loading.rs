//! What Ruby does with a file that it loads, as far as it can be done once.
//!
//! Ruby opens a file twice: first to see whether it may be loaded, then to read it. Whoever hands the path to Ruby knows
//! that it may: so the first opening is answered with an empty file. And what was read just before Ruby opens the file is
//! handed over to that opening. Where nobody knows the path beforehand, but the code of most files is there in compiled
//! form, an opening is answered with a file that is read in parts, of which Ruby reads none.

use std::cell::RefCell;
use std::os::fd::{IntoRawFd, RawFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::OnceLock;

use rustix::io::{fcntl_dupfd_cloexec, fcntl_setfd, FdFlags};

use crate::open::source_file;
use invfs_fs::mounts::Place;
use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::reserved_fd::ReservedFd;
use invfs_fs::sys::{at, memfd};

/// The flags with which Ruby looks at a file, and with which its older parser reads one.
const RUBYS: i32 = libc::O_RDONLY | libc::O_NONBLOCK | libc::O_CLOEXEC;

/// The flags with which Prism, the parser since Ruby 3.4, reads a file: none, since some release `O_NONBLOCK`.
const PRISMS: [i32; 2] = [libc::O_RDONLY, libc::O_RDONLY | libc::O_NONBLOCK];

/// The path that Ruby looks at next, and the thread in which it does. There is one at most: a new one takes the place of
/// an old one, and whoever else opens that file ends it. So a thread that waited for another to load the file, and does so
/// itself when that fails, never gets the empty file: the other has opened it meanwhile.
static NEXT: ForkMutex<Option<(Vec<u8>, usize)>> = ForkMutex::new(None);
invfs_fs::survives_fork!(NEXT, Outer);
static ANY: AtomicBool = AtomicBool::new(false);

thread_local! {
    static FETCHED: RefCell<Option<(Vec<u8>, Vec<u8>)>> = const { RefCell::new(None) };
}

/// Says that Ruby will now look whether a file may be loaded, until it is dropped.
pub struct Announced(());

impl Announced {
    /// `path` is an existing file of a mount, and nobody is loading it.
    pub fn new(path: &[u8]) -> Announced {
        *NEXT.lock() = Some((path.to_vec(), this_thread()));
        ANY.store(true, Ordering::Release);
        Announced(())
    }
}

impl Drop for Announced {
    fn drop(&mut self) {
        begins();
        FETCHED.take();
    }
}

/// Ruby begins to load a file in this thread: the next opening is for its contents.
pub fn begins() {
    if ANY.load(Ordering::Acquire) {
        let mut next = NEXT.lock();
        if next
            .as_ref()
            .is_some_and(|(_, thread)| *thread == this_thread())
        {
            *next = None;
            ANY.store(false, Ordering::Release);
        }
    }
}

/// What Ruby will find in the file at `path` when it opens it next, in this thread.
pub fn fetched(path: &[u8], contents: Vec<u8>) {
    FETCHED.set(Some((path.to_vec(), contents)));
}

/// The script that is read although its code may be there in compiled form.
static EXCEPT: OnceLock<Vec<u8>> = OnceLock::new();

/// From now on, Ruby is taken to read few of the files that it opens: what it runs is compiled. It reads the file at
/// `script`, which it runs first.
pub fn seldom_reads(script: Vec<u8>) {
    let _ = EXCEPT.set(script);
}

/// Whether this opening is probably one of Ruby's that only looks, at a file that can be read later, too.
pub fn only_looks(place: &Place, flags: i32) -> bool {
    let looks = flags & !libc::O_LARGEFILE == RUBYS;
    looks
        && EXCEPT.get().is_some_and(|script| {
            place.mount.file_system().is_constant() && place.path() != *script
        })
}

/// A number that no other living thread has.
fn this_thread() -> usize {
    FETCHED.with(|fetched| std::ptr::from_ref(fetched) as usize)
}

/// A descriptor for this opening, if it is one of Ruby's that was announced, or that wants what was fetched.
pub fn open(place: &Place, flags: i32) -> Option<RawFd> {
    let flags = flags & !libc::O_LARGEFILE;
    if is_announced(place) && flags == RUBYS {
        return empty();
    }
    if flags != RUBYS && !PRISMS.contains(&flags) {
        return None;
    }
    let fetched = FETCHED.with_borrow_mut(|fetched| match fetched {
        Some((path, _)) if *path == place.path() => fetched.take(),
        _ => None,
    });
    let (path, contents) = fetched?;
    if flags == RUBYS {
        if let Some(fd) = source_file::open(&contents) {
            return Some(fd);
        }
    }
    let file = memfd::file(&contents, &path, true).ok()?;
    if flags != RUBYS {
        fcntl_setfd(&file, FdFlags::empty()).ok()?;
    }
    Some(file.into_raw_fd())
}

/// Whether this very opening was announced; any opening of the file ends the announcement.
fn is_announced(place: &Place) -> bool {
    if !ANY.load(Ordering::Acquire) {
        return false;
    }
    let mut next = NEXT.lock();
    let Some((_, thread)) = next.take_if(|(path, _)| *path == place.path()) else {
        return false;
    };
    ANY.store(false, Ordering::Release);
    thread == this_thread()
}

/// A descriptor of an empty file that nobody can change.
fn empty() -> Option<RawFd> {
    /// The file, and its inode number, by which can be seen whether the descriptor is still that file's.
    static EMPTY: OnceLock<Option<(ReservedFd, u64)>> = OnceLock::new();
    let empty = EMPTY.get_or_init(|| {
        let file = memfd::file(b"", b"invfs-empty", true).ok()?;
        let inode = at::look_at(&file).ok()?.ino;
        Some((ReservedFd::out_of_the_way(file), inode))
    });
    let (file, inode) = empty.as_ref()?;
    let copy = fcntl_dupfd_cloexec(file.get().ok()?, 3).ok()?;
    let is_it = at::look_at(&copy).is_ok_and(|found| (found.ino, found.size) == (*inode, 0));
    is_it.then(|| copy.into_raw_fd())
}
