//! The VFS that a path means outside of `$:`: for `InVFS.mount`.

use invfs_engine::path::SubpathBuf;
use invfs_fs::mounts;
use magnus::{prelude::*, Error, RString, Ruby, Value};

use super::{adopted::Adopted, archive_paths, handlers, real_files};
use crate::{
    helpers::{module::invfs, string},
    ruby_api::{sub_fs::SubFS, vfs_value::is_vfs},
};

/// The VFS that the path `given` means: a directory, an archive for which there is a handler (always: a zip archive), or
/// a directory in an archive. `None` if there is nothing at this path.
///
/// Errors: what the handler raises; `InVFS::NotAnArchiveError` for any other file; `ArgumentError` for a directory of a
/// mount that is no VFS.
pub fn open(ruby: &Ruby, given: RString) -> Result<Option<Value>, Error> {
    let path = string::expand(given)?;
    if let Some((file, inside)) = archive_paths::split(&path, path.len()) {
        let archive = archive(ruby, file)?;
        return directory_of(ruby, archive, inside).map(Some);
    }
    if !real_files::is_directory(&path) {
        return Ok(None);
    }
    if let Some(place) = mounts::find_visible(&path).filter(|place| place.mount.is_named()) {
        let object = place.mount.object();
        if place.mount.vfs.is_none() || !is_vfs(object) {
            let message = format!(
                "{} lies in the mount at {}, which is no VFS",
                String::from_utf8_lossy(&path),
                String::from_utf8_lossy(&place.mount.root)
            );
            return Err(Error::new(ruby.exception_arg_error(), message));
        }
        return directory_of(ruby, object, place.sub.as_bytes()).map(Some);
    }
    new(ruby, "UnionFS", given).map(Some)
}

fn archive(ruby: &Ruby, file: &[u8]) -> Result<Value, Error> {
    let path = string::path(ruby, file);
    let zip: Value = invfs(ruby)?.const_get("ZipFS")?;
    if !zip.funcall::<_, _, bool>("probe", (path,))? {
        if let Some(vfs) = handlers::open(ruby, file)? {
            return Ok(vfs);
        }
    }
    new(ruby, "ZipFS", path)
}

fn directory_of(ruby: &Ruby, vfs: Value, inside: &[u8]) -> Result<Value, Error> {
    match SubpathBuf::clean(inside) {
        Some(sub) if !sub.is_root() => {
            SubFS::create(ruby, vfs, string::name(ruby, sub.as_bytes()).as_value())
        }
        _ => Ok(vfs),
    }
}

fn new(ruby: &Ruby, class: &str, path: RString) -> Result<Value, Error> {
    let class: Value = invfs(ruby)?.const_get(class)?;
    class.funcall("new", (path,))
}
