//! Reading the central directory: every entry is checked as far as it can be without reading the file's contents.

use rawzip::ZipFileHeaderRecord;

use super::eocd::Location;
use super::index::{Directory, Gathered, HeaderName, Index};
use super::names::{self, Name, Refusal};
use super::slot::{Entry, Method, Slot};
use super::walk::{each_header, HEADER};
use super::{attributes, unicode_path, LOCAL_HEADER};
use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;

/// The index counts the bytes of all names, and the entries, with 32 bits (one of them marks directories).
const MAX_NAMES: usize = u32::MAX as usize;
const MAX_ENTRIES: usize = 1 << 30;

/// Reads the central directory at `location` of the archive that the user calls `archive`.
pub(super) fn read(source: &dyn Source, location: Location, archive: &str) -> Result<Index> {
    let mut walk = Walk {
        archive,
        location,
        gathered: Gathered::default(),
        last_end: 0,
        ordered: true,
    };
    walk.reserve();
    each_header(source, &location, archive, |header| walk.add(header))?;
    if !walk.ordered {
        check_overlap(source, &location, archive)?;
    }
    Index::build(walk.gathered).map_err(|name| duplicate(archive, &name))
}

fn duplicate(archive: &str, name: &[u8]) -> Box<Error> {
    let detail = "the name is there twice, or as a file and as a directory";
    Error::new(ErrorKind::DuplicateName, archive, detail).entry(name)
}

/// A walk of the central directory.
struct Walk<'a> {
    archive: &'a str,
    location: Location,
    gathered: Gathered,
    /// Where the last entry ends at the earliest.
    last_end: u64,
    /// Whether each entry so far starts where the one before has ended.
    ordered: bool,
}

/// The name of an entry, in the names that were gathered.
struct Named {
    /// Where the clean name starts.
    start: usize,
    /// What it is, or why it is refused.
    kind: Result<Name, &'static str>,
    /// How long the name in the local header is at least.
    least: usize,
    /// Where the header's name starts, and its length, if the clean name is not that.
    header: Option<(usize, usize)>,
}

impl Walk<'_> {
    fn malformed(&self, detail: &str) -> Box<Error> {
        Error::new(ErrorKind::Malformed, self.archive, detail)
    }

    /// Makes room, but not much for entries that are only claimed to be there.
    fn reserve(&mut self) {
        let count = self.location.count;
        let names = self.location.end - self.location.start - count * HEADER;
        self.gathered.slots.reserve(count.min(1 << 19) as usize);
        self.gathered.names.reserve(names.min(1 << 24) as usize);
    }

    fn add(&mut self, header: &ZipFileHeaderRecord<'_>) -> Result<()> {
        let raw = header.file_path();
        let raw: &[u8] = raw.as_ref();
        let before = self.gathered.names.len();
        let Named {
            start,
            kind,
            least,
            header: header_name,
        } = self.name(header, raw)?;
        let name_len = self.gathered.names.len() - start;
        let entry = self.entry(header, raw, least)?;
        let gathered = &mut self.gathered;
        let count = gathered.slots.len() + gathered.directories.len() + gathered.refused.len();
        if gathered.names.len() > MAX_NAMES || count >= MAX_ENTRIES {
            let detail = "the archive has too many entries for this reader";
            return Err(Error::new(ErrorKind::Unsupported, self.archive, detail));
        }
        let kind = match kind {
            Ok(Name::File) if attributes::is_dos_directory(header) => match entry.size {
                0 => Ok(Name::Directory),
                _ => Err("the entry has contents, but is said to be a directory"),
            },
            kind => kind,
        };
        match kind {
            Ok(Name::File) => {
                if let Some((start, len)) = header_name {
                    gathered.header_names.push(HeaderName {
                        file: gathered.slots.len() as u32,
                        start: start as u32,
                        len: len as u16,
                    });
                }
                let slot = Slot::new(start as u32, name_len, &entry, &mut gathered.wide);
                gathered.slots.push(slot);
            }
            Ok(Name::Directory | Name::Root) if entry.size != 0 => {
                return Err(self.malformed("a directory has contents").entry(raw));
            }
            Ok(Name::Directory) => gathered.directories.push(Directory {
                name: start as u32,
                name_len: name_len as u16,
                mode: entry.mode,
                mtime: entry.mtime,
            }),
            Ok(Name::Root) => {}
            Err(reason) => {
                let name = gathered.names.get(start..).unwrap_or_default();
                let slash = raw.last() == Some(&b'/') || name.last() == Some(&b'\\');
                let directory = entry.size == 0 && (slash || attributes::is_dos_directory(header));
                if !gathered.refused.add(name, directory, reason) {
                    return Err(duplicate(self.archive, name));
                }
                gathered.names.truncate(before);
            }
        }
        Ok(())
    }

    /// Appends the clean name of an entry, which its header calls `raw`, to the names.
    fn name(&mut self, header: &ZipFileHeaderRecord<'_>, raw: &[u8]) -> Result<Named> {
        let unsafe_name = |name: &[u8], reason| {
            Error::new(ErrorKind::UnsafeName, self.archive, reason).entry(name)
        };
        let names = &mut self.gathered.names;
        let start = names.len();
        let kind = match names::clean(raw, names) {
            Ok(kind) => Ok(kind),
            Err(Refusal::Entry(reason)) => Err(reason),
            // Other readers do not look further than the header.
            Err(Refusal::Archive(reason)) => return Err(unsafe_name(raw, reason)),
        };
        let least = names.len() - start;
        let unicode = unicode_path::find(raw, header.extra_fields())
            .map_err(|reason| unsafe_name(raw, reason))?;
        let Some(unicode) = unicode.filter(|unicode| *unicode != raw) else {
            return Ok(Named {
                start,
                kind,
                least,
                header: None,
            });
        };
        names.truncate(start);
        names.extend_from_slice(raw);
        let after = names.len();
        let kind = match names::clean(unicode, names) {
            Ok(kind) => Ok(kind),
            Err(Refusal::Entry(reason)) => Err(reason),
            Err(Refusal::Archive(reason)) => return Err(unsafe_name(unicode, reason)),
        };
        Ok(Named {
            start: after,
            kind,
            least,
            header: Some((start, raw.len())),
        })
    }

    fn entry(
        &mut self,
        header: &ZipFileHeaderRecord<'_>,
        raw: &[u8],
        least: usize,
    ) -> Result<Entry> {
        let Some((offset, end)) = extent(header, least, &self.location) else {
            let detail = "the entry is not inside the file";
            return Err(self.malformed(detail).entry(raw));
        };
        self.ordered &= self.last_end <= offset;
        self.last_end = end;
        let flags = header.flags();
        let (mode, symlink) = attributes::mode(header);
        Ok(Entry {
            offset,
            compressed_size: header.compressed_size_hint(),
            size: header.uncompressed_size_hint(),
            crc: header.crc32(),
            mtime: attributes::mtime(header),
            mode,
            method: Method::from_number(header.compression_method().as_u16()),
            symlink,
            encrypted: flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked(),
        })
    }
}

/// Where an entry starts, and where it ends at the earliest, given how long its local header's name is at least; `None`
/// if that is not before the central directory.
fn extent(
    header: &ZipFileHeaderRecord<'_>,
    least: usize,
    location: &Location,
) -> Option<(u64, u64)> {
    let start = header.local_header_offset().checked_add(location.base)?;
    let end = start
        .checked_add((LOCAL_HEADER + least) as u64)?
        .checked_add(header.compressed_size_hint())?;
    (end <= location.start).then_some((start, end))
}

/// Refuses entries that share bytes, as those of some zip bombs do. Needed only when the entries are in another order
/// than their headers: otherwise it was seen on the way.
fn check_overlap(source: &dyn Source, location: &Location, archive: &str) -> Result<()> {
    let mut extents = Vec::new();
    let mut name = Vec::new();
    each_header(source, location, archive, |header| {
        name.clear();
        // The length matters, not whether the name is refused: all were looked at before.
        let _ = names::clean(header.file_path().as_ref(), &mut name);
        extents.extend(extent(header, name.len(), location));
        Ok(())
    })?;
    extents.sort_unstable();
    let overlap = extents.windows(2).find_map(|pair| match pair {
        [first, second] if second.0 < first.1 => Some(second.0),
        _ => None,
    });
    match overlap {
        Some(at) => {
            let detail = format!("entries overlap at byte {at} of the file");
            Err(Error::new(ErrorKind::Malformed, archive, detail))
        }
        None => Ok(()),
    }
}
