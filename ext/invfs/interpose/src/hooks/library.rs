//! `dlopen`: shared objects that lie in a mount, and hooks for every object that is loaded later.

use std::cell::RefCell;
use std::ffi::{c_char, c_int, c_void, CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;

use crate::hooks::descriptor::close_own;
use crate::hooks::macros::hooks;
use crate::open::{empty_dir, fd_table, libraries, library_files};
use crate::patch::scanner;
use crate::paths::dispatch::dispatch_path;
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::mounts::real;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd::ProcPath;

hooks! {
    [c"dlopen"] fn dlopen(path: Text, flags: c_int) -> *mut c_void = libc::dlopen {
        // A name without a slash is searched for where the system has its libraries.
        let library = match path.has_slash() {
            false => match shared(path) {
                Some(place) => libraries::load(&place, flags),
                None => Ok(original(path, flags)),
            },
            true => dispatch_path(
                path,
                |path| original(path, flags),
                |at| {
                    load(&at, flags).inspect_err(|_| {
                        explain(&at.place, path, |path| original(path, libc::RTLD_LAZY));
                    })
                },
            ),
        };
        scanner::scan();
        library
    }

    /// The loader's message, with the path that was asked for: programs show it, and some look for the file there.
    [c"dlerror"] fn dlerror() -> *mut c_char = libc::dlerror {
        let message = original();
        // SAFETY: not NULL, so it is a NUL-terminated string, which stays valid until this thread's next call.
        let text = (!message.is_null()).then(|| unsafe { CStr::from_ptr(message) }.to_bytes());
        let told = libraries::reworded(text);
        let pointer = told.as_ref().map(|told| told.as_ptr().cast_mut());
        TOLD.set(told);
        Ok(pointer.unwrap_or(message))
    }
}

/// The packed library that a bare name stands for.
fn shared(name: Text<'_>) -> Option<Place> {
    library_files::shared(name.as_c_str()?.to_bytes())
}

fn load(at: &PathTarget, flags: c_int) -> Answer<*mut c_void> {
    let (real, node) = real::real(&at.place)?;
    at.check(&node)?;
    libraries::load(&real, flags)
}

/// Lets the loader say why it finds nothing: only it can set what `dlerror` tells.
fn explain(place: &Place, path: Text<'_>, open: impl Fn(Text<'_>) -> *mut c_void) {
    let directory = empty_dir::open(place, libc::O_CLOEXEC);
    let proc = ProcPath::new(directory.unwrap_or(-1));
    let bytes = place.path();
    let hidden = std::fs::symlink_metadata(OsStr::from_bytes(&bytes)).is_ok();
    let path = match hidden || directory.is_ok() {
        true => Text::from(&proc),
        false => path,
    };
    // What is no library: a directory, or nothing.
    open(path);
    libraries::failed(path.as_c_str().unwrap_or_default(), bytes);
    if let Ok(fd) = directory {
        fd_table::remove(fd);
        close_own(fd);
    }
}

thread_local! {
    /// What `dlerror` told; it stays valid until the next call.
    static TOLD: RefCell<Option<CString>> = const { RefCell::new(None) };
}
