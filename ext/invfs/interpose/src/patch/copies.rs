//! Other copies of this library in the process: hooks of two would call each other for ever.
//!
//! A `Ruby::Box` loads its own copy of each native extension; so does a program that brings its own invfs and requires
//! another one.

use std::ffi::{CStr, CString};
use std::sync::atomic::{AtomicU8, Ordering};

use crate::patch::got;

/// Whether this copy has put its hooks in. Other copies look for it by its name; where libraries share their symbols, all
/// copies have this one.
#[cfg_attr(feature = "announced", no_mangle)]
#[used]
pub static INVFS_HOOKS_ARE_IN: AtomicU8 = AtomicU8::new(0);

const NAME: &CStr = c"INVFS_HOOKS_ARE_IN";

/// This copy puts its hooks in.
pub fn announce() {
    INVFS_HOOKS_ARE_IN.store(1, Ordering::Release);
}

/// The path of another copy that has put its hooks in.
pub fn other() -> Option<String> {
    // Not while the linker's lock is held: what is asked of it below takes another one first.
    let mut paths: Vec<CString> = Vec::new();
    got::iterate(&mut |object, _| {
        if !object.has_code_at(other as *const () as usize) {
            paths.extend(
                CString::new(object.path)
                    .ok()
                    .filter(|path| !path.is_empty()),
            );
        }
    });
    let copy = paths.iter().find(|path| has_hooks(path))?;
    Some(copy.to_string_lossy().into_owned())
}

/// Whether the loaded object at `path`, another one than ours, is a copy with its hooks in.
fn has_hooks(path: &CStr) -> bool {
    // SAFETY: a NUL-terminated path; nothing is loaded that is not loaded already. The handle is given back.
    unsafe {
        let object = libc::dlopen(path.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD);
        if object.is_null() {
            return false;
        }
        let found = libc::dlsym(object, NAME.as_ptr());
        let other = !found.is_null() && (*found.cast::<AtomicU8>()).load(Ordering::Acquire) != 0;
        libc::dlclose(object);
        other
    }
}
