//! `InVFS::ArchiveWriter`: writes a zip archive, for `InVFS::Pack`.

use invfs_engine::archive::writer::{Attributes, Compression, Writer};
use invfs_engine::path::Subpath;
use invfs_engine::{Error as EngineError, ErrorKind, Result as EngineResult};
use magnus::{
    function, method, prelude::*, scan_args::scan_args, Error, RModule, RString, Ruby, TypedData,
    Value,
};
use parking_lot::Mutex;

use super::{errors::to_ruby, native_vfs::Receiver, zip_fs::ZipFS};
use crate::helpers::string;

/// An archive that is being written. It appears under its name when it is finished.
#[derive(TypedData)]
#[magnus(class = "InVFS::ArchiveWriter", free_immediately)]
pub struct ArchiveWriter {
    path: String,
    /// `None` once it is finished or given up. Nothing calls Ruby while it is locked.
    writer: Mutex<Option<Writer>>,
}

impl magnus::DataTypeFunctions for ArchiveWriter {}

impl ArchiveWriter {
    /// @def new(path, like = nil)
    /// Starts an archive. Nothing is to be seen at `path` before {#finish}.
    /// @api private
    /// @param like [InVFS::ZipFS, nil] an archive whose beginning, before its first entry, and comment are taken over
    /// @raise [SystemCallError] when no file can be made there
    /// @raise [InVFS::NotAnArchiveError] when something other than a file is there
    fn new(ruby: &Ruby, args: &[Value]) -> Result<ArchiveWriter, Error> {
        let args = scan_args::<(Value,), (Option<Option<Receiver<ZipFS>>>,), (), (), (), ()>(args)?;
        let path = string::os_path(&string::bytes(string::path_argument(args.required.0)?));
        let writer = match args.optional.0.flatten() {
            Some(like) => Writer::like(&path, like.archive()),
            None => Writer::create(&path),
        };
        Ok(ArchiveWriter {
            path: path.to_string_lossy().into_owned(),
            writer: Mutex::new(Some(writer.map_err(|error| to_ruby(ruby, error))?)),
        })
    }

    /// Runs `work` with the writer; a writer that is finished or given up is an error.
    fn with<T>(
        &self,
        ruby: &Ruby,
        work: impl FnOnce(&mut Writer) -> EngineResult<T>,
    ) -> Result<T, Error> {
        let done = match &mut *self.writer.lock() {
            Some(writer) => work(writer),
            None => Err(self.closed()),
        };
        done.map_err(|error| to_ruby(ruby, error))
    }

    fn closed(&self) -> Box<EngineError> {
        let detail = "the archive is finished or given up";
        EngineError::new(ErrorKind::Closed, self.path.as_str(), detail)
    }

    /// @def add(name, contents, mode, mtime, compression)
    /// Adds a file. It is stored as it is where compressing would not make it smaller.
    /// @param mode [Integer] permission bits
    /// @param mtime [Integer] seconds since the epoch
    /// @param compression [Array(String, Integer), Array(String, nil)] `"stored"`, `"deflate"` or `"zstd"`, and the
    ///   level or nil for the usual one
    /// @return [Integer] how many bytes the contents take in the archive
    /// @raise [InVFS::ArchiveError] for a name that a reader would refuse
    /// @raise [ArgumentError] for a method or level that there is not
    fn add(
        ruby: &Ruby,
        rb_self: &Self,
        name: RString,
        contents: RString,
        mode: u32,
        mtime: i64,
        (method, level): (String, Option<i64>),
    ) -> Result<u64, Error> {
        let compression = Compression::named(&method, level)
            .map_err(|error| Error::new(ruby.exception_arg_error(), error.to_string()))?;
        let name = string::bytes(name);
        rb_self.with(ruby, |writer| {
            // SAFETY: Ruby does not run, and so does not change the String, before this is done.
            let contents = unsafe { contents.as_slice() };
            writer.add(&name, contents, &Attributes { mode, mtime }, compression)
        })
    }

    /// @def symlink(name, target, mtime)
    /// Adds a symbolic link. Whether it leads anywhere is not asked.
    /// @return [nil]
    fn symlink(
        ruby: &Ruby,
        rb_self: &Self,
        name: RString,
        target: RString,
        mtime: i64,
    ) -> Result<(), Error> {
        let (name, target) = (string::bytes(name), string::bytes(target));
        rb_self.with(ruby, |writer| writer.symlink(&name, &target, mtime))
    }

    /// @def directory(name, mode, mtime)
    /// Adds a directory, for one that would have no file in it.
    /// @return [nil]
    fn directory(
        ruby: &Ruby,
        rb_self: &Self,
        name: RString,
        mode: u32,
        mtime: i64,
    ) -> Result<(), Error> {
        let name = string::bytes(name);
        rb_self.with(ruby, |writer| {
            writer.directory(&name, &Attributes { mode, mtime })
        })
    }

    /// @def copy(archive, name)
    /// Adds an entry of another archive as it is stored there.
    /// @return [nil]
    /// @raise [InVFS::ArchiveError] for one that is encrypted or cannot be read
    fn copy(
        ruby: &Ruby,
        rb_self: &Self,
        archive: Receiver<ZipFS>,
        name: RString,
    ) -> Result<(), Error> {
        let name = string::bytes(name);
        rb_self.with(ruby, |writer| {
            let archive = archive.archive();
            let missing = || EngineError::new(ErrorKind::NotFound, archive.name(), "no such entry");
            let sub = Subpath::new(&name).ok_or_else(|| missing().entry(&name))?;
            writer.copy(archive, sub)
        })
    }

    /// @def copy_directories(archive)
    /// Adds those directories of another archive that its files do not imply.
    /// @return [nil]
    fn copy_directories(
        ruby: &Ruby,
        rb_self: &Self,
        archive: Receiver<ZipFS>,
    ) -> Result<(), Error> {
        rb_self.with(ruby, |writer| writer.copy_directories(archive.archive()))
    }

    /// @def finish
    /// Writes the archive to the disk, and then puts it in the place of what was at its path.
    /// @return [nil]
    /// @raise [SystemCallError] and then the old file is still there
    fn finish(ruby: &Ruby, rb_self: &Self) -> Result<(), Error> {
        let writer = rb_self.writer.lock().take();
        let finished = match writer {
            Some(writer) => writer.finish(),
            None => Err(rb_self.closed()),
        };
        finished.map_err(|error| to_ruby(ruby, error))
    }

    /// @def abandon
    /// Gives the archive up, if it is not finished: nothing is left of it.
    /// @return [nil]
    fn abandon(&self) {
        drop(self.writer.lock().take());
    }
}

/// Defines the class.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    let class = module.define_class("ArchiveWriter", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("new", function!(ArchiveWriter::new, -1))?;
    class.define_method("add", method!(ArchiveWriter::add, 5))?;
    class.define_method("symlink", method!(ArchiveWriter::symlink, 3))?;
    class.define_method("directory", method!(ArchiveWriter::directory, 3))?;
    class.define_method("copy", method!(ArchiveWriter::copy, 2))?;
    class.define_method(
        "copy_directories",
        method!(ArchiveWriter::copy_directories, 1),
    )?;
    class.define_method("finish", method!(ArchiveWriter::finish, 0))?;
    class.define_method("abandon", method!(ArchiveWriter::abandon, 0))
}
