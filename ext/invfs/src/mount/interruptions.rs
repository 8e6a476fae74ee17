//! Interruptions of a thread that is inside a file operation, kept until the operation is over.
//!
//! Nothing may jump out of a file operation, because C code that does not know Ruby may have called it. So the operation
//! ends with `EINTR`, and before it returns another thread raises the interruption again. Ruby finds it at its next check
//! for interrupts, right after the system call.

use std::collections::BTreeMap;
use std::ffi::c_void;
use std::sync::mpsc::{sync_channel, Receiver, SyncSender};
use std::time::Duration;

use magnus::{prelude::*, Ruby, Value};
use parking_lot::Mutex;
use rb_sys::VALUE;

use super::ruby_side;
use crate::helpers::{gc_root::GcRoot, protected};

/// The threads that are inside, by address, which is fixed while they live. Used only with the GVL, and never while Ruby
/// code may run.
static INSIDE: Mutex<BTreeMap<VALUE, PerThread>> = Mutex::new(BTreeMap::new());

#[derive(Default)]
struct PerThread {
    depth: usize,
    /// Each with the nesting depth of the file operation after which it must be raised.
    noted: Vec<(usize, GcRoot)>,
}

/// How many file operations of the thread are inside methods of file systems.
pub fn depth(thread: VALUE) -> usize {
    INSIDE.lock().get(&thread).map_or(0, |state| state.depth)
}

/// Notes what the thread is to get when it has left the operation that it is in.
pub fn note(thread: VALUE, interruption: Value) {
    let gc_root = GcRoot::new(interruption);
    if let Some(state) = INSIDE.lock().get_mut(&thread) {
        let new =
            |(at, known): &(usize, GcRoot)| *at != state.depth || known.raw() != gc_root.raw();
        if state.noted.iter().all(new) {
            state.noted.push((state.depth, gc_root));
        }
    }
}

/// A thread that is inside, until [`leave`](Inside::leave).
pub struct Inside(VALUE);

impl Inside {
    /// The thread goes in.
    pub fn enter(thread: VALUE) -> Inside {
        INSIDE.lock().entry(thread).or_default().depth += 1;
        Inside(thread)
    }

    /// The thread goes out and gets what was noted.
    pub fn leave(self, ruby: &Ruby, thread: Value) {
        let noted = self.out();
        if !noted.is_empty() {
            deliver(ruby, thread, noted);
        }
    }

    fn out(&self) -> Vec<GcRoot> {
        let mut inside = INSIDE.lock();
        let Some(state) = inside.get_mut(&self.0) else {
            return Vec::new();
        };
        let depth = state.depth;
        let (here, outside) = std::mem::take(&mut state.noted)
            .into_iter()
            .partition(|(at, _)| *at == depth);
        state.noted = outside;
        state.depth = depth.saturating_sub(1);
        if state.depth == 0 {
            inside.remove(&self.0);
        }
        let here: Vec<(usize, GcRoot)> = here;
        here.into_iter().map(|(_, gc_root)| gc_root).collect()
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        // After `leave` there is nothing to do. In a panic the interruptions cannot be delivered.
        if std::thread::panicking() {
            drop(self.out());
        }
    }
}

struct Delivery {
    thread: GcRoot,
    noted: Vec<GcRoot>,
    /// Dropped when everything is under way.
    _done: SyncSender<()>,
}

/// Has another Ruby thread raise what was noted, and waits for that.
fn deliver(_ruby: &Ruby, thread: Value, noted: Vec<GcRoot>) {
    let (done, wait) = sync_channel::<()>(1);
    let delivery = Box::into_raw(Box::new(Delivery {
        thread: GcRoot::new(thread),
        noted,
        _done: done,
    }));
    let create = || {
        // SAFETY: a function for just this type; the thread takes the box over.
        unsafe { rb_sys::rb_thread_create(Some(run), delivery.cast()) }
    };
    if protected(create).is_err() {
        // No thread could be made: the interruption is lost, but the operation still ends with EINTR.
        // SAFETY: no thread was made, so the box is still this function's.
        drop(unsafe { Box::from_raw(delivery) });
        return;
    }
    without_gvl(wait);
}

// SAFETY: Ruby calls it once, in the new thread, with the pointer that `deliver` passed to `rb_thread_create`.
unsafe extern "C" fn run(delivery: *mut c_void) -> VALUE {
    // SAFETY: the pointer is that of the box in `deliver`, which was given away to this thread.
    let delivery = unsafe { Box::from_raw(delivery.cast::<Delivery>()) };
    if let Ok(ruby) = Ruby::get() {
        for interruption in &delivery.noted {
            let arguments = (delivery.thread.get(), interruption.get());
            // It can only raise that the thread is dead.
            let _ = ruby_side::module(&ruby)
                .and_then(|s| s.funcall::<_, _, Value>("deliver", arguments));
        }
    }
    rb_sys::Qnil as VALUE
}

/// Waits without the GVL, and without looking for interrupts afterwards. Where one is there already, does not wait.
fn without_gvl(wait: Receiver<()>) {
    // SAFETY: called by Ruby, with the pointer that it was given below.
    unsafe extern "C" fn receive(wait: *mut c_void) -> *mut c_void {
        // SAFETY: the pointer is that of the receiver below.
        let wait = unsafe { &*wait.cast::<Receiver<()>>() };
        // An error says that the other thread is done. The limit is for one that ended before it began.
        let _ = wait.recv_timeout(Duration::from_secs(2));
        std::ptr::null_mut()
    }
    let mut wait = wait;
    // SAFETY: the receiver outlives the call and is of the type that `receive` takes it for. This variant neither raises
    // nor looks for interrupts.
    unsafe {
        rb_sys::rb_thread_call_without_gvl2(
            Some(receive),
            (&raw mut wait).cast(),
            None,
            std::ptr::null_mut(),
        );
    }
}
