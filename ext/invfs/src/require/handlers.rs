//! The registry of handlers: who turns the path of a file in `$:` into a VFS.

use magnus::{function, prelude::*, rb_sys::AsRawValue, Error, RArray, RModule, Ruby, Value};
use parking_lot::Mutex;

use super::{archives, load_errors::load_error, load_path};
use crate::{
    helpers::{answers, held::Held, ractor, string},
    ruby_api::{ruby_vfs::is_standard_error, vfs_value::is_vfs},
};

static HANDLERS: Mutex<Vec<Held>> = Mutex::new(Vec::new());

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

/// @def InVFS.register(handler)
/// Registers a handler, once: strings in `$:` that name a regular file are offered to it.
/// `probe(path)` tells whether the file is its business, `open(path)` gives the VFS. {InVFS::ZipFS} is one.
/// `InVFS.regist` is the same under its 0.3 name.
/// @param handler [#probe, #open]
/// @return [nil]
/// @raise [TypeError] when a method is missing
/// @example
///   InVFS.register(InVFS::ZipFS)
///   $: << "app.zip/lib"
fn register(ruby: &Ruby, handler: Value) -> Result<(), Error> {
    ractor::only_main(ruby, "InVFS.register")?;
    for method in ["probe", "open"] {
        if !answers(handler, method) {
            let message = format!(
                "a handler needs the methods probe(path) and open(path); {} has no {method}",
                handler.inspect()
            );
            return Err(Error::new(ruby.exception_type_error(), message));
        }
    }
    let mut handlers = HANDLERS.lock();
    if handlers.iter().any(|known| known.raw() == handler.as_raw()) {
        return Ok(());
    }
    handlers.push(Held::new(handler));
    drop(handlers);
    archives::forget();
    load_path::forget()?;
    // Strings that stand in `$:` may name archives now.
    super::adopt_load_path(ruby);
    Ok(())
}

/// @def InVFS.handlers
/// The registered handlers, in the order in which they are asked.
/// @return [Array] a copy
fn list(ruby: &Ruby) -> RArray {
    let handlers = HANDLERS.lock();
    ruby.ary_from_iter(handlers.iter().map(Held::get))
}

/// Defines the methods of the registry.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("register", function!(register, 1))?;
    module.define_singleton_method("regist", function!(register, 1))?;
    module.define_singleton_method("handlers", function!(list, 0))
}
