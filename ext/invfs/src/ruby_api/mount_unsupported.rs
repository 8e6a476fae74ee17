//! `InVFS.mount` where no file operation can be led into a mount: it says so.

use magnus::{function, prelude::*, Error, ExceptionClass, RClass, RHash, RModule, Ruby, Value};

fn unsupported(ruby: &Ruby) -> Error {
    let class = super::file_system::invfs(ruby)
        .and_then(|module| module.const_get::<_, RClass>("MountUnsupported"));
    let class = class
        .ok()
        .and_then(|class| ExceptionClass::from_value(class.as_value()))
        .unwrap_or(ruby.exception_not_imp_error());
    Error::new(
        class,
        "mounts need Linux on x86-64 or AArch64; require and load find code in a VFS everywhere",
    )
}

/// `InVFS.mount`, as it is documented for Linux.
fn mount(ruby: &Ruby, _arguments: &[Value]) -> Result<Value, Error> {
    Err(unsupported(ruby))
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
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("mount", function!(mount, -1))?;
    module.define_singleton_method("transparent!", function!(transparent, 0))?;
    module.define_singleton_method("unmount", function!(unmount, 1))?;
    module.define_singleton_method("mounts", function!(mounts, 0))
}
