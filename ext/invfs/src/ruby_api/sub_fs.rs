//! `InVFS::SubFS`: a directory of another VFS.

use std::sync::Arc;

use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::{SubVfs, Vfs};
use magnus::{
    gc, method, prelude::*, typed_data::Obj, value::Opaque, Error, RClass, RModule, RString, Ruby,
    Value,
};

use super::{
    native_vfs::{NativeVfs, Receiver, VfsClass, VfsData},
    vfs_value::{is_vfs, vfs_of},
};
use crate::helpers::{module::invfs, string};

/// The files below one directory of a VFS; the same features as the parent's.
pub struct SubFS {
    parent: Opaque<Value>,
    dir: SubpathBuf,
    vfs: Arc<SubVfs>,
    to_path: Vec<u8>,
}

impl VfsClass for SubFS {
    const NAME: &'static str = "SubFS";
}

impl VfsData for SubFS {
    fn vfs(&self) -> Arc<dyn Vfs> {
        self.vfs.clone()
    }

    fn to_path(&self) -> &[u8] {
        &self.to_path
    }

    // `vfs` refers to the parent by address.
    fn mark(&self, marker: &gc::Marker) {
        marker.mark(self.parent);
    }

    fn size(&self) -> usize {
        std::mem::size_of::<Self>() + self.to_path.capacity()
    }
}

impl SubFS {
    /// The directory `dir` of `parent`.
    pub fn create(ruby: &Ruby, parent: Value, dir: Value) -> Result<Value, Error> {
        let class = invfs(ruby)?.const_get("SubFS")?;
        SubFS::below(ruby, class, parent, dir).map(|fs| fs.as_value())
    }

    /// @def new(vfs, dir)
    /// @param vfs [VFS] any object with the four methods
    /// @param dir [String] a directory inside it, relative to its root; it need not exist yet
    /// @raise [ArgumentError] when `dir` is absolute or leaves the VFS
    /// @example
    ///   $: << InVFS.zip("app.zip").sub("gems/rack/lib")
    fn below(
        ruby: &Ruby,
        class: RClass,
        parent: Value,
        dir: Value,
    ) -> Result<Obj<NativeVfs>, Error> {
        if !is_vfs(parent) {
            // SAFETY: the class name is copied into the message at once.
            let name = unsafe { parent.classname() }.into_owned();
            let message = format!("{name} is no VFS: to_path, file?, size and read are needed");
            return Err(Error::new(ruby.exception_type_error(), message));
        }
        let Some(sub) = string::subpath(dir)? else {
            let message = format!("{dir} is not a directory inside the VFS");
            return Err(Error::new(ruby.exception_arg_error(), message));
        };
        let parent_path: Value = parent.funcall_public("to_path", ())?;
        let mut to_path = string::bytes(string::path_argument(parent_path)?);
        if !sub.is_root() {
            to_path.push(b'/');
            to_path.extend_from_slice(sub.as_bytes());
        }
        let fs = SubFS {
            parent: parent.into(),
            vfs: Arc::new(SubVfs::new(vfs_of(ruby, parent)?, sub.clone())),
            dir: sub,
            to_path,
        };
        Ok(NativeVfs::wrap(ruby, class, fs))
    }

    /// @def parent
    /// @return [VFS] the VFS that this is a directory of
    fn parent(ruby: &Ruby, rb_self: Receiver<Self>) -> Value {
        ruby.get_inner(rb_self.parent)
    }

    /// @def dir
    /// @return [String] the directory inside {#parent}, clean, without slashes around it
    fn dir(ruby: &Ruby, rb_self: Receiver<Self>) -> RString {
        string::name(ruby, rb_self.dir.as_bytes())
    }

    /// The directory inside the parent.
    pub fn subpath(&self) -> &SubpathBuf {
        &self.dir
    }

    /// The parent object.
    pub fn parent_value(&self, ruby: &Ruby) -> Value {
        ruby.get_inner(self.parent)
    }
}

/// Defines the class.
pub fn init(ruby: &Ruby, module: RModule, shared: RModule) -> Result<(), Error> {
    let class = module.define_class("SubFS", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.include_module(shared)?;
    class.define_singleton_method("new", method!(SubFS::below, 2))?;
    class.define_method("parent", method!(SubFS::parent, 0))?;
    class.define_method("dir", method!(SubFS::dir, 0))?;
    Ok(())
}
