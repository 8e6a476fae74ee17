//! Zip archives as a VFS: the index of an archive, and the reading of its entries.
//!
//! What happens in order: [`source`](crate::source) holds the file, `eocd` finds the central directory, `walk` and `directory`
//! read and check it, `index` makes names findable, but for those that `refused` holds; then, for each read (`as_vfs`),
//! `links` follows symbolic links and `contents` reads and checks one entry with the help of `inflate`. `children` lists
//! directories.

mod as_vfs;
mod attributes;
mod bytes;
mod children;
mod contents;
mod directory;
mod eocd;
mod index;
#[allow(unsafe_code)]
mod inflate;
mod links;
mod names;
mod numbered;
mod open;
mod refused;
mod slot;
mod unicode_path;
mod walk;
pub mod writer;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, TryLockError};

use crate::error::{Error, ErrorKind, Result};
use crate::path::Subpath;
pub use crate::source::{Identity, Source};
use crate::vfs::{Kind, Sink};
use index::Index;
use links::Destination;
use numbered::Numbered;
pub use open::Options;

/// The fixed part of a local header.
const LOCAL_HEADER: usize = 30;

/// An open zip archive.
///
/// Any number of threads may use one at a time. All names are known from the moment it is open; contents are
/// read when they are asked for, and checked each time: sizes, CRC-32, and that the two headers agree.
///
/// ```
/// use invfs_engine::{archive::{Archive, Options}, path::Subpath, vfs::Vfs};
/// # let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
/// # zip.start_file("lib/hello.rb", zip::write::SimpleFileOptions::default()).unwrap();
/// # std::io::Write::write_all(&mut zip, b"puts :hello\n").unwrap();
/// # let bytes = zip.finish().unwrap().into_inner();
/// let archive = Archive::from_bytes(bytes, "hello.zip", &Options::default())?;
/// let mut contents = Vec::new();
/// archive.read(Subpath::new(b"lib/hello.rb").unwrap(), u64::MAX, &mut contents)?;
/// assert_eq!(contents, b"puts :hello\n");
/// # Ok::<(), Box<invfs_engine::Error>>(())
/// ```
pub struct Archive {
    name: String,
    max_entry_size: u64,
    index: Index,
    /// Where the entries end and the central directory starts.
    end: u64,
    /// The file when it was opened.
    identity: Option<Identity>,
    closed: AtomicBool,
    /// `None` once it was closed.
    source: RwLock<Option<Arc<dyn Source>>>,
}

/// What the central directory says about one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryInfo {
    /// A file or a symbolic link.
    pub kind: Kind,
    /// How many bytes the contents take in the archive.
    pub compressed_size: u64,
    /// Length of the contents.
    pub size: u64,
    /// The number of the compression method: 0 stored, 8 deflate, 93 zstd.
    pub method: u16,
    /// The CRC-32 of the contents.
    pub crc: u32,
    /// Modification time in seconds since the epoch.
    pub mtime: i64,
    /// Permission bits.
    pub mode: u32,
    /// Whether the contents are encrypted, and so cannot be read.
    pub encrypted: bool,
}

impl Archive {
    /// How many files there are; directories do not count.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether there are no files.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The path of the archive, as the user gave it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The names of all files, in the order of the archive. They are clean, and no two are the same.
    ///
    /// ```
    /// # use invfs_engine::archive::{Archive, Options};
    /// # let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    /// # zip.add_directory("lib/", zip::write::SimpleFileOptions::default()).unwrap();
    /// # zip.start_file("./lib//b.rb", zip::write::SimpleFileOptions::default()).unwrap();
    /// # zip.start_file("a.rb", zip::write::SimpleFileOptions::default()).unwrap();
    /// # let bytes = zip.finish().unwrap().into_inner();
    /// // Entries: "lib/", "./lib//b.rb", "a.rb".
    /// let archive = Archive::from_bytes(bytes, "app.zip", &Options::default())?;
    /// assert_eq!(archive.names().collect::<Vec<_>>(), [&b"lib/b.rb"[..], b"a.rb"]);
    /// assert_eq!(archive.len(), 2);
    /// # Ok::<(), Box<invfs_engine::Error>>(())
    /// ```
    pub fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.index.names()
    }

    /// The entries that are refused for their names, in the order of the archive: the clean name of each, and why.
    /// They are not among [`names`](Archive::names) nor in any listing; looking one up and reading it fail with
    /// [`ErrorKind::UnsafeName`].
    ///
    /// ```
    /// use invfs_engine::{archive::{Archive, Options}, path::Subpath, vfs::Vfs, ErrorKind};
    /// # let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    /// # zip.start_file("lib\\a.rb", zip::write::SimpleFileOptions::default()).unwrap();
    /// # let bytes = zip.finish().unwrap().into_inner();
    /// let archive = Archive::from_bytes(bytes, "old.zip", &Options::default())?;
    /// assert_eq!(archive.refused().collect::<Vec<_>>(), [(&b"lib\\a.rb"[..], "the name holds a backslash")]);
    /// assert!(archive.is_empty());
    /// let error = archive.stat(Subpath::new(b"lib\\a.rb").unwrap()).unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::UnsafeName);
    /// # Ok::<(), Box<invfs_engine::Error>>(())
    /// ```
    pub fn refused(&self) -> impl Iterator<Item = (&[u8], &'static str)> {
        let refused = self.index.refused();
        (0..refused.len() as u32).map(|number| (refused.name(number), refused.reason(number)))
    }

    /// Which file this was when it was opened; `None` for an archive in memory.
    pub fn identity(&self) -> Option<Identity> {
        self.identity
    }

    /// What the central directory says about the file `sub`; a symbolic link is not followed.
    ///
    /// ```
    /// # use invfs_engine::{archive::{Archive, Options}, path::Subpath};
    /// # let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    /// # zip.start_file("a.rb", zip::write::SimpleFileOptions::default()).unwrap();
    /// # std::io::Write::write_all(&mut zip, b"puts 1\n").unwrap();
    /// # let bytes = zip.finish().unwrap().into_inner();
    /// let archive = Archive::from_bytes(bytes, "app.zip", &Options::default())?;
    /// let entry = archive.entry(Subpath::new(b"a.rb").unwrap()).unwrap();
    /// assert_eq!((entry.size, entry.method), (7, 8));
    /// assert!(archive.entry(Subpath::new(b"b.rb").unwrap()).is_none());
    /// # Ok::<(), Box<invfs_engine::Error>>(())
    /// ```
    pub fn entry(&self, sub: &Subpath) -> Option<EntryInfo> {
        let Some(Numbered::File(number)) = self.index.find(sub.as_bytes()) else {
            return None;
        };
        let entry = self.index.entry(number)?;
        Some(EntryInfo {
            kind: match entry.symlink {
                true => Kind::Symlink,
                false => Kind::File,
            },
            compressed_size: entry.compressed_size,
            size: entry.size,
            method: entry.method.number(),
            crc: entry.crc,
            mtime: i64::from(entry.mtime),
            mode: u32::from(entry.mode),
            encrypted: entry.encrypted,
        })
    }

    /// How many bytes of memory the archive takes.
    pub fn memory_usage(&self) -> usize {
        let source = self.source.read().unwrap_or_else(PoisonError::into_inner);
        std::mem::size_of::<Self>()
            + self.name.capacity()
            + self.index.memory_usage()
            + source.as_ref().map_or(0, |source| source.memory_usage())
    }

    /// Closes the file. Every later lookup and read fails with [`ErrorKind::Closed`]; a read that is under way in
    /// another thread ends as if nothing had happened.
    ///
    /// ```
    /// # use invfs_engine::{archive::{Archive, Options}, path::Subpath, vfs::Vfs, ErrorKind};
    /// # let bytes = b"PK\x05\x06\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0".to_vec();
    /// let archive = Archive::from_bytes(bytes, "app.zip", &Options::default())?;
    /// assert!(archive.stat(Subpath::ROOT).is_ok());
    /// archive.close();
    /// assert_eq!(archive.stat(Subpath::ROOT).unwrap_err().kind(), ErrorKind::Closed);
    /// # Ok::<(), Box<invfs_engine::Error>>(())
    /// ```
    pub fn close(&self) {
        self.closed.store(true, Ordering::Release);
        // Readers hold the lock for nanoseconds. In a child process that was forked in such a moment they seem to
        // hold it for ever: the file then stays open until the archive is dropped.
        for _ in 0..1000 {
            match self.source.try_write() {
                Ok(mut source) => {
                    *source = None;
                    return;
                }
                Err(TryLockError::Poisoned(poisoned)) => {
                    *poisoned.into_inner() = None;
                    return;
                }
                Err(TryLockError::WouldBlock) => std::thread::yield_now(),
            }
        }
    }

    /// Whether the archive was closed.
    pub fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    fn error(&self, kind: ErrorKind, detail: impl Into<String>) -> Box<Error> {
        Error::new(kind, self.name.as_str(), detail)
    }

    fn check_open(&self) -> Result<()> {
        match self.is_closed() {
            true => Err(self.error(ErrorKind::Closed, "the archive is closed")),
            false => Ok(()),
        }
    }

    fn source(&self) -> Result<Arc<dyn Source>> {
        self.check_open()?;
        let source = self.source.read().unwrap_or_else(PoisonError::into_inner);
        match &*source {
            Some(source) => Ok(source.clone()),
            None => Err(self.error(ErrorKind::Closed, "the archive is closed")),
        }
    }

    fn follow(&self, sub: &Subpath) -> Result<Destination> {
        links::follow(&self.index, sub.as_bytes(), |link| {
            let mut target = Vec::new();
            self.read_entry(link, links::MAX_TARGET, &mut target)?;
            Ok(target)
        })
    }

    fn names_of(&self, number: u32) -> contents::Names<'_> {
        contents::Names {
            clean: self.index.name(Numbered::File(number)),
            header: self.index.header_name(number),
        }
    }

    /// The error for the refused entry with this number, which `sub` leads to.
    fn refuse(&self, number: u32, sub: &Subpath) -> Box<Error> {
        let reason = self.index.refused().reason(number);
        self.error(ErrorKind::UnsafeName, reason)
            .entry(sub.as_bytes())
    }

    /// Whether `sub` is the name of the refused entry with this number, not of a link to it.
    fn is_refused(&self, number: u32, sub: &Subpath) -> bool {
        self.index.refused().name(number) == sub.as_bytes()
    }

    /// Reads the file with this number.
    fn read_entry(&self, number: u32, limit: u64, out: &mut dyn Sink) -> Result<()> {
        let source = self.source()?;
        let name = self.index.name(Numbered::File(number));
        let Some(entry) = self.index.entry(number) else {
            return Err(self.error(ErrorKind::NotFound, "no such entry"));
        };
        let names = self.names_of(number);
        let limit = limit.min(self.max_entry_size);
        contents::read(&*source, &entry, names, self.end, limit, out)
            .map_err(|failure| self.explain(&*source, failure).entry(name))
    }

    /// The error for a failed read: if the file is not what it was, that is the reason.
    fn explain(&self, source: &dyn Source, failure: contents::Failure) -> Box<Error> {
        let changed = || {
            let now = source.identity().ok().flatten();
            self.identity.is_some() && now.is_some() && now != self.identity
        };
        let detail = "the archive was truncated or rewritten while it was open";
        match failure {
            contents::Failure::Io(error) => Error::from_io(self.name.as_str(), error),
            contents::Failure::Short => self.error(ErrorKind::Changed, detail),
            contents::Failure::Bad(ErrorKind::Malformed | ErrorKind::Corrupt, _) if changed() => {
                self.error(ErrorKind::Changed, detail)
            }
            contents::Failure::Bad(kind, detail) => self.error(kind, detail),
        }
    }
}
