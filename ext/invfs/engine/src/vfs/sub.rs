//! A directory of another VFS, seen as a VFS of its own.

use std::sync::Arc;

use super::{Contents, Kind, Listing, Sink, Stat, Vfs};
use crate::error::Result;
use crate::path::{Subpath, SubpathBuf};

/// What lies below one directory of another VFS. The directory need not exist.
///
/// ```
/// use std::sync::Arc;
/// use invfs_engine::{path::{Subpath, SubpathBuf}, vfs::{DirVfs, SubVfs, Vfs}};
/// let whole = Arc::new(DirVfs::new(env!("CARGO_MANIFEST_DIR").into()));
/// let src = SubVfs::new(whole, SubpathBuf::clean(b"src").unwrap());
/// assert!(src.stat(Subpath::new(b"lib.rs").unwrap())?.is_some());
/// # Ok::<(), Box<invfs_engine::Error>>(())
/// ```
pub struct SubVfs {
    parent: Arc<dyn Vfs>,
    directory: SubpathBuf,
}

impl SubVfs {
    /// The directory `directory` of `parent`.
    pub fn new(parent: Arc<dyn Vfs>, directory: SubpathBuf) -> SubVfs {
        SubVfs { parent, directory }
    }
}

impl Vfs for SubVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        self.parent.stat(&self.directory.join(sub))
    }

    fn kind(&self, sub: &Subpath) -> Result<Option<Kind>> {
        self.parent.kind(&self.directory.join(sub))
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        self.parent.read(&self.directory.join(sub), limit, out)
    }

    fn open(&self, sub: &Subpath) -> Result<Option<(Stat, Contents<'_>)>> {
        self.parent.open(&self.directory.join(sub))
    }

    fn is_independent(&self) -> bool {
        self.parent.is_independent()
    }

    fn runs_code(&self) -> bool {
        self.parent.runs_code()
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Result<Option<Vec<u8>>> {
        self.parent.compiled(&self.directory.join(sub), key, path)
    }

    fn has_library(&self, key: &str) -> bool {
        self.parent.has_library(key)
    }

    fn library(&self, key: &str, path: &[u8], crc: u32, size: u64) -> Result<Option<Vec<u8>>> {
        self.parent.library(key, path, crc, size)
    }

    fn is_constant(&self) -> bool {
        self.parent.is_constant()
    }

    fn origin(&self) -> Option<u64> {
        self.parent.origin()
    }

    fn has_links(&self) -> bool {
        self.parent.has_links()
    }

    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        self.parent.link(&self.directory.join(sub))
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Listing>> {
        self.parent.list(&self.directory.join(sub))
    }
}
