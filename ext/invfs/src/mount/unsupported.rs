//! The methods of mounting on systems without mounts: they raise, or answer that there is nothing.

use invfs_fs::mounts::Request;
use magnus::{function, prelude::*, Error, ExceptionClass, RClass, RHash, RModule, Ruby, Value};

use crate::{
    helpers::module::invfs,
    require::visibility::{self, Visibility},
};

const REASON: &str =
    "mounts need Linux on x86-64 or AArch64; require and load find code in a VFS everywhere";

fn unsupported(ruby: &Ruby) -> Error {
    let class = invfs(ruby).and_then(|module| module.const_get::<_, RClass>("MountUnsupported"));
    let class = class
        .ok()
        .and_then(|class| ExceptionClass::from_value(class.as_value()))
        .unwrap_or(ruby.exception_not_imp_error());
    Error::new(class, REASON)
}

/// `InVFS.mount`, as it is documented for Linux.
fn mount(ruby: &Ruby, _arguments: &[Value]) -> Result<Value, Error> {
    Err(unsupported(ruby))
}

/// `InVFS.transparent = wanted`: it is off, and stays so.
fn set_transparent(ruby: &Ruby, wanted: Value) -> Result<(), Error> {
    match wanted.to_bool() {
        true => Err(unsupported(ruby)),
        false => Ok(()),
    }
}

/// `InVFS.transparent?`: never.
fn is_transparent() -> bool {
    false
}

/// File operations see nothing that is adopted.
struct Invisible;

impl Visibility for Invisible {
    fn prepare(&self, _: &Ruby, request: &mut Request) {
        request.visible = false;
    }

    fn hindrance(&self) -> Option<String> {
        Some(REASON.to_owned())
    }
}

/// `InVFS.transparent!`.
fn transparent(ruby: &Ruby) -> Result<Value, Error> {
    Err(unsupported(ruby))
}

/// `InVFS.unmount`: there is nothing.
fn unmount(ruby: &Ruby, _at: Value) -> Value {
    ruby.qnil().as_value()
}

/// `InVFS.mounts`: none.
fn mounts(ruby: &Ruby) -> RHash {
    ruby.hash_new()
}

/// Defines the methods.
pub fn init(module: RModule) -> Result<(), Error> {
    visibility::decided_by(&Invisible);
    module.define_singleton_method("mount", function!(mount, -1))?;
    module.define_singleton_method("transparent!", function!(transparent, 0))?;
    module.define_singleton_method("transparent=", function!(set_transparent, 1))?;
    module.define_singleton_method("transparent?", function!(is_transparent, 0))?;
    module.define_singleton_method("unmount", function!(unmount, 1))?;
    module.define_singleton_method("mounts", function!(mounts, 0))
}
