//! Taking over what another archive has, as it is stored there.

use std::io::{self, Write};
use std::path::Path;

use rawzip::CompressionMethod;

use super::target::Target;
use super::{put, Attributes, Record, Writer, S_IFLNK, S_IFREG};
use crate::archive::names::Name;
use crate::archive::numbered::Numbered;
use crate::archive::slot::Method;
use crate::archive::walk::each_header;
use crate::archive::{contents, eocd, Archive, Source};
use crate::error::{Error, ErrorKind, Result};
use crate::path::Subpath;

/// How many bytes are held at a time.
const CHUNK: u64 = 1 << 20;

impl Writer {
    /// Starts an archive as [`Writer::create`] does, with what stands before the first entry of `archive` (the
    /// program of one that runs itself) and with its comment.
    ///
    /// Fails as [`Writer::create`] does, and as reading `archive` does.
    pub fn like(path: &Path, archive: &Archive) -> Result<Writer> {
        let (prefix, comment) = surroundings(archive)?;
        let (target, mut file) = Target::create(path)?;
        let source = archive.source()?;
        pour(archive, &*source, 0, prefix, &mut file)?;
        Ok(Writer::start(path, target, file, prefix, comment))
    }

    /// Adds an entry of `archive`, a file or a symbolic link, with its compressed contents as they are.
    ///
    /// Fails with `NotFound` if there is none of this name, with `UnsafeName` for one that is refused for its name, as
    /// reading it does for one whose headers differ or that cannot be read, and as [`Writer::add`] does. The contents
    /// themselves are not checked: in the copy they have the same checksum as before.
    pub fn copy(&mut self, archive: &Archive, sub: &Subpath) -> Result<()> {
        let name = sub.as_bytes();
        let error = |kind, detail| Error::new(kind, archive.name(), detail).entry(name);
        let Some(Numbered::File(number)) = archive.index.find(name) else {
            if let Some(number) = archive.index.refused().find(name) {
                return Err(archive.refuse(number, sub));
            }
            return Err(error(ErrorKind::NotFound, "no such entry"));
        };
        let entry = archive.index.entry(number);
        let entry = entry.ok_or_else(|| error(ErrorKind::NotFound, "no such entry"))?;
        let source = archive.source()?;
        let data_at = contents::locate(&*source, &entry, archive.names_of(number), archive.end)
            .map_err(|failure| archive.explain(&*source, failure).entry(name))?;
        let method = match entry.method {
            Method::Stored => CompressionMethod::STORE,
            Method::Deflate => CompressionMethod::DEFLATE,
            Method::Zstd => CompressionMethod::ZSTD,
            // What the other bits of the header mean for it is not known here.
            Method::Other(_) => {
                let detail = "the entry has a compression method that is not known";
                return Err(error(ErrorKind::Unsupported, detail));
            }
        };
        let (clean, mut zip) = self.claim(name, Name::File)?;
        let kind = match entry.symlink {
            true => S_IFLNK,
            false => S_IFREG,
        };
        let record = Record {
            name: &clean,
            method,
            mode: kind | u32::from(entry.mode),
            mtime: i64::from(entry.mtime),
            crc: entry.crc,
            size: entry.size,
        };
        let mut failure = None;
        let written = put(&mut zip, &record, |out| {
            let poured = pour(archive, &*source, data_at, entry.compressed_size, out);
            poured.map_err(|error| {
                failure = Some(error);
                io::Error::other("copying failed")
            })
        });
        if let Some(failure) = failure {
            return Err(failure.entry(name));
        }
        written.map_err(|error| self.io(error).entry(name))?;
        self.zip = Some(zip);
        Ok(())
    }

    /// Adds the directories of `archive` that its files do not imply: those that are empty, or have permissions or
    /// a time of their own.
    ///
    /// Fails as [`Writer::add`] does.
    pub fn copy_directories(&mut self, archive: &Archive) -> Result<()> {
        for number in 0.. {
            let Some(directory) = archive.index.directory(number) else {
                break;
            };
            let attributes = Attributes {
                mode: u32::from(directory.mode),
                mtime: i64::from(directory.mtime),
            };
            let own = attributes.mode != 0o755 || attributes.mtime != 0;
            if own || archive.index.list(Some(number)).is_empty() {
                self.directory(archive.index.name(Numbered::Directory(number)), &attributes)?;
            }
        }
        Ok(())
    }
}

/// How many bytes stand before the first entry, and the comment.
fn surroundings(archive: &Archive) -> Result<(u64, Vec<u8>)> {
    let source = archive.source()?;
    let io = |error| Error::from_io(archive.name(), error);
    let len = source.len().map_err(io)?;
    let location = eocd::locate(&*source, len).map_err(|failure| match failure {
        eocd::Failure::Io(error) => io(error),
        eocd::Failure::Bad(kind, detail) => Error::new(kind, archive.name(), detail),
    })?;
    let mut comment = vec![0; len.saturating_sub(location.eocd + eocd::SIZE as u64) as usize];
    exactly(
        archive,
        &*source,
        location.eocd + eocd::SIZE as u64,
        &mut comment,
    )?;
    let mut prefix = location.start;
    each_header(&*source, &location, archive.name(), |header| {
        let offset = header.local_header_offset().saturating_add(location.base);
        prefix = prefix.min(offset);
        Ok(())
    })?;
    Ok((prefix, comment))
}

/// Copies `len` bytes from `offset` on.
fn pour(
    archive: &Archive,
    source: &dyn Source,
    offset: u64,
    len: u64,
    out: &mut (impl Write + ?Sized),
) -> Result<()> {
    let mut buffer = vec![0; len.min(CHUNK) as usize];
    let mut done = 0;
    while done < len {
        let step = (len - done).min(CHUNK) as usize;
        let part = buffer.get_mut(..step).unwrap_or_default();
        exactly(archive, source, offset + done, part)?;
        out.write_all(part)
            .map_err(|error| Error::from_io(archive.name(), error))?;
        done += step as u64;
    }
    Ok(())
}

/// Fills `buffer`; that there is less means that the file became shorter.
fn exactly(archive: &Archive, source: &dyn Source, offset: u64, buffer: &mut [u8]) -> Result<()> {
    let read = source.fill_at(buffer, offset);
    match read.map_err(|error| Error::from_io(archive.name(), error))? {
        n if n == buffer.len() => Ok(()),
        _ => Err(Error::new(
            ErrorKind::Changed,
            archive.name(),
            "the archive was truncated while it was copied",
        )),
    }
}
