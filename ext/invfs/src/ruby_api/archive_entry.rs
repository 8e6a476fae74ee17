//! `InVFS::ArchiveEntry`: what the central directory of an archive says about one of its entries.

use invfs_engine::archive::EntryInfo;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::{Error as EngineError, ErrorKind};
use magnus::{function, method, prelude::*, Error, RModule, RString, Ruby, TypedData};

use super::{errors::to_ruby, native_vfs::Receiver, zip_fs::ZipFS};
use crate::helpers::string;

/// One entry, without its contents.
#[derive(TypedData)]
#[magnus(class = "InVFS::ArchiveEntry", free_immediately, size)]
pub struct ArchiveEntry(EntryInfo);

impl magnus::DataTypeFunctions for ArchiveEntry {
    fn size(&self) -> usize {
        std::mem::size_of::<Self>()
    }
}

impl ArchiveEntry {
    /// @def of(archive, name)
    /// The entry of an archive with just this name; a symbolic link is not followed.
    /// @api private
    /// @param archive [InVFS::ZipFS]
    /// @return [InVFS::ArchiveEntry, nil]
    fn of(archive: Receiver<ZipFS>, name: RString) -> Option<ArchiveEntry> {
        let name = string::bytes(name);
        archive
            .archive()
            .entry(Subpath::new(&name)?)
            .map(ArchiveEntry)
    }

    /// @def read(archive, name)
    /// The contents of an entry, as {InVFS::ZipFS#read} gives them; but a link that leads nowhere, in circles or out
    /// of the archive is told from an entry that is not there.
    /// @api private
    /// @return [String]
    /// @raise [Errno::ENOENT, Errno::EISDIR, Errno::ELOOP, InVFS::ArchiveError]
    fn read(ruby: &Ruby, archive: Receiver<ZipFS>, name: RString) -> Result<RString, Error> {
        let name = string::bytes(name);
        let archive = archive.archive();
        let mut contents = Vec::new();
        let read = match Subpath::new(&name) {
            Some(sub) => archive.read(sub, u64::MAX, &mut contents),
            None => Err(EngineError::new(ErrorKind::NotFound, archive.name(), "").entry(&name)),
        };
        read.map_err(|error| to_ruby(ruby, error))?;
        Ok(ruby.str_from_slice(&contents))
    }

    /// @def compression
    /// @return [String] `"stored"`, `"deflate"`, `"zstd"`, or `"method N"` for one that is not read
    fn compression(&self) -> String {
        match self.0.method {
            0 => "stored".to_owned(),
            8 => "deflate".to_owned(),
            93 => "zstd".to_owned(),
            other => format!("method {other}"),
        }
    }
}

/// Defines the class.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    let class = module.define_class("ArchiveEntry", ruby.class_object())?;
    class.undef_default_alloc_func();
    class.define_singleton_method("of", function!(ArchiveEntry::of, 2))?;
    class.define_singleton_method("read", function!(ArchiveEntry::read, 2))?;
    class.define_method("compression", method!(ArchiveEntry::compression, 0))?;
    class.define_method("size", method!(|e: &ArchiveEntry| e.0.size, 0))?;
    class.define_method(
        "compressed_size",
        method!(|e: &ArchiveEntry| e.0.compressed_size, 0),
    )?;
    class.define_method("crc", method!(|e: &ArchiveEntry| e.0.crc, 0))?;
    class.define_method("mode", method!(|e: &ArchiveEntry| e.0.mode, 0))?;
    class.define_method("mtime", method!(|e: &ArchiveEntry| e.0.mtime, 0))?;
    class.define_method(
        "symlink?",
        method!(|e: &ArchiveEntry| e.0.kind == Kind::Symlink, 0),
    )?;
    class.define_method("encrypted?", method!(|e: &ArchiveEntry| e.0.encrypted, 0))
}
