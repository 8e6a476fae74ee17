//! `dlopen`: shared objects that lie in a mount, and hooks for every object that is loaded later.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_char, c_int, c_void, CStr, CString, OsStr};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;

use super::{dispatch_path, guard, named_library};
use crate::elf;
use crate::interpose::errno::{Answer, Errno};
use crate::interpose::fork::{ForkMutex, Forked};
use crate::interpose::memory::ProcPath;
use crate::interpose::own::Own;
use crate::interpose::route::Target;
use crate::interpose::served::{How, Node, Opened};
use crate::interpose::{directories, install, memory, resolve};
use crate::mounts::Place;
use crate::path::SubpathBuf;
use crate::vfs::Kind;

/// The files that libraries were loaded from: the same file is the same library, as it is on disk.
static LOADED: ForkMutex<Option<HashMap<Vec<u8>, Loaded>>> = ForkMutex::new(None);

/// A library that was loaded from a mount.
struct Loaded {
    file: Own,
    /// Its path for the loader, where it had to be a file with a name. There is nothing at it any more, but the loader
    /// knows what it was.
    named: Option<CString>,
}

/// The lock, which is taken while a process forks.
pub fn lock() -> &'static dyn Forked {
    &LOADED
}

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
                |at| target(&at, flags, 0).inspect_err(|_| explain(&at.place, path)),
            )
        }
    };
    install::scan();
    library
}

/// Lets the loader say why it finds nothing: only it can set what `dlerror` tells.
///
/// # Safety
/// `path` is a NUL-terminated string.
unsafe fn explain(place: &Place, path: *const c_char) {
    let directory = directories::open(place, libc::O_CLOEXEC);
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
    failed(unsafe { CStr::from_ptr(path) }, bytes);
    if let Ok(fd) = directory {
        directories::closing(fd);
        // SAFETY: opened above, and given to nobody.
        unsafe { libc::close(fd) };
    }
}

/// How deep libraries may need one another inside a mount.
const DEPTH: usize = 32;

fn target(at: &Target, flags: c_int, depth: usize) -> Answer<*mut c_void> {
    let (real, node) = resolve::real(&at.place)?;
    at.check(&node)?;
    load(&real, flags, depth)
}

fn load(place: &Place, flags: c_int, depth: usize) -> Answer<*mut c_void> {
    let contents = contents(place)?;
    if !elf::is_complete(&contents) {
        // The loader would map what is not there; it gets to see the file nevertheless, for its message.
        return open(place, contents.get(..16).unwrap_or(&contents), flags);
    }
    if depth < DEPTH {
        for needed in libraries_of(place, &contents) {
            // Once it is loaded, the loader finds it by its own name, if it has one (`SONAME`).
            load(&needed, libc::RTLD_LAZY, depth + 1)?;
        }
    }
    open(place, &contents, flags)
}

/// The libraries that the shared object at `place` needs and that lie in its mount: beside it, or where it says from there
/// on (`$ORIGIN/../lib`).
pub fn libraries_of(place: &Place, contents: &[u8]) -> Vec<Place> {
    let mut directories = vec![Vec::new()];
    directories.extend(elf::origins(contents));
    let find = |name: &Vec<u8>| {
        directories.iter().find_map(|directory| {
            let path = [place.sub.parent().as_bytes(), directory, name].join(&b'/');
            let start = path.iter().position(|b| *b != b'/')?;
            let found = Place {
                mount: place.mount.clone(),
                sub: SubpathBuf::clean(path.get(start..)?)?,
            };
            let is_file = |node: Node| node.kind == Kind::File;
            found.stat(true).is_ok_and(is_file).then_some(found)
        })
    };
    let names = elf::needed(contents).unwrap_or_default();
    names.iter().filter_map(find).collect()
}

/// What the file at `place` holds.
pub fn contents(place: &Place) -> Answer<Vec<u8>> {
    let how = How {
        flags: libc::O_RDONLY,
        mode: 0,
    };
    match place.mount.served().open(&place.sub, how)? {
        Opened::Shared(_) => place.mount.served().read(&place.sub),
        Opened::Contents(contents, _) => Ok(contents),
        Opened::Real(file) => memory::read_all(file.as_raw_fd()),
        Opened::Buffered { contents, .. } => Ok(contents),
    }
}

fn open(place: &Place, contents: &[u8], flags: c_int) -> Answer<*mut c_void> {
    let path = place.path();
    let is_it =
        |known: &&Loaded| memory::read_all(known.file.as_raw_fd()).is_ok_and(|old| old == contents);
    let mut loaded = LOADED.lock();
    let loaded_before = loaded.get_or_insert_default();
    let spelled = match loaded_before.get(&path).filter(is_it) {
        Some(Loaded {
            named: Some(path), ..
        }) => path.clone(),
        Some(known) => spelling(&known.file)?,
        None => {
            let file = Own::out_of_the_way(memory::file(contents, &path, true)?);
            let spelled = spelling(&file)?;
            let named = None;
            loaded_before.insert(path.clone(), Loaded { file, named });
            spelled
        }
    };
    // The library's initialisers may open others.
    drop(loaded);
    // SAFETY: a NUL-terminated path; opening runs the initialisers, which is what the caller of `dlopen` asked for.
    let library = unsafe { libc::dlopen(spelled.as_ptr(), flags) };
    // Without /proc the loader has to be shown a file with a name; and a library without a name of its own is found only
    // where it lies.
    // SAFETY: as above.
    let no_proc = || unsafe { libc::access(spelled.as_ptr(), libc::F_OK) } != 0;
    if library.is_null() && (!libraries_of(place, contents).is_empty() || no_proc()) {
        let named = named_library::open(place, contents, flags)?;
        if let (Some(named), Some(known)) =
            (&named, LOADED.lock().get_or_insert_default().get_mut(&path))
        {
            known.named = Some(named.path.clone());
        }
        if let Some(named) = named {
            return Ok(named.library);
        }
        // Once more, for its message.
        // SAFETY: as above.
        unsafe { libc::dlopen(spelled.as_ptr(), flags) };
    }
    if library.is_null() {
        // What is no library need not be kept.
        let gone = LOADED
            .lock()
            .as_mut()
            .and_then(|loaded| loaded.remove(&path));
        drop(gone);
        failed(&spelled, path);
    }
    // NULL is the answer that callers know; `dlerror` has the reason.
    Ok(library)
}

thread_local! {
    /// The path that the loader was shown when it last failed, and the one that was asked for.
    static FAILED: RefCell<Option<(Vec<u8>, Vec<u8>)>> = const { RefCell::new(None) };
    /// What `dlerror` told; it stays valid until the next call.
    static TOLD: RefCell<Option<CString>> = const { RefCell::new(None) };
}

/// The loader could not open what it was shown at `spelled`.
fn failed(spelled: &CStr, path: Vec<u8>) {
    FAILED.set(Some((spelled.to_bytes().to_vec(), path)));
}

/// The loader's message, with the path that was asked for: programs show it, and some look for the file there.
// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn dlerror() -> *mut c_char {
    // SAFETY: a message of the calling thread, which stays valid until the next call.
    let message = unsafe { libc::dlerror() };
    let told = guard(None, || {
        let failed = FAILED.take().filter(|_| !message.is_null());
        // SAFETY: called only where there is a message, which is a NUL-terminated string.
        let text = || unsafe { CStr::from_ptr(message) }.to_bytes();
        let told = match failed {
            Some(failed) => renamed(text(), &failed),
            None if message.is_null() => None,
            None => renamed_loaded(text()),
        };
        let pointer = told.as_ref().map(|told| told.as_ptr().cast_mut());
        TOLD.set(told);
        Ok(pointer)
    });
    told.unwrap_or(message)
}

fn renamed(message: &[u8], (spelled, path): &(Vec<u8>, Vec<u8>)) -> Option<CString> {
    let rest = message.strip_prefix(spelled.as_slice())?;
    CString::new([path.as_slice(), rest].concat()).ok()
}

/// What the loader says of a library that it has loaded: that there is no such symbol in it.
fn renamed_loaded(message: &[u8]) -> Option<CString> {
    LOADED.lock().iter().flatten().find_map(|(path, library)| {
        let rest = after_path(message, library)?;
        let told = [path.as_slice(), rest].concat();
        rest.starts_with(b":").then(|| CString::new(told).ok())?
    })
}

/// What comes after the path of the library in a message, however it was spelled for the loader.
fn after_path<'m>(message: &'m [u8], library: &Loaded) -> Option<&'m [u8]> {
    if let Some(named) = &library.named {
        return message.strip_prefix(named.to_bytes());
    }
    let spelled = message.strip_prefix(b"/proc/self/fd")?;
    let number = spelled.iter().position(u8::is_ascii_digit)?;
    let rest = spelled.get(number..)?;
    rest.strip_prefix(library.file.as_raw_fd().to_string().as_bytes())
}

/// A path of the open file for the loader.
fn spelling(file: &Own) -> Answer<CString> {
    CString::new(memory::unused_path(file)).map_err(|_| Errno(libc::EINVAL))
}
