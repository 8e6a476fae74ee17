//! Reading the central directory: every entry is checked as far as it can be without reading the file's contents.

use rawzip::ZipFileHeaderRecord;

use super::eocd::Location;
use super::index::{Directory, Index};
use super::names::{self, Name};
use super::slot::{Entry, Method, Slot, Wide};
use super::source::Source;
use super::walk::{each_header, HEADER};
use super::{attributes, LOCAL_HEADER};
use crate::error::{Error, ErrorKind, Result};

/// The index counts the bytes of all names, and the entries, with 32 bits (one of them marks directories).
const MAX_NAMES: usize = u32::MAX as usize;
const MAX_ENTRIES: usize = 1 << 30;

/// Reads the central directory at `location` of the archive that the user calls `archive`.
pub(super) fn read(source: &dyn Source, location: Location, archive: &str) -> Result<Index> {
    let mut gathered = Gathered {
        archive,
        location,
        names: Vec::new(),
        slots: Vec::new(),
        wide: Vec::new(),
        directories: Vec::new(),
        last_end: 0,
        ordered: true,
    };
    gathered.reserve();
    each_header(source, &location, archive, |header| gathered.add(header))?;
    if !gathered.ordered {
        check_overlap(source, &location, archive)?;
    }
    let Gathered {
        names,
        slots,
        wide,
        directories,
        ..
    } = gathered;
    Index::build(names, slots, wide, directories).map_err(|name| {
        let detail = "the name is there twice, or as a file and as a directory";
        Error::new(ErrorKind::DuplicateName, archive, detail).entry(&name)
    })
}

/// What the entries say.
struct Gathered<'a> {
    archive: &'a str,
    location: Location,
    names: Vec<u8>,
    slots: Vec<Slot>,
    wide: Vec<Wide>,
    directories: Vec<Directory>,
    /// Where the last entry ends at the earliest.
    last_end: u64,
    /// Whether each entry so far starts where the one before has ended.
    ordered: bool,
}

impl Gathered<'_> {
    fn malformed(&self, detail: &str) -> Box<Error> {
        Error::new(ErrorKind::Malformed, self.archive, detail)
    }

    /// Makes room, but not much for entries that are only claimed to be there.
    fn reserve(&mut self) {
        let count = self.location.count;
        let names = self.location.end - self.location.start - count * HEADER;
        self.slots.reserve(count.min(1 << 19) as usize);
        self.names.reserve(names.min(1 << 24) as usize);
    }

    fn add(&mut self, header: &ZipFileHeaderRecord<'_>) -> Result<()> {
        let raw = header.file_path();
        let raw: &[u8] = raw.as_ref();
        let name_at = self.names.len();
        let kind = names::clean(raw, &mut self.names)
            .map_err(|reason| Error::new(ErrorKind::UnsafeName, self.archive, reason).entry(raw))?;
        let name_len = self.names.len() - name_at;
        if self.names.len() > MAX_NAMES || self.slots.len() + self.directories.len() >= MAX_ENTRIES
        {
            let detail = "the archive has too many entries for this reader";
            return Err(Error::new(ErrorKind::Unsupported, self.archive, detail));
        }
        let entry = self.entry(header, raw, name_len)?;
        match kind {
            Name::File => {
                let slot = Slot::new(name_at as u32, name_len, &entry, &mut self.wide);
                self.slots.push(slot);
            }
            Name::Directory | Name::Root if entry.size != 0 => {
                return Err(self.malformed("a directory has contents").entry(raw));
            }
            Name::Directory => self.directories.push(Directory {
                name: name_at as u32,
                name_len: name_len as u16,
                mode: entry.mode,
                mtime: entry.mtime,
            }),
            Name::Root => {}
        }
        Ok(())
    }

    fn entry(
        &mut self,
        header: &ZipFileHeaderRecord<'_>,
        raw: &[u8],
        name_len: usize,
    ) -> Result<Entry> {
        let Some((offset, end)) = extent(header, name_len, &self.location) else {
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

/// Where an entry starts, and where it ends at the earliest; `None` if that is not before the central directory.
fn extent(
    header: &ZipFileHeaderRecord<'_>,
    name_len: usize,
    location: &Location,
) -> Option<(u64, u64)> {
    let start = header.local_header_offset().checked_add(location.base)?;
    let end = start
        .checked_add((LOCAL_HEADER + name_len) as u64)?
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
        // Fails for none of them: all were looked at before.
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
