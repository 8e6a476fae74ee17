//! Loads native extensions from a VFS: opens the shared object from memory and calls its `Init_` function.

use std::{collections::HashMap, sync::LazyLock};

use invfs_engine::path::Subpath;
use libloading::Library;
use magnus::{Error, Ruby};
use parking_lot::Mutex;

use super::{
    adopted::{Adopted, Mount},
    found::Hit,
    native_image,
};
use crate::{
    helpers::protected,
    ruby_api::{
        errors::{load_error, to_ruby},
        limits::max_load_size,
    },
};

/// The open libraries by virtual path. They stay open until the process ends, because their code may run.
static OPEN: LazyLock<Mutex<HashMap<Vec<u8>, &'static Library>>> = LazyLock::new(Mutex::default);

/// Opens the shared object of `hit` and calls its `Init_` function, as Ruby does for one on disk.
pub fn load(ruby: &Ruby, hit: &Hit) -> Result<(), Error> {
    let library = open(ruby, hit)?;
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

/// Opens a shared object, with the libraries of its VFS that it needs.
fn open(ruby: &Ruby, hit: &Hit) -> Result<&'static Library, Error> {
    if let Some(library) = OPEN.lock().get(&hit.path) {
        return Ok(library);
    }
    let bytes = read(ruby, &hit.mount, &hit.sub)?;
    let library = native_image::open(hit, &bytes).map_err(|e| failed(ruby, &hit.path, &e))?;
    // Never unloaded: Ruby keeps pointers into it.
    let library: &'static Library = Box::leak(Box::new(library));
    OPEN.lock().insert(hit.path.clone(), library);
    Ok(library)
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
