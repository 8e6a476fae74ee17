//! Shared objects that were loaded from mounts.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{c_int, c_void, CStr, CString};
use std::os::fd::AsRawFd;

use crate::open::library_files::{contents, libraries_of};
use crate::open::named_library;
use invfs_engine::elf;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork::ForkMutex;
use invfs_fs::sys::memfd;
use invfs_fs::sys::reserved_fd::ReservedFd;

/// The files that libraries were loaded from: the same file is the same library, as it is on disk.
static LOADED: ForkMutex<Option<HashMap<Vec<u8>, Loaded>>> = ForkMutex::new(None);
invfs_fs::survives_fork!(LOADED, Outer);

/// A library that was loaded from a mount.
struct Loaded {
    /// The number of the mount that it was loaded from last.
    mount: u64,
    file: ReservedFd,
    /// The path that the loader knows it by, where it had to have a name. There is nothing at it any more.
    named: Option<CString>,
}

impl Loaded {
    /// A path for the loader that leads to this library.
    fn spelling(&self) -> Answer<CString> {
        let file = spelling(&self.file)?;
        match &self.named {
            // What it was is still known.
            Some(path) if !is_there(&file) => Ok(path.clone()),
            _ => Ok(file),
        }
    }
}

/// How deep libraries may need one another inside a mount.
const DEPTH: usize = 32;

/// Whether the loader finds a library that is loaded by its own name (`SONAME`), wherever it came from. musl never reads
/// that name: it wants each library where a path leads to it.
const KNOWS_OWN_NAMES: bool = cfg!(not(target_env = "musl"));

/// Loads the shared object at `place`, with the libraries of its mount that it needs. NULL where the loader refuses it;
/// [`message`] says why.
pub fn load(place: &Place, flags: c_int) -> Answer<*mut c_void> {
    load_within(place, flags, 0)
}

/// [`load`] for a shared object that was read already.
pub fn load_contents(place: &Place, contents: &[u8], flags: c_int) -> Answer<*mut c_void> {
    load_read(place, contents, flags, 0)
}

fn load_within(place: &Place, flags: c_int, depth: usize) -> Answer<*mut c_void> {
    if let Some(library) = again(place, flags)? {
        return Ok(library);
    }
    load_read(place, &contents(place)?, flags, depth)
}

fn load_read(place: &Place, contents: &[u8], flags: c_int, depth: usize) -> Answer<*mut c_void> {
    if !elf::is_complete(contents) {
        // The loader would map what is not there; it gets to see the file nevertheless, for its message.
        return open(place, contents.get(..16).unwrap_or(contents), flags);
    }
    if depth < DEPTH && KNOWS_OWN_NAMES {
        for needed in libraries_of(place, contents) {
            load_within(&needed, libc::RTLD_LAZY, depth + 1)?;
        }
    }
    open(place, contents, flags)
}

/// A library that is loaded already from the same mount, if its file cannot have changed since; else it has to be read.
fn again(place: &Place, flags: c_int) -> Answer<Option<*mut c_void>> {
    if !place.mount.file_system().is_constant() {
        return Ok(None);
    }
    let spelled = {
        let loaded = LOADED.lock();
        let known = loaded.as_ref().and_then(|l| l.get(&place.path()));
        match known.filter(|known| known.mount == place.mount.id) {
            Some(known) => known.spelling()?,
            None => return Ok(None),
        }
    };
    // SAFETY: a NUL-terminated path. What has it is loaded, or nothing.
    let library = unsafe { libc::dlopen(spelled.as_ptr(), flags | libc::RTLD_NOLOAD) };
    Ok((!library.is_null()).then_some(library))
}

/// The file for the loader with what is at `place`: the same one for as long as the contents are the same.
fn held(place: &Place, contents: &[u8]) -> Answer<CString> {
    let path = place.path();
    let is_it = |known: &&mut Loaded| {
        let held = known.file.get().and_then(memfd::read_all);
        held.is_ok_and(|held| held == contents)
    };
    let mut loaded = LOADED.lock();
    let loaded_before = loaded.get_or_insert_default();
    if let Some(known) = loaded_before.get_mut(&path).filter(is_it) {
        known.mount = place.mount.id;
        return known.spelling();
    }
    let file = ReservedFd::out_of_the_way(memfd::file(contents, &path, true)?);
    let spelled = spelling(&file)?;
    let library = Loaded {
        mount: place.mount.id,
        file,
        named: None,
    };
    loaded_before.insert(path, library);
    Ok(spelled)
}

fn open(place: &Place, contents: &[u8], flags: c_int) -> Answer<*mut c_void> {
    let path = place.path();
    // The library's initialisers may open others: nothing is locked from here on.
    let mut spelled = held(place, contents)?;
    let brings_libraries = || !libraries_of(place, contents).is_empty();
    // SAFETY: a NUL-terminated path; opening runs the initialisers, which is what the caller of `dlopen` asked for.
    let load = |path: &CStr| unsafe { libc::dlopen(path.as_ptr(), flags) };
    let mut library = match KNOWS_OWN_NAMES || !brings_libraries() {
        true => load(&spelled),
        false => std::ptr::null_mut(),
    };
    // Without /proc the loader has to be shown a file with a name; and a library without a name of its own is found only
    // where it lies.
    if library.is_null() && (!is_there(&spelled) || brings_libraries()) {
        let link = |place: &Place, contents: &[u8]| {
            let file = held(place, contents).ok()?;
            is_there(&file).then_some(file)
        };
        let named = named_library::open(place, contents, flags, link)?;
        library = named.library;
        if library.is_null() && KNOWS_OWN_NAMES {
            // Once more, for its message.
            load(&spelled);
        } else if let Some(known) = LOADED.lock().get_or_insert_default().get_mut(&path) {
            spelled.clone_from(&named.path);
            known.named = Some(named.path);
        }
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

/// Whether something is at this path of the system's.
fn is_there(path: &CStr) -> bool {
    // SAFETY: a NUL-terminated path, which is only read.
    unsafe { libc::access(path.as_ptr(), libc::F_OK) == 0 }
}

thread_local! {
    /// The path that the loader was shown when it last failed, and the one that was asked for.
    static FAILED: RefCell<Option<(Vec<u8>, Vec<u8>)>> = const { RefCell::new(None) };
}

/// The loader could not open what it was shown at `spelled`.
pub fn failed(spelled: &CStr, path: Vec<u8>) {
    FAILED.set(Some((spelled.to_bytes().to_vec(), path)));
}

/// Why the loader of the system refused what this thread loaded last, in its words.
pub fn message() -> Vec<u8> {
    // SAFETY: NULL, or a string that stays valid until this thread's next call.
    let message = unsafe {
        let message = libc::dlerror();
        (!message.is_null()).then(|| CStr::from_ptr(message).to_bytes())
    };
    let reworded = reworded(message).map(CString::into_bytes);
    reworded.or(message.map(<[u8]>::to_vec)).unwrap_or_default()
}

/// The loader's message, with the path that was asked for: programs show it, and some look for the file there. `None`
/// where it names no file of a mount.
pub fn reworded(message: Option<&[u8]>) -> Option<CString> {
    let failed = FAILED.take();
    let message = message?;
    match failed {
        Some(failed) => renamed(message, &failed),
        None => renamed_loaded(message),
    }
}

fn renamed(message: &[u8], (spelled, path): &(Vec<u8>, Vec<u8>)) -> Option<CString> {
    // musl says something before the path.
    let mut parts = message.windows(spelled.len().max(1));
    let (before, rest) = message.split_at_checked(parts.position(|part| part == spelled)?)?;
    let rest = rest.get(spelled.len()..)?;
    CString::new([before, path.as_slice(), rest].concat()).ok()
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
fn spelling(file: &ReservedFd) -> Answer<CString> {
    CString::new(memfd::unused_path(file)).map_err(|_| Errno(libc::EINVAL))
}
