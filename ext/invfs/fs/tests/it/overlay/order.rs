//! The lower layer, which may be written in Ruby and wait for Ruby's lock, is never asked while ours is held.

use std::os::fd::AsRawFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Listing;
use invfs_fs::file_system::{Node, OpenHow, Opened};
use invfs_fs::sys::errno::Answer;

/// Tries to lock whenever it is asked.
struct Watching {
    file_system: Arc<dyn FileSystem>,
    lock: PathBuf,
    asked: Arc<AtomicUsize>,
}

impl Watching {
    fn watch(&self) -> &dyn FileSystem {
        self.asked.fetch_add(1, Ordering::Relaxed);
        if let Ok(lock) = std::fs::File::open(&self.lock) {
            // SAFETY: a call on an open descriptor.
            let result = unsafe { libc::flock(lock.as_raw_fd(), libc::LOCK_EX | libc::LOCK_NB) };
            assert_eq!(result, 0, "asked while the lock is held");
        }
        &*self.file_system
    }
}

impl FileSystem for Watching {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        self.watch().stat(sub, follow)
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>> {
        self.watch().open(sub, how)
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        self.watch().list(sub)
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.watch().read_link(sub)
    }
}

#[test]
fn the_lower_layer_is_asked_without_the_lock() {
    let (upper, s) = (TempDir::new(), |text: &str| text.to_owned());
    let asked = Arc::new(AtomicUsize::new(0));
    let watching = Watching {
        file_system: lower(),
        lock: upper.path().join(".invfs-upper/lock"),
        asked: asked.clone(),
    };
    let union = Union(Overlay::new(Arc::new(watching), upper.path().into()).unwrap());
    let create = libc::O_WRONLY | libc::O_CREAT;
    for op in [
        Op::Open(s("a"), libc::O_WRONLY, 0, s("changed")),
        Op::Open(s("d/e/new"), create, 0o600, s("new")),
        Op::Remove(s("b")),
        Op::Rename(s("d"), s("empty"), false),
        Op::Rename(s("f"), s("moved"), false),
        Op::MakeDirectory(s("f"), 0o755),
        Op::Link(s("to_a"), s("f/link")),
        Op::Mode(s("c"), 0o600),
        Op::Remove(s("empty/a")),
        Op::RemoveDirectory(s("f")),
    ] {
        let expected = match op {
            Op::RemoveDirectory(_) => Err(libc::ENOTEMPTY),
            _ => Ok(s("")),
        };
        assert_eq!(union.run(&op), expected, "{op:?}");
    }
    assert!(asked.load(Ordering::Relaxed) > 20);
}
