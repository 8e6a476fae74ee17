//! `LoadError`s, as Ruby words them and with what else there is to say.

use magnus::{kwargs, prelude::*, Error, RString, Ruby, TryConvert, Value};

use super::found::PassedOver;
use crate::{
    helpers::string,
    ruby_api::limits::{self, max_load_size},
};

/// A `LoadError` with `path` and `cause`, as `raise` makes it.
pub fn load_error(
    ruby: &Ruby,
    message: &str,
    path: &[u8],
    cause: Option<Value>,
) -> Result<Error, Error> {
    let exception: Value = ruby.exception_load_error().funcall("new", (message,))?;
    exception
        .funcall::<_, _, Value>("instance_variable_set", ("@path", string::path(ruby, path)))?;
    let raised = match cause {
        Some(cause) => ruby
            .module_kernel()
            .funcall::<_, _, Value>("raise", (exception, kwargs!("cause" => cause))),
        None => ruby.module_kernel().funcall("raise", (exception,)),
    };
    Ok(match raised {
        Err(error) => error,
        Ok(_) => Error::new(ruby.exception_load_error(), message.to_owned()),
    })
}

/// The `path` of a `LoadError`.
pub fn load_error_path(error: &Error) -> Option<Vec<u8>> {
    let exception = error.value()?;
    let path: Value = exception.funcall("path", ()).ok()?;
    Some(string::bytes(RString::try_convert(path).ok()?))
}

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
    let Some(large) = passed_over else {
        return error;
    };
    let is_load_error = error.is_kind_of(ruby.exception_load_error());
    if !is_load_error || load_error_path(&error).as_deref() != Some(name) {
        return error;
    }
    let Some(exception) = error.value() else {
        return error;
    };
    let attempt = || -> Result<Error, Error> {
        let message: String = exception.funcall("message", ())?;
        let about = about(&large);
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
