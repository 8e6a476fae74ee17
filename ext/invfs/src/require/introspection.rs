//! From a path to the VFS that holds it, for the parts of the gem that are written in Ruby: `InVFS.extract` and
//! `InVFS.explain`.

use invfs_engine::{
    mounts,
    path::SubpathBuf,
    vfs::{Kind, Stat, Vfs},
};
use magnus::{
    function, prelude::*, value::ReprValue, Error, IntoValue, RArray, RModule, RString, Ruby, Value,
};

use super::{
    adopted::{Adopted, Place},
    archive_paths, compiled, features_index,
    found::Found,
    load_path, resolve, visibility,
};
use crate::{
    helpers::{ractor, string},
    ruby_api::{
        errors::to_ruby,
        read::read_all,
        vfs_value::{is_vfs, vfs_of},
    },
};

/// @def InVFS.locate(path)
/// Which VFS holds `path`, and under which name: what is mounted, the VFS objects and archives of `$:`, and everything that
/// code was loaded from. Whether there is a file of that name is not said.
/// @param path [String, #to_path]
/// @return [Array(VFS, String), nil] the object and the subpath; nil for a path that lies in none
/// @example
///   InVFS.locate("#{InVFS.root(app)}/lib/a.rb") #=> [app, "lib/a.rb"]
fn locate(ruby: &Ruby, path: Value) -> Result<Value, Error> {
    ractor::only_main(ruby, "InVFS.locate")?;
    let path = string::expand(string::path_argument(path)?)?;
    // Objects that were put in `$:` since the last search get their roots first.
    load_path::current(ruby)?;
    let Some(place) = mounts::find(&path) else {
        return Ok(ruby.qnil().as_value());
    };
    if place.mount.by_path() {
        // The archive may have been replaced since; what is gone altogether is still held open.
        if let Some(place) = archive_paths::place(ruby, &path)? {
            return pair(ruby, &place);
        }
    }
    pair(ruby, &place)
}

/// `InVFS::Located.entry(path)`: the VFS behind a path that stands in `$:`, opened as a search does it.
/// Returns what {InVFS.locate} returns; raises the `LoadError` of a handler that cannot open the file.
fn entry(ruby: &Ruby, path: Value) -> Result<Value, Error> {
    let path = string::real_or_same(string::expand(string::path_argument(path)?)?);
    match archive_paths::place(ruby, &path)? {
        Some(place) => pair(ruby, &place),
        None => Ok(ruby.qnil().as_value()),
    }
}

fn pair(ruby: &Ruby, place: &Place) -> Result<Value, Error> {
    let array = ruby.ary_new();
    array.push(place.mount.object())?;
    array.push(string::name(ruby, place.sub.as_bytes()))?;
    Ok(array.as_value())
}

/// What a name means in a VFS object; `None` for a name that leads out of it.
fn inside<T>(
    ruby: &Ruby,
    vfs: Value,
    name: RString,
    ask: impl FnOnce(&dyn Vfs, &SubpathBuf) -> invfs_engine::Result<Option<T>>,
) -> Result<Option<T>, Error> {
    let Some(sub) = SubpathBuf::clean(&string::bytes(name)) else {
        return Ok(None);
    };
    let file_system = vfs_of(ruby, vfs)?;
    ask(&*file_system, &sub).map_err(|e| to_ruby(ruby, e))
}

/// `InVFS::Located.stat(vfs, name)`: kind, size and permissions, links followed; nil where there is nothing.
fn stat(ruby: &Ruby, vfs: Value, name: RString) -> Result<Value, Error> {
    let found = inside(ruby, vfs, name, |vfs, sub| vfs.stat(sub))?;
    let Some(Stat {
        kind, size, mode, ..
    }) = found
    else {
        return Ok(ruby.qnil().as_value());
    };
    let kind = match kind {
        Kind::File => "file",
        Kind::Directory => "directory",
        Kind::Symlink => "symlink",
    };
    Ok((ruby.to_symbol(kind), size, mode).into_value_with(ruby))
}

/// `InVFS::Located.list(vfs, name)`: the names in a directory; nil where it is none.
fn list(ruby: &Ruby, vfs: Value, name: RString) -> Result<Option<RArray>, Error> {
    let found = inside(ruby, vfs, name, |vfs, sub| vfs.list(sub))?;
    Ok(found
        .map(|names| ruby.ary_from_iter(names.iter().map(|(name, _)| string::name(ruby, name)))))
}

/// `InVFS::Located.link(vfs, name)`: where a symbolic link leads; nil for what is none.
fn link(ruby: &Ruby, vfs: Value, name: RString) -> Result<Option<RString>, Error> {
    let found = inside(ruby, vfs, name, |vfs, sub| vfs.link(sub))?;
    Ok(found.map(|target| string::name(ruby, &target)))
}

/// `InVFS::Located.read(vfs, name)`: the contents of a file, of whatever size; nil for a name that leads out.
fn read(ruby: &Ruby, vfs: Value, name: RString) -> Result<Option<RString>, Error> {
    let Some(sub) = SubpathBuf::clean(&string::bytes(name)) else {
        return Ok(None);
    };
    read_all(ruby, &*vfs_of(ruby, vfs)?, &sub, u64::MAX).map(Some)
}

/// `InVFS::Located.compiled?(vfs, name, path)`: whether loading would take compiled code in place of the source.
fn is_compiled(ruby: &Ruby, vfs: Value, name: RString, path: RString) -> Result<bool, Error> {
    let (key, path) = (compiled::key(ruby)?, string::bytes(path));
    let code = inside(ruby, vfs, name, |vfs, sub| vfs.compiled(sub, &key, &path))?;
    Ok(code.is_some())
}

/// `InVFS::Located.feature(name)`: what `require name` would do, without doing it: `[:loaded, element of $" or nil]`,
/// `[:vfs, path]`, `[:disk, path]`, or `[:elsewhere, path, size]` with what was passed over, or nils.
fn feature(ruby: &Ruby, name: Value) -> Result<RArray, Error> {
    let name = string::bytes(string::path_argument(name)?);
    let answer = |what: &str, path: Option<Vec<u8>>, size: Option<u64>| -> Result<RArray, Error> {
        let array = ruby.ary_new();
        array.push(ruby.to_symbol(what))?;
        array.push(path.map(|path| string::path(ruby, &path)))?;
        if what == "elsewhere" {
            array.push(size)?;
        }
        Ok(array)
    };
    match resolve::feature(ruby, &name)? {
        Found::Loaded(remember) => {
            let position = remember.map(|remember| remember.position);
            answer("loaded", position.and_then(features_index::at), None)
        }
        Found::Virtual(hit) => answer("vfs", Some(hit.path), None),
        Found::Disk(path) => answer("disk", Some(path), None),
        Found::Directory => answer("elsewhere", None, None),
        Found::Elsewhere(None) => answer("elsewhere", None, None),
        Found::Elsewhere(Some(large)) => answer("elsewhere", Some(large.path), Some(large.size)),
    }
}

/// `InVFS::Located.vfs?(object)`: whether a search takes it for a VFS, not for a path.
fn is_vfs_object(object: Value) -> bool {
    is_vfs(object)
}

/// `InVFS::Located.own_loader`: why invfs loads by itself what stands in `$:`; nil where Ruby does.
fn own_loader() -> Option<String> {
    visibility::hindrance()
}

/// `InVFS::Located.counts_lines?`: whether `Coverage` was set up, so that compiled code cannot be taken.
fn counts_lines() -> bool {
    compiled::counts_lines()
}

/// Defines `InVFS.locate`, and `InVFS::Located` for the gem itself.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("locate", function!(locate, 1))?;
    let located = module.define_module("Located")?;
    located.define_singleton_method("entry", function!(entry, 1))?;
    located.define_singleton_method("stat", function!(stat, 2))?;
    located.define_singleton_method("list", function!(list, 2))?;
    located.define_singleton_method("link", function!(link, 2))?;
    located.define_singleton_method("read", function!(read, 2))?;
    located.define_singleton_method("compiled?", function!(is_compiled, 3))?;
    located.define_singleton_method("feature", function!(feature, 1))?;
    located.define_singleton_method("vfs?", function!(is_vfs_object, 1))?;
    located.define_singleton_method("own_loader", function!(own_loader, 0))?;
    located.define_singleton_method("counts_lines?", function!(counts_lines, 0))?;
    module.funcall::<_, _, Value>("private_constant", ("Located",))?;
    Ok(())
}
