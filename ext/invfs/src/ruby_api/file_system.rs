//! `InVFS::FileSystem`: the methods that all native VFS classes share.

use std::sync::Arc;

use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::ErrorKind;
use magnus::{method, prelude::*, Error, RArray, RModule, RString, Ruby, Value};

use super::{errors::to_ruby, native_vfs::NativeVfs, read::read_sized, sub_fs::SubFS};
use crate::helpers::string;

/// The file system inside `rb_self`, or a `TypeError` where the module was included elsewhere.
fn receiver(ruby: &Ruby, rb_self: Value) -> Result<Arc<dyn Vfs>, Error> {
    let native = NativeVfs::of(rb_self).map(|native| native.vfs());
    native.ok_or_else(|| {
        // SAFETY: the class name is copied into the message at once.
        let class = unsafe { rb_self.classname() }.into_owned();
        Error::new(
            ruby.exception_type_error(),
            format!("{class} has no native file system"),
        )
    })
}

/// What a path names in a VFS.
struct Located {
    vfs: Arc<dyn Vfs>,
    sub: SubpathBuf,
    kind: Kind,
    /// Of a file, where it costs nothing to know.
    size: Option<u64>,
}

/// `None` where `path` names nothing: above the root, absolute, or a file with a slash (or `/.`) behind it, as for
/// the operating system.
fn locate(ruby: &Ruby, rb_self: Value, path: Value) -> Result<Option<Located>, Error> {
    let vfs = receiver(ruby, rb_self)?;
    let raw = string::path_bytes(path)?;
    let Some(sub) = SubpathBuf::clean(&raw) else {
        return Ok(None);
    };
    let found = match vfs.is_independent() {
        true => vfs
            .stat(&sub)
            .map(|stat| stat.map(|s| (s.kind, Some(s.size)))),
        // Ruby code would be asked for the size.
        false => vfs.kind(&sub).map(|kind| kind.map(|kind| (kind, None))),
    };
    let found = found.map_err(|e| to_ruby(ruby, e))?;
    let wants_directory = raw.ends_with(b"/") || raw.ends_with(b"/.") || raw.ends_with(b"/..");
    Ok(found
        .filter(|(kind, _)| !wants_directory || *kind == Kind::Directory)
        .map(|(kind, size)| Located {
            vfs,
            sub,
            kind,
            size,
        }))
}

/// @def file?(path)
/// Whether `path` is a regular file.
/// @param path [String, #to_path] relative to the root; `.` and `..` inside it are resolved
/// @return [Boolean] false also for `""`, absolute paths and what lies above the root
fn is_file(ruby: &Ruby, rb_self: Value, path: Value) -> Result<bool, Error> {
    let found = locate(ruby, rb_self, path)?;
    Ok(found.is_some_and(|found| found.kind == Kind::File))
}

/// @def directory?(path)
/// Whether `path` is a directory, whether or not the archive lists it.
/// @return [Boolean]
fn is_directory(ruby: &Ruby, rb_self: Value, path: Value) -> Result<bool, Error> {
    let found = locate(ruby, rb_self, path)?;
    Ok(found.is_some_and(|found| found.kind == Kind::Directory))
}

/// @def size(path)
/// The length of a file in bytes.
/// @return [Integer]
/// @raise [Errno::ENOENT, Errno::EISDIR]
fn size(ruby: &Ruby, rb_self: Value, path: Value) -> Result<u64, Error> {
    let found = locate(ruby, rb_self, path)?;
    if let Some(file) = found.as_ref().filter(|found| found.kind == Kind::File) {
        if let Some(size) = file.size {
            return Ok(size);
        }
        if let Some(stat) = file.vfs.stat(&file.sub).map_err(|e| to_ruby(ruby, e))? {
            return Ok(stat.size);
        }
    }
    Err(absent(ruby, rb_self, path, found.is_some())?)
}

/// @def read(path)
/// The contents of a file.
/// @return [String] new, binary, not frozen
/// @raise [Errno::ENOENT, Errno::EISDIR]
/// @raise [InVFS::ArchiveError] when the archive is damaged; it names the entry
fn read(ruby: &Ruby, rb_self: Value, path: Value) -> Result<RString, Error> {
    match locate(ruby, rb_self, path)? {
        Some(file) if file.kind == Kind::File => {
            read_sized(ruby, &*file.vfs, &file.sub, file.size, u64::MAX)
        }
        found => Err(absent(ruby, rb_self, path, found.is_some())?),
    }
}

fn absent(ruby: &Ruby, rb_self: Value, path: Value, exists: bool) -> Result<Error, Error> {
    let root = NativeVfs::of(rb_self)
        .map(|native| String::from_utf8_lossy(native.to_path()).into_owned())
        .unwrap_or_default();
    let path = string::path_bytes(path)?;
    let kind = match exists {
        true => ErrorKind::IsDirectory,
        false => ErrorKind::NotFound,
    };
    let error = invfs_engine::Error::new(kind, root, "").entry(&path);
    Ok(to_ruby(ruby, error))
}

/// @def entries
/// The names of all files, relative to the root, directories not among them.
/// @return [Array<String>]
fn entries(ruby: &Ruby, rb_self: Value) -> Result<RArray, Error> {
    let vfs = receiver(ruby, rb_self)?;
    let names = walk(&*vfs).map_err(|e| to_ruby(ruby, e))?;
    Ok(ruby.ary_from_iter(names.iter().map(|name| string::name(ruby, name))))
}

/// The subpaths of all files below the root, sorted within each directory.
pub fn walk(vfs: &dyn Vfs) -> invfs_engine::Result<Vec<Vec<u8>>> {
    let mut found = Vec::new();
    let mut pending = vec![SubpathBuf::default()];
    while let Some(directory) = pending.pop() {
        for (name, kind) in vfs.list(&directory)?.unwrap_or_default() {
            let Some(name) = Subpath::new(&name) else {
                continue;
            };
            let path = directory.join(name);
            match kind {
                Kind::Directory => pending.push(path),
                // A link counts as what it leads to; a directory behind one is not entered, as in `Find`.
                Kind::Symlink if vfs.stat(&path)?.is_none_or(|s| s.kind != Kind::File) => {}
                Kind::File | Kind::Symlink => found.push(path.as_bytes().to_vec()),
            }
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// @def each(&block)
/// Yields each name of {#entries}.
/// @return [self, Enumerator] an Enumerator without a block
fn each(ruby: &Ruby, rb_self: Value) -> Result<Value, Error> {
    if !ruby.block_given() {
        return Ok(rb_self.enumeratorize("each", ()).as_value());
    }
    // `entries` may be overridden; ask the object.
    let names: RArray = rb_self.funcall("entries", ())?;
    for at in 0..names.len() {
        ruby.yield_value::<Value, Value>(names.entry(at as isize)?)?;
    }
    Ok(rb_self)
}

/// @def sub(dir)
/// The directory `dir` as a VFS of its own, whose files are the same features as the parent's.
/// With two arguments it is `String#sub` of {#to_path}: Bundler calls that on everything in `$:`.
/// @param dir [String]
/// @return [InVFS::SubFS]
fn sub(ruby: &Ruby, rb_self: Value, args: &[Value]) -> Result<Value, Error> {
    match args {
        [dir] => SubFS::create(ruby, rb_self, *dir),
        _ => to_path(ruby, rb_self)?.funcall("sub", args),
    }
}

/// @def to_path
/// The path that was given to the constructor; `to_s` and `to_str` are the same, so that code which takes
/// everything in `$:` for a String still works.
/// @return [String]
fn to_path(ruby: &Ruby, rb_self: Value) -> Result<RString, Error> {
    receiver(ruby, rb_self)?;
    let path = NativeVfs::of(rb_self).map(|native| native.to_path().to_vec());
    Ok(string::path(ruby, &path.unwrap_or_default()))
}

/// @def inspect
/// @return [String]
fn inspect(rb_self: Value) -> Result<String, Error> {
    // SAFETY: the class name is copied into the result at once.
    let class = unsafe { rb_self.classname() }.into_owned();
    let path: Value = rb_self.funcall("to_path", ())?;
    Ok(format!("#<{class} {path}>"))
}

/// @def dup
/// The object itself, and `clone` too: it never changes, and a copy would get another root. (RubyGems copies
/// the entries of `$:` while it searches.)
/// @return [self]
fn itself(rb_self: Value, _arguments: &[Value]) -> Value {
    rb_self
}

/// Defines the module.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<RModule, Error> {
    let shared = module.define_module("FileSystem")?;
    shared.define_method("file?", method!(is_file, 1))?;
    shared.define_method("directory?", method!(is_directory, 1))?;
    shared.define_method("size", method!(size, 1))?;
    shared.define_method("read", method!(read, 1))?;
    shared.define_method("entries", method!(entries, 0))?;
    shared.define_method("each", method!(each, 0))?;
    shared.define_method("sub", method!(sub, -1))?;
    // Ruby's own search calls these on everything in `$:`, from whichever Ractor it runs in; they read what
    // never changes.
    // SAFETY: a flag of the library that is being loaded.
    unsafe { rb_sys::rb_ext_ractor_safe(true) };
    shared.define_method("to_path", method!(to_path, 0))?;
    shared.define_method("to_s", method!(to_path, 0))?;
    shared.define_method("to_str", method!(to_path, 0))?;
    shared.define_method("inspect", method!(inspect, 0))?;
    shared.define_method("dup", method!(itself, -1))?;
    shared.define_method("clone", method!(itself, -1))?;
    // SAFETY: as above.
    unsafe { rb_sys::rb_ext_ractor_safe(false) };
    Ok(shared)
}
