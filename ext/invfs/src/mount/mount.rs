//! The methods `InVFS.mount`, `InVFS.unmount` and `InVFS.mounts`.

use std::collections::BTreeMap;
use std::sync::Arc;

use invfs_fs::file_system::FileSystem;
use invfs_fs::mounts;
use invfs_fs::mounts::{Origin, Request};
use invfs_fs::overlay::Overlay;
use magnus::{
    block::Proc, function, prelude::*, rb_sys::AsRawValue, scan_args, Error, RHash, RModule,
    RString, Ruby, Value,
};

use super::{argument, children, serve, transparent::install};
use crate::helpers::{
    gc_root::{self, keep},
    ractor, string,
};
use crate::require::adopted::Adopted;
use crate::ruby_api::{
    errors::to_ruby,
    vfs_value::{is_vfs, vfs_of},
};

/// @def InVFS.mount(at, vfs = nil, writable: nil, &block)
/// Mounts a VFS, a file system written in Ruby (`InVFS::Base`) or a block: from now on everything in this process that
/// opens files finds those of the VFS below `at`.
/// @param at [String] where; made absolute. It need not exist, and what is there is hidden
/// @param vfs [VFS, Base, String, Hash] a String (or anything else with `to_path`) is the path of a directory, of an
///   archive, or of a directory in one, which is opened now; a Hash is taken as by `InVFS.stringmap`
/// @yield [operation, path, options] instead of `vfs`: what a method of `InVFS::Base` would answer
/// @param writable [String, nil] a real directory that takes all changes. It is made if it does not exist, but its parent
///   must exist. Without `writable` the mount is read-only (`Errno::EROFS`)
/// @param children [Boolean] whether programs that this process starts mount it too, if they are Ruby: through the variables
///   `RUBYOPT` and `INVFS_MOUNTS` of the environment, until it is unmounted. For archives on disk, their directories, and
///   unions of these and of directories
/// @param cache [Numeric, nil] how many seconds the answers of `stat` and `list` of a file system written in Ruby count. A
///   change that is made through the mount ends that at once
/// @return [String] the absolute path
/// @raise [InVFS::MountUnsupported] if the system or the program does not allow mounts
/// @raise [TypeError] when the object has neither the four methods of a VFS nor one of a file system
/// @raise [Errno::ENOENT, InVFS::ArchiveError] if `vfs` is a path, and there is nothing, or no archive
/// @raise [ArgumentError] if the directory `writable` lies in a mount, or the first two arguments are swapped; with
///   `children`, if another process cannot open the VFS
/// @example
///   InVFS.mount("/app", "app.zip")
///   File.read("/app/config.yml")
///   InVFS.mount("/hello") { |op, path, **| "Hello, #{path.delete("/")}" if op == :read }
fn mount(ruby: &Ruby, args: &[Value]) -> Result<RString, Error> {
    ractor::only_main(ruby, "InVFS.mount")?;
    let args =
        scan_args::scan_args::<(Value,), (Option<Value>,), (), (), RHash, Option<Proc>>(args)?;
    let (at,) = args.required;
    let object = serve::object(ruby, args.optional.0, args.block)?;
    let object = argument::to_mount(ruby, at, object)?;
    let options = scan_args::get_kwargs::<_, (), (Option<Value>, Option<Value>, Option<Value>), ()>(
        args.keywords,
        &[],
        &["writable", "children", "cache"],
    )?;
    let (upper, children, cache) = options.optional;
    let upper = match upper.filter(|upper| !upper.is_nil()) {
        Some(upper) => Some(string::path_argument(upper)?),
        None => None,
    };
    let root = string::expand(string::path_argument(at)?)?;
    let passed_on = match children.is_some_and(Value::to_bool) {
        true => Some(children::describe(ruby, &root, object, upper)?),
        false => None,
    };
    let mut file_system = serve::of_object(ruby, object, cache.filter(|cache| !cache.is_nil()))?;
    install(ruby)?;
    // The VFS object does not know what was written, so `require` must ask file operations instead.
    let mut vfs = None;
    match upper {
        Some(upper) => file_system = writable(ruby, file_system, upper)?,
        None if is_vfs(object) => vfs = Some(vfs_of(ruby, object)?),
        None => {}
    }
    let mount = mounts::add(Request {
        root: root.clone(),
        origin: Origin::Named,
        vfs,
        file_system: Some(file_system),
        visible: true,
        file: None,
        object: object.as_raw() as usize,
        kept: Some(keep(object)),
    });
    if let Some(description) = passed_on {
        children::add(ruby, mount.id, description)?;
    }
    Ok(string::path(ruby, &root))
}

/// `lower` with the directory `upper` over it, which is made if it does not exist. It must be a real directory: one in a
/// mount can be reached only through that mount.
fn writable(
    ruby: &Ruby,
    lower: Arc<dyn FileSystem>,
    upper: RString,
) -> Result<Arc<dyn FileSystem>, Error> {
    let name = upper.to_string()?;
    let path = string::expand(upper)?;
    if let Some(place) = mounts::find_visible(&path).filter(|place| place.mount.is_named()) {
        let message = format!(
            "writable: {name} lies in the mount at {}; it must be a real directory",
            String::from_utf8_lossy(&place.mount.root)
        );
        return Err(Error::new(ruby.exception_arg_error(), message));
    }
    let path = string::os_path(&path);
    let made = match std::fs::create_dir(&path) {
        // A link to a directory will do.
        Err(_) if path.is_dir() => Ok(()),
        made => made,
    };
    match made.and_then(|()| Overlay::new(lower, path)) {
        Ok(writable) => Ok(Arc::new(writable)),
        Err(error) => {
            let error = invfs_engine::Error::from_io(name, error);
            Err(to_ruby(ruby, error))
        }
    }
}

/// @def InVFS.unmount(at)
/// Takes a mount away, the newest where there are several at one place: what it covered is there again. Files that are
/// open stay readable.
/// @param at [String]
/// @return [VFS, nil] what was mounted there; nil when there was nothing
fn unmount(ruby: &Ruby, at: Value) -> Result<Option<Value>, Error> {
    ractor::only_main(ruby, "InVFS.unmount")?;
    let root = string::expand(string::path_argument(at)?)?;
    let mount = mounts::remove_named(&root);
    if let Some(mount) = &mount {
        children::remove(ruby, mount.id)?;
    }
    let object = mount.map(|mount| mount.object());
    gc_root::sweep();
    Ok(object)
}

/// @def InVFS.mounts
/// What is mounted where.
/// @return [Hash{String => VFS}] new, by absolute path, sorted
fn mounts(ruby: &Ruby) -> Result<RHash, Error> {
    ractor::only_main(ruby, "InVFS.mounts")?;
    // Later ones cover earlier ones.
    let known: BTreeMap<_, _> = mounts::all()
        .into_iter()
        .filter(|mount| mount.is_named())
        .map(|mount| (mount.root.clone(), mount))
        .collect();
    let hash = ruby.hash_new();
    for (root, mount) in known {
        hash.aset(string::path(ruby, &root), mount.object())?;
    }
    Ok(hash)
}

/// Defines the methods.
pub fn init(module: RModule) -> Result<(), Error> {
    module.define_singleton_method("mount", function!(mount, -1))?;
    module.define_singleton_method("unmount", function!(unmount, 1))?;
    module.define_singleton_method("mounts", function!(mounts, 0))
}
