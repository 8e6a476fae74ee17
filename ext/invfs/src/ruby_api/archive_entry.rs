//! `InVFS::ArchiveEntry`: what the central directory of an archive says about one of its entries.

use invfs_engine::archive::EntryInfo;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;
use magnus::{
    function, method, prelude::*, typed_data::Obj, Error, RModule, RString, Ruby, TypedData,
};

use super::zip_fs::ZipFS;
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
    fn of(archive: Obj<ZipFS>, name: RString) -> Option<ArchiveEntry> {
        let name = string::bytes(name);
        archive
            .archive()
            .entry(Subpath::new(&name)?)
            .map(ArchiveEntry)
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
