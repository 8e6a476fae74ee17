//! The registry of handlers: objects that make a VFS from a file whose path is in `$:`.

use std::sync::atomic::{AtomicU64, Ordering};

use magnus::{prelude::*, rb_sys::AsRawValue, Error, RArray, Ruby, Value};
use parking_lot::Mutex;

use crate::{
    helpers::{gc_root::GcRoot, string},
    ruby_api::{errors::load_error, ruby_vfs::is_standard_error, vfs_value::is_vfs},
};

static HANDLERS: Mutex<Vec<GcRoot>> = Mutex::new(Vec::new());

/// How many handlers were ever added.
static GENERATION: AtomicU64 = AtomicU64::new(0);

/// A number that grows with each new handler. A new handler may take a file for an archive that the others did not, so
/// "no archive" holds only as long as this number is the same.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Adds a handler, behind the others; false if it is there already.
pub fn add(handler: Value) -> bool {
    let mut handlers = HANDLERS.lock();
    if handlers.iter().any(|known| known.raw() == handler.as_raw()) {
        return false;
    }
    handlers.push(GcRoot::new(handler));
    GENERATION.fetch_add(1, Ordering::Release);
    true
}

/// The handlers in the order in which they are asked; a copy.
pub fn list(ruby: &Ruby) -> RArray {
    let handlers = HANDLERS.lock();
    ruby.ary_from_iter(handlers.iter().map(GcRoot::get))
}

/// Whether any handler is registered.
pub fn any() -> bool {
    !HANDLERS.lock().is_empty()
}

/// Asks the handlers, oldest first, for a VFS of the regular file `path`.
///
/// A handler that raises in `probe` is passed over, with a warning under `-w`; one that raises in `open`
/// surfaces as a `LoadError` that names the file and has the exception as its cause.
pub fn open(ruby: &Ruby, path: &[u8]) -> Result<Option<Value>, Error> {
    let handlers: RArray = list(ruby);
    for at in 0..handlers.len() {
        let handler: Value = handlers.entry(at as isize)?;
        match handler.funcall_public::<_, _, Value>("probe", (string::path(ruby, path),)) {
            Ok(answer) if !answer.to_bool() => {}
            Ok(_) => return open_with(ruby, handler, path).map(Some),
            Err(error) if is_standard_error(&error) => {
                ruby.warning(&format!(
                    "invfs: {handler}.probe({:?}): {error}",
                    lossy(path)
                ));
            }
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn open_with(ruby: &Ruby, handler: Value, path: &[u8]) -> Result<Value, Error> {
    let failed = |reason: &str, cause: Option<Value>| -> Error {
        let message = format!("cannot open {} with {handler}: {reason}", lossy(path));
        load_error(ruby, &message, path, cause).unwrap_or_else(|e| e)
    };
    match handler.funcall_public::<_, _, Value>("open", (string::path(ruby, path),)) {
        Ok(vfs) if is_vfs(vfs) => Ok(vfs),
        Ok(_) => Err(failed(
            "open answered no VFS (to_path, file?, size and read)",
            None,
        )),
        Err(error) if is_standard_error(&error) => Err(failed(&error.to_string(), error.value())),
        Err(error) => Err(error),
    }
}

fn lossy(path: &[u8]) -> String {
    String::from_utf8_lossy(path).into_owned()
}
