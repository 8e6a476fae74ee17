//! Finding the end of central directory (EOCD) record, and from it the central directory.
//!
//! An archive is read from its end: the EOCD record, perhaps followed by a comment, says how long the
//! central directory before it is. Everything that this file believes was checked against the file's length.

use std::io;

use super::bytes::{u16_at, u32_at, u64_at};
use crate::error::ErrorKind;
use crate::source::Source;

const SIGNATURE: &[u8; 4] = b"PK\x05\x06";
pub(super) const SIZE: usize = 22;
const LOCAL_HEADER: &[u8; 4] = b"PK\x03\x04";
const LOCATOR64: &[u8; 4] = b"PK\x06\x07";
const LOCATOR64_SIZE: u64 = 20;
const RECORD64: &[u8; 4] = b"PK\x06\x06";
const RECORD64_SIZE: u64 = 56;
const MAX_COMMENT: usize = u16::MAX as usize;
/// The shortest header in the central directory: one with a name of one byte.
const MIN_HEADER: u64 = 47;

/// Where the central directory is. All offsets count from the start of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Location {
    /// How many bytes stand before the archive: what the archive's own offsets count from.
    pub base: u64,
    /// Where the EOCD record is.
    pub eocd: u64,
    /// Where the central directory starts.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// How many entries it has.
    pub count: u64,
}

/// Why no central directory was found.
#[derive(Debug)]
pub(super) enum Failure {
    Io(io::Error),
    Bad(ErrorKind, String),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Io(error)
    }
}

fn malformed<T>(detail: impl Into<String>) -> Result<T, Failure> {
    Err(Failure::Bad(ErrorKind::Malformed, detail.into()))
}

/// Finds the central directory of the archive that `source`, of `len` bytes, ends with.
///
/// The record's comment must end where the file does, but for NUL bytes, which some writers pad files with. Two such
/// records whose central directories are there are refused, and so is a comment that holds what could be a record for a
/// reader that checks less: many take the last one that they find.
pub(super) fn locate(source: &dyn Source, len: u64) -> Result<Location, Failure> {
    let tail_len = len.min((SIZE + MAX_COMMENT) as u64);
    let mut tail = vec![0; tail_len as usize];
    let tail_start = len - tail_len;
    read_exact(source, &mut tail, tail_start)?;

    let mut seen = false;
    let mut last = None;
    let mut first_failure = None;
    let mut found: Option<Location> = None;
    for (at, window) in tail.windows(SIZE).enumerate() {
        if !window.starts_with(SIGNATURE) {
            continue;
        }
        seen = true;
        let end = at + SIZE + usize::from(u16_at(window, 20));
        let padded = |rest: &[u8]| rest.iter().all(|byte| *byte == 0);
        let fits = tail.get(end..).is_some_and(padded);
        if fits || could_count(window, tail_start + at as u64) {
            last = Some(tail_start + at as u64);
        }
        if !fits {
            continue;
        }
        match (check(source, window, tail_start + at as u64), &found) {
            (Ok(location), None) => found = Some(location),
            (Ok(_), Some(_)) => {
                return malformed("two end of central directory records fit the file")
            }
            (Err(Failure::Io(error)), _) => return Err(Failure::Io(error)),
            (Err(failure), _) => first_failure = first_failure.or(Some(failure)),
        }
    }
    match (found, first_failure) {
        (Some(location), _) if last > Some(location.eocd) => {
            malformed("the comment holds another end of central directory record")
        }
        (Some(location), _) if is_entry_of_another(source, location.base)? => {
            malformed("what stands before the archive looks like another: truncated?")
        }
        (Some(location), _) => Ok(location),
        (None, Some(failure)) => Err(failure),
        (None, None) if seen => malformed(
            "the end of central directory record does not end where the file does: \
             truncated, or something was appended",
        ),
        (None, None) => Err(missing(source, len)?),
    }
}

/// Whether a reader that does not look at the length of the comment, nor at what is at the start of the central
/// directory, could take the record at `eocd` for that of the archive: one that is empty, or whose directory could be
/// in the file.
fn could_count(record: &[u8], eocd: u64) -> bool {
    let inside = |at: usize| match u32_at(record, at) {
        u32::MAX => true,
        number => u64::from(number) <= eocd,
    };
    u16_at(record, 8) == 0 || u16_at(record, 10) == 0 || (inside(12) && inside(16))
}

/// The failure for a file without any EOCD record.
fn missing(source: &dyn Source, len: u64) -> io::Result<Failure> {
    Ok(match starts_with_entry(source)? {
        true => Failure::Bad(
            ErrorKind::Malformed,
            format!("no end of central directory record: truncated after {len} bytes?"),
        ),
        false => Failure::Bad(
            ErrorKind::NotAnArchive,
            "not a zip archive: no end of central directory record".into(),
        ),
    })
}

/// Whether the file starts as most archives do: with the header of an entry.
pub(super) fn starts_with_entry(source: &dyn Source) -> io::Result<bool> {
    let mut head = [0; 4];
    source.fill_at(&mut head, 0)?;
    Ok(head == *LOCAL_HEADER)
}

/// Whether an archive that starts at `base` may be a stored entry of another one that was cut off right behind it.
/// Its names would not be what they seem.
fn is_entry_of_another(source: &dyn Source, base: u64) -> io::Result<bool> {
    if base == 0 || starts_with_entry(source)? {
        return Ok(base > 0);
    }
    // The other archive may have a prefix itself. Then a local header, of which the lengths of name and extra fields
    // are the last four bytes of 30, ends where this archive starts.
    const FIXED: usize = 30;
    let before = base.min((FIXED + 2 * usize::from(u16::MAX)) as u64);
    let mut bytes = vec![0; before as usize];
    let len = source.fill_at(&mut bytes, base - before)?;
    Ok(bytes.windows(FIXED).enumerate().any(|(at, header)| {
        let variable = usize::from(u16_at(header, 26)) + usize::from(u16_at(header, 28));
        header.starts_with(LOCAL_HEADER) && at + FIXED + variable == len
    }))
}

fn read_exact(source: &dyn Source, buf: &mut [u8], offset: u64) -> Result<(), Failure> {
    match source.fill_at(buf, offset)? == buf.len() {
        true => Ok(()),
        false => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
    }
}

/// What the record (or its zip64 form) claims, not yet believed.
struct Claim {
    disk: u32,
    directory_disk: u32,
    count_here: u64,
    count: u64,
    size: u64,
    offset: u64,
}

/// Checks the record at `eocd` against the file.
fn check(source: &dyn Source, record: &[u8], eocd: u64) -> Result<Location, Failure> {
    let claim = Claim {
        disk: u32::from(u16_at(record, 4)),
        directory_disk: u32::from(u16_at(record, 6)),
        count_here: u64::from(u16_at(record, 8)),
        count: u64::from(u16_at(record, 10)),
        size: u64::from(u32_at(record, 12)),
        offset: u64::from(u32_at(record, 16)),
    };
    let (claim, end) = match zip64(source, &claim, eocd)? {
        Some(zip64) => zip64,
        None => (claim, eocd),
    };
    if claim.disk != 0 || claim.directory_disk != 0 || claim.count_here != claim.count {
        let detail = "the archive is one part of several (multi-disk)";
        return Err(Failure::Bad(ErrorKind::Unsupported, detail.into()));
    }
    let Some(start) = end.checked_sub(claim.size) else {
        return malformed("the central directory is said to be larger than the file");
    };
    let Some(base) = start.checked_sub(claim.offset) else {
        return malformed("the central directory is not where the archive says");
    };
    match claim.count.checked_mul(MIN_HEADER) {
        Some(least) if least <= claim.size => {}
        _ => return malformed("the central directory is too small for its number of entries"),
    }
    if claim.count == 0 && claim.size != 0 {
        return malformed("the central directory has contents, but is said to be empty");
    }
    if claim.count > 0 {
        let mut signature = [0; 4];
        read_exact(source, &mut signature, start)?;
        if signature != *b"PK\x01\x02" {
            return malformed("no central directory where the archive says");
        }
    }
    Ok(Location {
        base,
        eocd,
        start,
        end,
        count: claim.count,
    })
}

/// The zip64 record before the EOCD record at `eocd`, and where it is; `None` where there is none.
fn zip64(source: &dyn Source, claim: &Claim, eocd: u64) -> Result<Option<(Claim, u64)>, Failure> {
    let wanted = claim.disk == 0xffff
        || claim.directory_disk == 0xffff
        || claim.count_here == 0xffff
        || claim.count == 0xffff
        || claim.size == 0xffff_ffff
        || claim.offset == 0xffff_ffff;
    let Some(locator_at) = eocd.checked_sub(LOCATOR64_SIZE) else {
        return Ok(None);
    };
    let mut locator = [0; LOCATOR64_SIZE as usize];
    read_exact(source, &mut locator, locator_at)?;
    // Without a locator the numbers mean what they say: 65,535 entries are possible without zip64.
    if !locator.starts_with(LOCATOR64) {
        return Ok(None);
    }
    if let Some((zip64, at)) = record64(source, u64_at(&locator, 8), locator_at)? {
        let same = |short: u64, sentinel: u64, long: u64| short == sentinel || short == long;
        let agree = same(u64::from(claim.disk), 0xffff, u64::from(zip64.disk))
            && same(
                u64::from(claim.directory_disk),
                0xffff,
                u64::from(zip64.directory_disk),
            )
            && same(claim.count_here, 0xffff, zip64.count_here)
            && same(claim.count, 0xffff, zip64.count)
            && same(claim.size, 0xffff_ffff, zip64.size)
            && same(claim.offset, 0xffff_ffff, zip64.offset);
        if agree {
            if u32_at(&locator, 4) != 0 || u32_at(&locator, 16) > 1 {
                let detail = "the archive is one part of several (multi-disk)";
                return Err(Failure::Bad(ErrorKind::Unsupported, detail.into()));
            }
            return Ok(Some((zip64, at)));
        }
    }
    match wanted {
        true => malformed(
            "the zip64 end of central directory record is missing or contradicts the other",
        ),
        // Nothing needs it: what looked like a locator is the end of an entry's comment.
        false => Ok(None),
    }
}

/// The zip64 record that ends at `locator_at`: where the locator says, or, if something was put before the
/// archive, directly before the locator.
fn record64(
    source: &dyn Source,
    said: u64,
    locator_at: u64,
) -> Result<Option<(Claim, u64)>, Failure> {
    let adjacent = locator_at.checked_sub(RECORD64_SIZE);
    for at in [Some(said), adjacent].into_iter().flatten() {
        if at
            .checked_add(RECORD64_SIZE)
            .is_none_or(|end| end > locator_at)
        {
            continue;
        }
        let mut record = [0; RECORD64_SIZE as usize];
        read_exact(source, &mut record, at)?;
        // The size leaves out the signature and itself.
        let end = u64_at(&record, 4).checked_add(at + 12);
        if record.starts_with(RECORD64) && end == Some(locator_at) {
            let claim = Claim {
                disk: u32_at(&record, 16),
                directory_disk: u32_at(&record, 20),
                count_here: u64_at(&record, 24),
                count: u64_at(&record, 32),
                size: u64_at(&record, 40),
                offset: u64_at(&record, 48),
            };
            return Ok(Some((claim, at)));
        }
    }
    Ok(None)
}
