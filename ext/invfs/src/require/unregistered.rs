//! The mistake of a path of an archive in `$:` without `require "invfs/zip"`: finds out whether a name that was not found
//! is in such an archive.

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::{Kind, Vfs};
use magnus::{prelude::*, Error, RArray, RString, Ruby, Value};

use super::{archive_paths, handlers, load_path};
use crate::helpers::{module::invfs, string};

/// What to say of a name that was not found, as one of the file names `wanted`: that it is in an archive whose path is
/// in `$:`, and what to require. `None` if it is in none, or the handler is registered.
pub fn hint(ruby: &Ruby, wanted: &[Vec<u8>]) -> Option<String> {
    match is_registered(ruby) {
        Ok(false) => {}
        Ok(true) | Err(_) => return None,
    }
    let load_path = load_path::array()?;
    let load_path = load_path.dup();
    (0..load_path.len()).find_map(|at| {
        let entry: Value = load_path.entry(at as isize).ok()?;
        let directory = string::expand(RString::from_value(entry)?).ok()?;
        wanted.iter().find_map(|name| in_archive(&directory, name))
    })
}

fn is_registered(ruby: &Ruby) -> Result<bool, Error> {
    let class: Value = invfs(ruby)?.const_get("ZipFS")?;
    let handlers: RArray = handlers::list(ruby);
    handlers.funcall("include?", (class,))
}

/// The hint, if `directory` leads into an archive that has `name` there.
fn in_archive(directory: &[u8], name: &[u8]) -> Option<String> {
    let (file, inside) = archive_paths::split(directory, directory.len())?;
    let sub = SubpathBuf::clean(&[inside, b"/", name].concat())
        .filter(|_| !inside.is_empty())
        .or_else(|| SubpathBuf::clean(name).filter(|_| inside.is_empty()))?;
    let path = string::os_path(file);
    if !Archive::probe(&path).unwrap_or(false) {
        return None;
    }
    let archive = Archive::open(&path, &Options::default()).ok()?;
    let found = archive.stat(&sub).ok()??;
    (found.kind == Kind::File).then(|| {
        format!(
            "({} has {}; require \"invfs/zip\" makes paths of zip archives work in $LOAD_PATH)",
            String::from_utf8_lossy(file),
            String::from_utf8_lossy(sub.as_bytes()),
        )
    })
}
