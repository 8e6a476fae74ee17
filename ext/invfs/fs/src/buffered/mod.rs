//! Files that are written as a whole: while one is open for writing it is a file in memory, the same for all that open it.
//!
//! What it holds is handed over when the last descriptor is closed, when a program asks for it (`fsync`), and at the end.
//! A change of its name concerns the open file: see [`open_files`].

pub mod open_files;

use std::collections::BTreeMap;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use crate::fingerprint::Fingerprint;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::fork::ForkMutex;
use crate::sys::memfd;
use crate::sys::reserved_fd::ReservedFd;
use invfs_engine::path::{Subpath, SubpathBuf};

/// Takes the contents of a file that is open for writing.
pub trait WriteBack: Send + Sync {
    /// Hands what the file holds over, under the name that it has now, whether or not anything was written.
    fn save(&self, sub: &Subpath, file: &Buffered) -> Answer<()>;

    /// For a file that holds only what is added to it: how many bytes were handed over before.
    fn added_to(&self) -> Option<u64>;

    /// The file holds more than what is added from now on: `base` is what was there before.
    fn completed(&self, base: &[u8]);
}

/// A file that is open for writing.
pub struct Buffered {
    number: u64,
    file: ReservedFd,
    write_back: Box<dyn WriteBack>,
    /// What `fstat` says of its descriptors, 0 before that is known.
    inode: AtomicU64,
}

/// What changes of an open file.
struct Entry {
    file: Arc<Buffered>,
    /// The [`OpenFiles`](open_files::OpenFiles) that it is one of.
    owner: u64,
    /// `None` once it was removed.
    sub: Option<SubpathBuf>,
    descriptors: usize,
    /// Whether others than this process can write to it still, although it has no descriptors: children that were started
    /// with one, or a mapping.
    lingers: bool,
    /// The thread that hands it over now, and whether others wanted that meanwhile.
    saver: Option<i64>,
    again: bool,
}

/// By number of the file.
static TABLE: ForkMutex<BTreeMap<u64, Entry>> = ForkMutex::new(BTreeMap::new());
survives_fork!(TABLE, Outer);
in_forked_child!(disown);

/// `F_SETSIG` of fcntl(2), the same number on all machines.
const SET_SIGNAL: i32 = 10;

static NUMBERS: AtomicU64 = AtomicU64::new(1);

/// In a forked child: the files belong to the parent, which hands them over.
fn disown() {
    // Dropping them could call into whatever the parent's threads were doing.
    std::mem::forget(std::mem::take(&mut *TABLE.lock()));
}

fn thread() -> i64 {
    // SAFETY: asks for a number.
    unsafe { libc::syscall(libc::SYS_gettid) }
}

impl Buffered {
    /// Opens it with an offset and flags of its own.
    pub fn reopen(&self, flags: i32) -> Answer<OwnedFd> {
        Ok(self.descriptor(flags)?.0)
    }

    /// A descriptor for reading, and whether it has an offset of its own, which is 0. Without /proc it has not.
    pub fn reader(&self) -> Answer<(OwnedFd, bool)> {
        self.descriptor(libc::O_RDONLY | libc::O_CLOEXEC)
    }

    /// A descriptor, and whether it has an offset of its own. Without /proc the offset is the same for all.
    fn descriptor(&self, flags: i32) -> Answer<(OwnedFd, bool)> {
        match memfd::reopen(&self.file, flags) {
            Ok(opened) => Ok((opened, true)),
            Err(_) => Ok((rustix::io::fcntl_dupfd_cloexec(self.file.get()?, 3)?, false)),
        }
    }

    /// The fingerprint of its first `length` bytes, or of all if there are fewer.
    pub fn fingerprint(&self, length: u64) -> Answer<Fingerprint> {
        Fingerprint::of_file(self.file.get()?, length)
    }

    /// The inode number that `fstat` says; `number` if none is known yet.
    pub fn inode(&self, number: u64) -> u64 {
        let known = self
            .inode
            .compare_exchange(0, number, Ordering::AcqRel, Ordering::Acquire);
        known.err().unwrap_or(number)
    }

    /// The inode number, if it is known.
    pub fn known_inode(&self) -> Option<u64> {
        Some(self.inode.load(Ordering::Acquire)).filter(|number| *number != 0)
    }

    /// What it holds.
    pub fn contents(&self) -> Answer<Vec<u8>> {
        memfd::read_all(self.file.get()?)
    }

    /// How many bytes it holds.
    pub fn len(&self) -> Answer<u64> {
        Ok(at::look_at(self.file.get()?)?.size)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> Answer<bool> {
        Ok(self.len()? == 0)
    }

    /// Cuts it, or fills it up with zeros.
    pub fn set_len(&self, length: u64) -> Answer<()> {
        Ok(rustix::fs::ftruncate(self.file.get()?, length)?)
    }

    /// For a file that holds only what is added: how many bytes of that were handed over.
    pub fn added_to(&self) -> Option<u64> {
        self.write_back.added_to()
    }

    /// Puts `base`, which holds all that was handed over, in front of what was added since then. What another thread adds
    /// at this very moment may be lost.
    pub fn complete(&self, base: &[u8]) -> Answer<()> {
        let Some(before) = self.added_to() else {
            return Ok(());
        };
        let held = self.contents()?;
        let added = held.get(before as usize..).unwrap_or_default();
        let whole = [base, added].concat();
        memfd::write_all_at_start(self.file.get()?, &whole)?;
        self.write_back.completed(base);
        self.set_len(whole.len() as u64)
    }

    /// One more descriptor stands for it.
    pub fn retain(&self) {
        if let Some(entry) = TABLE.lock().get_mut(&self.number) {
            entry.descriptors += 1;
        }
    }

    /// A descriptor that stood for it was closed; after the last one it is handed over.
    pub fn release(&self) -> Answer<()> {
        match TABLE.lock().get_mut(&self.number) {
            None => return Ok(()),
            Some(entry) => {
                entry.descriptors = entry.descriptors.saturating_sub(1);
                if entry.descriptors > 0 {
                    return Ok(());
                }
            }
        }
        self.settle()
    }

    /// Hands over a file without descriptors. If others can write to it still, it is looked at again later.
    fn settle(&self) -> Answer<()> {
        // Before, so that nothing is written after what is handed over.
        let lingers = self.is_written_elsewhere();
        if let Some(entry) = TABLE.lock().get_mut(&self.number) {
            entry.lingers = lingers;
        }
        self.hand_over()
    }

    /// Whether there is a descriptor or a mapping for writing besides our own, which does not count: the system grants
    /// no lease for reading then.
    fn is_written_elsewhere(&self) -> bool {
        let Ok(reader) = memfd::reopen(&self.file, libc::O_RDONLY | libc::O_CLOEXEC) else {
            return false;
        };
        // SAFETY: fcntl(2) with an open descriptor and numbers. The signal is one that does nothing by default; it comes if
        // somebody opens the file before `reader` is closed, which ends the lease.
        let refused = unsafe {
            libc::fcntl(reader.as_raw_fd(), SET_SIGNAL, libc::SIGURG);
            libc::fcntl(reader.as_raw_fd(), libc::F_SETLEASE, libc::F_RDLCK) < 0
        };
        refused && Errno::last().0 == libc::EAGAIN
    }

    /// Hands over what it holds now, unless it was removed. If another thread is doing that, it goes on with what the file
    /// holds then: waiting for it could be for ever, where this thread has Ruby's lock.
    pub fn hand_over(&self) -> Answer<()> {
        let me = thread();
        let mut sub = match TABLE.lock().get_mut(&self.number) {
            None => return Ok(()),
            Some(entry) if entry.saver.is_some_and(|saver| saver != me) => {
                entry.again = true;
                return Ok(());
            }
            Some(entry) if entry.saver.is_some() => {
                // The file system uses the file while it takes it.
                let sub = entry.sub.clone();
                return self.save(sub.as_deref());
            }
            Some(entry) => {
                entry.saver = Some(me);
                entry.sub.clone()
            }
        };
        let _saver = Saver(self.number);
        loop {
            let answer = self.save(sub.as_deref());
            match TABLE.lock().get_mut(&self.number) {
                Some(entry) if entry.again => {
                    entry.again = false;
                    sub = entry.sub.clone();
                }
                Some(entry) => {
                    entry.saver = None;
                    return answer;
                }
                None => return answer,
            }
        }
    }

    fn save(&self, sub: Option<&Subpath>) -> Answer<()> {
        match sub {
            Some(sub) => self.write_back.save(sub, self),
            None => Ok(()),
        }
    }
}

/// The thread that hands a file over.
struct Saver(u64);

impl Drop for Saver {
    fn drop(&mut self) {
        let mut table = TABLE.lock();
        let unused = table.get_mut(&self.0).is_some_and(|entry| {
            if entry.saver == Some(thread()) {
                entry.saver = None;
            }
            entry.descriptors == 0 && entry.saver.is_none() && !entry.lingers
        });
        let gone = if unused { table.remove(&self.0) } else { None };
        drop(table);
        drop(gone);
    }
}

/// At the end of the program: hands over all files that are open in this process. Those that fail, with the reason, are
/// given up.
pub fn hand_over_all() -> Vec<(SubpathBuf, Errno)> {
    let open = |entry: &Entry| Some((entry.sub.clone()?, entry.file.clone()));
    let files: Vec<_> = TABLE.lock().values().filter_map(open).collect();
    let mut failed = Vec::new();
    for (sub, file) in files {
        let Err(errno) = file.hand_over() else {
            continue;
        };
        if let Some(entry) = TABLE.lock().get_mut(&file.number) {
            entry.sub = None;
        }
        failed.push((sub, errno));
    }
    failed
}

impl AsRawFd for Buffered {
    fn as_raw_fd(&self) -> RawFd {
        self.file.as_raw_fd()
    }
}
