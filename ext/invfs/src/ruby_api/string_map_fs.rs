//! `InVFS::StringMapFS`: a Hash of names and Strings as a VFS.

use std::sync::Arc;

use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::{Kind, Stat, Vfs};
use magnus::{
    function, gc, method, prelude::*, scan_args::scan_args, typed_data::Obj, value::Opaque, Error,
    RArray, RClass, RHash, RModule, RString, Ruby, Value,
};

use super::{
    default_path::to_path_keyword,
    errors::to_ruby,
    map_vfs::MapVfs,
    native_vfs::{NativeVfs, Receiver, VfsClass, VfsData},
    read::read_all,
};
use crate::helpers::{module::invfs, string};

/// A live view of a Hash.
pub struct StringMapFS {
    map: Opaque<RHash>,
    vfs: Arc<MapVfs>,
    to_path: Vec<u8>,
}

impl VfsClass for StringMapFS {
    const NAME: &'static str = "StringMapFS";
}

impl VfsData for StringMapFS {
    fn vfs(&self) -> Arc<dyn Vfs> {
        self.vfs.clone()
    }

    fn to_path(&self) -> &[u8] {
        &self.to_path
    }

    // `vfs` holds the same address.
    fn mark(&self, marker: &gc::Marker) {
        marker.mark(self.map);
    }

    fn size(&self) -> usize {
        std::mem::size_of::<Self>() + std::mem::size_of::<MapVfs>() + self.to_path.capacity()
    }
}

/// `InVFS.stringmap("a.rb" => "...", to_path: "/x")`: Ruby passes the braceless Hash as keywords too.
fn braceless(ruby: &Ruby, both: RHash) -> Result<(Value, RHash), Error> {
    let map: RHash = both.funcall("dup", ())?;
    let keywords = ruby.hash_new();
    let to_path = ruby.to_symbol("to_path");
    if let Some(path) = map.get(to_path) {
        keywords.aset(to_path, path)?;
        map.funcall::<_, _, Value>("delete", (to_path,))?;
    }
    if map.is_empty() {
        let message = "wrong number of arguments (given 0, expected 1)";
        return Err(Error::new(ruby.exception_arg_error(), message));
    }
    Ok((map.as_value(), keywords))
}

fn flat(ruby: &Ruby, list: RArray) -> Result<Value, Error> {
    let map = ruby.hash_new();
    if list.len() % 2 == 1 {
        let message = "odd number of arguments for Hash";
        return Err(Error::new(ruby.exception_arg_error(), message));
    }
    for at in (0..list.len() as isize).step_by(2) {
        map.aset::<Value, Value>(list.entry(at)?, list.entry(at + 1)?)?;
    }
    Ok(map.as_value())
}

impl StringMapFS {
    /// @def new(map, to_path: "/invfs/stringmap-N")
    /// @param map [Hash{String => String}, Array<(String, String)>] names (relative, `/`-separated) and
    ///   contents. A Hash is used as it is: later changes of it are seen.
    /// @param to_path [String] the path under which its files appear
    /// @example
    ///   $: << InVFS.stringmap({"hello.rb" => "puts :hello"})
    ///   require "hello"
    fn create(ruby: &Ruby, class: RClass, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
        let args = scan_args::<(), (), RArray, (), RHash, ()>(args)?;
        let (map, keywords) = match args.splat.len() {
            0 => braceless(ruby, args.keywords)?,
            1 => (args.splat.entry(0)?, args.keywords),
            // `InVFS.stringmap("a.rb", "...")`, as 0.3 and `Hash[]` take it.
            _ => (flat(ruby, args.splat)?, args.keywords),
        };
        let to_path = to_path_keyword(keywords, "stringmap")?;
        let map = match RHash::from_value(map) {
            Some(hash) => hash,
            None => ruby.class_hash().funcall("[]", (map,))?,
        };
        let name = String::from_utf8_lossy(&to_path).into_owned();
        let fs = StringMapFS {
            map: map.into(),
            vfs: Arc::new(MapVfs::new(map, name)),
            to_path,
        };
        Ok(NativeVfs::wrap(ruby, class, fs))
    }

    /// @def size(path)
    /// @return [Integer, nil] the length in bytes; nil where there is no such file
    fn size(ruby: &Ruby, rb_self: Receiver<Self>, path: Value) -> Result<Option<u64>, Error> {
        let found = rb_self.find(ruby, path)?;
        Ok(found.map(|(_, stat)| stat.size))
    }

    /// @def read(path)
    /// @return [String, nil] a binary copy; nil where there is no such file
    fn read(ruby: &Ruby, rb_self: Receiver<Self>, path: Value) -> Result<Option<RString>, Error> {
        match rb_self.find(ruby, path)? {
            Some((sub, _)) => read_all(ruby, &*rb_self.vfs, &sub, u64::MAX).map(Some),
            None => Ok(None),
        }
    }

    fn find(&self, ruby: &Ruby, path: Value) -> Result<Option<(SubpathBuf, Stat)>, Error> {
        let Some(sub) = string::subpath(path)? else {
            return Ok(None);
        };
        let stat = self.vfs.stat(&sub).map_err(|e| to_ruby(ruby, e))?;
        let file = stat.filter(|stat| stat.kind == Kind::File);
        Ok(file.map(|stat| (sub, stat)))
    }

    /// @def map
    /// The Hash itself.
    /// @return [Hash{String => String}]
    fn map(ruby: &Ruby, rb_self: Receiver<Self>) -> RHash {
        ruby.get_inner(rb_self.map)
    }
}

/// Defines the class and `InVFS.stringmap`.
pub fn init(ruby: &Ruby, module: RModule, shared: RModule) -> Result<(), Error> {
    let class = module.define_class("StringMapFS", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.include_module(shared)?;
    class.define_singleton_method("new", method!(StringMapFS::create, -1))?;
    class.define_method("size", method!(StringMapFS::size, 1))?;
    class.define_method("read", method!(StringMapFS::read, 1))?;
    class.define_method("map", method!(StringMapFS::map, 0))?;
    module.define_singleton_method("stringmap", function!(stringmap, -1))
}

/// @def stringmap(map, to_path: "/invfs/stringmap-N")
/// {InVFS::StringMapFS.new}.
/// @return [InVFS::StringMapFS]
fn stringmap(ruby: &Ruby, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
    let class = invfs(ruby)?.const_get("StringMapFS")?;
    StringMapFS::create(ruby, class, args)
}
