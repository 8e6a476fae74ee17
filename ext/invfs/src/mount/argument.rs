//! The second argument of `InVFS.mount`: what else than a VFS it may be, and what to say of mistakes.

use magnus::{prelude::*, Error, RClass, RHash, RString, Ruby, TryConvert, Value};

use crate::{
    helpers::{answers, module::invfs, string},
    require::path_value,
    ruby_api::{native_vfs::NativeVfs, vfs_value::is_vfs},
};

/// What to mount at `at` for the argument `object`: a path becomes the VFS of that archive or directory, a Hash a
/// `InVFS::StringMapFS`; everything else stays as it is.
///
/// Errors: `Errno::ENOENT` for a path where nothing is, `ArgumentError` for swapped arguments, `TypeError` for an open
/// file.
pub fn to_mount(ruby: &Ruby, at: Value, object: Value) -> Result<Value, Error> {
    if NativeVfs::of(object).is_some() {
        return Ok(object);
    }
    if is_io(ruby, object) {
        let message = format!(
            "cannot mount {}, an open file: give its path instead, or InVFS::ZipFS.from_bytes(io.read, to_path: \"app.zip\")",
            object.inspect()
        );
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    if RHash::from_value(object).is_some() {
        return invfs(ruby)?.funcall("stringmap", (object,));
    }
    if !is_path(object) {
        return Ok(object);
    }
    if !is_path(at) && can_be_mounted(ruby, at)? {
        return Err(swapped(ruby, at, object));
    }
    let path = string::path_argument(object)?;
    match path_value::open(ruby, path)? {
        Some(vfs) => Ok(vfs),
        None if exists(at) => Err(swapped(ruby, at, object)),
        None => {
            let error = invfs_engine::Error::new(
                invfs_engine::ErrorKind::NotFound,
                String::from_utf8_lossy(&string::bytes(path)),
                "",
            );
            Err(crate::ruby_api::errors::to_ruby(ruby, error))
        }
    }
}

fn is_path(value: Value) -> bool {
    RString::from_value(value).is_some() || (!is_vfs(value) && answers(value, "to_path"))
}

/// A file, or what behaves like one: a `StringIO`.
fn is_io(ruby: &Ruby, value: Value) -> bool {
    value.is_kind_of(ruby.class_io())
        || ["read", "rewind", "each_line"]
            .into_iter()
            .all(|method| answers(value, method))
}

fn can_be_mounted(ruby: &Ruby, value: Value) -> Result<bool, Error> {
    if is_vfs(value) || RHash::from_value(value).is_some() {
        return Ok(true);
    }
    let base: Value = invfs(ruby)?.const_get("Base")?;
    Ok(value.is_kind_of(RClass::try_convert(base)?) || value.is_kind_of(ruby.class_proc()))
}

/// Whether the path `at` is a file of the operating system: the one that was to be mounted, perhaps.
fn exists(at: Value) -> bool {
    string::path_argument(at)
        .and_then(string::expand)
        .is_ok_and(|path| string::os_path(&path).is_file())
}

fn swapped(ruby: &Ruby, at: Value, object: Value) -> Error {
    let shown = match RHash::from_value(at) {
        Some(_) => "{…}".to_owned(),
        None => at.inspect(),
    };
    let message = format!(
        "the arguments are swapped: first where, then what: InVFS.mount({}, {shown})",
        object.inspect()
    );
    Error::new(ruby.exception_arg_error(), message)
}
