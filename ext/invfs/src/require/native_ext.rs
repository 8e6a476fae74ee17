//! Loads native extensions from a VFS: opens the shared object from memory and calls its `Init_` function.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use invfs_engine::elf;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Kind;
use libloading::Library;
use magnus::{Error, Ruby};
use parking_lot::Mutex;

use super::{
    adopted::{Adopted, Mount},
    found::Hit,
    native_image::{self, Image},
};
use crate::{
    helpers::protected,
    ruby_api::{
        errors::{load_error, to_ruby},
        limits::max_load_size,
    },
};

/// The open libraries by virtual path. They stay open until the process ends, because their code may run.
static OPEN: LazyLock<Mutex<HashMap<Vec<u8>, OpenLibrary>>> = LazyLock::new(Mutex::default);

struct OpenLibrary {
    library: &'static Library,
    _image: Image,
}

/// Opens the shared object of `hit` and calls its `Init_` function, as Ruby does for one on disk.
pub fn load(ruby: &Ruby, hit: &Hit) -> Result<(), Error> {
    let library = open(ruby, &hit.mount, &hit.sub, &hit.path, 0)?;
    let name = init_name(&hit.path);
    // SAFETY: by Ruby's convention `Init_<name>` of an extension takes nothing and returns nothing.
    let init = unsafe { library.get::<unsafe extern "C" fn()>(&name) };
    let Ok(init) = init else {
        let symbol = String::from_utf8_lossy(name.strip_suffix(b"\0").unwrap_or(&name));
        return Err(failed(ruby, &hit.path, &format!("no function {symbol}")));
    };
    // Ruby keeps the mark of a ractor-safe extension per loading; without it nothing may leak either way.
    // SAFETY: plain flags of the calling thread.
    unsafe { rb_sys::rb_ext_ractor_safe(false) };
    let outcome = protected(|| {
        // SAFETY: the library stays open; what `Init_` raises is caught.
        unsafe { init() };
        rb_sys::Qnil as rb_sys::VALUE
    });
    // SAFETY: as above.
    unsafe { rb_sys::rb_ext_ractor_safe(false) };
    outcome.map(|_| ())
}

/// `Init_` + the base name up to its first dot, NUL-terminated.
fn init_name(path: &[u8]) -> Vec<u8> {
    let base = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
    let stem = base.split(|b| *b == b'.').next().unwrap_or_default();
    [b"Init_", stem, b"\0"].concat()
}

/// Opens a shared object, and before it those that it needs and that lie beside it.
fn open(
    ruby: &Ruby,
    mount: &Arc<Mount>,
    sub: &Subpath,
    path: &[u8],
    depth: usize,
) -> Result<&'static Library, Error> {
    if let Some(open) = OPEN.lock().get(path) {
        return Ok(open.library);
    }
    let bytes = read(ruby, mount, sub)?;
    if cfg!(target_os = "linux") && !elf::is_complete(&bytes) {
        let reason = match bytes.starts_with(b"\x7fELF") {
            true => "file too short",
            false => "invalid ELF header",
        };
        return Err(failed(ruby, path, reason));
    }
    // Libraries may need each other in a circle.
    if depth < 16 {
        for needed in elf::needed(&bytes).unwrap_or_default() {
            open_beside(ruby, mount, sub, &needed, depth + 1)?;
        }
    }
    let global = depth > 0;
    let opened = match native_image::from_memory(&bytes, path, global) {
        Ok(opened) => Ok(opened),
        // Memory may be forbidden to run code; or a library is found only where it lies (`$ORIGIN`).
        Err(_) => {
            let mut beside = Vec::new();
            collect_beside(ruby, mount, sub, &bytes, &mut beside)?;
            native_image::from_files(&bytes, path, &beside, global)
        }
    };
    let (library, image) = opened.map_err(|e| failed(ruby, path, &e))?;
    // Never unloaded: Ruby keeps pointers into it.
    let library: &'static Library = Box::leak(Box::new(library));
    let opened = OpenLibrary {
        library,
        _image: image,
    };
    OPEN.lock().insert(path.to_vec(), opened);
    Ok(library)
}

/// Opens the library `name` if it lies in the directory of `sub`; else the system will look for it.
fn open_beside(
    ruby: &Ruby,
    mount: &Arc<Mount>,
    sub: &Subpath,
    name: &[u8],
    depth: usize,
) -> Result<(), Error> {
    if let Some(beside) = beside(ruby, mount, sub, name)? {
        open(ruby, mount, &beside, &mount.path_of(&beside), depth)?;
    }
    Ok(())
}

/// The file `name` in the directory of `sub`, if it is there.
fn beside(
    ruby: &Ruby,
    mount: &Mount,
    sub: &Subpath,
    name: &[u8],
) -> Result<Option<SubpathBuf>, Error> {
    let Some(name) = Subpath::new(name).filter(|name| !name.is_root()) else {
        return Ok(None);
    };
    let beside = sub.parent().join(name);
    let kind = mount.vfs().kind(&beside).map_err(|e| to_ruby(ruby, e))?;
    Ok((kind == Some(Kind::File)).then_some(beside))
}

/// Name and contents of every library beside `sub` that the shared object needs, and that those need.
fn collect_beside(
    ruby: &Ruby,
    mount: &Mount,
    sub: &Subpath,
    bytes: &[u8],
    found: &mut Vec<(Vec<u8>, Vec<u8>)>,
) -> Result<(), Error> {
    for name in elf::needed(bytes).unwrap_or_default() {
        if found.iter().any(|(known, _)| *known == name) {
            continue;
        }
        if let Some(beside) = beside(ruby, mount, sub, &name)? {
            let library = read(ruby, mount, &beside)?;
            found.push((name, library.clone()));
            collect_beside(ruby, mount, &beside, &library, found)?;
        }
    }
    Ok(())
}

fn read(ruby: &Ruby, mount: &Mount, sub: &Subpath) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    mount
        .vfs()
        .read(sub, max_load_size(), &mut bytes)
        .map_err(|e| to_ruby(ruby, e))?;
    Ok(bytes)
}

/// A `LoadError` as Ruby words it: `<reason> - <path>`.
fn failed(ruby: &Ruby, path: &[u8], reason: &str) -> Error {
    let message = format!("{reason} - {}", String::from_utf8_lossy(path));
    load_error(ruby, &message, path, None).unwrap_or_else(|e| e)
}
