//! Whether what stands in `$:` can be read by everything: the switch, and the hooks that make it so.

use std::io::Write;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Arc;

use invfs_engine::vfs::Vfs;
use invfs_fs::file_system::FileSystem;
use invfs_fs::mounts;
use magnus::{
    function, prelude::*, value::Lazy, Error, ExceptionClass, RClass, RModule, Ruby, Value,
};

use super::served;
use crate::helpers::ractor;
use crate::require::{self, load_iseq};

/// Whether a VFS that gets its root because it stands in `$:` is to be readable there.
static WANTED: AtomicBool = AtomicBool::new(true);

/// The environment variable that says so, read when the library is loaded: `0` or `1`.
const VARIABLE: &str = "RUBY_INVFS_TRANSPARENT";

static MOUNT_UNSUPPORTED: Lazy<ExceptionClass> = Lazy::new(|ruby| {
    let class = super::file_system::invfs(ruby)
        .and_then(|module| module.const_get::<_, RClass>("MountUnsupported"));
    class
        .ok()
        .and_then(|class| ExceptionClass::from_value(class.as_value()))
        .unwrap_or(ruby.exception_not_imp_error())
});

/// Leads everything that opens files to the mounts, from now on.
pub fn install(ruby: &Ruby) -> Result<(), Error> {
    invfs_fs::sys::errno::report_to(report);
    invfs_interpose::reopen_with(served::reopen);
    invfs_interpose::install()
        .map_err(|reason| Error::new(ruby.get_inner(&MOUNT_UNSUPPORTED), reason.0))?;
    load_iseq::define(ruby)
}

/// Says under `-w` why a file of a mount cannot be read. Not by way of Ruby: its lock may be elsewhere.
fn report(reason: &str) {
    // SAFETY: asks about the calling thread. If Ruby made it, it has a flag, which is read; where that is written at this
    // moment, either value will do.
    let verbose = unsafe {
        rb_sys::ruby_native_thread_p() != 0
            && *rb_sys::rb_ruby_verbose_ptr() == rb_sys::Qtrue as rb_sys::VALUE
    };
    if verbose {
        // Without stderr there is nobody to tell.
        let _ = writeln!(std::io::stderr(), "invfs: {reason}");
    }
}

/// Whether file operations see what is adopted now. Where they cannot, nothing is raised: `require` has a loader of its
/// own.
pub fn shows_adopted(ruby: &Ruby) -> bool {
    WANTED.load(Ordering::Acquire) && install(ruby).is_ok()
}

/// What serves a VFS to file operations. What that needs is loaded now, and not in the middle of something else.
pub fn serving(ruby: &Ruby, vfs: Arc<dyn Vfs>) -> Arc<dyn FileSystem> {
    if vfs.runs_code() && hindrance().is_none() {
        // Where that fails, each file operation says so.
        let _ = served::watch(ruby);
    }
    served::of_vfs(vfs)
}

/// Why Ruby itself does not load what stands in `$:`; `None` where it does.
pub fn hindrance() -> Option<String> {
    if !WANTED.load(Ordering::Acquire) {
        return Some("transparent mode is off".to_owned());
    }
    match invfs_interpose::is_installed() {
        Some(Err(reason)) => Some(reason.0),
        _ => None,
    }
}

fn show(visible: bool) {
    for mount in mounts::all().iter().filter(|mount| !mount.is_named()) {
        mount.show(visible);
    }
}

/// @def InVFS.transparent!
/// Makes every VFS in `$LOAD_PATH`, now and later, readable under its root. That is so from the beginning wherever mounts
/// work; this raises where they do not. The environment variable `RUBY_INVFS_TRANSPARENT=1` does the same from the start.
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
/// Whether every VFS in `$LOAD_PATH`, now and later, is readable under its root. With false, `require` loads code from it
/// with a loader of its own, and nothing else sees its files; `RUBY_INVFS_TRANSPARENT=0` does the same from the start.
/// @param wanted [Boolean]
/// @raise [InVFS::MountUnsupported] when it is wanted, and cannot be done
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
/// Whether what stands in `$LOAD_PATH` is readable under its root; false also where the system does not let it be.
/// @return [Boolean]
fn is_transparent() -> bool {
    hindrance().is_none()
}

/// Does what the environment asks for; the require family is set up by then.
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
    module.define_singleton_method("transparent!", function!(transparent, 0))?;
    module.define_singleton_method("transparent=", function!(set_transparent, 1))?;
    module.define_singleton_method("transparent?", function!(is_transparent, 0))
}
