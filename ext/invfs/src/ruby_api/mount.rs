//! `InVFS.mount` and what belongs to it: a VFS at a path, for everything in the process that opens files.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use invfs_engine::interpose::{self, ReadOnly, Served};
use magnus::{
    function, prelude::*, scan_args, value::Lazy, Error, ExceptionClass, RClass, RHash, RModule,
    RString, Ruby, Value,
};
use parking_lot::Mutex;

use super::vfs_value::{is_vfs, vfs_of};
use crate::helpers::{held::Held, ractor, string};

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
/// Mounts a VFS: from now on everything in this process that opens files finds those of the VFS below `at`.
/// @param at [String] where; made absolute. It need not exist, and what is there is hidden
/// @param vfs [VFS]
/// @return [String] the absolute path
/// @raise [InVFS::MountUnsupported] on systems and in programs where that cannot be done
/// @raise [TypeError] when the object has not the four methods of a VFS
/// @example
///   InVFS.mount("/app", InVFS.zip("app.zip"))
///   File.read("/app/config.yml")
fn mount(ruby: &Ruby, args: &[Value]) -> Result<RString, Error> {
    ractor::only_main(ruby, "InVFS.mount")?;
    let args = scan_args::scan_args::<(Value, Value), (), (), (), (), ()>(args)?;
    let (at, object) = args.required;
    let root = string::expand(string::path_argument(at)?)?;
    if !is_vfs(object) {
        let message = "no VFS: to_path, file?, size and read are needed";
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    interpose::install()
        .map_err(|reason| Error::new(ruby.get_inner(&MOUNT_UNSUPPORTED), reason.0))?;
    let vfs = vfs_of(ruby, object)?;
    let served: Arc<dyn Served> = Arc::new(ReadOnly::new(vfs));
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

/// Defines the methods.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("mount", function!(mount, -1))?;
    module.define_singleton_method("unmount", function!(unmount, 1))?;
    module.define_singleton_method("mounts", function!(mounts, 0))
}
