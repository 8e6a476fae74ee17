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

    /// @def size
    /// @return [Integer] how many bytes the contents have
    fn bytes(&self) -> u64 {
        self.0.size
    }

    /// @def compressed_size
    /// @return [Integer] how many bytes they take in the archive
    fn compressed_size(&self) -> u64 {
        self.0.compressed_size
    }

    /// @def crc
    /// @return [Integer] the CRC-32 of the contents
    fn crc(&self) -> u32 {
        self.0.crc
    }

    /// @def mode
    /// @return [Integer] permission bits
    fn mode(&self) -> u32 {
        self.0.mode
    }

    /// @def mtime
    /// @return [Integer] the time of the last change, in seconds since the epoch
    fn mtime(&self) -> i64 {
        self.0.mtime
    }

    /// @def symlink?
    /// @return [Boolean] whether it is a symbolic link
    fn is_symlink(&self) -> bool {
        self.0.kind == Kind::Symlink
    }

    /// @def encrypted?
    /// @return [Boolean] whether it is encrypted, and cannot be read
    fn is_encrypted(&self) -> bool {
        self.0.encrypted
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
    class.define_method("size", method!(ArchiveEntry::bytes, 0))?;
    class.define_method("compressed_size", method!(ArchiveEntry::compressed_size, 0))?;
    class.define_method("crc", method!(ArchiveEntry::crc, 0))?;
    class.define_method("mode", method!(ArchiveEntry::mode, 0))?;
    class.define_method("mtime", method!(ArchiveEntry::mtime, 0))?;
    class.define_method("symlink?", method!(ArchiveEntry::is_symlink, 0))?;
    class.define_method("encrypted?", method!(ArchiveEntry::is_encrypted, 0))
}
