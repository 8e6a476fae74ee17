//! The switch that makes the VFS objects of `$:` visible to file operations, and the installation of the hooks.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};

use invfs_fs::mounts;
use invfs_fs::mounts::Request;
use magnus::{
    function, prelude::*, value::Lazy, Error, ExceptionClass, RClass, RModule, Ruby, Value,
};

use super::{gvl_bridge, serve, watch::watch};
use crate::helpers::{module::invfs, ractor};
use crate::require::{
    self, load_iseq,
    visibility::{self, Visibility},
};

/// Whether file operations are to see the VFS objects of `$:`.
static WANTED: AtomicBool = AtomicBool::new(true);

/// The environment variable that sets it, `0` or `1`, read when the library is loaded.
const VARIABLE: &str = "RUBY_INVFS_TRANSPARENT";

static MOUNT_UNSUPPORTED: Lazy<ExceptionClass> = Lazy::new(|ruby| {
    let class = invfs(ruby).and_then(|module| module.const_get::<_, RClass>("MountUnsupported"));
    class
        .ok()
        .and_then(|class| ExceptionClass::from_value(class.as_value()))
        .unwrap_or(ruby.exception_not_imp_error())
});

/// Installs the hooks, if that was not done: from now on every function that opens files finds the mounts.
pub fn install(ruby: &Ruby) -> Result<(), Error> {
    invfs_fs::sys::errno::report_to(report);
    invfs_interpose::reopen_with(reopen);
    invfs_interpose::install()
        .map_err(|reason| Error::new(ruby.get_inner(&MOUNT_UNSUPPORTED), reason.0))?;
    load_iseq::define(ruby)
}

/// Prints under `-w` why a file of a mount cannot be read. Without Ruby, because another thread may have the GVL.
fn report(reason: &str) {
    // SAFETY: the first call only looks at the calling thread. In a thread that Ruby made, the flag exists and is one word:
    // a write at the same moment gives the old value or the new one, and both will do.
    let verbose = unsafe {
        rb_sys::ruby_native_thread_p() != 0
            && *rb_sys::rb_ruby_verbose_ptr() == rb_sys::Qtrue as rb_sys::VALUE
    };
    if verbose {
        // Without stderr there is no place for the message.
        let _ = writeln!(std::io::stderr(), "invfs: {reason}");
    }
}

/// Has the handlers open the archive at `root` again, because another file has taken its place.
fn reopen(root: &[u8]) {
    let question = gvl_bridge::Question {
        operation: "open",
        sub: invfs_engine::path::Subpath::ROOT,
        runs_code: true,
    };
    // If that fails, the next search reports it; until then the mount is empty.
    let _ = gvl_bridge::call(question, |ruby| require::reopen(ruby, root));
}

/// Makes adopted mounts visible if the switch is on and mounts work.
struct Transparent;

impl Visibility for Transparent {
    /// Raises nothing if mounts do not work: `require` then uses the loader of invfs.
    fn prepare(&self, ruby: &Ruby, request: &mut Request) {
        request.visible = WANTED.load(Ordering::Acquire) && install(ruby).is_ok();
        let Some(vfs) = request.vfs.clone() else {
            return;
        };
        if vfs.runs_code() && self.hindrance().is_none() {
            // Load the Ruby side now, not in the middle of a file operation. If that fails, each operation reports it.
            let _ = watch(ruby);
        }
        request.file_system = Some(serve::of_vfs(ruby, vfs));
    }

    fn hindrance(&self) -> Option<String> {
        if !WANTED.load(Ordering::Acquire) {
            return Some("transparent mode is off".to_owned());
        }
        match invfs_interpose::is_installed() {
            Some(Err(reason)) => Some(reason.0),
            _ => None,
        }
    }
}

fn show(visible: bool) {
    for mount in mounts::all().iter().filter(|mount| !mount.is_named()) {
        mount.show(visible);
    }
}

/// @def InVFS.transparent!
/// Makes every VFS in `$LOAD_PATH`, now and later, readable under its root. Where mounts work, that is the default; where
/// they do not, this raises. The environment variable `RUBY_INVFS_TRANSPARENT=1` does the same from the start.
/// @return [nil]
/// @raise [InVFS::MountUnsupported]
fn transparent(ruby: &Ruby) -> Result<(), Error> {
    ractor::only_main(ruby, "InVFS.transparent!")?;
    install(ruby)?;
    WANTED.store(true, Ordering::Release);
    show(true);
    require::adopt_load_path(ruby);
    Ok(())
}

/// @def InVFS.transparent=(wanted)
/// Sets whether every VFS in `$LOAD_PATH`, now and later, is readable under its root. With false, `require` uses the loader
/// of invfs, and file operations do not see the files; `RUBY_INVFS_TRANSPARENT=0` does the same from the start.
/// @param wanted [Boolean]
/// @raise [InVFS::MountUnsupported] for true, if mounts do not work
fn set_transparent(ruby: &Ruby, wanted: Value) -> Result<(), Error> {
    if wanted.to_bool() {
        return transparent(ruby);
    }
    ractor::only_main(ruby, "InVFS.transparent=")?;
    WANTED.store(false, Ordering::Release);
    show(false);
    Ok(())
}

/// @def InVFS.transparent?
/// Whether every VFS in `$LOAD_PATH` is readable under its root. False where mounts do not work.
/// @return [Boolean]
fn is_transparent() -> bool {
    Transparent.hindrance().is_none()
}

/// Applies the environment variable. The require family must be set up by then.
pub fn start(ruby: &Ruby) -> Result<(), Error> {
    match std::env::var_os(VARIABLE) {
        Some(value) if value == "1" => transparent(ruby),
        Some(value) if value == "0" => {
            WANTED.store(false, Ordering::Release);
            Ok(())
        }
        _ => Ok(()),
    }
}

/// Defines the methods.
pub fn init(module: RModule) -> Result<(), Error> {
    visibility::decided_by(&Transparent);
    module.define_singleton_method("transparent!", function!(transparent, 0))?;
    module.define_singleton_method("transparent=", function!(set_transparent, 1))?;
    module.define_singleton_method("transparent?", function!(is_transparent, 0))
}
