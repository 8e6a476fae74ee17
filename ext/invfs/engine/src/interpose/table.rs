//! The mounts, as every file operation sees them: one table that is replaced as a whole.

use std::hash::{BuildHasher, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use super::errno::{Answer, Errno};
use super::fork::{ForkMutex, Forked};
use super::served::{How, Node, Opened, Served};
use crate::mounts::MountTable;
use crate::path::{Subpath, SubpathBuf};
use crate::vfs::{Kind, Listing};

/// A file system at a path.
pub struct Mount {
    /// A number that no other mount of the process has.
    pub id: u64,
    /// Absolute, clean.
    pub root: Box<[u8]>,
    /// What is served.
    pub served: Arc<dyn Served>,
    /// Whether somebody asked for it at this place.
    pub explicit: bool,
    /// Whether the root itself is a real file, such as an archive, that stays one for whoever opens it.
    pub over_file: bool,
    /// The user and the group that its files seem to belong to: those who mounted it.
    pub owner: (u32, u32),
}

impl Mount {
    /// The absolute path of `sub`.
    pub fn path_of(&self, sub: &Subpath) -> Vec<u8> {
        let mut path = self.root.to_vec();
        if !sub.is_root() {
            if *self.root != *b"/" {
                path.push(b'/');
            }
            path.extend_from_slice(sub.as_bytes());
        }
        path
    }

    /// A device number that belongs to no driver (major 1023 is not assigned), one for each mount.
    pub fn device(&self) -> u64 {
        libc::makedev(1023, (self.id & 0xf_ffff) as u32)
    }

    /// An inode number for `sub` where the file system has none: the same for the same name, never 0.
    pub fn inode(&self, sub: &Subpath) -> u64 {
        let mut hasher = foldhash::fast::FixedState::with_seed(self.id).build_hasher();
        hasher.write(sub.as_bytes());
        hasher.finish() | 1
    }
}

/// All mounts at one moment.
#[derive(Default)]
pub struct Table {
    by_root: MountTable<Arc<Mount>>,
}

static TABLE: ArcSwapOption<Table> = ArcSwapOption::const_empty();
/// Held while the table is replaced.
static CHANGING: ForkMutex<()> = ForkMutex::new(());
/// The lock, which is taken while a process forks.
pub fn lock() -> &'static dyn Forked {
    &CHANGING
}

static IDS: AtomicU64 = AtomicU64::new(1);

/// A place inside a mount.
#[derive(Clone)]
pub struct Place {
    /// The mount.
    pub mount: Arc<Mount>,
    /// The path there.
    pub sub: SubpathBuf,
}

/// The table; `None` where nothing was ever mounted.
pub fn current() -> Guard<Option<Arc<Table>>> {
    TABLE.load()
}

impl Table {
    /// The mount that the absolute, clean `path` lies in.
    pub fn find(&self, path: &[u8]) -> Option<Place> {
        let (mount, _, sub) = self.by_root.find(path)?;
        Some(Place {
            mount: mount.clone(),
            sub: sub.to_owned(),
        })
    }

    /// The names in the directory `path` that lead to other mounts.
    fn mount_points(&self, path: &[u8]) -> Vec<Vec<u8>> {
        let mut names: Vec<Vec<u8>> = self
            .by_root
            .iter()
            .filter_map(|(root, _)| {
                let rest = root.strip_prefix(path)?;
                let rest = if path == b"/" {
                    rest
                } else {
                    rest.strip_prefix(b"/")?
                };
                let name = rest.split(|b| *b == b'/').next()?;
                (!name.is_empty()).then(|| name.to_vec())
            })
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// The directory `path` where no mount and, as the caller knows, nothing real is, but the way to some mount.
    pub fn way(&self, path: &[u8]) -> Option<Place> {
        let path = path.strip_suffix(b"/").unwrap_or(path);
        if !path.starts_with(b"/") {
            return None;
        }
        let leads = self.by_root.iter().any(|(root, _)| {
            root.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with(b"/"))
        });
        leads.then(|| Place {
            mount: Arc::new(Mount {
                id: WAY,
                root: path.into(),
                served: Arc::new(Way),
                explicit: false,
                over_file: false,
                owner: (0, 0),
            }),
            sub: SubpathBuf::default(),
        })
    }

    fn has_several(&self) -> bool {
        self.by_root.len() > 1
    }
}

impl Place {
    /// The absolute path.
    pub fn path(&self) -> Vec<u8> {
        self.mount.path_of(&self.sub)
    }

    /// Whether there is a mount at it now; not necessarily the one that was there when it was found.
    pub fn is_mounted(&self) -> bool {
        let path = self.path();
        let table = current();
        table
            .as_ref()
            .is_some_and(|table| table.find(&path).is_some() || table.way(&path).is_some())
    }

    /// Looks the place up; a directory on the way to another mount exists although its file system has none.
    pub fn stat(&self, follow: bool) -> Answer<Node> {
        match self.mount.served.stat(&self.sub, follow) {
            Err(Errno(libc::ENOENT)) if self.leads_to_mount() => Ok(DIRECTORY),
            answer => answer,
        }
    }

    /// The names in the directory, mount points among them.
    pub fn list(&self) -> Answer<Listing> {
        let points = self.mount_points();
        let mut names = match self.mount.served.list(&self.sub) {
            Err(Errno(libc::ENOENT)) if !points.is_empty() => Listing::new(),
            answer => answer?,
        };
        for point in points {
            match names.binary_search_by(|(name, _)| name.cmp(&point)) {
                Ok(at) => {
                    if let Some(known) = names.get_mut(at) {
                        known.1 = Kind::Directory;
                    }
                }
                Err(at) => names.insert(at, (point, Kind::Directory)),
            }
        }
        Ok(names)
    }

    fn leads_to_mount(&self) -> bool {
        !self.mount_points().is_empty()
    }

    fn mount_points(&self) -> Vec<Vec<u8>> {
        let table = current();
        match &*table {
            Some(table) if table.has_several() || self.mount.id == WAY => {
                table.mount_points(&self.path())
            }
            _ => Vec::new(),
        }
    }
}

/// The number of what is not in the table.
const WAY: u64 = 0;

/// What is in a directory that is there only because a mount lies below it.
struct Way;

impl Served for Way {
    fn stat(&self, sub: &Subpath, _: bool) -> Answer<Node> {
        match sub.is_root() {
            true => Ok(DIRECTORY),
            false => Err(Errno(libc::ENOENT)),
        }
    }

    fn open(&self, sub: &Subpath, _: How) -> Answer<Opened> {
        match sub.is_root() {
            true => Err(Errno(libc::EISDIR)),
            false => Err(Errno(libc::ENOENT)),
        }
    }

    fn list(&self, _: &Subpath) -> Answer<Listing> {
        Ok(Listing::new())
    }

    fn read_link(&self, _: &Subpath) -> Answer<Vec<u8>> {
        Err(Errno(libc::EINVAL))
    }
}

/// A directory that no file system has.
const DIRECTORY: Node = Node {
    kind: Kind::Directory,
    size: 0,
    mode: 0o755,
    mtime: (0, 0),
    ino: None,
};

impl Mount {
    fn new(root: &[u8], served: Arc<dyn Served>, explicit: bool) -> Arc<Mount> {
        use std::os::unix::ffi::OsStrExt;
        let real = || std::fs::metadata(std::ffi::OsStr::from_bytes(root));
        Arc::new(Mount {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            root: root.into(),
            served,
            explicit,
            over_file: !explicit && real().is_ok_and(|found| !found.is_dir()),
            // SAFETY: both only ask for a number.
            owner: unsafe { (libc::geteuid(), libc::getegid()) },
        })
    }
}

/// Puts `served` at `root`, which is absolute and clean; what was there before is given back.
pub fn mount(root: &[u8], served: Arc<dyn Served>) -> Option<Arc<Mount>> {
    let mount = Mount::new(root, served, true);
    let old = change(|table| table.by_root.insert(root, mount));
    if let Some(old) = &old {
        super::files::forget(old.id);
    }
    old
}

/// Puts `served` at `root` unless somebody asked for another mount there. A real file at `root` stays visible: only
/// paths that go on after it, and operations on directories, lead into the mount.
pub fn mount_below(root: &[u8], served: Arc<dyn Served>) {
    let mount = Mount::new(root, served, false);
    let old = change(|table| match table.by_root.get(root) {
        Some(mount) if mount.explicit => None,
        _ => table.by_root.insert(root, mount),
    });
    if let Some(old) = old {
        super::files::forget(old.id);
    }
}

/// Takes the mount at exactly `root` away. What was opened stays open.
pub fn unmount(root: &[u8]) -> Option<Arc<Mount>> {
    change(|table| table.by_root.remove(root))
}

/// The mount that the absolute, clean `path` lies in.
pub fn find(path: &[u8]) -> Option<Place> {
    current().as_ref()?.find(path)
}

fn change<T>(edit: impl FnOnce(&mut Table) -> T) -> T {
    let _alone = CHANGING.lock();
    let mut table = Table::default();
    if let Some(now) = &*TABLE.load() {
        for (root, mount) in now.by_root.iter() {
            table.by_root.insert(root, mount.clone());
        }
    }
    let result = edit(&mut table);
    TABLE.store(Some(Arc::new(table)));
    super::links::changed();
    result
}
