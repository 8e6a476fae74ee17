//! Writing zip archives: entries are compressed one after the other, and the file appears under its name when it is whole.
//!
//! `compression` makes the bytes of an entry smaller, `rawzip` lays out the headers, `target` is the file; `copy`
//! takes over what another archive has.
//!
//! The `zip` crate could not do this: it writes no names that are not UTF-8, does not take data from libdeflate, and
//! needs a newer Rust than the rest.

mod compression;
mod copy;
mod names_in_use;
mod target;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use rawzip::extra_fields::ExtraFieldId;
use rawzip::path::EntryPath;
use rawzip::time::UtcDateTime;
use rawzip::{CompressionMethod, DataDescriptorOutput, Header, ZipArchiveWriter};

pub use compression::{Compression, CompressionError};

use super::names::{self, Name};
use crate::crc32::crc32;
use crate::error::{Error, ErrorKind, Result};
use compression::Compressors;
use names_in_use::NamesInUse;
use target::Target;

/// What an entry says about its file, apart from name and contents.
///
/// ```
/// use invfs_engine::archive::writer::Attributes;
/// assert_eq!(Attributes::default(), Attributes { mode: 0o644, mtime: 315_532_800 });
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attributes {
    /// Permission bits; any others are ignored.
    pub mode: u32,
    /// Modification time in seconds since the epoch. Zip knows the years from 1980 to 2106; what lies outside
    /// becomes the nearest.
    pub mtime: i64,
}

const S_IFREG: u32 = 0o100_000;
const S_IFDIR: u32 = 0o040_000;
const S_IFLNK: u32 = 0o120_000;

/// 1980-01-01 in UTC, the first moment that zip knows.
pub const EARLIEST: i64 = 315_532_800;

impl Default for Attributes {
    fn default() -> Attributes {
        Attributes {
            mode: 0o644,
            mtime: EARLIEST,
        }
    }
}

/// An archive that is being written.
///
/// Nothing is to be seen of it until [`Writer::finish`] puts it in the place of what had its name before. Dropping
/// it before that leaves nothing behind.
///
/// ```
/// use invfs_engine::archive::{writer::{Attributes, Compression, Writer}, Archive, Options};
/// # let path = std::env::temp_dir().join(format!("invfs-doc-writer-{}.zip", std::process::id()));
/// let mut writer = Writer::create(&path)?;
/// writer.add(b"lib/hello.rb", b"puts :hello\n", &Attributes::default(), Compression::Deflate(6))?;
/// assert!(!path.exists());
/// writer.finish()?;
/// let archive = Archive::open(&path, &Options::default())?;
/// assert_eq!(archive.names().collect::<Vec<_>>(), [b"lib/hello.rb"]);
/// # std::fs::remove_file(&path).unwrap();
/// # Ok::<(), Box<invfs_engine::Error>>(())
/// ```
pub struct Writer {
    name: String,
    target: Target,
    /// `None` after a failure: what was written then is no archive.
    zip: Option<ZipArchiveWriter<BufWriter<File>>>,
    compressors: Compressors,
    taken: NamesInUse,
}

impl Writer {
    /// Starts an archive that will replace whatever file is at `path`, which may be a link to it.
    ///
    /// Fails with [`ErrorKind::Io`] as the system does if no file can be made there, also for a directory
    /// (`EISDIR`), and with `NotAnArchive` for a device or a pipe.
    pub fn create(path: &Path) -> Result<Writer> {
        let (target, file) = Target::create(path)?;
        Ok(Writer::start(path, target, file, 0, Vec::new()))
    }

    /// Starts an archive in `file`, of which the first `prefix` bytes are written.
    fn start(path: &Path, target: Target, file: File, prefix: u64, comment: Vec<u8>) -> Writer {
        let mut zip = ZipArchiveWriter::builder()
            .with_offset(prefix)
            .build(BufWriter::with_capacity(1 << 16, file));
        zip.set_comment(comment);
        Writer {
            name: path.to_string_lossy().into_owned(),
            target,
            zip: Some(zip),
            compressors: Compressors::default(),
            taken: NamesInUse::default(),
        }
    }

    /// Adds a file, compressed unless that would make it larger; returns how many bytes its contents take.
    ///
    /// Fails with `UnsafeName` or `DuplicateName` for a name that a reader would refuse; and with `Unsupported` for a
    /// level that the method does not have, or `Io` if it cannot be written: after these, nothing can be added.
    pub fn add(
        &mut self,
        name: &[u8],
        contents: &[u8],
        attributes: &Attributes,
        compression: Compression,
    ) -> Result<u64> {
        let (clean, mut zip) = self.claim(name, Name::File)?;
        let name = clean.as_slice();
        let (method, data) = self.compressors.run(contents, compression).map_err(|e| {
            Error::new(ErrorKind::Unsupported, &*self.name, e.to_string()).entry(name)
        })?;
        let record = Record {
            name,
            method,
            mode: S_IFREG | (attributes.mode & 0o7777),
            mtime: attributes.mtime,
            crc: crc32(contents),
            size: contents.len() as u64,
        };
        let written = put(&mut zip, &record, |out| out.write_all(data));
        let written = written.map_err(|error| self.io(error).entry(name))?;
        self.zip = Some(zip);
        Ok(written)
    }

    /// Adds a symbolic link to `target`, which is stored as it is.
    ///
    /// Fails as [`Writer::add`] does.
    pub fn symlink(&mut self, name: &[u8], target: &[u8], mtime: i64) -> Result<()> {
        let (name, mut zip) = self.claim(name, Name::File)?;
        let record = Record {
            name: &name,
            method: CompressionMethod::STORE,
            mode: S_IFLNK | 0o777,
            mtime,
            crc: crc32(target),
            size: target.len() as u64,
        };
        let written = put(&mut zip, &record, |out| out.write_all(target));
        written.map_err(|error| self.io(error).entry(&name))?;
        self.zip = Some(zip);
        Ok(())
    }

    /// Adds a directory. Only those that would be empty, or have other permissions than 0755, need to be added.
    ///
    /// Fails as [`Writer::add`] does.
    pub fn directory(&mut self, name: &[u8], attributes: &Attributes) -> Result<()> {
        let mut with_slash = name.to_vec();
        with_slash.push(b'/');
        let (mut name, mut zip) = self.claim(&with_slash, Name::Directory)?;
        name.push(b'/');
        let time = UtcDateTime::from_unix(attributes.mtime.max(EARLIEST));
        let made = zip
            .new_dir(entry_path(&name))
            .unix_permissions(S_IFDIR | (attributes.mode & 0o7777))
            .last_modified(time)
            .create();
        made.map_err(|error| self.io(io_error(error)).entry(&name))?;
        self.zip = Some(zip);
        Ok(())
    }

    /// Writes the central directory, and puts the archive in its place: it is on the disk, and only then does it
    /// replace what had its name before. That keeps its permissions.
    ///
    /// Fails with [`ErrorKind::Io`]; the old file is then still there.
    pub fn finish(mut self) -> Result<()> {
        let zip = self.take_zip()?;
        let done = zip
            .finish()
            .map_err(io_error)
            .and_then(|out| out.into_inner().map_err(io::IntoInnerError::into_error))
            .and_then(|file| self.target.publish(file));
        done.map_err(|error| Error::from_io(self.name.as_str(), error))
    }

    /// Takes a name; gives its clean form, and the archive to write it to.
    fn claim(
        &mut self,
        raw: &[u8],
        kind: Name,
    ) -> Result<(Vec<u8>, ZipArchiveWriter<BufWriter<File>>)> {
        let refuse = |kind, reason: &str| Error::new(kind, self.name.as_str(), reason).entry(raw);
        let mut name = Vec::new();
        match names::clean(raw, &mut name) {
            Ok(found) if found == kind => {}
            Ok(Name::Root) => return Err(refuse(ErrorKind::UnsafeName, "the name is empty")),
            Ok(_) => return Err(refuse(ErrorKind::UnsafeName, "the name ends in a slash")),
            Err(refusal) => return Err(refuse(ErrorKind::UnsafeName, refusal.reason())),
        }
        let free = match kind {
            Name::Directory => self.taken.directory(&name),
            _ => self.taken.file(&name),
        };
        if !free {
            let reason = "the name is there twice, or as a file and as a directory";
            return Err(refuse(ErrorKind::DuplicateName, reason));
        }
        Ok((name, self.take_zip()?))
    }

    fn take_zip(&mut self) -> Result<ZipArchiveWriter<BufWriter<File>>> {
        let closed = "the archive was given up after an error";
        self.zip
            .take()
            .ok_or_else(|| Error::new(ErrorKind::Closed, self.name.as_str(), closed))
    }

    fn io(&self, error: io::Error) -> Box<Error> {
        Error::from_io(self.name.as_str(), error)
    }
}

/// One entry, but for its data.
struct Record<'a> {
    name: &'a [u8],
    method: CompressionMethod,
    mode: u32,
    mtime: i64,
    crc: u32,
    size: u64,
}

/// Writes an entry whose data `write` writes; returns how many bytes that was.
fn put(
    zip: &mut ZipArchiveWriter<BufWriter<File>>,
    record: &Record<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<u64> {
    let mtime = record.mtime.clamp(EARLIEST, u32::MAX.into());
    let mut stamp = [1; 5];
    if let Some(seconds) = stamp.get_mut(1..) {
        seconds.copy_from_slice(&(mtime as u32).to_le_bytes());
    }
    // rawzip writes this field to the central directory only; unzip takes it from the local header.
    let (mut entry, _) = zip
        .new_file(entry_path(record.name))
        .compression_method(record.method)
        .unix_permissions(record.mode)
        .last_modified(UtcDateTime::from_unix(mtime))
        .extra_field(ExtraFieldId::EXTENDED_TIMESTAMP, &stamp, Header::LOCAL)
        .and_then(|entry| entry.start())
        .map_err(io_error)?;
    write(&mut entry)?;
    let written = entry.finish(DataDescriptorOutput::new(record.crc, record.size));
    Ok(written.map_err(io_error)?.compressed_size())
}

/// A clean name for rawzip, which would take what stands before a colon for a drive. It marks only names that it
/// cleans itself as UTF-8.
fn entry_path(name: &[u8]) -> EntryPath<'_> {
    match std::str::from_utf8(name) {
        Ok(text) if !text.contains(':') => EntryPath::from(text),
        _ => EntryPath::verbatim(name),
    }
}

fn io_error(error: rawzip::Error) -> io::Error {
    match error.into_kind() {
        rawzip::ErrorKind::IO(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom};

    use super::*;
    use crate::archive::{Archive, Options};
    use crate::path::Subpath;
    use crate::vfs::Vfs;

    /// Behind a hole in the file, so that nothing of that size is written.
    #[test]
    fn entries_beyond_4_gib_are_found() {
        let path = std::env::temp_dir().join(format!("invfs-4gib-{}.zip", std::process::id()));
        let (target, mut file) = Target::create(&path).unwrap();
        let prefix = (1 << 32) + 10;
        file.seek(SeekFrom::Start(prefix)).unwrap();
        let mut writer = Writer::start(&path, target, file, prefix, Vec::new());
        for name in [&b"a"[..], b"b"] {
            let attributes = Attributes::default();
            let added = writer.add(name, name, &attributes, Compression::Stored);
            added.unwrap();
        }
        writer.finish().unwrap();
        let archive = Archive::open(&path, &Options::default());
        let other = zip::ZipArchive::new(File::open(&path).unwrap());
        std::fs::remove_file(&path).unwrap();
        let archive = archive.unwrap();
        for name in [&b"a"[..], b"b"] {
            let mut contents = Vec::new();
            let sub = Subpath::new(name).unwrap();
            archive.read(sub, 10, &mut contents).unwrap();
            assert_eq!(contents, name);
        }
        assert_eq!(other.unwrap().by_name("b").unwrap().size(), 1);
    }
}
