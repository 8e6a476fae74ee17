//! Converts the engine's errors to Ruby exceptions, here alone; and makes `LoadError`s.

use invfs_engine::{Error as EngineError, ErrorKind};
use magnus::{
    kwargs,
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    Error, ExceptionClass, RClass, RModule, RString, Ruby, TryConvert, Value,
};

use crate::helpers::{gc_root::GcRoot, string};

/// What a VFS written in Ruby raised, on its way through the engine.
struct Foreign {
    error: Error,
    /// Keeps the exception alive: the garbage collector does not see `error` on the Rust heap.
    _gc_root: Option<GcRoot>,
}

// SAFETY: made and taken apart by one thread that holds the GVL, within one call of the engine.
unsafe impl Send for Foreign {}
// SAFETY: as above.
unsafe impl Sync for Foreign {}

/// Wraps what Ruby code raised (or threw), for [`to_ruby`] to raise again unchanged.
pub fn foreign(container: impl Into<String>, error: Error) -> Box<EngineError> {
    let _gc_root = error.value().map(GcRoot::new);
    EngineError::from_foreign(container, Box::new(Foreign { error, _gc_root }))
}

/// The Ruby exception for an error of the engine.
///
/// `ENOENT`, `EISDIR` and errors of the operating system become an `Errno`; all others a subclass of `InVFS::Error` that
/// knows `archive` and `entry` (`lib/invfs/error.rb`).
pub fn to_ruby(ruby: &Ruby, mut error: Box<EngineError>) -> Error {
    if let Some(payload) = error.foreign() {
        return match payload.downcast::<Foreign>() {
            Ok(foreign) => foreign.error.clone(),
            Err(_) => build(ruby, "Error", &error),
        };
    }
    let class = match error.kind() {
        ErrorKind::NotFound => return errno(ruby, libc::ENOENT, &error),
        ErrorKind::IsDirectory => return errno(ruby, libc::EISDIR, &error),
        ErrorKind::Io => {
            let code = error.io().and_then(std::io::Error::raw_os_error);
            return errno(ruby, code.map_or(libc::EIO, system_errno), &error);
        }
        ErrorKind::NotAnArchive => "NotAnArchiveError",
        ErrorKind::Malformed => "MalformedArchiveError",
        ErrorKind::Corrupt => "CorruptEntryError",
        ErrorKind::Unsupported => "UnsupportedArchiveError",
        ErrorKind::Encrypted => "EncryptedEntryError",
        ErrorKind::UnsafeName => "UnsafeNameError",
        ErrorKind::DuplicateName => "DuplicateEntryError",
        ErrorKind::TooLarge => "EntryTooLargeError",
        ErrorKind::Changed => "ArchiveChangedError",
        ErrorKind::Closed => "ClosedError",
        _ => "ArchiveError",
    };
    build(ruby, class, &error)
}

/// Ruby's `errno` of the operating system's error code.
#[cfg(not(windows))]
fn system_errno(code: i32) -> i32 {
    code
}

/// Ruby's `errno` of the operating system's error code.
#[cfg(windows)]
fn system_errno(code: i32) -> i32 {
    // SAFETY: a pure table lookup.
    unsafe { rb_sys::rb_w32_map_errno(code as _) }
}

/// `Errno::…` for the file that the error is about, worded as `File.read` words it.
fn errno(ruby: &Ruby, code: i32, error: &EngineError) -> Error {
    let path = match error.entry_name() {
        Some(entry) => format!("{}/{entry}", error.container()),
        None => error.container().to_owned(),
    };
    let message = ruby.str_new(&path);
    // SAFETY: takes a live String, returns a new exception.
    let exception = unsafe { Value::from_raw(rb_sys::rb_syserr_new_str(code, message.as_raw())) };
    match magnus::Exception::from_value(exception) {
        Some(exception) => exception.into(),
        None => Error::new(ruby.exception_io_error(), path),
    }
}

fn build(ruby: &Ruby, name: &str, error: &EngineError) -> Error {
    let attempt = || -> Result<Error, Error> {
        let class: RClass = ruby
            .class_object()
            .const_get::<_, RModule>("InVFS")?
            .const_get(name)?;
        let arguments = if name == "Error" {
            return Ok(Error::new(exception_class(ruby, class), error.to_string()));
        } else {
            kwargs!("archive" => error.container(), "entry" => error.entry_name())
        };
        let exception: magnus::Exception = class.funcall("new", (error.to_string(), arguments))?;
        Ok(exception.into())
    };
    attempt().unwrap_or_else(|failure| failure)
}

fn exception_class(ruby: &Ruby, class: RClass) -> ExceptionClass {
    ExceptionClass::from_value(class.as_value()).unwrap_or(ruby.exception_standard_error())
}

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
