//! A lock that a child process finds free, whichever thread forked and whoever held it.

use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU32, Ordering};

/// A mutex around `T` for statics that a forked child goes on using.
///
/// Not reentrant. Nothing that calls a [`FileSystem`](crate::file_system::FileSystem) may run while it is held.
pub struct ForkMutex<T> {
    raw: UnsafeCell<libc::pthread_mutex_t>,
    value: UnsafeCell<T>,
}

// SAFETY: the mutex lets one thread at a time have the value.
unsafe impl<T: Send> Sync for ForkMutex<T> {}

/// Access to the value, until it is dropped.
pub struct Guard<'a, T>(&'a ForkMutex<T>);

impl<T: Default> Default for ForkMutex<T> {
    fn default() -> ForkMutex<T> {
        ForkMutex::new(T::default())
    }
}

/// A lock without its value, as forking needs it.
pub trait Forked: Sync {
    /// Takes the lock.
    fn acquire(&self);
    /// Gives it back; only called by the thread that has it, or by its copy in a child process.
    fn release(&self);
}

impl<T: Send> Forked for ForkMutex<T> {
    fn acquire(&self) {
        ForkMutex::acquire(self);
    }

    fn release(&self) {
        ForkMutex::release(self);
    }
}

impl<T> ForkMutex<T> {
    /// A lock that nobody has.
    pub const fn new(value: T) -> ForkMutex<T> {
        ForkMutex {
            raw: UnsafeCell::new(libc::PTHREAD_MUTEX_INITIALIZER),
            value: UnsafeCell::new(value),
        }
    }

    /// Waits for the value.
    pub fn lock(&self) -> Guard<'_, T> {
        self.acquire();
        Guard(self)
    }

    fn acquire(&self) {
        // SAFETY: an initialised mutex that never moves while it is locked, because a guard borrows it.
        unsafe { libc::pthread_mutex_lock(self.raw.get()) };
    }

    fn release(&self) {
        // SAFETY: as above; only called by the thread that has it, or by its copy in a child process.
        unsafe { libc::pthread_mutex_unlock(self.raw.get()) };
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        self.0.release();
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        // SAFETY: the guard's thread has the mutex.
        unsafe { &*self.0.value.get() }
    }
}

impl<T> DerefMut for Guard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        // SAFETY: the guard's thread has the mutex, and the guard is borrowed mutably.
        unsafe { &mut *self.0.value.get() }
    }
}

/// The process that the state in memory belongs to. A child of `vfork` runs in its parent's memory, and has
/// another number.
static OWNER: AtomicU32 = AtomicU32::new(0);

/// Whether this is the process that the state in memory belongs to, so that it may be changed.
pub fn owns_memory() -> bool {
    OWNER.load(Ordering::Relaxed) == std::process::id()
}

/// How many children may have the descriptors that the process had when they were made.
static CHILDREN: AtomicU32 = AtomicU32::new(0);

/// A number that is another one after a child was made that may share what a descriptor has open.
pub fn children() -> u32 {
    CHILDREN.load(Ordering::Relaxed)
}

/// A child may share what a descriptor has open. Also called in the child of a `vfork`, which runs in its parent's memory.
pub fn shared_with_child() {
    CHILDREN.fetch_add(1, Ordering::Relaxed);
}

/// From now on, a thread that forks has all registered locks at that moment. Called once.
pub fn install() -> std::io::Result<()> {
    claim();
    // SAFETY: three functions that live as long as the library, which is never unloaded once hooks lead into it.
    match unsafe { libc::pthread_atfork(Some(prepare), Some(parent), Some(child)) } {
        0 => Ok(()),
        error => Err(std::io::Error::from_raw_os_error(error)),
    }
}

fn claim() {
    OWNER.store(std::process::id(), Ordering::Relaxed);
}

/// When a lock is taken, among all that are taken before a fork.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// A thread that holds it waits for no other lock of this order, but may wait for one of the next.
    Outer,
    /// A thread that holds it waits for no other lock.
    Inner,
}

/// A lock that is free in a forked child. [`survives_fork!`](crate::survives_fork) registers one.
pub struct Registered {
    /// The lock.
    pub lock: &'static dyn Forked,
    /// When it is taken.
    pub order: Order,
}

/// What a forked child does first, when all locks are free again. [`in_forked_child!`](crate::in_forked_child)
/// registers it.
pub struct InChild(pub fn());

inventory::collect!(Registered);
inventory::collect!(InChild);

#[doc(hidden)]
pub use inventory::submit;

/// Registers a static [`ForkMutex`]: `survives_fork!(TABLE, Outer)`.
#[macro_export]
macro_rules! survives_fork {
    ($lock:ident, $order:ident) => {
        $crate::sys::fork::submit! {
            $crate::sys::fork::Registered { lock: &$lock, order: $crate::sys::fork::Order::$order }
        }
    };
}

/// Registers a function without arguments that a forked child calls first. The child has one thread, so nobody comes
/// between.
#[macro_export]
macro_rules! in_forked_child {
    ($function:path) => {
        $crate::sys::fork::submit! { $crate::sys::fork::InChild($function) }
    };
}

fn locks(order: Order) -> impl Iterator<Item = &'static dyn Forked> {
    let all = inventory::iter::<Registered>.into_iter();
    all.filter(move |known| known.order == order)
        .map(|known| known.lock)
}

fn release() {
    for lock in locks(Order::Inner).chain(locks(Order::Outer)) {
        lock.release();
    }
}

// SAFETY: called by `fork`, in the thread that forks.
unsafe extern "C" fn prepare() {
    shared_with_child();
    for lock in locks(Order::Outer).chain(locks(Order::Inner)) {
        lock.acquire();
    }
}

// SAFETY: called by `fork`, in the thread that ran `prepare`.
unsafe extern "C" fn parent() {
    release();
}

// SAFETY: called by `fork`, in the only thread of the child, the copy of the one that ran `prepare`.
unsafe extern "C" fn child() {
    claim();
    release();
    for InChild(act) in inventory::iter::<InChild> {
        act();
    }
}
