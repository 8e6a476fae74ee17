//! Ruby objects that Rust structures refer to, where the garbage collector does not look.

use std::sync::Arc;

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    value::ReprValue,
    Value,
};
use parking_lot::Mutex;
use rb_sys::VALUE;

/// Keeps one Ruby object alive, and at its address, until it is dropped.
///
/// Meant for the statics of this library. A structure that Ruby itself frees (a typed data object) must mark its
/// objects instead.
pub struct GcRoot(Box<VALUE>);

impl GcRoot {
    /// Holds `value`.
    pub fn new<T: ReprValue>(value: T) -> GcRoot {
        let mut cell = Box::new(value.as_value().as_raw());
        // SAFETY: the box keeps the address valid until `drop` takes it off the collector's list.
        unsafe { rb_sys::rb_gc_register_address(cell.as_mut()) };
        GcRoot(cell)
    }

    /// The object.
    pub fn get(&self) -> Value {
        // SAFETY: the collector keeps the object alive and in place while its address is registered.
        unsafe { Value::from_raw(*self.0) }
    }

    /// The object's address, for comparing identity.
    pub fn raw(&self) -> VALUE {
        *self.0
    }
}

impl Drop for GcRoot {
    fn drop(&mut self) {
        // SAFETY: this very address was registered by `new`.
        unsafe { rb_sys::rb_gc_unregister_address(self.0.as_mut()) };
    }
}

/// Keeps an object alive and in place as long as one clone of it exists. Any thread may drop it, unlike a [`GcRoot`].
pub type Token = Arc<()>;

/// Objects with tokens: those of mounts, open files and running calls. Used only with the GVL, and never while Ruby code
/// may run.
static KEPT: Mutex<Vec<(GcRoot, Token)>> = Mutex::new(Vec::new());

/// Keeps an object as long as the token lives.
pub fn keep(value: Value) -> Token {
    let token = Token::default();
    let mut kept = KEPT.lock();
    kept.push((GcRoot::new(value), token.clone()));
    drop(kept);
    sweep();
    token
}

/// Lets go of objects whose tokens are gone.
pub fn sweep() {
    KEPT.lock()
        .retain(|(_, token)| Arc::strong_count(token) > 1);
}
