//! `LoadError`s, as Ruby words them and with what else there is to say.

use magnus::{prelude::*, Error, Ruby, Value};

use super::{found::PassedOver, unregistered};
use crate::ruby_api::{
    errors::{load_error, load_error_path},
    limits::{self, max_load_size},
};

/// What Ruby says of a name that it finds nothing for.
pub fn cannot_load(ruby: &Ruby, name: &[u8]) -> Result<Error, Error> {
    load_error(ruby, &no_such_file(name), name, None)
}

/// [`cannot_load`] for a name under which there is only a file that is too large, with what to do about it.
pub fn too_large(ruby: &Ruby, name: &[u8], large: &PassedOver) -> Result<Error, Error> {
    let message = format!("{} {}", no_such_file(name), about(large));
    load_error(ruby, &message, name, None)
}

fn no_such_file(name: &[u8]) -> String {
    format!("cannot load such file -- {}", String::from_utf8_lossy(name))
}

fn about(large: &PassedOver) -> String {
    format!(
        "({} has {} bytes, more than the limit of {}; set {} to raise it)",
        String::from_utf8_lossy(&large.path),
        large.size,
        max_load_size(),
        limits::VARIABLE,
    )
}

/// A `LoadError` about `name` itself tells of the file that was too large, and what to do about it.
pub fn explain(ruby: &Ruby, error: Error, name: &[u8], passed_over: Option<PassedOver>) -> Error {
    match passed_over {
        Some(large) => complete(ruby, error, name, || Some(about(&large))),
        None => error,
    }
}

/// A `LoadError` about `name` itself tells of an archive in `$:` that has one of the files `wanted`, but no handler.
pub fn unregistered(
    ruby: &Ruby,
    error: Error,
    name: &[u8],
    wanted: impl FnOnce() -> Vec<Vec<u8>>,
) -> Error {
    complete(ruby, error, name, || unregistered::hint(ruby, &wanted()))
}

/// Puts what `about` says behind the message of a `LoadError` about `name` itself.
fn complete(
    ruby: &Ruby,
    error: Error,
    name: &[u8],
    about: impl FnOnce() -> Option<String>,
) -> Error {
    let is_load_error = error.is_kind_of(ruby.exception_load_error());
    if !is_load_error || load_error_path(&error).as_deref() != Some(name) {
        return error;
    }
    let Some(exception) = error.value() else {
        return error;
    };
    let Some(about) = about() else {
        return error;
    };
    let attempt = || -> Result<Error, Error> {
        let message: String = exception.funcall("message", ())?;
        // The layer below may have said so.
        let message = match message.ends_with(&about) {
            true => message,
            false => format!("{message} {about}"),
        };
        let explained: magnus::Exception = exception.funcall("exception", (message,))?;
        let backtrace: Value = exception.funcall("backtrace", ())?;
        explained.funcall::<_, _, Value>("set_backtrace", (backtrace,))?;
        Ok(explained.into())
    };
    attempt().unwrap_or(error)
}
