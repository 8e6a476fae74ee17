//! A real directory as a VFS.

use std::fs::{File, FileType, Metadata};
use std::io::{self, Read};
use std::path::PathBuf;

use super::{Kind, Listing, Room, Sink, Stat, Vfs};
use crate::error::{Error, ErrorKind, Result};
use crate::path::Subpath;
use crate::source::{open_regular, Opened, Source};

/// The files below a real directory.
///
/// A [`Subpath`] cannot climb out of it; symbolic links are followed as the operating system does, wherever they
/// lead. Devices, pipes and sockets are as if they were not there, and never waited for.
///
/// ```
/// use invfs_engine::{path::Subpath, vfs::{DirVfs, Kind, Vfs}};
/// let dir = DirVfs::new(env!("CARGO_MANIFEST_DIR").into());
/// let mut contents = Vec::new();
/// dir.read(Subpath::new(b"Cargo.toml").unwrap(), u64::MAX, &mut contents)?;
/// assert!(contents.starts_with(b"[package]"));
/// assert_eq!(dir.stat(Subpath::new(b"src").unwrap())?.unwrap().kind, Kind::Directory);
/// # Ok::<(), Box<invfs_engine::Error>>(())
/// ```
pub struct DirVfs {
    path: PathBuf,
}

impl DirVfs {
    /// The directory at `path`, which need not exist (yet).
    pub fn new(path: PathBuf) -> DirVfs {
        DirVfs { path }
    }

    /// The real path of `sub`; `None` where the system cannot spell it.
    fn real(&self, sub: &Subpath) -> Option<PathBuf> {
        match sub.is_root() {
            true => Some(self.path.clone()),
            false => Some(self.path.join(os_path(sub.as_bytes())?)),
        }
    }

    fn container(&self) -> String {
        self.path.to_string_lossy().into_owned()
    }

    fn error(&self, sub: &Subpath, kind: ErrorKind, detail: &str) -> Box<Error> {
        Error::new(kind, self.container(), detail).entry(sub.as_bytes())
    }

    fn io(&self, sub: &Subpath, error: io::Error) -> Box<Error> {
        match is_nothing(&error) {
            true => self.error(sub, ErrorKind::NotFound, "no such file"),
            false => Error::from_io(self.container(), error).entry(sub.as_bytes()),
        }
    }
}

/// Whether the system says that there is nothing under this name.
fn is_nothing(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidInput, NotADirectory, NotFound};
    matches!(error.kind(), NotFound | NotADirectory | InvalidInput)
        || crate::os::is_loop_or_too_long(error)
}

#[cfg(unix)]
fn os_path(bytes: &[u8]) -> Option<PathBuf> {
    Some(crate::os::path(bytes))
}

#[cfg(not(unix))]
fn os_path(bytes: &[u8]) -> Option<PathBuf> {
    // A drive letter, a backslash or a stream would lead elsewhere.
    let text = std::str::from_utf8(bytes).ok()?;
    (!text.contains([':', '\\'])).then(|| text.into())
}

#[cfg(unix)]
fn name_bytes(name: std::ffi::OsString) -> Option<Vec<u8>> {
    Some(std::os::unix::ffi::OsStringExt::into_vec(name))
}

#[cfg(not(unix))]
fn name_bytes(name: std::ffi::OsString) -> Option<Vec<u8>> {
    name.into_string().ok().map(String::into_bytes)
}

fn stat_of(metadata: &Metadata) -> Option<Stat> {
    let kind = match metadata.file_type() {
        t if t.is_file() => Kind::File,
        t if t.is_dir() => Kind::Directory,
        _ => return None,
    };
    Some(Stat {
        kind,
        size: match kind {
            Kind::File => metadata.len(),
            _ => 0,
        },
        mode: mode(metadata, kind),
        mtime: mtime(metadata),
        id: inode(metadata),
    })
}

#[cfg(unix)]
fn inode(metadata: &Metadata) -> Option<u64> {
    Some(std::os::unix::fs::MetadataExt::ino(metadata))
}

#[cfg(not(unix))]
fn inode(_: &Metadata) -> Option<u64> {
    None
}

#[cfg(unix)]
fn mode(metadata: &Metadata, _: Kind) -> u32 {
    std::os::unix::fs::MetadataExt::mode(metadata) & 0o7777
}

#[cfg(not(unix))]
fn mode(metadata: &Metadata, kind: Kind) -> u32 {
    match (kind, metadata.permissions().readonly()) {
        (Kind::Directory, _) => 0o755,
        (_, true) => 0o444,
        (_, false) => 0o644,
    }
}

fn mtime(metadata: &Metadata) -> i64 {
    let since = |time: std::time::SystemTime| match time.duration_since(std::time::UNIX_EPOCH) {
        Ok(after) => after.as_secs() as i64,
        Err(before) => -(before.duration().as_secs() as i64),
    };
    metadata.modified().map_or(0, since)
}

fn kind_of(file_type: FileType) -> Option<Kind> {
    if file_type.is_dir() {
        Some(Kind::Directory)
    } else if file_type.is_symlink() {
        Some(Kind::Symlink)
    } else if file_type.is_file() {
        Some(Kind::File)
    } else {
        None
    }
}

impl Vfs for DirVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        let Some(path) = self.real(sub) else {
            return Ok(None);
        };
        match std::fs::metadata(path) {
            Ok(metadata) => Ok(stat_of(&metadata)),
            Err(error) if is_nothing(&error) => Ok(None),
            Err(error) => Err(self.io(sub, error)),
        }
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        let nothing = || self.error(sub, ErrorKind::NotFound, "no such file");
        let path = self.real(sub).ok_or_else(nothing)?;
        let file = match open_regular(&path).map_err(|error| self.io(sub, error))? {
            Opened::Regular(file) => file,
            Opened::Directory => {
                return Err(self.error(sub, ErrorKind::IsDirectory, "is a directory"))
            }
            Opened::Other => return Err(nothing()),
        };
        let too_large = |size| {
            let detail = format!("the file has {size} bytes, the limit is {limit}");
            Err(self.error(sub, ErrorKind::TooLarge, &detail))
        };
        let size = file.metadata().map_err(|error| self.io(sub, error))?.len();
        if size > limit {
            return too_large(size);
        }
        match usize::try_from(size) {
            Err(_) => too_large(size),
            Ok(0) => match unmeasured(&file, limit).map_err(|error| self.io(sub, error))? {
                bytes if bytes.len() as u64 > limit => too_large(bytes.len() as u64),
                bytes => out.put(&bytes).map_err(|error| self.io(sub, error)),
            },
            Ok(size) => match out.fill(size, |room| fill(&file, room)) {
                Ok(true) => Ok(()),
                Ok(false) => {
                    let detail = "the file was truncated while it was read";
                    Err(self.error(sub, ErrorKind::Changed, detail))
                }
                Err(error) => Err(self.io(sub, error)),
            },
        }
    }

    fn has_links(&self) -> bool {
        true
    }

    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        let Some(path) = self.real(sub).filter(|_| !sub.is_root()) else {
            return Ok(None);
        };
        match std::fs::read_link(path) {
            Ok(target) => Ok(name_bytes(target.into_os_string())),
            // EINVAL: something else than a link.
            Err(error) if is_nothing(&error) => Ok(None),
            Err(error) => Err(self.io(sub, error)),
        }
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Listing>> {
        let Some(path) = self.real(sub) else {
            return Ok(None);
        };
        let entries = match std::fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) if is_nothing(&error) => return Ok(None),
            Err(error) => return Err(self.io(sub, error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| self.io(sub, error))?;
            let kind = entry.file_type().map_err(|error| self.io(sub, error))?;
            if let (Some(name), Some(kind)) = (name_bytes(entry.file_name()), kind_of(kind)) {
                names.push((name, kind));
            }
        }
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        Ok(Some(names))
    }
}

/// Reads until `room` is full or the file ends.
fn fill(file: &File, room: &mut Room<'_>) -> io::Result<()> {
    let source: &dyn Source = file;
    source.fill_room(room, 0)
}

/// The contents of a file that says it is empty, as those in `/proc` do; one byte more than `limit` at most.
fn unmeasured(file: &File, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
