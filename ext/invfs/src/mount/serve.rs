//! Serves a VFS, or a file system written in Ruby, to file operations.

use std::sync::Arc;

use invfs_engine::vfs::Vfs;
use invfs_fs::file_system::FileSystem;
use invfs_fs::read_only::ReadOnly;
use magnus::{block::Proc, prelude::*, Error, Ruby, TryConvert, Value};

use super::{
    gvl_vfs::GvlVfs,
    ruby_file_system::RubyFileSystem,
    watch::{prepared, watch},
};
use crate::{
    helpers::{gc_root::keep, module::invfs},
    require::library_code,
    ruby_api::{
        native_vfs::NativeVfs,
        vfs_value::{is_vfs, vfs_of},
    },
};

/// The object to mount: `InVFS.mount` takes an object or a block.
pub fn object(ruby: &Ruby, object: Option<Value>, block: Option<Proc>) -> Result<Value, Error> {
    match (object, block) {
        (Some(object), None) => Ok(object),
        (None, Some(block)) => Ok(block.as_value()),
        (Some(_), Some(_)) => Err(Error::new(
            ruby.exception_arg_error(),
            "an object or a block, not both",
        )),
        (None, None) => Err(Error::new(
            ruby.exception_arg_error(),
            "wrong number of arguments (given 1, expected 2, or a block); a Hash needs its braces",
        )),
    }
}

/// Serves `object`, a VFS or a file system; `TypeError` if it is neither.
///
/// An `InVFS::Base` and a Proc are file systems. Of the others, an object with the four methods of a VFS is a VFS, and one
/// with `read`, `list`, `stat` or `write` is a file system, unless it is an open file or a path.
///
/// Of a file system, answers of `stat` and `list` count for `cache` seconds; of a VFS there is nothing to be asked again.
pub fn of_object(
    ruby: &Ruby,
    object: Value,
    cache: Option<Value>,
) -> Result<Arc<dyn FileSystem>, Error> {
    if NativeVfs::of(object).is_some() {
        // The common case. The lookup of `Base` below would load that class.
        check_no_cache(ruby, cache)?;
        return Ok(of_vfs(ruby, vfs_of(ruby, object)?));
    }
    let module = invfs(ruby)?;
    let base: Value = module.const_get("Base")?;
    let is_base = object.is_kind_of(magnus::RClass::try_convert(base)?)
        || object.is_kind_of(ruby.class_proc());
    if !is_base && is_vfs(object) {
        check_no_cache(ruby, cache)?;
        return Ok(of_vfs(ruby, vfs_of(ruby, object)?));
    }
    watch(ruby)?;
    let adapter: Value = prepared(ruby)?.funcall("adapter", (object, cache))?;
    if adapter.is_nil() {
        let message = format!(
            "cannot mount {}: a VFS needs to_path, file?, size and read; a file system needs read, list, stat or write; \
             the path of an archive or a directory will do, and a Hash",
            object.inspect()
        );
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    Ok(Arc::new(RubyFileSystem::new(adapter, keep(adapter))))
}

fn check_no_cache(ruby: &Ruby, cache: Option<Value>) -> Result<(), Error> {
    match cache {
        None => Ok(()),
        Some(_) => Err(Error::new(
            ruby.exception_arg_error(),
            "cache: is for file systems written in Ruby, and this is a VFS",
        )),
    }
}

/// Serves a VFS. One that calls Ruby objects gets the GVL for that; the mount must keep those objects alive.
/// One that does not may have compiled code for files on disk.
pub fn of_vfs(ruby: &Ruby, vfs: Arc<dyn Vfs>) -> Arc<dyn FileSystem> {
    if vfs.is_independent() {
        library_code::offer(ruby, &vfs);
        return Arc::new(ReadOnly::new(vfs));
    }
    Arc::new(ReadOnly::new(Arc::new(GvlVfs::new(vfs))))
}
