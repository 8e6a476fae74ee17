//! One mount: a file system at a path, and what is said about it.

use std::any::Any;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::Arc;

#[cfg(mounts)]
use crate::file_system::FileSystem;
use invfs_engine::archive::Identity;
use invfs_engine::os;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Vfs;

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
    file_system: Option<Arc<dyn FileSystem>>,
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
    pub file_system: Option<Arc<dyn FileSystem>>,
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
    pub(super) fn new(request: Request) -> Arc<Mount> {
        let over = match (request.origin, &request.file) {
            (Origin::Named, _) => Over::Nothing,
            (Origin::Adopted, Some(_)) => Over::File,
            (Origin::Adopted, None) => match std::fs::metadata(os::path(&request.root)) {
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
            file_system: request.file_system,
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
    pub fn unlisted(root: &[u8], file_system: Arc<dyn FileSystem>) -> Arc<Mount> {
        Arc::new(Mount {
            id: 0,
            root: root.into(),
            origin: Origin::Named,
            vfs: None,
            file_system: Some(file_system),
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
    pub fn file_system(&self) -> &dyn FileSystem {
        match &self.file_system {
            Some(file_system) => &**file_system,
            None => crate::mounts::nothing::NOTHING,
        }
    }

    /// Whether file operations see it.
    pub fn is_visible(&self) -> bool {
        self.visible.load(Ordering::Acquire)
    }

    /// Lets file operations see it, or not.
    pub fn show(&self, visible: bool) {
        self.visible.store(visible, Ordering::Release);
        crate::mounts::generation::changed();
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

#[cfg(unix)]
fn owner() -> (u32, u32) {
    // SAFETY: both only ask for a number.
    unsafe { (libc::geteuid(), libc::getegid()) }
}

#[cfg(not(unix))]
fn owner() -> (u32, u32) {
    (0, 0)
}
