//! What every virtual file system answers, and the native ones.

mod dir;
mod sub;
mod union;

use crate::error::Result;
use crate::path::Subpath;
pub use crate::sink::{Room, Sink};
pub use dir::DirVfs;
pub use sub::SubVfs;
pub use union::UnionVfs;

/// A file or a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory, whether or not the archive lists it.
    Directory,
    /// A symbolic link that the archive stores; its contents are the target.
    Symlink,
}

/// What a lookup tells about a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// File or directory.
    pub kind: Kind,
    /// Length of the contents in bytes; 0 for a directory.
    pub size: u64,
    /// Permission bits (`0o644` where the VFS does not say).
    pub mode: u32,
    /// Modification time in seconds since the epoch; 0 where the VFS does not say.
    pub mtime: i64,
    /// A number that no other file or directory of the VFS has, and that all names of one share, where it has such.
    pub id: Option<u64>,
}

/// The names in one directory with what each is, sorted bytewise.
pub type Listing = Vec<(Vec<u8>, Kind)>;

/// The contents of a file that was looked up: reads them as [`Vfs::read`] does, up to a limit in bytes.
pub type Contents<'a> = Box<dyn FnOnce(u64, &mut dyn Sink) -> Result<()> + 'a>;

/// A virtual file system: names to bytes.
///
/// ```
/// use invfs_engine::path::{Subpath, SubpathBuf};
/// use invfs_engine::vfs::{Kind, Vfs};
///
/// /// Counts the files below a directory.
/// fn count(vfs: &dyn Vfs, directory: &Subpath) -> invfs_engine::Result<usize> {
///     let mut files = 0;
///     for (name, kind) in vfs.list(directory)?.unwrap_or_default() {
///         let name = SubpathBuf::clean(&name).unwrap_or_default();
///         files += match kind {
///             Kind::Directory => count(vfs, &directory.join(&name))?,
///             Kind::File | Kind::Symlink => 1,
///         };
///     }
///     Ok(files)
/// }
/// # let dir = invfs_engine::vfs::DirVfs::new(env!("CARGO_MANIFEST_DIR").into());
/// # assert!(count(&dir, Subpath::new(b"src").unwrap()).unwrap() > 10);
/// ```
pub trait Vfs: Send + Sync {
    /// Looks `sub` up; `None` where there is nothing. The empty subpath is the root directory.
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>>;

    /// What `sub` is, where the rest of [`stat`](Vfs::stat) is not wanted and may cost more.
    fn kind(&self, sub: &Subpath) -> Result<Option<Kind>> {
        Ok(self.stat(sub)?.map(|stat| stat.kind))
    }

    /// Reads the whole file `sub` into `out`.
    ///
    /// Fails with `NotFound`, `IsDirectory`, or `TooLarge` when the file is larger than `limit` bytes
    /// (checked before anything is allocated).
    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()>;

    /// Looks `sub` up as [`stat`](Vfs::stat) does. With the answer comes what reads just this file.
    fn open(&self, sub: &Subpath) -> Result<Option<(Stat, Contents<'_>)>> {
        by_name(self, sub)
    }

    /// Whether it can be read by any thread at any time. What calls into a Ruby object cannot.
    fn is_independent(&self) -> bool {
        true
    }

    /// Whether answering may run code of whoever made it.
    fn runs_code(&self) -> bool {
        !self.is_independent()
    }

    /// The compiled form of the Ruby source `sub` for the Ruby called `key`, linked for `path`; `None` where there is
    /// none that was made from just this source. Only archives hold compiled code: their checksums cover it.
    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Result<Option<Vec<u8>>> {
        let _ = (sub, key, path);
        Ok(None)
    }

    /// Whether there may be compiled forms of files that lie elsewhere, for the Ruby called `key`.
    fn has_library(&self, key: &str) -> bool {
        let _ = key;
        false
    }

    /// The compiled form of the file at `path`, which lies elsewhere. Its contents have this CRC-32, and this length in
    /// bytes.
    fn library(&self, key: &str, path: &[u8], crc: u32, size: u64) -> Result<Option<Vec<u8>>> {
        let _ = (key, path, crc, size);
        Ok(None)
    }

    /// Whether its files stay what they are, and can be read, as long as this is so.
    fn is_constant(&self) -> bool {
        false
    }

    /// A number for the real files that it reads from, the same in every process that reads from them; `None` if there are
    /// none. With [`Stat::id`], it tells which file of which archive one is.
    fn origin(&self) -> Option<u64> {
        None
    }

    /// Whether there may be symbolic links in it.
    fn has_links(&self) -> bool {
        false
    }

    /// The target of `sub` where that itself is a symbolic link (links in the middle are followed), else `None`.
    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        let _ = sub;
        Ok(None)
    }

    /// The names directly inside the directory `sub`, sorted bytewise; `None` where that is no directory.
    fn list(&self, sub: &Subpath) -> Result<Option<Listing>>;
}

/// Answers [`Vfs::open`] where contents are read by name.
fn by_name<'a, V: Vfs + ?Sized>(vfs: &'a V, sub: &Subpath) -> Result<Option<(Stat, Contents<'a>)>> {
    let found = vfs.stat(sub)?;
    let sub = sub.to_owned();
    let contents: Contents = Box::new(move |limit, out| vfs.read(&sub, limit, out));
    Ok(found.map(|stat| (stat, contents)))
}
