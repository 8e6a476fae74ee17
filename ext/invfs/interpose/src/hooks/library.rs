//! `dlopen`: shared objects that lie in a mount, and hooks for every object that is loaded later.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void, CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use crate::open::{empty_dir, fd_table, libraries};
use crate::patch::scanner;
use crate::paths::dispatch::{dispatch_path, guard};
use crate::paths::route::PathTarget;
use invfs_fs::mounts::real;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd::ProcPath;

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void {
    // SAFETY: the arguments are the caller's own.
    let library = unsafe {
        // A name without a slash is searched for where the system has its libraries.
        if path.is_null() || libc::strchr(path, c_int::from(b'/')).is_null() {
            libc::dlopen(path, flags)
        } else {
            dispatch_path(
                path,
                std::ptr::null_mut(),
                |path| libc::dlopen(path, flags),
                |at| load(&at, flags).inspect_err(|_| explain(&at.place, path)),
            )
        }
    };
    scanner::scan();
    library
}

fn load(at: &PathTarget, flags: c_int) -> Answer<*mut c_void> {
    let (real, node) = real::real(&at.place)?;
    at.check(&node)?;
    libraries::load(&real, flags)
}

/// Lets the loader say why it finds nothing: only it can set what `dlerror` tells.
///
/// # Safety
/// `path` is a NUL-terminated string.
unsafe fn explain(place: &Place, path: *const c_char) {
    let directory = empty_dir::open(place, libc::O_CLOEXEC);
    let proc = ProcPath::new(directory.unwrap_or(-1));
    let bytes = place.path();
    let hidden = std::fs::symlink_metadata(OsStr::from_bytes(&bytes)).is_ok();
    let path = match hidden || directory.is_ok() {
        true => proc.as_ptr(),
        false => path,
    };
    // SAFETY: a NUL-terminated path of what is no library: a directory, or nothing.
    unsafe { libc::dlopen(path, libc::RTLD_LAZY) };
    // SAFETY: as above.
    libraries::failed(unsafe { CStr::from_ptr(path) }, bytes);
    if let Ok(fd) = directory {
        fd_table::remove(fd);
        // SAFETY: opened above, and given to nobody.
        unsafe { libc::close(fd) };
    }
}

thread_local! {
    /// What `dlerror` told; it stays valid until the next call.
    static TOLD: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// The loader's message, with the path that was asked for: programs show it, and some look for the file there.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn dlerror() -> *mut c_char {
    // SAFETY: a message of the calling thread, which stays valid until the next call.
    let message = unsafe { libc::dlerror() };
    let told = guard(None, || {
        // SAFETY: not NULL, so it is a NUL-terminated string.
        let text = (!message.is_null()).then(|| unsafe { CStr::from_ptr(message) }.to_bytes());
        let told = libraries::reworded(text);
        let pointer = told.as_ref().map(|told| told.as_ptr().cast_mut());
        TOLD.set(told);
        Ok(pointer)
    });
    told.unwrap_or(message)
}
