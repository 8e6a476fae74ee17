//! Reading the contents of one entry, and checking all that can be checked about them.

use std::io;

use rawzip::extra_fields::{ExtraFieldId, ExtraFields};

use super::bytes::{u16_at, u32_at, u64_at};
use super::inflate::{Input, Workspace};
use super::names;
use super::slot::{Entry, Method};
use super::{unicode_path, LOCAL_HEADER};
use crate::crc32::crc32;
use crate::error::ErrorKind;
use crate::source::Source;
use crate::vfs::Sink;

/// Room for the local header's extra fields in the first read. Info-ZIP writes 28 bytes of them.
const EXTRA: usize = 64;
/// Stored entries larger than this are read directly to where they are wanted: that takes one more call of the system
/// and one copy less.
const DIRECT: u64 = 16 * 1024;
/// By how much compressed data may be larger than the limit of what it becomes.
const SLACK: u64 = 64 * 1024;

/// What went wrong, to be said of the archive and the entry by the caller.
#[derive(Debug)]
pub(super) enum Failure {
    /// The system's error.
    Io(io::Error),
    /// The file ended before the entry did.
    Short,
    /// Anything else, with the reason.
    Bad(ErrorKind, String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

fn bad(kind: ErrorKind, detail: impl Into<String>) -> Failure {
    Failure::Bad(kind, detail.into())
}

fn malformed(detail: impl Into<String>) -> Failure {
    bad(ErrorKind::Malformed, detail)
}

fn corrupt(detail: impl Into<String>) -> Failure {
    bad(ErrorKind::Corrupt, detail)
}

/// The names of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Names<'a> {
    /// The clean name.
    pub clean: &'a [u8],
    /// What the header in the central directory has, where that is another name.
    pub header: Option<&'a [u8]>,
}

impl Names<'_> {
    /// How long the name in the local header probably is.
    fn len(&self) -> usize {
        self.header.unwrap_or(self.clean).len()
    }

    /// Whether a local header with the name `raw` and these extra fields is the one of this entry.
    fn are_of(&self, raw: &[u8], extra: &[u8]) -> bool {
        let same = match self.header {
            Some(header) => raw == header,
            None => raw == self.clean || is_cleaned_to(raw, self.clean),
        };
        let unicode = unicode_path::find(raw, ExtraFields::new(extra));
        same && unicode.is_ok_and(|unicode| {
            unicode.is_none_or(|unicode| unicode == raw || is_cleaned_to(unicode, self.clean))
        })
    }
}

/// Reads `entry`, which has these names, to `out`.
///
/// `end` is where the entries of the archive end. Nothing larger than `limit` is read.
pub(super) fn read(
    source: &dyn Source,
    entry: &Entry,
    names: Names<'_>,
    end: u64,
    limit: u64,
    out: &mut dyn Sink,
) -> Result<(), Failure> {
    plausible(entry, limit)?;
    let size = entry.size as usize;
    Workspace::with(|Workspace { input, codecs }| {
        let header = LOCAL_HEADER + names.len() + EXTRA;
        let direct = entry.method == Method::Stored && entry.compressed_size > DIRECT;
        let first = match direct {
            true => header,
            false => header.saturating_add(entry.compressed_size as usize),
        };
        fill(source, input, entry.offset, first, end)?;
        let data = check_header(source, input, entry, names, end)?;
        let data_at = entry.offset + data as u64;
        if direct {
            let full = out.fill(size, |room| {
                source.fill_room(room, data_at)?;
                match room.rest().is_empty() {
                    true => check_crc(entry, room.written()),
                    false => Err(Failure::Short),
                }
            })?;
            return all_written(full);
        }
        let whole = data + entry.compressed_size as usize;
        fill(source, input, entry.offset, whole, end)?;
        let data = input.read().get(data..whole).ok_or(Failure::Short)?;
        let full = out.fill(size, |room| {
            match entry.method {
                Method::Stored => room.append(data),
                Method::Deflate => codecs.inflate(data, room).map_err(corrupt)?,
                Method::Zstd => codecs.unzstd(data, room).map_err(corrupt)?,
                Method::Other(_) => return Err(malformed("the method changed")),
            }
            check_crc(entry, room.written())
        })?;
        all_written(full)
    })
}

/// Fails if the room was not filled.
fn all_written(full: bool) -> Result<(), Failure> {
    match full {
        true => Ok(()),
        false => Err(Failure::Short),
    }
}

/// Where the compressed contents of `entry` start in the file. What can be checked without decompressing them was
/// checked: entries that are refused here are refused by [`read`], with the same reason.
pub(super) fn locate(
    source: &dyn Source,
    entry: &Entry,
    names: Names<'_>,
    end: u64,
) -> Result<u64, Failure> {
    plausible(entry, u64::MAX)?;
    Workspace::with(|Workspace { input, .. }| {
        let header = LOCAL_HEADER + names.len() + EXTRA;
        fill(source, input, entry.offset, header, end)?;
        let data = check_header(source, input, entry, names, end)?;
        Ok(entry.offset + data as u64)
    })
}

/// Refuses what cannot be read, before a byte of it is read or room is made for it.
fn plausible(entry: &Entry, limit: u64) -> Result<(), Failure> {
    if entry.encrypted {
        return Err(bad(ErrorKind::Encrypted, "the entry is encrypted"));
    }
    let Entry {
        compressed_size,
        size,
        ..
    } = *entry;
    if size > limit || usize::try_from(size).is_err() {
        return Err(bad(
            ErrorKind::TooLarge,
            format!("the entry has {size} bytes, the limit is {limit}"),
        ));
    }
    // What a byte of compressed data can become at most: deflate 258 bytes for 2 bits; zstd a block of 128 KiB
    // for 4 bytes.
    let (ratio, constant) = match entry.method {
        Method::Stored if compressed_size != size => {
            return Err(malformed(format!(
                "the entry is stored, but {size} bytes take {compressed_size}"
            )))
        }
        Method::Stored => (1, 0),
        Method::Deflate => (1032, 64),
        Method::Zstd => (1 << 15, 1 << 17),
        Method::Other(number) => {
            return Err(bad(
                ErrorKind::Unsupported,
                format!("the entry is compressed with method {number}; only stored (0), deflate (8) and zstd (93) are read"),
            ))
        }
    };
    if size
        > compressed_size
            .saturating_mul(ratio)
            .saturating_add(constant)
    {
        return Err(corrupt(format!(
            "{compressed_size} compressed bytes cannot become {size}"
        )));
    }
    // Compressed data may be larger than what it becomes, but not without bound.
    if compressed_size > limit.saturating_add(SLACK) || usize::try_from(compressed_size).is_err() {
        return Err(bad(
            ErrorKind::TooLarge,
            format!("the entry has {compressed_size} compressed bytes, the limit is {limit}"),
        ));
    }
    Ok(())
}

/// Makes `input` hold `len` bytes of the file from `offset` on, less only where `end` is nearer.
fn fill(
    source: &dyn Source,
    input: &mut Input,
    offset: u64,
    len: usize,
    end: u64,
) -> Result<(), Failure> {
    let len = end.saturating_sub(offset).min(len as u64) as usize;
    let have = input.read().len();
    let room = input.room(len)?;
    let wanted = room.len();
    if wanted > 0 {
        let got = source.fill_at(room, offset + have as u64)?;
        input.add(got);
        if got < wanted {
            return Err(Failure::Short);
        }
    }
    Ok(())
}

/// Checks that the local header at the start of `input` says the same as the central directory, and that the data ends
/// before `end`; returns where it starts, counted from the header.
fn check_header(
    source: &dyn Source,
    input: &mut Input,
    entry: &Entry,
    names: Names<'_>,
    end: u64,
) -> Result<usize, Failure> {
    let fixed = input.read();
    if !fixed.starts_with(b"PK\x03\x04") || fixed.len() < LOCAL_HEADER {
        return Err(malformed(
            "no local header where the central directory says",
        ));
    }
    let flags = u16_at(fixed, 6);
    let name_len = usize::from(u16_at(fixed, 26));
    let data = LOCAL_HEADER + name_len + usize::from(u16_at(fixed, 28));
    fill(source, input, entry.offset, data, end)?;
    let header = input.read();
    if header.len() < data {
        return Err(malformed("the local header is not inside the file"));
    }
    let differs = |what: &str| {
        malformed(format!(
            "the local header and the central directory differ about the {what}"
        ))
    };
    let local_name = header
        .get(LOCAL_HEADER..LOCAL_HEADER + name_len)
        .unwrap_or_default();
    let extra = header
        .get(LOCAL_HEADER + name_len..data)
        .unwrap_or_default();
    if !names.are_of(local_name, extra) {
        return Err(differs("name"));
    }
    if u16_at(header, 8) != entry.method.number() {
        return Err(differs("method"));
    }
    // Bits 0, 6 and 13: the forms of encryption.
    if flags & 0x2041 != 0 {
        return Err(differs("encryption"));
    }
    let crc = u32_at(header, 14);
    let (compressed_size, size) = local_sizes(header, extra);
    // Bit 3: written in one go, so the numbers follow the data, and may be 0 here.
    let streamed = flags & 8 != 0;
    let same = |local: u64, central: u64| local == central || (streamed && local == 0);
    if !same(size, entry.size) || !same(compressed_size, entry.compressed_size) {
        return Err(differs("size"));
    }
    if !same(u64::from(crc), u64::from(entry.crc)) {
        return Err(differs("CRC-32"));
    }
    if entry.offset + data as u64 + entry.compressed_size > end {
        return Err(malformed("the entry's data is not inside the file"));
    }
    Ok(data)
}

/// Whether the clean form of `raw`, the name of a file, is `name`.
fn is_cleaned_to(raw: &[u8], name: &[u8]) -> bool {
    let mut clean = Vec::new();
    matches!(names::clean(raw, &mut clean), Ok(names::Name::File)) && clean == name
}

/// The compressed and the real size that a local header says, with the help of its zip64 field.
fn local_sizes(header: &[u8], extra: &[u8]) -> (u64, u64) {
    let mut compressed_size = u64::from(u32_at(header, 18));
    let mut size = u64::from(u32_at(header, 22));
    const LARGE: u64 = u32::MAX as u64;
    if size == LARGE || compressed_size == LARGE {
        let zip64 = ExtraFields::new(extra).find(|(id, _)| *id == ExtraFieldId::ZIP64);
        if let Some((_, mut field)) = zip64 {
            for number in [&mut size, &mut compressed_size] {
                if *number == LARGE && field.len() >= 8 {
                    *number = u64_at(field, 0);
                    field = field.get(8..).unwrap_or_default();
                }
            }
        }
    }
    (compressed_size, size)
}

fn check_crc(entry: &Entry, contents: &[u8]) -> Result<(), Failure> {
    let crc = crc32(contents);
    match crc == entry.crc {
        true => Ok(()),
        false => Err(corrupt(format!(
            "the CRC-32 is {crc:08x}, not {:08x}",
            entry.crc
        ))),
    }
}
