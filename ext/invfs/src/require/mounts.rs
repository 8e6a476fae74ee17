//! The mount table: which VFS appears under which absolute path.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use invfs_engine::{archive::Identity, mounts::MountTable, path::SubpathBuf, vfs::Vfs};
use magnus::{
    function, prelude::*, rb_sys::AsRawValue, typed_data::Obj, Error, RModule, RString, Ruby,
    TryConvert, Value,
};
use parking_lot::Mutex;

use crate::{
    helpers::{held::Held, ractor, string},
    ruby_api::{
        sub_fs::SubFS,
        vfs_value::{is_vfs, vfs_of},
        zip_fs::ZipFS,
    },
};

/// A VFS with its root. Once adopted it stays, so that what was loaded from it can go on loading.
pub struct Mount {
    /// Absolute, clean, without a trailing slash.
    pub root: Vec<u8>,
    /// The file system.
    pub vfs: Arc<dyn Vfs>,
    /// The Ruby object; it must outlive `vfs`.
    object: Held,
    /// Whether a handler opened it because its path stands in `$:`.
    by_path: bool,
}

/// A directory inside a mount.
#[derive(Clone)]
pub struct Place {
    /// The mount.
    pub mount: Arc<Mount>,
    /// The directory, the root itself when empty.
    pub dir: SubpathBuf,
}

impl Place {
    /// The root directory of a mount.
    fn root(mount: Arc<Mount>) -> Place {
        Place {
            mount,
            dir: SubpathBuf::default(),
        }
    }

    /// The virtual path of the directory.
    pub fn path(&self) -> Vec<u8> {
        self.mount.path_of(&self.dir)
    }
}

impl Mount {
    /// Whether it is the zip archive in the file `identity`, and open.
    pub fn is_zip(&self, identity: &Identity) -> bool {
        zip_identity(self.object.get()).as_ref() == Some(identity)
    }

    /// The Ruby object.
    pub fn object(&self) -> Value {
        self.object.get()
    }

    /// Whether a handler opened it because its path stands in `$:`.
    pub fn by_path(&self) -> bool {
        self.by_path
    }

    /// The virtual path of `sub`.
    pub fn path_of(&self, sub: &invfs_engine::path::Subpath) -> Vec<u8> {
        let mut path = self.root.clone();
        if !sub.is_root() {
            if path != b"/" {
                path.push(b'/');
            }
            path.extend_from_slice(sub.as_bytes());
        }
        path
    }
}

/// Never locked while Ruby code may run.
struct Mounts {
    by_root: MountTable<Arc<Mount>>,
    /// Adopted objects by address, each held in place.
    by_object: HashMap<rb_sys::VALUE, (Held, Arc<Mount>)>,
}

static MOUNTS: LazyLock<Mutex<Mounts>> = LazyLock::new(|| {
    Mutex::new(Mounts {
        by_root: MountTable::default(),
        by_object: HashMap::new(),
    })
});

/// The mount that holds the absolute, clean `path`, and the subpath there.
pub fn find(path: &[u8]) -> Option<(Arc<Mount>, SubpathBuf)> {
    let mounts = MOUNTS.lock();
    let (mount, _, sub) = mounts.by_root.find(path)?;
    Some((mount.clone(), sub.to_owned()))
}

/// The mount with exactly this root.
pub fn at(root: &[u8]) -> Option<Arc<Mount>> {
    MOUNTS.lock().by_root.get(root).cloned()
}

/// Gives `object` its root, if it has none yet, and tells where its files appear.
///
/// The root is `File.expand_path(object.to_path)`, links resolved where that exists. If another VFS
/// has that root already, `@2`, `@3`, … is appended.
pub fn adopt(ruby: &Ruby, object: Value) -> Result<Place, Error> {
    if let Some(mount) = adopted(object) {
        return Ok(Place::root(mount));
    }
    if let Ok(sub_fs) = Obj::<SubFS>::try_convert(object) {
        let mut place = adopt(ruby, sub_fs.parent_value(ruby))?;
        place.dir = place.dir.join(sub_fs.subpath());
        return Ok(place);
    }
    let to_path: Value = object.funcall_public("to_path", ())?;
    let root = string::real_or_same(string::expand(string::path_argument(to_path)?)?);
    let vfs = vfs_of(ruby, object)?;
    // The same file, opened by a handler before: one archive, not two.
    if let Some(identity) = zip_identity(object) {
        if let Some(mount) = at(&root).filter(|mount| mount.by_path && mount.is_zip(&identity)) {
            return Ok(remember(mount, object));
        }
    }
    Ok(insert_once(root, vfs, object))
}

/// Mounts `object` at `root`, in the place of what was there.
pub fn replace(ruby: &Ruby, root: Vec<u8>, object: Value) -> Result<Place, Error> {
    let vfs = vfs_of(ruby, object)?;
    Ok(insert(root, vfs, object))
}

fn insert(root: Vec<u8>, vfs: Arc<dyn Vfs>, object: Value) -> Place {
    let mount = Arc::new(Mount {
        root,
        vfs,
        object: Held::new(object),
        by_path: true,
    });
    MOUNTS.lock().by_root.insert(&mount.root, mount.clone());
    rooted(&mount);
    remember(mount, object)
}

/// Mounts `object` at the first of `root`, `root@2`, … that is free. All under one lock: while its `to_path` ran,
/// another thread may have come here with the same object.
fn insert_once(root: Vec<u8>, vfs: Arc<dyn Vfs>, object: Value) -> Place {
    let (held, own) = (Held::new(object), Held::new(object));
    let mut mounts = MOUNTS.lock();
    if let Some((_, mount)) = mounts.by_object.get(&held.raw()) {
        return Place::root(mount.clone());
    }
    let mut free = root.clone();
    let mut number = 2;
    while mounts.by_root.get(&free).is_some() {
        free = [root.as_slice(), format!("@{number}").as_bytes()].concat();
        number += 1;
    }
    let mount = Arc::new(Mount {
        root: free,
        vfs,
        object: own,
        by_path: false,
    });
    mounts.by_root.insert(&mount.root, mount.clone());
    mounts.by_object.insert(held.raw(), (held, mount.clone()));
    drop(mounts);
    rooted(&mount);
    Place::root(mount)
}

/// Notes that the files of `object` appear in `mount`.
fn remember(mount: Arc<Mount>, object: Value) -> Place {
    let held = Held::new(object);
    let mut mounts = MOUNTS.lock();
    mounts.by_object.insert(held.raw(), (held, mount.clone()));
    Place::root(mount)
}

/// Calls `f` with the root and the file system of every mount.
#[cfg(mounts)]
pub fn each(mut f: impl FnMut(&[u8], &Arc<dyn Vfs>)) {
    for (root, mount) in MOUNTS.lock().by_root.iter() {
        f(root, &mount.vfs);
    }
}

/// The file system has its root now: whoever wants to read it there may.
fn rooted(mount: &Mount) {
    #[cfg(mounts)]
    crate::ruby_api::mount::rooted(&mount.root, &mount.vfs);
    #[cfg(not(mounts))]
    let _ = mount;
}

/// Which file the object is an archive of, if it is an open {InVFS::ZipFS} of a file.
fn zip_identity(object: Value) -> Option<Identity> {
    let zip = Obj::<ZipFS>::try_convert(object).ok()?;
    let archive = zip.archive();
    (!archive.is_closed()).then(|| archive.identity())?
}

fn adopted(object: Value) -> Option<Arc<Mount>> {
    let mounts = MOUNTS.lock();
    let (_, mount) = mounts.by_object.get(&object.as_raw())?;
    Some(mount.clone())
}

/// @def InVFS.root(vfs)
/// The absolute path under which the files of `vfs` appear: in `__FILE__`, `$"`, backtraces. It is decided
/// once, now or when the object was first met in `$:`.
/// @param vfs [VFS]
/// @return [String]
/// @raise [TypeError] when the object has not the four methods of a VFS
/// @example
///   InVFS.root(InVFS.zip("app.zip")) #=> "/home/me/app.zip"
fn root(ruby: &Ruby, vfs: Value) -> Result<RString, Error> {
    ractor::only_main(ruby, "InVFS.root")?;
    if !is_vfs(vfs) {
        let message = "no VFS: to_path, file?, size and read are needed";
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    Ok(string::path(ruby, &adopt(ruby, vfs)?.path()))
}

/// Defines `InVFS.root`.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("root", function!(root, 1))
}
