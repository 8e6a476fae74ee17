//! Opening an archive: from a path, from memory, from any source of bytes.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, RwLock};

use super::index::Index;
use super::{directory, eocd, Archive};
use crate::error::{Error, ErrorKind, Result};
use crate::source::{open_regular, Identity, Opened, Source};

/// How an archive is to be opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// Entries that declare more bytes than this are refused when they are read.
    pub max_entry_size: u64,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            max_entry_size: 1 << 30,
        }
    }
}

impl Archive {
    /// Opens the archive at `path` and indexes its central directory. The file stays open.
    ///
    /// Fails with [`ErrorKind::Io`] as the system does, also for a directory (`EISDIR`); with `NotAnArchive` for
    /// anything that is no zip archive, without waiting if it is a FIFO or a device; and with `Malformed`,
    /// `Unsupported`, `UnsafeName` or `DuplicateName` for an archive that cannot be trusted as a whole.
    ///
    /// ```
    /// use invfs_engine::{archive::{Archive, Options}, ErrorKind};
    /// # let path = std::env::temp_dir().join(format!("invfs-doc-open-{}.zip", std::process::id()));
    /// # let mut zip = zip::ZipWriter::new(std::fs::File::create(&path).unwrap());
    /// # zip.start_file("lib/hello.rb", zip::write::SimpleFileOptions::default()).unwrap();
    /// # zip.finish().unwrap();
    /// let archive = Archive::open(&path, &Options::default()).unwrap();
    /// assert_eq!(archive.names().collect::<Vec<_>>(), [b"lib/hello.rb"]);
    /// # std::fs::remove_file(&path).unwrap();
    /// let error = Archive::open("Cargo.toml".as_ref(), &Options::default()).err().unwrap();
    /// assert_eq!(error.kind(), ErrorKind::NotAnArchive);
    /// ```
    pub fn open(path: &Path, options: &Options) -> Result<Archive> {
        Archive::open_held(path, options, Arc::new)
    }

    /// [`Archive::open`] for whoever does not want to hold the file as a [`File`]: `hold` gets it, and returns what reads it
    /// from then on.
    ///
    /// ```
    /// use invfs_engine::{archive::{Archive, Options}, ErrorKind};
    /// let hold = |_| -> std::sync::Arc<Vec<u8>> { panic!("there is no file") };
    /// let error = Archive::open_held("no such file".as_ref(), &Options::default(), hold).err().unwrap();
    /// assert_eq!(error.kind(), ErrorKind::Io);
    /// ```
    pub fn open_held<S: Source + 'static>(
        path: &Path,
        options: &Options,
        hold: impl FnOnce(File) -> Arc<S>,
    ) -> Result<Archive> {
        let name = path.to_string_lossy().into_owned();
        match open_regular(path) {
            Ok(Opened::Regular(file)) => Archive::from_source(hold(file), &name, options),
            Ok(Opened::Directory) => Err(Error::from_io(name, crate::os::eisdir())),
            Ok(Opened::Other) => Err(Error::new(
                ErrorKind::NotAnArchive,
                name,
                "not a zip archive: not even a regular file",
            )),
            Err(error) => Err(Error::from_io(name, error)),
        }
    }

    /// An archive that is held in memory; `name` is what errors call it.
    ///
    /// Fails as [`Archive::open`] does for the contents of a file.
    pub fn from_bytes(bytes: Vec<u8>, name: &str, options: &Options) -> Result<Archive> {
        Archive::from_source(Arc::new(bytes), name, options)
    }

    /// An archive whose bytes come from `source`; `name` is what errors call it.
    ///
    /// Fails as [`Archive::open`] does for the contents of a file.
    pub fn from_source(source: Arc<dyn Source>, name: &str, options: &Options) -> Result<Archive> {
        let identity = source
            .identity()
            .map_err(|error| Error::from_io(name, error))?;
        let index = read_index(&*source, identity, name).map_err(|error| {
            let truncated = error
                .io()
                .is_some_and(|io| io.kind() == io::ErrorKind::UnexpectedEof);
            // Written to while it was read: what was read may never have stood there together.
            let rewritten = error.io().is_none()
                && source
                    .identity()
                    .is_ok_and(|now| now.is_some() && now != identity);
            match truncated || rewritten {
                true => Error::new(
                    ErrorKind::Changed,
                    name,
                    "the archive was truncated or rewritten while it was opened",
                ),
                false => error,
            }
        })?;
        Ok(Archive {
            name: name.to_owned(),
            max_entry_size: options.max_entry_size,
            index: index.0,
            end: index.1,
            identity,
            closed: AtomicBool::new(false),
            source: RwLock::new(Some(source)),
        })
    }

    /// Whether `path` is a regular file that begins or ends as a zip archive does: one that was cut off is an
    /// archive that cannot be opened, not something else. Never waits, as opening a FIFO would; fails as the system
    /// does when the file cannot be opened or read.
    ///
    /// ```
    /// use invfs_engine::archive::Archive;
    /// assert!(!Archive::probe("Cargo.toml".as_ref()).unwrap());
    /// assert!(!Archive::probe("src".as_ref()).unwrap());
    /// assert!(Archive::probe("no such file".as_ref()).is_err());
    /// ```
    pub fn probe(path: &Path) -> io::Result<bool> {
        match open_regular(path)? {
            Opened::Regular(file) => Archive::probe_source(&file),
            Opened::Directory | Opened::Other => Ok(false),
        }
    }

    /// [`Archive::probe`] for a source of bytes.
    ///
    /// ```
    /// use invfs_engine::archive::Archive;
    /// assert!(!Archive::probe_source(&b"plain text".to_vec()).unwrap());
    /// ```
    pub fn probe_source(source: &dyn Source) -> io::Result<bool> {
        if eocd::starts_with_entry(source)? {
            return Ok(true);
        }
        match eocd::locate(source, source.len()?) {
            Ok(_) => Ok(true),
            Err(eocd::Failure::Bad(..)) => Ok(false),
            Err(eocd::Failure::Io(error)) => Err(error),
        }
    }
}

/// The index of an archive, and where its central directory starts.
fn read_index(source: &dyn Source, identity: Option<Identity>, name: &str) -> Result<(Index, u64)> {
    let len = match identity {
        Some(identity) => Ok(identity.size),
        None => source.len(),
    };
    let location = len
        .map_err(eocd::Failure::Io)
        .and_then(|len| eocd::locate(source, len))
        .map_err(|failure| match failure {
            eocd::Failure::Io(error) => Error::from_io(name, error),
            eocd::Failure::Bad(kind, detail) => Error::new(kind, name, detail),
        })?;
    Ok((directory::read(source, location, name)?, location.start))
}
