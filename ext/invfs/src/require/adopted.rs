//! Adopts VFS objects and archives: gives each its root, and mounts it there.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use invfs_engine::archive::Identity;
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::Vfs;
use invfs_fs::mounts;
use invfs_fs::mounts::{Origin, Request};
use magnus::{
    function,
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    Error, RModule, RString, Ruby, Value,
};
use parking_lot::Mutex;

pub use invfs_fs::mounts::{Mount, Place};

use super::visibility;

use crate::{
    helpers::{
        gc_root::{keep, GcRoot},
        ractor, string,
    },
    ruby_api::{
        native_vfs::Receiver,
        sub_fs::SubFS,
        vfs_value::{is_vfs, vfs_of},
        zip_fs::ZipFS,
    },
};

/// What `require` asks of a mount.
pub trait Adopted {
    /// The VFS.
    fn vfs(&self) -> &dyn Vfs;
    /// The Ruby object behind it.
    fn object(&self) -> Value;
    /// Whether a handler opened it for a path in `$:`.
    fn by_path(&self) -> bool;
    /// Whether it is the zip archive in the file `identity`, and open.
    fn is_zip(&self, identity: &Identity) -> bool;
}

impl Adopted for Mount {
    fn vfs(&self) -> &dyn Vfs {
        match &self.vfs {
            Some(vfs) => &**vfs,
            None => &Nothing,
        }
    }

    fn object(&self) -> Value {
        // SAFETY: `object` is the address of a Ruby object that the mount's token keeps alive and in place.
        unsafe { Value::from_raw(self.object as rb_sys::VALUE) }
    }

    fn by_path(&self) -> bool {
        self.watch.is_some()
    }

    fn is_zip(&self, identity: &Identity) -> bool {
        zip_identity(self.object()).as_ref() == Some(identity)
    }
}

/// A VFS that has no files.
struct Nothing;

impl Vfs for Nothing {
    fn stat(
        &self,
        _: &invfs_engine::path::Subpath,
    ) -> invfs_engine::Result<Option<invfs_engine::vfs::Stat>> {
        Ok(None)
    }

    fn read(
        &self,
        sub: &invfs_engine::path::Subpath,
        _: u64,
        _: &mut dyn invfs_engine::vfs::Sink,
    ) -> invfs_engine::Result<()> {
        let kind = invfs_engine::ErrorKind::NotFound;
        Err(invfs_engine::Error::new(kind, "", "").entry(sub.as_bytes()))
    }

    fn list(
        &self,
        _: &invfs_engine::path::Subpath,
    ) -> invfs_engine::Result<Option<invfs_engine::vfs::Listing>> {
        Ok(None)
    }
}

/// Objects by address, each held in place, with the mounts in which their files appear.
type Objects = HashMap<rb_sys::VALUE, (GcRoot, Arc<Mount>)>;

/// What was adopted. Never locked while Ruby code may run.
static ADOPTED: LazyLock<Mutex<Objects>> = LazyLock::new(Mutex::default);

/// The adopted mount that holds the absolute, clean `path`, and the subpath there. `None` also if a named mount covers
/// that path.
pub fn find(path: &[u8]) -> Option<(Arc<Mount>, SubpathBuf)> {
    let place = mounts::find(path)?;
    (!place.mount.is_named()).then_some((place.mount, place.sub))
}

/// The adopted mount with exactly this root.
pub fn at(root: &[u8]) -> Option<Arc<Mount>> {
    let (mount, sub) = find(root)?;
    sub.is_root().then_some(mount)
}

/// Gives `object` its root, if it has none yet, and tells where its files appear.
///
/// The root is `File.expand_path(object.to_path)`, links resolved where that exists. If another VFS
/// has that root already, `@2`, `@3`, … is appended.
pub fn adopt(ruby: &Ruby, object: Value) -> Result<Place, Error> {
    if let Some(mount) = adopted(object) {
        return Ok(Place::root(mount));
    }
    if let Some(sub_fs) = Receiver::<SubFS>::of(object) {
        let mut place = adopt(ruby, sub_fs.parent_value(ruby))?;
        place.sub = place.sub.join(sub_fs.subpath());
        return Ok(place);
    }
    let to_path: Value = object.funcall_public("to_path", ())?;
    let root = string::real_or_same(string::expand(string::path_argument(to_path)?)?);
    let vfs = vfs_of(ruby, object)?;
    // The same file, opened by a handler before: one archive, not two.
    if let Some(identity) = zip_identity(object) {
        if let Some(mount) = at(&root).filter(|mount| mount.by_path() && mount.is_zip(&identity)) {
            return Ok(remember(mount, object));
        }
    }
    let mut request = request(ruby, root, vfs, object, None);
    // If `to_path` is not a String, Ruby's own search raises at this entry of `$:`, and so cannot load from it.
    request.visible &= RString::from_value(to_path).is_some();
    Ok(insert_once(request, object))
}

/// Mounts `object`, which a handler made of the file `identity`, at `root`. It replaces the mount of an older file there.
pub fn replace(
    ruby: &Ruby,
    root: Vec<u8>,
    object: Value,
    identity: Identity,
) -> Result<Place, Error> {
    let vfs = vfs_of(ruby, object)?;
    let old = at(&root).filter(|mount| mount.by_path());
    let request = request(ruby, root, vfs, object, Some(identity));
    let mount = mounts::replace(old.as_deref(), request);
    Ok(remember(mount, object))
}

fn request(
    ruby: &Ruby,
    root: Vec<u8>,
    vfs: Arc<dyn Vfs>,
    object: Value,
    file: Option<Identity>,
) -> Request {
    let mut request = Request {
        root,
        origin: Origin::Adopted,
        visible: false,
        #[cfg(mounts)]
        file_system: None,
        vfs: Some(vfs),
        file,
        object: object.as_raw() as usize,
        kept: Some(keep(object)),
    };
    visibility::prepare(ruby, &mut request);
    request
}

/// Mounts `object` at the first free root, unless another thread did so while `to_path` of the object ran.
fn insert_once(request: Request, object: Value) -> Place {
    let gc_root = GcRoot::new(object);
    let mut adopted = ADOPTED.lock();
    if let Some((_, mount)) = adopted.get(&gc_root.raw()) {
        return Place::root(mount.clone());
    }
    let mount = mounts::add_at_free_root(request);
    adopted.insert(gc_root.raw(), (gc_root, mount.clone()));
    Place::root(mount)
}

/// Notes that the files of `object` appear in `mount`.
fn remember(mount: Arc<Mount>, object: Value) -> Place {
    let gc_root = GcRoot::new(object);
    ADOPTED
        .lock()
        .insert(gc_root.raw(), (gc_root, mount.clone()));
    Place::root(mount)
}

/// The identity of the file behind an open {InVFS::ZipFS}.
fn zip_identity(object: Value) -> Option<Identity> {
    let zip = Receiver::<ZipFS>::of(object)?;
    let archive = zip.archive();
    (!archive.is_closed()).then(|| archive.identity())?
}

fn adopted(object: Value) -> Option<Arc<Mount>> {
    let adopted = ADOPTED.lock();
    let (_, mount) = adopted.get(&object.as_raw())?;
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
        let message = format!(
            "{} is no VFS: to_path, file?, size and read are needed",
            vfs.inspect()
        );
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    Ok(string::path(ruby, &adopt(ruby, vfs)?.path()))
}

/// Defines `InVFS.root`.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("root", function!(root, 1))
}
