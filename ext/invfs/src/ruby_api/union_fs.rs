//! `InVFS::UnionFS`: directories and other VFS objects laid over each other.

use std::sync::Arc;

use invfs_engine::vfs::{DirVfs, UnionVfs, Vfs};
use magnus::{
    function, gc, method, prelude::*, scan_args::scan_args, typed_data::Obj, value::Opaque, Error,
    RArray, RClass, RHash, RModule, RString, Ruby, Value,
};

use super::{
    default_path::to_path_keyword,
    native_vfs::{NativeVfs, Receiver, VfsClass, VfsData},
    vfs_value::{is_vfs, vfs_of},
};
use crate::helpers::{gc_root::GcRoot, module::invfs, string};

/// The first layer that has a file wins.
pub struct UnionFS {
    /// The layers as the user gave them, first one on top: keeps the VFS objects alive.
    dirs: Opaque<RArray>,
    /// The same layers, marked one by one because `vfs` refers to them by address.
    layers: Vec<Opaque<Value>>,
    vfs: Arc<UnionVfs>,
    to_path: Vec<u8>,
    /// The absolute path of each layer that is a directory.
    paths: Vec<Option<Vec<u8>>>,
}

impl VfsClass for UnionFS {
    const NAME: &'static str = "UnionFS";
}

impl VfsData for UnionFS {
    fn vfs(&self) -> Arc<dyn Vfs> {
        self.vfs.clone()
    }

    fn to_path(&self) -> &[u8] {
        &self.to_path
    }

    fn mark(&self, marker: &gc::Marker) {
        marker.mark(self.dirs);
        marker.mark_slice(&self.layers);
    }

    fn size(&self) -> usize {
        std::mem::size_of::<Self>() + self.layers.capacity() * std::mem::size_of::<Value>()
    }
}

/// A layer.
struct Part {
    /// The object to keep alive.
    layer: Value,
    vfs: Arc<dyn Vfs>,
    /// The absolute path of a directory.
    path: Option<Vec<u8>>,
}

/// What the user gave as a layer. The path of a file is one of a zip archive.
fn part(ruby: &Ruby, layer: Value) -> Result<Part, Error> {
    let of_vfs = |layer| -> Result<Part, Error> {
        let vfs = vfs_of(ruby, layer)?;
        let path = None;
        Ok(Part { layer, vfs, path })
    };
    if is_vfs(layer) {
        return of_vfs(layer);
    }
    if RHash::from_value(layer).is_some() {
        return of_vfs(invfs(ruby)?.funcall("stringmap", (layer,))?);
    }
    let path = string::expand(string::path_argument(layer)?)?;
    if string::os_path(&path).is_file() {
        return of_vfs(invfs(ruby)?.funcall("zip", (layer,))?);
    }
    let vfs = Arc::new(DirVfs::new(string::os_path(&path)));
    let path = Some(path);
    Ok(Part { layer, vfs, path })
}

impl UnionFS {
    /// @def new(*layers, to_path: "/invfs/union-N")
    /// @param layers [Array<String, #to_path, Hash, VFS>] directories, zip archives and VFS objects, the topmost first; a
    ///   Hash is taken as by {InVFS.stringmap}. A directory's path is made absolute now, and it need not exist yet.
    /// @param to_path [String] the path under which its files appear
    /// @raise [InVFS::ArchiveError] if a path is one of a file that is no zip archive
    /// @example
    ///   $: << InVFS.union("overrides", InVFS.zip("app.zip"))
    fn create(ruby: &Ruby, class: RClass, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
        let args = scan_args::<(), (), RArray, (), RHash, ()>(args)?;
        let to_path = to_path_keyword(args.keywords, "union")?;
        let dirs = args.splat.dup();
        dirs.freeze();
        let held = ruby.ary_new_capa(dirs.len());
        // What is opened here is known to nobody else until the object is made, which marks it.
        let _gc_root = GcRoot::new(held);
        let mut layers = Vec::with_capacity(dirs.len());
        let mut parts: Vec<Arc<dyn Vfs>> = Vec::with_capacity(dirs.len());
        let mut paths = Vec::with_capacity(dirs.len());
        for at in 0..dirs.len() {
            let layer: Value = dirs.entry(at as isize)?;
            let Part { layer, vfs, path } = part(ruby, layer)?;
            parts.push(vfs);
            paths.push(path);
            held.push(layer)?;
            layers.push(layer.into());
        }
        let fs = UnionFS {
            dirs: dirs.into(),
            layers,
            vfs: Arc::new(UnionVfs::new(parts)),
            to_path,
            paths,
        };
        Ok(NativeVfs::wrap(ruby, class, fs))
    }

    /// The layers, directories by their absolute paths.
    fn layers(ruby: &Ruby, rb_self: Receiver<Self>) -> Result<RArray, Error> {
        let layers = ruby.ary_new();
        for (layer, path) in rb_self.layers.iter().zip(&rb_self.paths) {
            match path {
                Some(path) => layers.push(string::path(ruby, path))?,
                None => layers.push(ruby.get_inner(*layer))?,
            }
        }
        Ok(layers)
    }

    /// @def dirs
    /// The layers as they were given, the topmost first.
    /// @return [Array<String, VFS>] frozen
    fn dirs(ruby: &Ruby, rb_self: Receiver<Self>) -> RArray {
        ruby.get_inner(rb_self.dirs)
    }

    /// @def inspect
    /// @return [String]
    fn inspect(ruby: &Ruby, rb_self: Receiver<Self>) -> Result<RString, Error> {
        let path = String::from_utf8_lossy(&rb_self.to_path);
        let dirs: Value = ruby.get_inner(rb_self.dirs).funcall("inspect", ())?;
        Ok(ruby.str_new(&format!("#<InVFS::UnionFS {path} {dirs}>")))
    }
}

/// Defines the class, its 0.3 name `MultipleDirectory`, and `InVFS.union`.
pub fn init(ruby: &Ruby, module: RModule, shared: RModule) -> Result<(), Error> {
    let class = module.define_class("UnionFS", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.include_module(shared)?;
    class.define_singleton_method("new", method!(UnionFS::create, -1))?;
    class.define_method("dirs", method!(UnionFS::dirs, 0))?;
    class.define_method("inspect", method!(UnionFS::inspect, 0))?;
    class.define_private_method("layers", method!(UnionFS::layers, 0))?;
    module.const_set("MultipleDirectory", class)?;
    module.define_singleton_method("union", function!(union, -1))
}

/// @def union(*layers, to_path: "/invfs/union-N")
/// {InVFS::UnionFS.new}.
/// @return [InVFS::UnionFS]
fn union(ruby: &Ruby, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
    let class = invfs(ruby)?.const_get("UnionFS")?;
    UnionFS::create(ruby, class, args)
}
