//! The files of invfs itself. They are loaded when first needed, even if a mount hides them by then.

use std::sync::OnceLock;

#[cfg(mounts)]
use invfs_engine::path::clean_absolute;
#[cfg(mounts)]
use invfs_fs::mounts;
use magnus::{prelude::*, rb_sys::AsRawValue, Error, RModule, RString, Ruby, Value};

use crate::helpers::{protected, string};

/// The folder `lib/invfs`, with a slash at its end.
static FOLDER: OnceLock<Vec<u8>> = OnceLock::new();

/// Finds their folder from the absolute path of one that is announced by an `autoload`.
pub fn init(module: RModule) -> Result<(), Error> {
    let announced: Option<RString> = module.funcall("autoload?", ("RubyFileSystem",))?;
    if let Some(path) = announced.map(string::bytes) {
        let slash = path.iter().rposition(|b| *b == b'/').unwrap_or(0);
        FOLDER.get_or_init(|| path.get(..=slash).unwrap_or_default().to_vec());
    }
    Ok(())
}

/// Whether the absolute path is that of a file of invfs.
pub fn is_one(path: &[u8]) -> bool {
    FOLDER.get().is_some_and(|folder| path.starts_with(folder))
}

/// The path of the file of invfs that `require "invfs/name"` means, if a mount hides it.
#[cfg(mounts)]
pub fn hidden(name: &[u8]) -> Option<Vec<u8>> {
    let name = name.strip_prefix(b"invfs/")?;
    let name = name.strip_suffix(b".rb").unwrap_or(name);
    let path = clean_absolute(&[FOLDER.get()?, name, b".rb"].concat());
    (is_one(&path) && hides(&path) && string::os_path(&path).is_file()).then_some(path)
}

/// The path of the file of invfs that `require "invfs/name"` means, if a mount hides it: never, without mounts.
#[cfg(not(mounts))]
pub fn hidden(_name: &[u8]) -> Option<Vec<u8>> {
    None
}

/// Whether a mount covers `path` and has no file there.
#[cfg(mounts)]
fn hides(path: &[u8]) -> bool {
    mounts::find_visible(path)
        .is_some_and(|place| place.mount.is_named() && place.stat(true).is_err())
}

/// Runs `load` for the file at `path`. If a mount hides the file, `load` sees no mounts.
#[cfg(mounts)]
pub fn unhidden<T>(path: &[u8], load: impl FnOnce() -> T) -> T {
    match hides(path) {
        true => invfs_interpose::past_mounts(load),
        false => load(),
    }
}

/// Runs `load` for the file at `path`, which nothing can hide.
#[cfg(not(mounts))]
pub fn unhidden<T>(_path: &[u8], load: impl FnOnce() -> T) -> T {
    load()
}

/// Has Ruby itself load the file at `path`, past all wrappers of `require`.
pub fn require(ruby: &Ruby, path: RString) -> Result<Value, Error> {
    let main = ruby.module_kernel();
    unhidden(&string::bytes(path), || {
        // SAFETY: live objects; what is raised is caught.
        protected(|| unsafe { rb_sys::rb_f_require(main.as_raw(), path.as_raw()) })
    })
}

/// A private module of invfs that is written in Ruby. The first use loads it with [`require`].
#[cfg(mounts)]
pub fn module(ruby: &Ruby, invfs: RModule, name: &str) -> Result<RModule, Error> {
    let announced: Option<RString> = invfs.funcall("autoload?", (name,))?;
    if let Some(file) = announced {
        require(ruby, file)?;
        // An autoload by Ruby would have kept the constant private.
        invfs.funcall::<_, _, Value>("private_constant", (name,))?;
    }
    invfs.const_get(name)
}
