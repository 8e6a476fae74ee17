//! Which file of which mount an inode in memory is, so that `fstat` says the same as `stat`.

use std::cell::LazyCell;
use std::collections::VecDeque;
use std::os::fd::{AsRawFd, RawFd};
use std::sync::atomic::{AtomicU64, Ordering};

use foldhash::fast::RandomState;
use hashbrown::HashMap;

use crate::open::stat;
use invfs_fs::file_system::Node;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::fork::{self, ForkMutex};
use invfs_fs::sys::memfd;

/// How many files are remembered; the system describes older ones.
const MOST: usize = 16_384;

static IDENTITIES: ForkMutex<LazyCell<Identities>> =
    ForkMutex::new(LazyCell::new(Identities::default));
invfs_fs::survives_fork!(IDENTITIES, Outer);

#[derive(Default)]
struct Identities {
    known: HashMap<(u64, u64), Identified, RandomState>,
    order: VecDeque<(u64, u64)>,
}

impl Identities {
    fn insert(&mut self, key: (u64, u64), identity: Identified) {
        if self.known.insert(key, identity).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() > MOST {
            if let Some(oldest) = self.order.pop_front() {
                self.known.remove(&oldest);
            }
        }
    }
}

/// What `fstat` says apart from the length, which is the real one.
#[derive(Clone, Copy)]
struct Identified {
    device: u64,
    inode: u64,
    owner: (u32, u32),
    node: Node,
    /// Whether nobody can change the file, and when that was done last.
    sealed: bool,
    changed: (i64, i64),
}

fn changed(found: &libc::stat) -> (i64, i64) {
    (found.st_ctime, found.st_ctime_nsec)
}

/// The devices that nameless files lie on, in memory and, where that is not allowed, on disk; 0 before there is one.
static DEVICES: [AtomicU64; 2] = [const { AtomicU64::new(0) }; 2];

/// The device of the files that other processes find under a name; 0 before there is one.
static NAMED: AtomicU64 = AtomicU64::new(0);

/// Notes the device of a nameless file.
fn note_device(device: u64) {
    for known in &DEVICES {
        let known = known.compare_exchange(0, device, Ordering::Relaxed, Ordering::Relaxed);
        if known.is_ok() || known == Err(device) {
            break;
        }
    }
}

/// Notes what `fstat` of this file is to say; `sealed`, nobody changes it any more. The answer is its inode in memory; 0 if
/// nothing was noted.
pub fn remember(place: &Place, file: &impl AsRawFd, node: &Node, sealed: bool) -> u64 {
    let Ok(real) = memfd::metadata(file.as_raw_fd()) else {
        return 0;
    };
    if !fork::owns_memory() {
        return 0;
    }
    note_device(real.st_dev);
    let identity = Identified {
        device: place.mount.device(),
        inode: stat::inode(place, node),
        owner: place.mount.owner,
        node: *node,
        sealed,
        changed: changed(&real),
    };
    let key = (real.st_dev, real.st_ino);
    IDENTITIES.lock().insert(key, identity);
    real.st_ino
}

/// `file`, which nobody changes, is the same file of a mount as the descriptor `from`. The answer is its inode in memory.
pub fn pass_on(from: RawFd, file: &impl AsRawFd) -> Answer<u64> {
    let real = memfd::metadata(file.as_raw_fd())?;
    if let Some(identity) = identity(&memfd::metadata(from)?) {
        NAMED.store(real.st_dev, Ordering::Relaxed);
        let (sealed, changed) = (true, changed(&real));
        IDENTITIES.lock().insert(
            (real.st_dev, real.st_ino),
            Identified {
                sealed,
                changed,
                ..identity
            },
        );
    }
    Ok(real.st_ino)
}

/// What is remembered of the file that the system describes so.
fn identity(found: &libc::stat) -> Option<Identified> {
    let is_ours = |known: &AtomicU64| known.load(Ordering::Relaxed) == found.st_dev;
    // Our files have no name, but for those that other processes find.
    let may_be = match found.st_nlink {
        0 => DEVICES.iter().any(is_ours),
        1 => is_ours(&NAMED),
        _ => false,
    };
    if !may_be {
        return None;
    }
    let key = (found.st_dev, found.st_ino);
    let identity = IDENTITIES.lock().known.get(&key).copied()?;
    // A file that has the number of one that is gone was made later.
    let same = match identity.sealed {
        true => identity.changed == changed(found),
        false => found.st_nlink == 0,
    };
    same.then_some(identity)
}

/// Whether the descriptor is one of a mount's file that nobody can change.
pub fn is_sealed(fd: RawFd) -> bool {
    memfd::metadata(fd).is_ok_and(|found| identity(&found).is_some_and(|file| file.sealed))
}

/// Corrects what the system said of a descriptor, where that is a file of a mount.
pub fn correct(found: &mut libc::stat) {
    if let Some(identity) = identity(found) {
        let size = found.st_size as u64;
        let Identified {
            device,
            inode,
            owner,
            node,
            ..
        } = identity;
        stat::fill(found, device, inode, owner, &node);
        stat::set_size(found, size);
    }
}
