//! One thread at a time loads a file; the others wait for it.
//!
//! Each file has a Ruby `Mutex` while it is loaded: waiting releases the GVL, can be interrupted, and takes
//! part in Ruby's own detection of deadlocks. A cycle among files of VFSs alone (thread 1 loads `a` and
//! wants `b`, thread 2 loads `b` and wants `a`) is found here and answered like a circular require.

use std::{
    collections::{hash_map::Entry, HashMap},
    sync::{
        atomic::{AtomicBool, Ordering},
        Arc, LazyLock,
    },
};

use magnus::{prelude::*, rb_sys::AsRawValue, Error, Ruby, Value};
use parking_lot::Mutex;

use super::{
    feature_name::{FeatureKind, Matched},
    load_path::LoadPath,
};
use crate::helpers::{gc_root::GcRoot, protected};

struct FileLock {
    mutex: GcRoot,
    owner: GcRoot,
    loaded: AtomicBool,
}

#[derive(Default)]
struct Table {
    /// Virtual path → the lock of the thread that loads it.
    loading: HashMap<Vec<u8>, Arc<FileLock>>,
    /// Thread → the lock that it waits for. Ruby does not move a thread that is here or in `owner`.
    waiting: HashMap<rb_sys::VALUE, Arc<FileLock>>,
}

/// Never locked while Ruby code may run.
static TABLE: LazyLock<Mutex<Table>> = LazyLock::new(Mutex::default);

/// What to do with a file.
pub enum Turn {
    /// Load it, and say at the end how it went.
    Yours(Claim),
    /// This thread is loading it further up, or would wait for itself.
    Circular,
    /// Another thread has loaded it meanwhile.
    Loaded,
    /// Another thread failed to load it: begin again.
    Again,
}

/// The right of one thread to load one file.
pub struct Claim {
    path: Vec<u8>,
    file_lock: Arc<FileLock>,
}

/// Waits until it is this thread's turn to load `path`.
///
/// Fails with the interruption if the waiting is interrupted: `Thread#kill`, `Thread#raise`, a timeout.
pub fn begin(ruby: &Ruby, path: &[u8]) -> Result<Turn, Error> {
    let me = ruby.thread_current().as_value();
    let known = TABLE.lock().loading.get(path).cloned();
    match known {
        None => start(path, me),
        Some(file_lock) => wait(path, file_lock, me),
    }
}

fn start(path: &[u8], me: Value) -> Result<Turn, Error> {
    // SAFETY: makes a new object; nothing is passed.
    let mutex = protected(|| unsafe { rb_sys::rb_mutex_new() })?;
    let file_lock = Arc::new(FileLock {
        mutex: GcRoot::new(mutex),
        owner: GcRoot::new(me),
        loaded: AtomicBool::new(false),
    });
    lock(&file_lock)?;
    let first = match TABLE.lock().loading.entry(path.to_vec()) {
        Entry::Vacant(slot) => {
            slot.insert(file_lock.clone());
            true
        }
        Entry::Occupied(_) => false,
    };
    if !first {
        // Another thread came in while the Mutex was made.
        unlock(&file_lock)?;
        return Ok(Turn::Again);
    }
    Ok(Turn::Yours(Claim {
        path: path.to_vec(),
        file_lock,
    }))
}

fn wait(path: &[u8], file_lock: Arc<FileLock>, me: Value) -> Result<Turn, Error> {
    // `owned?` is about the fiber, like Ruby's own lock.
    if file_lock.mutex.get().funcall("owned?", ())? {
        return Ok(Turn::Circular);
    }
    {
        let mut table = TABLE.lock();
        if table.waits_for(&file_lock, me.as_raw()) {
            return Ok(Turn::Circular);
        }
        table.waiting.insert(me.as_raw(), file_lock.clone());
    }
    let locked = lock(&file_lock);
    TABLE.lock().waiting.remove(&me.as_raw());
    locked?;
    let loaded = file_lock.loaded.load(Ordering::Relaxed);
    if !loaded {
        // The owner failed, or stayed behind in the parent of a fork: the file is not being loaded any more.
        TABLE.lock().remove(path, &file_lock);
    }
    unlock(&file_lock)?;
    Ok(if loaded { Turn::Loaded } else { Turn::Again })
}

impl Table {
    /// Whether the owner of `file_lock` waits, directly or not, for a lock of `thread`.
    fn waits_for(&self, file_lock: &Arc<FileLock>, thread: rb_sys::VALUE) -> bool {
        let mut owner = file_lock.owner.raw();
        // Each step goes to another waiting thread, so this ends.
        for _ in 0..=self.waiting.len() {
            if owner == thread {
                return true;
            }
            match self.waiting.get(&owner) {
                Some(next) => owner = next.owner.raw(),
                None => return false,
            }
        }
        true
    }

    fn remove(&mut self, path: &[u8], file_lock: &Arc<FileLock>) {
        if self
            .loading
            .get(path)
            .is_some_and(|now| Arc::ptr_eq(now, file_lock))
        {
            self.loading.remove(path);
        }
    }
}

impl Claim {
    /// Ends the loading, and lets the waiting threads continue.
    pub fn finish(self, loaded: bool) -> Result<(), Error> {
        self.file_lock.loaded.store(loaded, Ordering::Relaxed);
        TABLE.lock().remove(&self.path, &self.file_lock);
        unlock(&self.file_lock)
    }
}

fn lock(file_lock: &FileLock) -> Result<(), Error> {
    let mutex = file_lock.mutex.get().as_raw();
    // SAFETY: `mutex` is a live Mutex; what interrupts the waiting is caught.
    protected(|| unsafe { rb_sys::rb_mutex_lock(mutex) }).map(|_| ())
}

fn unlock(file_lock: &FileLock) -> Result<(), Error> {
    let mutex = file_lock.mutex.get().as_raw();
    // SAFETY: `mutex` is a live Mutex that this thread has locked; anything raised is caught.
    protected(|| unsafe { rb_sys::rb_mutex_unlock(mutex) }).map(|_| ())
}

/// The virtual path, among those being loaded, that provides `name`.
pub fn providing(name: &[u8], wanted: FeatureKind, load_path: &LoadPath) -> Option<Vec<u8>> {
    let table = TABLE.lock();
    table
        .loading
        .keys()
        .find(|path| Matched::of(path, name, wanted, load_path).is_some())
        .cloned()
}

/// Whether no file is being loaded that `path` may name, with or without its extension.
pub fn is_idle(path: &[u8]) -> bool {
    let table = TABLE.lock();
    !table
        .loading
        .keys()
        .any(|loading| loading.starts_with(path))
}

/// Whether `path` is being loaded.
pub fn contains(path: &[u8]) -> bool {
    TABLE.lock().loading.contains_key(path)
}

/// Whether nothing at all is being loaded.
pub fn is_over() -> bool {
    TABLE.lock().loading.is_empty()
}
