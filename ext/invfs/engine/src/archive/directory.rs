//! Walking the central directory: every entry is checked as far as it can be without reading the file's contents.

use std::cell::Cell;
use std::io;

use rawzip::{ZipFileHeaderRecord, ZipLocator};

use super::bytes::u32_at;
use super::eocd::Location;
use super::index::{Directory, Index};
use super::names::{self, Name};
use super::slot::{Entry, Method, Slot};
use super::source::Source;
use super::LOCAL_HEADER;
use crate::error::{Error, ErrorKind, Result};

/// What an entry's header in the central directory takes without name, extra fields and comment.
const HEADER: u64 = 46;
/// The index counts the bytes of all names, and the entries, with 32 bits (one of them marks directories).
const MAX_NAMES: usize = u32::MAX as usize;
const MAX_ENTRIES: usize = 1 << 30;

const S_IFMT: u32 = 0o170_000;
const S_IFLNK: u32 = 0o120_000;

/// The file from the point on that the archive's offsets count from.
struct Window<'a> {
    source: &'a dyn Source,
    base: u64,
    /// Whether the file was found to end too early.
    ended: &'a Cell<bool>,
}

impl rawzip::ReaderAt for Window<'_> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        // Not all of rawzip asks again after an interruption. It reads only what the end record says is there, so
        // an end means that the file became shorter.
        loop {
            match self.source.read_at(buf, offset.saturating_add(self.base)) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(0) if !buf.is_empty() => {
                    self.ended.set(true);
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                result => return result,
            }
        }
    }
}

/// What the walk gathers.
struct Walk<'a> {
    archive: &'a str,
    location: Location,
    names: Vec<u8>,
    slots: Vec<Slot>,
    wide: Vec<super::slot::Wide>,
    directories: Vec<Directory>,
    /// Where each entry starts, and where it ends at the earliest.
    extents: Vec<(u64, u64)>,
    /// Whether `extents` are in order so far.
    ordered: bool,
}

/// Reads the central directory at `location` of the archive that the user calls `archive`.
pub(super) fn read(source: &dyn Source, location: Location, archive: &str) -> Result<Index> {
    let mut walk = Walk {
        archive,
        location,
        names: Vec::new(),
        slots: Vec::new(),
        wide: Vec::new(),
        directories: Vec::new(),
        extents: Vec::new(),
        ordered: true,
    };
    if location.count > 0 {
        walk.reserve();
        let ended = Cell::new(false);
        walk.run(source, &ended)
            .map_err(|error| match ended.get() {
                true => Error::from_io(archive, io::ErrorKind::UnexpectedEof.into()),
                false => error,
            })?;
    }
    walk.check_overlap()?;
    Index::build(walk.names, walk.slots, walk.wide, walk.directories).map_err(|name| {
        let detail = "the name is there twice, or as a file and as a directory";
        Error::new(ErrorKind::DuplicateName, archive, detail).entry(&name)
    })
}

impl Walk<'_> {
    fn malformed(&self, detail: impl Into<String>) -> Box<Error> {
        Error::new(ErrorKind::Malformed, self.archive, detail)
    }

    /// Makes room, but not for more than a modest number of entries that are only claimed to be there.
    fn reserve(&mut self) {
        let Location {
            start, end, count, ..
        } = self.location;
        let count = count.min(1 << 16) as usize;
        self.slots.reserve(count);
        self.extents.reserve(count);
        self.names.reserve((end - start).min(1 << 21) as usize / 2);
    }

    fn run(&mut self, source: &dyn Source, ended: &Cell<bool>) -> Result<()> {
        let Location {
            base,
            eocd,
            start,
            end,
            count,
        } = self.location;
        let size = end - start;
        let most = rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE as u64;
        let mut buffer = vec![0; size.clamp(1024, most) as usize];
        let window = Window {
            source,
            base,
            ended,
        };
        // The search for the record that we know finds it at once when it may look at the signature only.
        let directory = ZipLocator::new()
            .max_search_space(4)
            .locate_in_reader(window, &mut buffer, eocd - base + 4)
            .map_err(|(_, error)| self.rawzip(error))?;
        if directory.eocd_offset() != eocd - base
            || directory.directory_offset() != start - base
            || directory.entries_hint() != count
        {
            return Err(self.malformed("the end of central directory record is ambiguous"));
        }
        let mut entries = directory.entries(&mut buffer);
        let mut walked = 0;
        let mut seen = 0;
        while let Some(header) = entries.next_entry().map_err(|e| self.rawzip(e))? {
            walked = header.central_directory_offset() - (start - base) + header_len(&header);
            seen += 1;
            self.add(&header)?;
        }
        if seen != count || walked != size {
            return Err(self.malformed(format!(
                "the central directory has {seen} entries in {walked} of its {size} bytes, \
                 its end record says {count}"
            )));
        }
        Ok(())
    }

    fn rawzip(&self, error: rawzip::Error) -> Box<Error> {
        let detail = format!("the central directory is damaged: {error}");
        match error.into_kind() {
            rawzip::ErrorKind::IO(error) => Error::from_io(self.archive, error),
            _ => self.malformed(detail),
        }
    }

    fn add(&mut self, header: &ZipFileHeaderRecord<'_>) -> Result<()> {
        let raw = header.file_path();
        let raw: &[u8] = raw.as_ref();
        let name_at = self.names.len();
        let kind = names::clean(raw, &mut self.names)
            .map_err(|reason| Error::new(ErrorKind::UnsafeName, self.archive, reason).entry(raw))?;
        let name_len = self.names.len() - name_at;
        if self.names.len() > MAX_NAMES || self.extents.len() >= MAX_ENTRIES {
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
        let Location { base, start, .. } = self.location;
        let compressed_size = header.compressed_size_hint();
        let offset = header.local_header_offset().checked_add(base);
        let end = offset.and_then(|offset| {
            offset
                .checked_add((LOCAL_HEADER + name_len) as u64)?
                .checked_add(compressed_size)
        });
        let (Some(offset), Some(end)) = (offset, end.filter(|end| *end <= start)) else {
            let detail = "the entry is not inside the file";
            return Err(self.malformed(detail).entry(raw));
        };
        self.ordered &= self.extents.last().is_none_or(|last| last.1 <= offset);
        self.extents.push((offset, end));
        let flags = header.flags();
        let unix_mode = unix_mode(header);
        let default = match raw.last() {
            Some(b'/') => 0o755,
            _ => 0o644,
        };
        Ok(Entry {
            offset,
            compressed_size,
            size: header.uncompressed_size_hint(),
            crc: header.crc32(),
            mtime: mtime(header),
            mode: unix_mode.map_or(default, |mode| (mode & 0o7777) as u16),
            method: Method::from_number(header.compression_method().as_u16()),
            symlink: unix_mode.is_some_and(|mode| mode & S_IFMT == S_IFLNK),
            encrypted: flags.is_encrypted() || flags.has_strong_encryption() || flags.is_masked(),
        })
    }

    /// Refuses entries that share bytes, as those of some zip bombs do.
    fn check_overlap(&mut self) -> Result<()> {
        if self.ordered {
            return Ok(());
        }
        self.extents.sort_unstable();
        let overlap = self.extents.windows(2).find_map(|pair| match pair {
            [first, second] if second.0 < first.1 => Some(second.0),
            _ => None,
        });
        match overlap {
            Some(at) => Err(self.malformed(format!("entries overlap at byte {at} of the file"))),
            None => Ok(()),
        }
    }
}

fn header_len(header: &ZipFileHeaderRecord<'_>) -> u64 {
    let extra = header.extra_fields().remaining_bytes().len();
    let comment = header.comment();
    HEADER + (header.file_path().len() + extra + comment.as_bytes().len()) as u64
}

/// The mode that a Unix system recorded, if one did.
fn unix_mode(header: &ZipFileHeaderRecord<'_>) -> Option<u32> {
    use rawzip::CreatorSystem;
    let mode = header.external_attributes() >> 16;
    let system = header.version_made_by().creator_system();
    let unix = matches!(system, CreatorSystem::UNIX | CreatorSystem::MACOS);
    (unix && mode != 0).then_some(mode)
}

/// When the file was last changed: from the extended timestamp if there is one, else the MS-DOS time, which says
/// no time zone, as UTC.
fn mtime(header: &ZipFileHeaderRecord<'_>) -> u32 {
    for (id, field) in header.extra_fields() {
        if id.as_u16() == 0x5455
            && field.first().is_some_and(|flags| flags & 1 != 0)
            && field.len() >= 5
        {
            return u32_at(field, 1);
        }
    }
    let dos = header.last_modified_dos();
    if dos.packed_date() == 0 {
        return 0;
    }
    let (year, month, day) = (dos.year(), dos.month(), dos.day());
    let seconds = days(i64::from(year), i64::from(month), i64::from(day)) * 86_400
        + i64::from(dos.hour()) * 3600
        + i64::from(dos.minute()) * 60
        + i64::from(dos.second());
    u32::try_from(seconds).unwrap_or(0)
}

/// Days from 1970-01-01 to a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March end with the leap day.
    let (year, month) = match month {
        ..=2 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::days;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d 2000-02-29 +%s` and the like.
        for ((year, month, day), seconds) in [
            ((1970, 1, 1), 0),
            ((1980, 1, 1), 315_532_800),
            ((2000, 2, 29), 951_782_400),
            ((2000, 3, 1), 951_868_800),
            ((2024, 12, 31), 1_735_603_200),
            ((2100, 3, 1), 4_107_542_400_i64),
        ] {
            assert_eq!(
                days(year, month, day) * 86_400,
                seconds,
                "{year}-{month}-{day}"
            );
        }
    }
}
