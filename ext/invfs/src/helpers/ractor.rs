//! Which Ractor is this? The tables of this library belong to the main one.

use std::sync::OnceLock;

use magnus::{Error, Ruby};
use rb_sys::{rb_ractor_local_key_t, Qnil, Qtrue};

struct Key(rb_ractor_local_key_t);
// SAFETY: Ruby's key is an opaque handle that any Ractor may use; it is never freed.
unsafe impl Send for Key {}
// SAFETY: as above.
unsafe impl Sync for Key {}

static KEY: OnceLock<Key> = OnceLock::new();

/// Marks the Ractor that loads this library as the main one.
pub fn init() {
    KEY.get_or_init(|| {
        // SAFETY: plain calls under the GVL; `true` needs no marking.
        unsafe {
            let key = rb_sys::rb_ractor_local_storage_value_newkey();
            rb_sys::rb_ractor_local_storage_value_set(key, Qtrue as rb_sys::VALUE);
            Key(key)
        }
    });
}

/// Whether the calling thread belongs to the main Ractor.
pub fn is_main() -> bool {
    KEY.get().is_some_and(|key| {
        // SAFETY: reading a Ractor's own slot needs only a Ruby thread, which calls us.
        let value = unsafe { rb_sys::rb_ractor_local_storage_value(key.0) };
        value != Qnil as rb_sys::VALUE
    })
}

/// An error unless this is the main Ractor.
pub fn only_main(ruby: &Ruby, what: &str) -> Result<(), Error> {
    if is_main() {
        return Ok(());
    }
    Err(Error::new(
        ruby.exception_runtime_error(),
        format!("{what} works only in the main Ractor"),
    ))
}
