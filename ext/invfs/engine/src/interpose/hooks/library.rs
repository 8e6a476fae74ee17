//! `dlopen`: shared objects that lie in a mount, and hooks for every object that is loaded later.

use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void, CString};
use std::os::fd::AsRawFd;
use std::sync::{Mutex, PoisonError};

use super::dispatch;
use crate::elf;
use crate::interpose::errno::{Answer, Errno};
use crate::interpose::own::Own;
use crate::interpose::route::Target;
use crate::interpose::served::{How, Opened};
use crate::interpose::table::Place;
use crate::interpose::{install, memory, resolve};
use crate::path::Subpath;

/// The files that libraries were loaded from: the same file is the same library, as it is on disk.
static LOADED: Mutex<Option<HashMap<Vec<u8>, Own>>> = Mutex::new(None);

pub unsafe extern "C" fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void {
    // A name without a slash is searched for where the system has its libraries.
    // SAFETY: the arguments are the caller's own.
    let library = unsafe {
        dispatch(
            libc::AT_FDCWD,
            path,
            std::ptr::null_mut(),
            |_, path| libc::dlopen(path, flags),
            // What is wrong with it, the loader is to say: it finds nothing there, and `dlerror` has a message.
            |at| target(&at, flags, 0).or_else(|_| Ok(libc::dlopen(path, flags))),
        )
    };
    install::scan();
    library
}

/// How deep libraries may need one another inside a mount.
const DEPTH: usize = 32;

fn target(at: &Target, flags: c_int, depth: usize) -> Answer<*mut c_void> {
    let real = resolve::real(&at.place)?;
    at.check(&real.stat(true)?)?;
    load(&real, flags, depth)
}

fn load(place: &Place, flags: c_int, depth: usize) -> Answer<*mut c_void> {
    let contents = contents(place)?;
    if !elf::is_complete(&contents) {
        // The loader would map what is not there; it gets to see the file nevertheless, for its message.
        return open(place, contents.get(..16).unwrap_or(&contents), flags);
    }
    if depth < DEPTH {
        for name in elf::needed(&contents).unwrap_or_default() {
            let Some(name) = Subpath::new(&name) else {
                continue;
            };
            let beside = Place {
                mount: place.mount.clone(),
                sub: place.sub.parent().join(name),
            };
            if beside.stat(true).is_ok() {
                // Once it is loaded, the loader finds it by its own name.
                load(&beside, libc::RTLD_LAZY, depth + 1)?;
            }
        }
    }
    open(place, &contents, flags)
}

fn contents(place: &Place) -> Answer<Vec<u8>> {
    let how = How {
        flags: libc::O_RDONLY,
        mode: 0,
    };
    match place.mount.served.open(&place.sub, how)? {
        Opened::Shared => place.mount.served.read(&place.sub),
        Opened::Contents(contents, _) => Ok(contents),
        Opened::Real(file) => memory::read_all(file.as_raw_fd()),
        Opened::Buffered { contents, .. } => Ok(contents),
    }
}

fn open(place: &Place, contents: &[u8], flags: c_int) -> Answer<*mut c_void> {
    let path = place.path();
    let spelled = {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        let loaded = loaded.get_or_insert_default();
        let known = loaded
            .get(&path)
            .filter(|file| memory::read_all(file.as_raw_fd()).is_ok_and(|old| old == contents));
        match known {
            Some(file) => memory::unused_path(file),
            None => {
                let file = Own::new(memory::file(contents, &path, true)?);
                let spelled = memory::unused_path(&file);
                loaded.insert(path, file);
                spelled
            }
        }
    };
    let spelled = CString::new(spelled).map_err(|_| Errno(libc::EINVAL))?;
    // SAFETY: opening runs the library's initialisers, which is what the caller of `dlopen` asked for.
    let library = unsafe { libc::dlopen(spelled.as_ptr(), flags) };
    // NULL is the answer that callers know; `dlerror` has the reason.
    Ok(library)
}
