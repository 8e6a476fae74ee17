//! A Ruby value that lives where the garbage collector does not look.

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    value::ReprValue,
    Value,
};
use rb_sys::VALUE;

/// Keeps one Ruby object alive, and at its address, until it is dropped.
///
/// For what the statics of this library refer to. Never put one into a structure that Ruby itself frees
/// (a typed data object): those mark what they hold.
pub struct Held(Box<VALUE>);

// SAFETY: a `Held` is made, read and dropped only by threads of the main Ractor that hold the GVL.
unsafe impl Send for Held {}
// SAFETY: as above; and nothing in it changes after it was made.
unsafe impl Sync for Held {}

impl Held {
    /// Holds `value`.
    pub fn new<T: ReprValue>(value: T) -> Held {
        let mut cell = Box::new(value.as_value().as_raw());
        // SAFETY: the box keeps the address valid until `drop` takes it off the collector's list.
        unsafe { rb_sys::rb_gc_register_address(cell.as_mut()) };
        Held(cell)
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

impl Drop for Held {
    fn drop(&mut self) {
        // SAFETY: this very address was registered by `new`.
        unsafe { rb_sys::rb_gc_unregister_address(self.0.as_mut()) };
    }
}
