//! An archive as a VFS.

use super::links::{self, Destination};
use super::numbered::Numbered;
use super::Archive;
use crate::compiled;
use crate::error::{Error, ErrorKind, Result};
use crate::hash;
use crate::path::Subpath;
use crate::vfs::{Contents, Kind, Listing, Sink, Stat, Vfs};

/// What the numbers of files and directories begin with, so that they are no other file's; disks count from below.
const FILES: u64 = 1 << 63;
const DIRECTORIES: u64 = 3 << 62;

impl Archive {
    /// What [`Vfs::stat`] answers of `sub`, which leads to `destination`.
    fn stat_of(&self, destination: Destination, sub: &Subpath) -> Result<Option<Stat>> {
        let directory = |mode, mtime, id| Stat {
            kind: Kind::Directory,
            size: 0,
            mode,
            mtime,
            id: Some(id),
        };
        Ok(match destination {
            Destination::File(number) => self.index.entry(number).map(|entry| Stat {
                kind: Kind::File,
                size: entry.size,
                mode: u32::from(entry.mode),
                mtime: i64::from(entry.mtime),
                id: Some(FILES | u64::from(number)),
            }),
            Destination::Directory(number) => self.index.directory(number).map(|d| {
                directory(
                    u32::from(d.mode),
                    i64::from(d.mtime),
                    DIRECTORIES | u64::from(number),
                )
            }),
            Destination::Root => Some(directory(0o755, 0, DIRECTORIES - 1)),
            Destination::Refused(number) if self.is_refused(number, sub) => {
                return Err(self.refuse(number, sub))
            }
            Destination::Nothing
            | Destination::Loop
            | Destination::Outside
            | Destination::Refused(_) => None,
        })
    }

    /// What [`Vfs::read`] does with `sub`, which leads to `destination`.
    fn read_at(
        &self,
        destination: Destination,
        sub: &Subpath,
        limit: u64,
        out: &mut dyn Sink,
    ) -> Result<()> {
        let error = |kind, detail| Err(self.error(kind, detail).entry(sub.as_bytes()));
        match destination {
            Destination::File(number) => self.read_entry(number, limit, out),
            Destination::Directory(_) | Destination::Root => {
                error(ErrorKind::IsDirectory, "is a directory")
            }
            Destination::Nothing => error(ErrorKind::NotFound, "no such file in the archive"),
            Destination::Refused(number) => Err(self.refuse(number, sub)),
            Destination::Outside => error(
                ErrorKind::UnsafeName,
                "a symbolic link leads out of the archive",
            ),
            Destination::Loop => {
                Err(Error::from_io(self.name.as_str(), crate::os::eloop()).entry(sub.as_bytes()))
            }
        }
    }

    /// The compiled form in the entry with this number, linked for `path`, if it was made from this source.
    fn linked(&self, form: u32, crc: u32, size: u64, path: &[u8]) -> Result<Option<Vec<u8>>> {
        let mut entry = Vec::new();
        match self.read_entry(form, u64::MAX, &mut entry) {
            Ok(()) => Ok(compiled::link(entry, crc, size, path)),
            // Damaged: the source will do.
            Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Malformed) => {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

impl Vfs for Archive {
    /// Links are followed; one that leads nowhere, round in circles, out of the archive or to a refused entry is as if
    /// nothing were there. Reading it says which.
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        self.check_open()?;
        self.stat_of(self.follow(sub)?, sub)
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        self.check_open()?;
        self.read_at(self.follow(sub)?, sub, limit, out)
    }

    fn open(&self, sub: &Subpath) -> Result<Option<(Stat, Contents<'_>)>> {
        self.check_open()?;
        let destination = self.follow(sub)?;
        let Some(stat) = self.stat_of(destination, sub)? else {
            return Ok(None);
        };
        let sub = sub.to_owned();
        let contents: Contents =
            Box::new(move |limit, out| self.read_at(destination, &sub, limit, out));
        Ok(Some((stat, contents)))
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Result<Option<Vec<u8>>> {
        let form = compiled::entry_name(sub, key);
        let Some(Numbered::File(form)) = self.index.find(&form) else {
            return Ok(None);
        };
        let Some(source) = self.entry(sub).filter(|entry| entry.kind == Kind::File) else {
            return Ok(None);
        };
        self.linked(form, source.crc, source.size, path)
    }

    fn has_library(&self, key: &str) -> bool {
        self.index.find(&compiled::library_directory(key)).is_some()
    }

    fn library(&self, key: &str, path: &[u8], crc: u32, size: u64) -> Result<Option<Vec<u8>>> {
        let name = path.rsplit(|b| *b == b'/').next().unwrap_or_default();
        let form = compiled::library_entry_name(key, name, crc, size);
        match self.index.find(&form) {
            Some(Numbered::File(form)) => self.linked(form, crc, size, path),
            _ => Ok(None),
        }
    }

    /// Until it is closed.
    fn is_constant(&self) -> bool {
        !self.is_closed()
    }

    fn origin(&self) -> Option<u64> {
        let identity = self.identity?;
        // Where the system has no numbers, nothing can be said.
        (identity.ino != 0).then(|| hash::same_everywhere((identity.dev, identity.ino)))
    }

    fn has_links(&self) -> bool {
        self.index.has_symlinks()
    }

    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        self.check_open()?;
        if !self.index.has_symlinks() || sub.is_root() {
            return Ok(None);
        }
        let mut name = match self.follow(sub.parent())? {
            Destination::Directory(number) => {
                [self.index.name(Numbered::Directory(number)), b"/"].concat()
            }
            Destination::Root => Vec::new(),
            _ => return Ok(None),
        };
        name.extend_from_slice(sub.file_name());
        match self.index.find(&name) {
            Some(Numbered::File(number)) if self.index.is_symlink(number) => {
                let mut target = Vec::new();
                self.read_entry(number, links::MAX_TARGET, &mut target)?;
                Ok(Some(target))
            }
            _ => Ok(None),
        }
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Listing>> {
        self.check_open()?;
        Ok(match self.follow(sub)? {
            Destination::Directory(number) => Some(self.index.list(Some(number))),
            Destination::Root => Some(self.index.list(None)),
            Destination::Refused(number) if self.is_refused(number, sub) => {
                return Err(self.refuse(number, sub))
            }
            _ => None,
        })
    }
}
