//! File systems whose answers come from Ruby code, as what stands behind a mount.
//!
//! [`bridge`] gets from a file operation to Ruby and back, [`interruptions`] saves what wants to end the calling
//! thread meanwhile, [`locked_vfs`] serves a VFS that calls Ruby objects, [`ruby_fs`] an object with the methods of
//! `InVFS::Base`. What the methods answer is checked in `lib/invfs/serving/`.

mod bridge;
mod interruptions;
mod locked_vfs;
mod ruby_fs;
mod saver;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use invfs_engine::vfs::Vfs;
use invfs_fs::file_system::FileSystem;
use invfs_fs::read_only::ReadOnly;
use magnus::{
    block::Proc, function, prelude::*, rb_sys::AsRawValue, Error, RModule, RString, Ruby, Value,
};

use super::vfs_value::{is_vfs, native_vfs, vfs_of};
use crate::helpers::held::{keep, Token};
use crate::require::own_files;

/// `InVFS::Serving`, which is loaded when the first file system of this kind is asked: by Ruby's own `require`, which
/// nobody has wrapped.
fn serving(ruby: &Ruby) -> Result<RModule, Error> {
    let module = super::file_system::invfs(ruby)?;
    let announced: Option<RString> = module.funcall("autoload?", ("Serving",))?;
    if let Some(file) = announced {
        own_files::require(ruby, file)?;
        // Only what Ruby loads because of the constant keeps its visibility.
        module.funcall::<_, _, Value>("private_constant", ("Serving",))?;
    }
    module.const_get("Serving")
}

/// [`serving`], with what it calls here.
fn prepared(ruby: &Ruby) -> Result<RModule, Error> {
    let serving = serving(ruby)?;
    if !serving.respond_to("depth", false)? {
        serving.define_singleton_method("depth", function!(depth, 1))?;
        serving.define_singleton_method("note", function!(note, 1))?;
        serving.define_singleton_method("ended", function!(bridge::end, 0))?;
    }
    Ok(serving)
}

/// The one that is to be mounted, of the two that `InVFS.mount` takes.
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
            "wrong number of arguments (given 1, expected 2, or a block)",
        )),
    }
}

/// What serves `object`, a VFS or a file system; `TypeError` where it is neither.
///
/// Which it is: an `InVFS::Base`, or a Proc, is a file system; else, what has the four methods of a VFS is a VFS; else,
/// what has `read`, `list`, `stat` or `write` is a file system, unless it is itself an open file or a path.
pub fn of_object(ruby: &Ruby, object: Value) -> Result<Arc<dyn FileSystem>, Error> {
    if native_vfs(object).is_some() {
        // As most are; looking for the class would load it.
        return Ok(of_vfs(vfs_of(ruby, object)?));
    }
    let module = super::file_system::invfs(ruby)?;
    let base: Value = module.const_get("Base")?;
    let is_base = object.is_kind_of(magnus::RClass::try_convert(base)?)
        || object.is_kind_of(ruby.class_proc());
    if !is_base && is_vfs(object) {
        return Ok(of_vfs(vfs_of(ruby, object)?));
    }
    watch(ruby)?;
    let adapter: Value = prepared(ruby)?.funcall("adapter", (object,))?;
    if adapter.is_nil() {
        let message = "no VFS: to_path, file?, size and read are needed; \
                       no file system: read, list, stat or write is needed";
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    Ok(Arc::new(ruby_fs::RubyFs::new(adapter, keep(adapter))))
}

/// What serves a VFS: one that calls Ruby objects does so with the GVL. Those objects are held by whoever mounts it.
pub fn of_vfs(vfs: Arc<dyn Vfs>) -> Arc<dyn FileSystem> {
    if vfs.is_independent() {
        return Arc::new(ReadOnly::new(vfs));
    }
    Arc::new(ReadOnly::new(Arc::new(locked_vfs::LockedVfs::new(vfs))))
}

/// Loads what is needed around each call.
pub fn watch(ruby: &Ruby) -> Result<(), Error> {
    static WATCHED: AtomicBool = AtomicBool::new(false);
    // Set before, because what is loaded may lie in a mount.
    if !WATCHED.swap(true, Ordering::AcqRel) {
        let watched = prepared(ruby).and_then(|s| s.funcall::<_, _, Value>("watch", ()));
        WATCHED.store(watched.is_ok(), Ordering::Release);
        watched?;
    }
    Ok(())
}

/// How many methods of file systems the thread is inside of at this moment, each called by a file operation.
fn depth(thread: Value) -> usize {
    interruptions::depth(thread.as_raw())
}

/// Notes what the current thread is to get when the file operation is over.
fn note(ruby: &Ruby, interruption: Value) {
    interruptions::note(ruby.thread_current().as_raw(), interruption);
}

/// Has the handlers open the archive at `root` anew, in whatever thread: another file has taken its place.
pub fn reopen(root: &[u8]) {
    let question = bridge::Question {
        operation: "open",
        sub: invfs_engine::path::Subpath::ROOT,
        runs_code: true,
    };
    // What is wrong with the new file is told by the next search; until then there is nothing in it.
    let _ = bridge::call(question, |ruby| crate::require::reopen(ruby, root));
}
