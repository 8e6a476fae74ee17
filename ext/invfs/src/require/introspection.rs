//! `InVFS.locate`, and native methods for the parts of the gem that are written in Ruby: `InVFS.extract` and
//! `InVFS.explain`.

use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::{Kind, Stat, Vfs};
use invfs_fs::mounts;
use magnus::{
    function, prelude::*, value::ReprValue, Error, IntoValue, RArray, RModule, RString, Ruby, Value,
};

use super::{
    adopted::{Adopted, Place},
    archive_paths, compiled,
    found::Found,
    load_path, resolve,
    trace::{Outcome, Step, Trace},
    visibility,
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

/// `InVFS::Located.list(vfs, name)`: the names in a directory; nil if it is not a directory.
fn list(ruby: &Ruby, vfs: Value, name: RString) -> Result<Option<RArray>, Error> {
    let found = inside(ruby, vfs, name, |vfs, sub| vfs.list(sub))?;
    Ok(found
        .map(|names| ruby.ary_from_iter(names.iter().map(|(name, _)| string::name(ruby, name)))))
}

/// `InVFS::Located.link(vfs, name)`: where a symbolic link leads; nil if it is not a link.
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

/// `InVFS::Located.explain(name, steps)`: what `require name` would do, without doing it: `[:loaded]`,
/// `[:vfs, path, vfs, subpath]`, `[:disk, path]`, or `[:elsewhere]` for what Ruby does not find in `$:` either. Appends all
/// that was looked at to `steps`, also when the search raises.
fn explain(ruby: &Ruby, name: Value, steps: RArray) -> Result<RArray, Error> {
    let name = string::bytes(string::path_argument(name)?);
    let mut trace = Trace::on();
    let found = resolve::explain(ruby, &name, &mut trace);
    for step in trace.into_steps() {
        steps.push(step_as_array(ruby, step)?)?;
    }
    let answer = ruby.ary_new();
    match found? {
        Found::Loaded(_) => answer.push(ruby.to_symbol("loaded"))?,
        Found::Virtual(hit) => {
            answer.push(ruby.to_symbol("vfs"))?;
            answer.push(string::path(ruby, &hit.path))?;
            answer.push(hit.mount.object())?;
            answer.push(string::name(ruby, hit.sub.as_bytes()))?;
        }
        Found::Disk(path) => {
            answer.push(ruby.to_symbol("disk"))?;
            answer.push(string::path(ruby, &path))?;
        }
        Found::Directory | Found::Elsewhere(_) => answer.push(ruby.to_symbol("elsewhere"))?,
    }
    Ok(answer)
}

/// The name of a step and what belongs to it, as the methods of `InVFS::Explanation::Wording` take it.
fn step_as_array(ruby: &Ruby, step: Step) -> Result<RArray, Error> {
    let array = ruby.ary_new();
    let outcome = match step {
        Step::NotLoaded(position) => {
            array.push(ruby.to_symbol("not_loaded"))?;
            array.push(position)?;
            return Ok(array);
        }
        Step::Loaded(position) => {
            array.push(ruby.to_symbol("loaded"))?;
            array.push(position)?;
            return Ok(array);
        }
        Step::Entry {
            name,
            at,
            entry,
            kind,
            outcome,
        } => {
            array.push(ruby.to_symbol("entry"))?;
            array.push(string::path(ruby, &name))?;
            array.push(at)?;
            array.push(string::path(ruby, &entry))?;
            array.push(ruby.to_symbol(kind.name()))?;
            outcome
        }
        Step::Mounted {
            mount,
            path,
            outcome,
        } => {
            array.push(ruby.to_symbol("mounted"))?;
            array.push(string::path(ruby, &path))?;
            array.push(mount.object())?;
            outcome
        }
        Step::Disk { path, outcome } => {
            array.push(ruby.to_symbol("disk"))?;
            array.push(string::path(ruby, &path))?;
            outcome
        }
    };
    array.push(ruby.to_symbol(outcome.name()))?;
    match outcome {
        Outcome::Found(size) | Outcome::TooLarge(size) => array.push(size)?,
        Outcome::Error(message) => array.push(message)?,
        _ => array.push(())?,
    }
    Ok(array)
}

/// `InVFS::Located.file_names(name)`: the file names that may provide a feature, in the order of the search.
fn file_names(ruby: &Ruby, name: RString) -> RArray {
    let names = resolve::file_names(&string::bytes(name));
    ruby.ary_from_iter(names.iter().map(|name| string::path(ruby, name)))
}

/// `InVFS::Located.vfs?(object)`: whether a search takes it for a VFS, not for a path.
fn is_vfs_object(object: Value) -> bool {
    is_vfs(object)
}

/// `InVFS::Located.own_loader`: why the loader of invfs loads the files of `$:`; nil if Ruby's own does.
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
    located.define_singleton_method("stat", function!(stat, 2))?;
    located.define_singleton_method("list", function!(list, 2))?;
    located.define_singleton_method("link", function!(link, 2))?;
    located.define_singleton_method("read", function!(read, 2))?;
    located.define_singleton_method("compiled?", function!(is_compiled, 3))?;
    located.define_singleton_method("explain", function!(explain, 2))?;
    located.define_singleton_method("file_names", function!(file_names, 1))?;
    located.define_singleton_method("vfs?", function!(is_vfs_object, 1))?;
    located.define_singleton_method("own_loader", function!(own_loader, 0))?;
    located.define_singleton_method("counts_lines?", function!(counts_lines, 0))?;
    module.funcall::<_, _, Value>("private_constant", ("Located",))?;
    Ok(())
}
