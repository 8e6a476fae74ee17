//! The mount table: which file system appears under which absolute path.
//!
//! There is one for the process. `require`, file operations and whoever asks where a file comes from look into it. It is
//! replaced as a whole, so looking takes no lock.

use std::any::Any;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

use crate::archive::Identity;
#[cfg(mounts)]
use crate::interpose::{ForkMutex, Forked, Served};
use crate::path::{Subpath, SubpathBuf};
use crate::root_map::RootMap;
use crate::vfs::Vfs;

/// Why a file system has its root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// Somebody asked for it at this place (`InVFS.mount`).
    Named,
    /// It was met in the load path, and has its root from its own path.
    Adopted,
}

/// What the operating system has at a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Over {
    /// Nothing, or what a named mount hides.
    Nothing,
    /// A file, such as the archive itself, that stays one for whoever opens it.
    File,
    /// A directory, of which an adopted file system hides nothing but the files that it has itself.
    Directory,
}

/// Which file a mount shows, where it is to follow when another file takes that one's place.
pub struct Watch {
    /// The file when it was opened.
    pub identity: Identity,
    /// When it was last seen to be the same; what the number counts is the business of who looks.
    pub checked: AtomicU64,
}

/// A file system at a path.
pub struct Mount {
    /// A number that no other mount of the process has.
    pub id: u64,
    /// Absolute, clean.
    pub root: Box<[u8]>,
    /// Why it is there.
    pub origin: Origin,
    /// What `require` reads; `None` for what is no VFS, such as a writable mount.
    pub vfs: Option<Arc<dyn Vfs>>,
    /// What file operations ask.
    #[cfg(mounts)]
    served: Option<Arc<dyn Served>>,
    /// Whether file operations see it.
    visible: AtomicBool,
    /// What lies at the root.
    pub over: Over,
    /// The file that it shows, if that may be replaced.
    pub watch: Option<Watch>,
    /// The user and the group that its files seem to belong to: those who mounted it.
    pub owner: (u32, u32),
    /// What whoever mounted it knows it by; 0 for nothing. Mounts with the same number show the same files.
    pub object: usize,
    /// Lives as long as the mount.
    _kept: Option<Arc<dyn Any + Send + Sync>>,
}

/// A mount that is to be made.
pub struct Request {
    /// Absolute, clean.
    pub root: Vec<u8>,
    /// Why it is there.
    pub origin: Origin,
    /// What `require` reads.
    pub vfs: Option<Arc<dyn Vfs>>,
    /// What file operations ask.
    #[cfg(mounts)]
    pub served: Option<Arc<dyn Served>>,
    /// Whether file operations see it.
    pub visible: bool,
    /// The file that it shows, if it is to follow when that is replaced.
    pub file: Option<Identity>,
    /// See [`Mount::object`].
    pub object: usize,
    /// What is to live as long as the mount.
    pub kept: Option<Arc<dyn Any + Send + Sync>>,
}

static IDS: AtomicU64 = AtomicU64::new(1);

impl Mount {
    fn new(request: Request) -> Arc<Mount> {
        let over = match (request.origin, &request.file) {
            (Origin::Named, _) => Over::Nothing,
            (Origin::Adopted, Some(_)) => Over::File,
            (Origin::Adopted, None) => match std::fs::metadata(os_path(&request.root)) {
                Ok(found) if found.is_dir() => Over::Directory,
                Ok(_) => Over::File,
                Err(_) => Over::Nothing,
            },
        };
        Arc::new(Mount {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            root: request.root.into(),
            origin: request.origin,
            vfs: request.vfs,
            #[cfg(mounts)]
            served: request.served,
            visible: AtomicBool::new(request.visible),
            over,
            watch: request.file.map(|identity| Watch {
                identity,
                checked: AtomicU64::new(0),
            }),
            owner: owner(),
            object: request.object,
            _kept: request.kept,
        })
    }

    /// A file system that is in no table, at the absolute path `root`; its number is 0.
    #[cfg(mounts)]
    pub(crate) fn unlisted(root: &[u8], served: Arc<dyn Served>) -> Arc<Mount> {
        Arc::new(Mount {
            id: 0,
            root: root.into(),
            origin: Origin::Named,
            vfs: None,
            served: Some(served),
            visible: AtomicBool::new(true),
            over: Over::Nothing,
            watch: None,
            owner: (0, 0),
            object: 0,
            _kept: None,
        })
    }

    /// What file operations ask.
    #[cfg(mounts)]
    pub fn served(&self) -> &dyn Served {
        match &self.served {
            Some(served) => &**served,
            None => crate::interpose::NOTHING,
        }
    }

    /// Whether file operations see it.
    pub fn is_visible(&self) -> bool {
        self.visible.load(Ordering::Acquire)
    }

    /// Lets file operations see it, or not.
    pub fn show(&self, visible: bool) {
        self.visible.store(visible, Ordering::Release);
        GENERATION.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether somebody asked for it at this place.
    pub fn is_named(&self) -> bool {
        self.origin == Origin::Named
    }

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
}

/// A place inside a mount.
#[derive(Clone)]
pub struct Place {
    /// The mount.
    pub mount: Arc<Mount>,
    /// The path there.
    pub sub: SubpathBuf,
}

impl Place {
    /// The root directory of a mount.
    pub fn root(mount: Arc<Mount>) -> Place {
        Place {
            mount,
            sub: SubpathBuf::default(),
        }
    }

    /// The absolute path.
    pub fn path(&self) -> Vec<u8> {
        self.mount.path_of(&self.sub)
    }
}

/// All mounts at one moment.
#[derive(Default)]
pub struct Table {
    /// At each root the newest mount comes last: it covers the others.
    by_root: RootMap<Vec<Arc<Mount>>>,
}

static TABLE: ArcSwapOption<Table> = ArcSwapOption::const_empty();
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// Held while the table is replaced.
#[cfg(mounts)]
static CHANGING: ForkMutex<()> = ForkMutex::new(());
#[cfg(not(mounts))]
static CHANGING: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// The lock, which is taken while a process forks.
#[cfg(mounts)]
pub(crate) fn lock() -> &'static dyn Forked {
    &CHANGING
}

/// A number that is another one whenever something was mounted, unmounted, shown or hidden.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// The table; `None` where nothing was ever mounted.
pub fn current() -> Guard<Option<Arc<Table>>> {
    TABLE.load()
}

impl Table {
    /// The mount that the absolute, clean `path` lies in.
    pub fn find(&self, path: &[u8]) -> Option<Place> {
        self.place(path, |_, stack| stack.last())
    }

    /// The mount that file operations find under the absolute, clean `path`.
    pub fn find_visible(&self, path: &[u8]) -> Option<Place> {
        self.place(path, |_, stack| newest_visible(stack))
    }

    /// What file operations would find under the absolute, clean `path` without the mounts whose root has `len` bytes or
    /// more.
    pub fn beneath(&self, path: &[u8], len: usize) -> Option<Place> {
        self.place(path, |root, stack| match root.len() < len {
            true => newest_visible(stack),
            false => None,
        })
    }

    fn place<'s>(
        &'s self,
        path: &[u8],
        take: impl Fn(&'s [u8], &'s Vec<Arc<Mount>>) -> Option<&'s Arc<Mount>>,
    ) -> Option<Place> {
        let (mount, sub) = self.by_root.find_map(path, take)?;
        Some(Place {
            mount: mount.clone(),
            sub: sub.to_owned(),
        })
    }

    /// All mounts, those that are covered among them, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Mount>> {
        self.by_root.iter().flat_map(|(_, stack)| stack)
    }

    /// The roots at which file operations find something.
    pub fn visible_roots(&self) -> impl Iterator<Item = &[u8]> {
        let visible = |(_, stack): &(&[u8], &Vec<Arc<Mount>>)| newest_visible(stack).is_some();
        self.by_root.iter().filter(visible).map(|(root, _)| root)
    }

    /// How many roots there are.
    pub fn len(&self) -> usize {
        self.by_root.len()
    }

    /// Whether nothing is mounted.
    pub fn is_empty(&self) -> bool {
        self.by_root.is_empty()
    }

    fn push(&mut self, mount: Arc<Mount>) {
        match self.by_root.get_mut(&mount.root) {
            Some(stack) => stack.push(mount),
            None => {
                let root = mount.root.clone();
                self.by_root.insert(&root, vec![mount]);
            }
        }
    }

    /// Takes the newest mount at `root` away that `goes` says.
    fn remove(&mut self, root: &[u8], goes: impl Fn(&Mount) -> bool) -> Option<Arc<Mount>> {
        let stack = self.by_root.get_mut(root)?;
        let at = stack.iter().rposition(|mount| goes(mount))?;
        let mount = stack.remove(at);
        if stack.is_empty() {
            self.by_root.remove(root);
        }
        Some(mount)
    }
}

fn newest_visible(stack: &[Arc<Mount>]) -> Option<&Arc<Mount>> {
    stack.iter().rev().find(|mount| mount.is_visible())
}

/// The mount that the absolute, clean `path` lies in, whether or not file operations see it.
pub fn find(path: &[u8]) -> Option<Place> {
    current().as_ref()?.find(path)
}

/// The mount that file operations find under the absolute, clean `path`.
pub fn find_visible(path: &[u8]) -> Option<Place> {
    current().as_ref()?.find_visible(path)
}

/// All mounts, those that are covered among them, in the order in which they were made.
pub fn all() -> Vec<Arc<Mount>> {
    let mut all: Vec<Arc<Mount>> = current()
        .iter()
        .flat_map(|table| table.iter().cloned())
        .collect();
    all.sort_unstable_by_key(|mount| mount.id);
    all
}

/// Mounts something; it covers what was at its root.
pub fn add(request: Request) -> Arc<Mount> {
    let mount = Mount::new(request);
    change(|table| table.push(mount.clone()));
    mount
}

/// Mounts something at the first of `root`, `root@2`, `root@3`, … where nothing else is mounted.
pub fn add_at_free_root(mut request: Request) -> Arc<Mount> {
    change(|table| {
        let wanted = request.root.clone();
        let mut number = 2;
        let taken = |root: &[u8]| {
            let stack = table.by_root.get(root);
            stack.is_some_and(|stack| stack.iter().any(|mount| mount.object != request.object))
        };
        let mut free = wanted.clone();
        while taken(&free) {
            free = [wanted.as_slice(), format!("@{number}").as_bytes()].concat();
            number += 1;
        }
        request.root = free;
        let mount = Mount::new(request);
        table.push(mount.clone());
        mount
    })
}

/// Mounts something in the place of `old`; just so, if that is not mounted any more. The new one is given back.
pub fn replace(old: Option<&Mount>, request: Request) -> Arc<Mount> {
    let mount = Mount::new(request);
    change(|table| {
        if let Some(old) = old {
            table.remove(&old.root, |known| known.id == old.id);
        }
        table.push(mount.clone());
    });
    mount
}

/// Takes the newest mount away that somebody asked for at exactly `root`; what it covered is there again.
pub fn remove_named(root: &[u8]) -> Option<Arc<Mount>> {
    change(|table| table.remove(root, Mount::is_named))
}

fn change<T>(edit: impl FnOnce(&mut Table) -> T) -> T {
    let alone = CHANGING.lock();
    let mut table = Table::default();
    if let Some(now) = &*TABLE.load() {
        for (root, stack) in now.by_root.iter() {
            table.by_root.insert(root, stack.clone());
        }
    }
    let result = edit(&mut table);
    TABLE.store(Some(Arc::new(table)));
    GENERATION.fetch_add(1, Ordering::AcqRel);
    drop(alone);
    result
}

#[cfg(unix)]
fn owner() -> (u32, u32) {
    // SAFETY: both only ask for a number.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

#[cfg(not(unix))]
fn owner() -> (u32, u32) {
    (0, 0)
}

#[cfg(unix)]
fn os_path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

#[cfg(not(unix))]
fn os_path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}
