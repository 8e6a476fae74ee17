//! Helpers that know no other part of the binding: strings, values kept alive, protected calls, Ractors.

pub mod gc_root;
pub mod iseq;
pub mod module;
pub mod nogvl;
pub mod ractor;
pub mod raised;
pub mod string;
pub mod view;

use magnus::{value::ReprValue, Error, Value};

/// Calls a Ruby C function that may raise; gives back its value.
pub fn protected(call: impl FnOnce() -> rb_sys::VALUE) -> Result<Value, Error> {
    use magnus::rb_sys::{protect, FromRawValue};
    // SAFETY: what `protect` returns without an error is the live value that `call` returned.
    protect(call).map(|value| unsafe { Value::from_raw(value) })
}

/// Whether `value` answers `method`, as `respond_to?` says. If that raises, the answer is no.
pub fn answers(value: Value, method: &str) -> bool {
    value.respond_to(method, false).unwrap_or(false)
}
