//! Calls Ruby code from a file operation: in any thread, with or without the GVL.

use std::ffi::{c_int, c_void};
use std::panic::{catch_unwind, AssertUnwindSafe};

use invfs_engine::path::Subpath;
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{error::ErrorType, prelude::*, rb_sys::AsRawValue, Error, Ruby, Value};

use super::{
    interruptions,
    ruby_side::{self, is_ended},
    watch::watch,
};
use crate::helpers::{ractor, string};

/// How many file operations of one thread may be inside methods that were called by file operations. Each takes a part
/// of the thread's stack that Ruby does not watch.
const DEPTH: usize = 16;

extern "C" {
    // Exported by all versions, declared in none of the public headers.
    fn ruby_thread_has_gvl_p() -> c_int;
}

/// What is asked, for reports.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The operation.
    pub operation: &'a str,
    /// The path inside the mount.
    pub sub: &'a Subpath,
    /// Whether the user's code may run. A thread must not be interrupted in the middle of it.
    pub runs_code: bool,
}

/// Runs `work`, which may call Ruby methods, with the GVL, and turns what it raises into an error number.
///
/// * `EIO`: Ruby cannot be called, because it does not know the thread, the Ractor is not the main one, or Ruby is ending;
/// * `ELOOP`: the methods of file systems call each other too deeply;
/// * `EINTR`: something wants to interrupt the thread. It is raised when the file operation is over.
pub fn call<T>(question: Question<'_>, work: impl FnOnce(&Ruby) -> Result<T, Error>) -> Answer<T> {
    // SAFETY: both look at the calling thread, whatever it is.
    let (locked, native) = unsafe {
        (
            ruby_thread_has_gvl_p() != 0,
            rb_sys::ruby_native_thread_p() != 0,
        )
    };
    match (native, locked) {
        (true, true) => with_gvl(question, work),
        (true, false) => {
            let mut work = Some(work);
            let mut answer = Err(Errno(libc::EIO));
            take_gvl(&mut || {
                if let Some(work) = work.take() {
                    answer = with_gvl(question, work);
                }
            });
            answer
        }
        (false, _) => Err(Errno(libc::EIO)),
    }
}

fn take_gvl(work: &mut dyn FnMut()) {
    // SAFETY: called by Ruby, with the pointer that it was given below.
    unsafe extern "C" fn run(work: *mut c_void) -> *mut c_void {
        // SAFETY: the pointer is that of the reference below, which waits until this function returns.
        let work = unsafe { &mut *work.cast::<&mut dyn FnMut()>() };
        // Without an answer it stays what it was: EIO.
        let _ = catch_unwind(AssertUnwindSafe(work));
        std::ptr::null_mut()
    }
    let mut work = work;
    // SAFETY: a Ruby thread that gave the GVL away, and a pointer of the type that `run` takes it for. `work` raises
    // nothing: Ruby code runs protected.
    unsafe { rb_sys::rb_thread_call_with_gvl(Some(run), (&raw mut work).cast()) };
}

fn with_gvl<T>(question: Question<'_>, work: impl FnOnce(&Ruby) -> Result<T, Error>) -> Answer<T> {
    // SAFETY: only reads a flag.
    if is_ended() || unsafe { rb_sys::rb_during_gc() } != 0 {
        return Err(Errno(libc::EIO));
    }
    let Ok(ruby) = Ruby::get() else {
        return Err(Errno(libc::EIO));
    };
    if !ractor::is_main() {
        return Err(Errno(libc::EIO));
    }
    let thread = ruby.thread_current();
    if interruptions::depth(thread.as_raw()) >= DEPTH {
        return Err(Errno(libc::ELOOP));
    }
    // SAFETY: reads `$!` of the thread, which what follows replaces.
    let pending = unsafe { rb_sys::rb_errinfo() };
    // It loads files the first time, and so it replaces `$!`, too.
    if question.runs_code && watch(&ruby).is_err() {
        restore(pending);
        return Err(Errno(libc::EIO));
    }
    let inside = interruptions::Inside::enter(thread.as_raw());
    let answer = match work(&ruby) {
        Ok(value) => Ok(value),
        Err(error) => Err(failed(&ruby, question, error)),
    };
    inside.leave(&ruby, thread.as_value());
    restore(pending);
    answer
}

/// Restores `$!`, unless it is not an exception: then a jump is under way, and has left its own value there.
fn restore(pending: rb_sys::VALUE) {
    // SAFETY: the value is what `rb_errinfo` gave, and still referred to from the thread's frames.
    unsafe {
        use rb_sys::macros::{NIL_P, SPECIAL_CONST_P};
        if NIL_P(pending)
            || (!SPECIAL_CONST_P(pending)
                && rb_sys::rb_obj_is_kind_of(pending, rb_sys::rb_eException)
                    == rb_sys::Qtrue as rb_sys::VALUE)
        {
            rb_sys::rb_set_errinfo(pending);
        }
    }
}

/// The error number for what Ruby code raised or threw; interruptions are noted, for later.
fn failed(ruby: &Ruby, question: Question<'_>, error: Error) -> Errno {
    let path = rooted(ruby, question.sub);
    let operation = ruby.str_new(question.operation);
    let mut error = error;
    // Telling what it is runs Ruby code, too, which can be interrupted as well.
    for _ in 0..3 {
        let answer = match error.error_type() {
            ErrorType::Jump(_) => jumped(ruby, &error, operation.as_value(), path.as_value()),
            _ => match error.value() {
                Some(exception) => ruby_side::module(ruby)
                    .and_then(|s| s.funcall::<_, _, i32>("errno", (exception, operation, path))),
                None => Ok(libc::EIO),
            },
        };
        match answer {
            Ok(number) => return Errno(number),
            Err(again) => error = again,
        }
    }
    Errno(libc::EIO)
}

/// The error number for a jump out of the method: `throw`, `break`, `return`, or the end of the thread.
fn jumped(ruby: &Ruby, error: &Error, operation: Value, path: Value) -> Result<i32, Error> {
    let ErrorType::Jump(tag) = error.error_type() else {
        return Ok(libc::EIO);
    };
    // SAFETY: what the jump left there means nothing any more.
    unsafe { rb_sys::rb_set_errinfo(rb_sys::Qnil as rb_sys::VALUE) };
    let tag = format!("{tag:?}");
    ruby_side::module(ruby)?.funcall("jumped", (tag, operation, path))
}

/// The path as methods get it: from the mount on, with a slash in front.
pub fn rooted(ruby: &Ruby, sub: &Subpath) -> magnus::RString {
    let mut path = Vec::with_capacity(sub.as_bytes().len() + 1);
    path.push(b'/');
    path.extend_from_slice(sub.as_bytes());
    string::name(ruby, &path)
}
