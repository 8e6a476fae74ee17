//! Prepares the Ruby side before the first call of a file system that is written in Ruby.

use std::sync::atomic::{AtomicBool, Ordering};

use invfs_fs::buffered;
use magnus::{function, prelude::*, rb_sys::AsRawValue, Error, RArray, RModule, Ruby, Value};

use super::{interruptions, ruby_side};
use crate::helpers::string;

/// `InVFS::RubyFileSystem`, with the native methods that it calls.
pub fn prepared(ruby: &Ruby) -> Result<RModule, Error> {
    let module = ruby_side::module(ruby)?;
    if !module.respond_to("depth", false)? {
        module.define_singleton_method("depth", function!(depth, 1))?;
        module.define_singleton_method("note", function!(note, 1))?;
        module.define_singleton_method("hand_over", function!(hand_over, 0))?;
        module.define_singleton_method("ended", function!(ruby_side::end, 0))?;
    }
    Ok(module)
}

/// Loads what is needed around each call, once.
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

/// Hands over all files that are open for writing: the path and the error number of each that failed.
fn hand_over(ruby: &Ruby) -> Result<RArray, Error> {
    // SAFETY: NULL stands for all streams.
    unsafe { libc::fflush(std::ptr::null_mut()) };
    let failed = ruby.ary_new();
    for (sub, errno) in buffered::hand_over_all() {
        let path = [b"/", sub.as_bytes()].concat();
        failed.push((string::name(ruby, &path), errno.0))?;
    }
    Ok(failed)
}
