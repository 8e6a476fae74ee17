//! `InVFS::ZipFS`: a zip archive as a VFS.

use std::sync::Arc;

use invfs_engine::archive::{Archive, Options};
use invfs_engine::vfs::Vfs;
#[cfg(mounts)]
use invfs_fs::sys::reserved_file::ReservedFile;
#[cfg(mounts)]
use invfs_interpose::MountedFile;
use magnus::{
    function, method,
    prelude::*,
    scan_args::{get_kwargs, scan_args},
    typed_data::Obj,
    Error, RArray, RClass, RHash, RModule, RString, Ruby, Value,
};

use super::{
    errors::to_ruby,
    native_vfs::{NativeVfs, Receiver, VfsClass, VfsData},
};
use crate::helpers::{answers, module::invfs, string};

/// A zip archive, opened once and read in place.
pub struct ZipFS {
    archive: Arc<Archive>,
    to_path: Vec<u8>,
    /// The absolute path that it was opened by, and the limit of sizes; `None` for one in memory.
    opened: Option<(Vec<u8>, u64)>,
}

impl VfsClass for ZipFS {
    const NAME: &'static str = "ZipFS";
}

impl VfsData for ZipFS {
    fn vfs(&self) -> Arc<dyn Vfs> {
        self.archive.clone()
    }

    fn to_path(&self) -> &[u8] {
        &self.to_path
    }

    fn size(&self) -> usize {
        std::mem::size_of::<Self>() + self.to_path.capacity() + self.archive.memory_usage()
    }
}

/// `max_entry_size:` and, where allowed, `to_path:`.
fn options(keywords: RHash) -> Result<(Options, Option<RString>), Error> {
    let keywords = get_kwargs::<_, (), (Option<u64>, Option<Value>), ()>(
        keywords,
        &[],
        &["max_entry_size", "to_path"],
    )?;
    let mut options = Options::default();
    if let Some(limit) = keywords.optional.0 {
        options.max_entry_size = limit;
    }
    let to_path = keywords.optional.1.map(string::path_argument).transpose()?;
    Ok((options, to_path))
}

impl ZipFS {
    /// The file that the archive was opened from, to recognise the same archive again.
    pub fn archive(&self) -> &Archive {
        &self.archive
    }

    /// @def new(path, max_entry_size: 1 << 30, to_path: path)
    /// Opens the archive at `path` and indexes its central directory. {InVFS.zip} is short for it.
    /// @param path [String, #to_path] the archive
    /// @param to_path [String] the path under which its files appear
    /// @param max_entry_size [Integer] entries that declare more bytes are refused when they are read
    /// @raise [Errno::ENOENT, Errno::EISDIR, Errno::EACCES]
    /// @raise [InVFS::ArchiveError] when it is no sound archive
    /// @example
    ///   InVFS::ZipFS.new("app.zip").read("VERSION") #=> "1.2\n"
    fn open(ruby: &Ruby, class: RClass, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
        let args = scan_args::<(Value,), (), (), (), RHash, ()>(args)?;
        let (options, to_path) = options(args.keywords)?;
        let path = archive_path(ruby, args.required.0)?;
        let given = string::bytes(to_path.unwrap_or(path));
        let archive = open_archive(&string::bytes(path), &options).map_err(|e| to_ruby(ruby, e))?;
        let opened = Some((string::expand(path)?, options.max_entry_size));
        Ok(NativeVfs::wrap(
            ruby,
            class,
            ZipFS::of(archive, given, opened),
        ))
    }

    /// @def open(path, max_entry_size: 1 << 30, to_path: path)
    /// {InVFS.zip}.
    /// @yieldparam zip [InVFS::ZipFS]
    /// @return [InVFS::ZipFS, Object] with a block: its value
    fn open_for_block(ruby: &Ruby, class: RClass, args: &[Value]) -> Result<Value, Error> {
        with_block(ruby, ZipFS::open(ruby, class, args)?)
    }

    /// @def from_bytes(bytes, to_path:, max_entry_size: 1 << 30)
    /// An archive that is held in memory.
    /// @param bytes [String] the whole archive; it is copied
    /// @param to_path [String] the path under which its files appear
    /// @raise [InVFS::ArchiveError]
    fn from_bytes(ruby: &Ruby, class: RClass, args: &[Value]) -> Result<Obj<NativeVfs>, Error> {
        let args = scan_args::<(RString,), (), (), (), RHash, ()>(args)?;
        let (options, to_path) = options(args.keywords)?;
        let Some(to_path) = to_path else {
            let message = "missing keyword: :to_path";
            return Err(Error::new(ruby.exception_arg_error(), message));
        };
        let to_path = string::bytes(to_path);
        let name = String::from_utf8_lossy(&to_path).into_owned();
        let archive = Archive::from_bytes(string::bytes(args.required.0), &name, &options)
            .map_err(|e| to_ruby(ruby, e))?;
        Ok(NativeVfs::wrap(
            ruby,
            class,
            ZipFS::of(archive, to_path, None),
        ))
    }

    fn of(archive: Archive, to_path: Vec<u8>, opened: Option<(Vec<u8>, u64)>) -> ZipFS {
        ZipFS {
            archive: Arc::new(archive),
            to_path,
            opened,
        }
    }

    /// The arguments that opened it, for another process: the absolute path and `max_entry_size`; nil for one in memory.
    fn opened(ruby: &Ruby, rb_self: Receiver<Self>) -> Option<(RString, u64)> {
        let (path, limit) = rb_self.opened.as_ref()?;
        Some((string::path(ruby, path), *limit))
    }

    /// @def probe(path)
    /// Whether `path` is a regular file that ends like a zip archive. This makes the class a handler.
    /// @return [Boolean]
    fn probe(path: Value) -> Result<bool, Error> {
        let path = string::bytes(string::path_argument(path)?);
        #[cfg(mounts)]
        if let Some(file) = MountedFile::open(&path) {
            return Ok(file.is_ok_and(|file| Archive::probe_source(&file).unwrap_or(false)));
        }
        Ok(Archive::probe(&string::os_path(&path)).unwrap_or(false))
    }

    /// @def path
    /// The same as {#to_path}, as `File` has both.
    /// @return [String]
    fn path(rb_self: Value) -> Result<Value, Error> {
        rb_self.funcall("to_path", ())
    }

    /// @def entries
    /// The names of all files, in the order of the archive.
    /// @return [Array<String>]
    fn entries(ruby: &Ruby, rb_self: Receiver<Self>) -> Result<RArray, Error> {
        rb_self.check_open(ruby)?;
        let names = rb_self.archive.names();
        Ok(ruby.ary_from_iter(names.map(|name| string::name(ruby, name))))
    }

    /// @def refused
    /// The entries that are refused for their names, with the reasons, in the order of the archive: those that only
    /// some systems have, such as `lib\a.rb`. They are not among {#entries} and in no listing; asking for one raises
    /// {InVFS::UnsafeNameError}, and in a mount it is an `Errno::EIO`.
    /// @return [Hash{String => String}]
    /// @example
    ///   InVFS.zip("old.zip").refused #=> {"lib\\a.rb"=>"the name holds a backslash"}
    fn refused(ruby: &Ruby, rb_self: Receiver<Self>) -> Result<RHash, Error> {
        rb_self.check_open(ruby)?;
        let refused = ruby.hash_new();
        for (name, reason) in rb_self.archive.refused() {
            refused.aset(string::name(ruby, name), reason)?;
        }
        Ok(refused)
    }

    fn check_open(&self, ruby: &Ruby) -> Result<(), Error> {
        if self.archive.is_closed() {
            let message = "the archive is closed";
            let kind = invfs_engine::ErrorKind::Closed;
            let error = invfs_engine::Error::new(kind, self.archive.name(), message);
            return Err(to_ruby(ruby, error));
        }
        Ok(())
    }

    /// @def close
    /// Closes the file. Every later lookup raises {InVFS::ClosedError}; closing twice is harmless.
    /// @return [nil]
    fn close(rb_self: Receiver<Self>) {
        rb_self.archive.close();
    }

    /// @def closed?
    /// @return [Boolean]
    fn is_closed(rb_self: Receiver<Self>) -> bool {
        rb_self.archive.is_closed()
    }

    /// @def inspect
    /// @return [String] class, path and the number of files
    fn inspect(rb_self: Receiver<Self>) -> String {
        let path = String::from_utf8_lossy(&rb_self.to_path);
        match rb_self.archive.is_closed() {
            true => format!("#<InVFS::ZipFS {path} (closed)>"),
            false => format!("#<InVFS::ZipFS {path} ({} files)>", rb_self.archive.len()),
        }
    }
}

/// The path of an archive. What is given in its place, an archive's bytes or an open file, gets a message that names
/// `from_bytes`.
fn archive_path(ruby: &Ruby, value: Value) -> Result<RString, Error> {
    const INSTEAD: &str = "InVFS::ZipFS.from_bytes(bytes, to_path: \"app.zip\")";
    if let Some(text) = RString::from_value(value) {
        let bytes = string::bytes(text);
        if bytes.contains(&0) && bytes.windows(4).any(|four| four == b"PK\x05\x06") {
            let message =
                format!("these are the bytes of an archive, not its path; write {INSTEAD}");
            return Err(Error::new(ruby.exception_arg_error(), message));
        }
    } else if !answers(value, "to_path") && !answers(value, "to_str") && answers(value, "read") {
        let message = format!(
            "{} is no path; for an archive in memory write {INSTEAD}",
            value.inspect()
        );
        return Err(Error::new(ruby.exception_type_error(), message));
    }
    string::path_argument(value)
}

/// Gives `archive` to the block, if there is one, and closes it when the block is left.
fn with_block(ruby: &Ruby, archive: Obj<NativeVfs>) -> Result<Value, Error> {
    if !ruby.block_given() {
        return Ok(archive.as_value());
    }
    let result = ruby.yield_value(archive);
    if let Some(zip) = Receiver::<ZipFS>::of(archive.as_value()) {
        zip.archive.close();
    }
    result
}

/// Opens the archive at `path`, on disk or in a mount.
fn open_archive(path: &[u8], options: &Options) -> invfs_engine::Result<Archive> {
    #[cfg(mounts)]
    if let Some(file) = MountedFile::open(path) {
        let name = String::from_utf8_lossy(path).into_owned();
        return match file {
            Ok(file) => Archive::from_source(Arc::new(file), &name, options),
            Err(error) => Err(invfs_engine::Error::from_io(name, error)),
        };
    }
    open_real(path, options)
}

#[cfg(mounts)]
fn open_real(path: &[u8], options: &Options) -> invfs_engine::Result<Archive> {
    let hold = |file: std::fs::File| Arc::new(ReservedFile::new(file.into()));
    Archive::open_held(&string::os_path(path), options, hold)
}

#[cfg(not(mounts))]
fn open_real(path: &[u8], options: &Options) -> invfs_engine::Result<Archive> {
    Archive::open(&string::os_path(path), options)
}

/// Defines the class and `InVFS.zip`.
pub fn init(ruby: &Ruby, module: RModule, shared: RModule) -> Result<(), Error> {
    let class = module.define_class("ZipFS", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.include_module(shared)?;
    class.define_singleton_method("new", method!(ZipFS::open, -1))?;
    class.define_singleton_method("open", method!(ZipFS::open_for_block, -1))?;
    class.define_singleton_method("from_bytes", method!(ZipFS::from_bytes, -1))?;
    class.define_singleton_method("probe", function!(ZipFS::probe, 1))?;
    class.define_method("path", method!(ZipFS::path, 0))?;
    class.define_method("entries", method!(ZipFS::entries, 0))?;
    class.define_method("refused", method!(ZipFS::refused, 0))?;
    class.define_method("close", method!(ZipFS::close, 0))?;
    class.define_method("closed?", method!(ZipFS::is_closed, 0))?;
    class.define_method("inspect", method!(ZipFS::inspect, 0))?;
    class.define_private_method("opened", method!(ZipFS::opened, 0))?;
    module.const_set("Zip", class)?;
    module.define_singleton_method("zip", function!(zip, -1))
}

/// @def zip(path, max_entry_size: 1 << 30, to_path: path)
/// Opens a zip archive, as {InVFS::ZipFS.new} does, which has the parameters. With a block, the archive is closed at its
/// end.
/// @yieldparam zip [InVFS::ZipFS]
/// @return [InVFS::ZipFS, Object] with a block: its value
/// @example
///   InVFS.zip("app.zip") { |zip| zip.read("VERSION") } #=> "1.2\n"
fn zip(ruby: &Ruby, args: &[Value]) -> Result<Value, Error> {
    let class = invfs(ruby)?.const_get("ZipFS")?;
    ZipFS::open_for_block(ruby, class, args)
}
