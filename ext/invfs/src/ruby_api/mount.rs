//! `InVFS.mount` and what belongs to it: a VFS at a path, for everything in the process that opens files.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{
    atomic::{AtomicBool, Ordering},
    Arc, LazyLock,
};

use invfs_engine::interpose::{self, Served, Writable};
use invfs_engine::vfs::Vfs;
use magnus::{
    block::Proc, function, prelude::*, scan_args, value::Lazy, Error, ExceptionClass, RClass,
    RHash, RModule, RString, Ruby, Value,
};
use parking_lot::Mutex;

use super::errors::to_ruby;
use super::served;
use crate::helpers::{held::Held, ractor, string};
use crate::require::{self, compiled, load_path};

/// What was mounted, by root. Never locked while Ruby code may run.
static MOUNTED: LazyLock<Mutex<Mounted>> = LazyLock::new(Mutex::default);

#[derive(Default)]
struct Mounted {
    by_root: BTreeMap<Vec<u8>, Entry>,
    /// Unmounted while a call in another thread was under way: kept until that is over.
    leaving: Vec<Entry>,
}

struct Entry {
    object: Held,
    served: Arc<dyn Served>,
}

impl Mounted {
    /// Lets go of objects that nobody can be asking any more. With the GVL, because of the objects.
    fn sweep(&mut self) {
        self.leaving
            .retain(|entry| Arc::strong_count(&entry.served) > 1);
    }
}

static MOUNT_UNSUPPORTED: Lazy<ExceptionClass> = Lazy::new(|ruby| {
    let class = super::file_system::invfs(ruby)
        .and_then(|module| module.const_get::<_, RClass>("MountUnsupported"));
    class
        .ok()
        .and_then(|class| ExceptionClass::from_value(class.as_value()))
        .unwrap_or(ruby.exception_not_imp_error())
});

/// @def InVFS.mount(at, vfs)
/// Mounts a VFS, a file system written in Ruby (`InVFS::Base`) or a block: from now on everything in this process that
/// opens files finds those of the VFS below `at`.
/// @param at [String] where; made absolute. It need not exist, and what is there is hidden
/// @param vfs [VFS, Base]
/// @yield [operation, path, options] instead of `vfs`: what a method of `InVFS::Base` would answer
/// @param writable [String, nil] a real directory that takes what is written, made where there is none; without one
///   nothing can be changed (`Errno::EROFS`)
/// @return [String] the absolute path
/// @raise [InVFS::MountUnsupported] on systems and in programs where that cannot be done
/// @raise [TypeError] when the object has neither the four methods of a VFS nor one of a file system
/// @example
///   InVFS.mount("/app", InVFS.zip("app.zip"))
///   File.read("/app/config.yml")
///   InVFS.mount("/hello") { |op, path, **| "Hello, #{path.delete("/")}" if op == :read }
fn mount(ruby: &Ruby, args: &[Value]) -> Result<RString, Error> {
    ractor::only_main(ruby, "InVFS.mount")?;
    let args =
        scan_args::scan_args::<(Value,), (Option<Value>,), (), (), RHash, Option<Proc>>(args)?;
    let (at,) = args.required;
    let object = served::object(ruby, args.optional.0, args.block)?;
    let options =
        scan_args::get_kwargs::<_, (), (Option<Value>,), ()>(args.keywords, &[], &["writable"])?;
    let upper = match options.optional.0.filter(|upper| !upper.is_nil()) {
        Some(upper) => Some(string::path_argument(upper)?),
        None => None,
    };
    let root = string::expand(string::path_argument(at)?)?;
    let mut served = served::of_object(ruby, object)?;
    install(ruby)?;
    if let Some(upper) = upper {
        served = writable(ruby, served, upper)?;
    }
    let entry = Entry {
        object: Held::new(object),
        served: served.clone(),
    };
    interpose::mount(&root, served);
    let mut mounted = MOUNTED.lock();
    if let Some(old) = mounted.by_root.insert(root.clone(), entry) {
        mounted.leaving.push(old);
    }
    mounted.sweep();
    drop(mounted);
    Ok(string::path(ruby, &root))
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

/// Leads everything that opens files to the mounts, from now on.
fn install(ruby: &Ruby) -> Result<(), Error> {
    interpose::report_to(report);
    interpose::install()
        .map_err(|reason| Error::new(ruby.get_inner(&MOUNT_UNSUPPORTED), reason.0))?;
    compiled::serve_mounts(ruby)
}

/// `lower` with the directory `upper` over it.
fn writable(ruby: &Ruby, lower: Arc<dyn Served>, upper: RString) -> Result<Arc<dyn Served>, Error> {
    let name = upper.to_string()?;
    let path = string::os_path(&string::expand(upper)?);
    let writable = std::fs::create_dir_all(&path).and_then(|()| Writable::new(lower, path));
    match writable {
        Ok(writable) => Ok(Arc::new(writable)),
        Err(error) => {
            let error = invfs_engine::Error::from_io(name, error);
            Err(to_ruby(ruby, error))
        }
    }
}

/// Whether every VFS that gets a root is readable there.
static TRANSPARENT: AtomicBool = AtomicBool::new(false);
/// The environment variable that switches that on, read when the library is loaded.
const VARIABLE: &str = "RUBY_INVFS_TRANSPARENT";

/// @def InVFS.transparent!
/// Makes every VFS in `$LOAD_PATH`, now and later, readable under its root: code in an archive that reads its own
/// files (`File.read("#{__dir__}/page.erb")`) finds them. The environment variable `RUBY_INVFS_TRANSPARENT=1` does
/// the same from the start.
/// @return [nil]
/// @raise [InVFS::MountUnsupported]
fn transparent(ruby: &Ruby) -> Result<(), Error> {
    ractor::only_main(ruby, "InVFS.transparent!")?;
    install(ruby)?;
    TRANSPARENT.store(true, Ordering::Release);
    load_path::current(ruby)?;
    require::mounts::each(|root, vfs| interpose::mount_below(root, served::of_vfs(vfs.clone())));
    Ok(())
}

/// A VFS has its root now.
pub fn rooted(root: &[u8], vfs: &Arc<dyn Vfs>) {
    if TRANSPARENT.load(Ordering::Acquire) {
        interpose::mount_below(root, served::of_vfs(vfs.clone()));
    }
}

/// @def InVFS.unmount(at)
/// Takes a mount away. Files that are open stay readable.
/// @param at [String]
/// @return [VFS, nil] what was mounted there; nil when there was nothing
fn unmount(ruby: &Ruby, at: Value) -> Result<Option<Value>, Error> {
    ractor::only_main(ruby, "InVFS.unmount")?;
    let root = string::expand(string::path_argument(at)?)?;
    interpose::unmount(&root);
    let mut mounted = MOUNTED.lock();
    let entry = mounted.by_root.remove(&root);
    let object = entry.as_ref().map(|entry| entry.object.get());
    mounted.leaving.extend(entry);
    mounted.sweep();
    Ok(object)
}

/// @def InVFS.mounts
/// What is mounted where.
/// @return [Hash{String => VFS}] new, by absolute path, sorted
fn mounts(ruby: &Ruby) -> Result<RHash, Error> {
    ractor::only_main(ruby, "InVFS.mounts")?;
    let known: Vec<(Vec<u8>, Value)> = {
        let mounted = MOUNTED.lock();
        let pairs = mounted.by_root.iter();
        pairs
            .map(|(root, entry)| (root.clone(), entry.object.get()))
            .collect()
    };
    let hash = ruby.hash_new();
    for (root, object) in known {
        hash.aset(string::path(ruby, &root), object)?;
    }
    Ok(hash)
}

/// Does what the environment asks for; the require family is set up by then.
pub fn start(ruby: &Ruby) -> Result<(), Error> {
    match std::env::var_os(VARIABLE) {
        Some(value) if value == "1" => transparent(ruby),
        _ => Ok(()),
    }
}

/// Defines the methods.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("mount", function!(mount, -1))?;
    module.define_singleton_method("transparent!", function!(transparent, 0))?;
    module.define_singleton_method("unmount", function!(unmount, 1))?;
    module.define_singleton_method("mounts", function!(mounts, 0))
}
