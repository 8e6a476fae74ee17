//! Going through the headers of the central directory, with rawzip.

use std::cell::Cell;
use std::io;

use rawzip::{ZipFileHeaderRecord, ZipLocator};

use super::eocd::Location;
use crate::error::{Error, ErrorKind, Result};
use crate::source::Source;

/// What an entry's header takes without name, extra fields and comment.
pub(super) const HEADER: u64 = 46;

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

/// Calls `visit` with each header of the central directory at `location`; stops at the first error.
///
/// Fails if there are not exactly as many headers, in exactly as many bytes, as the end record says; with
/// [`io::ErrorKind::UnexpectedEof`] if the file ends too early.
pub(super) fn each_header(
    source: &dyn Source,
    location: &Location,
    archive: &str,
    visit: impl FnMut(&ZipFileHeaderRecord<'_>) -> Result<()>,
) -> Result<()> {
    if location.count == 0 {
        return Ok(());
    }
    let ended = Cell::new(false);
    let window = Window {
        source,
        base: location.base,
        ended: &ended,
    };
    walk(window, location, archive, visit).map_err(|error| match ended.get() {
        true => Error::from_io(archive, io::ErrorKind::UnexpectedEof.into()),
        false => error,
    })
}

fn walk(
    window: Window<'_>,
    location: &Location,
    archive: &str,
    mut visit: impl FnMut(&ZipFileHeaderRecord<'_>) -> Result<()>,
) -> Result<()> {
    let malformed = |detail: String| Error::new(ErrorKind::Malformed, archive, detail);
    let damaged = |error: rawzip::Error| {
        let detail = format!("the central directory is damaged: {error}");
        match error.into_kind() {
            rawzip::ErrorKind::IO(error) => Error::from_io(archive, error),
            _ => malformed(detail),
        }
    };
    let size = location.end - location.start;
    let start = location.start - location.base;
    let eocd = location.eocd - location.base;
    let most = rawzip::MAX_CENTRAL_DIRECTORY_RECORD_SIZE as u64;
    let mut buffer = vec![0; size.clamp(1024, most) as usize];
    // The search for the record that we know finds it at once when it may look at the signature only.
    let directory = ZipLocator::new()
        .max_search_space(4)
        .locate_in_reader(window, &mut buffer, eocd + 4)
        .map_err(|(_, error)| damaged(error))?;
    if directory.eocd_offset() != eocd
        || directory.directory_offset() != start
        || directory.entries_hint() != location.count
    {
        let detail = "the end of central directory record is ambiguous";
        return Err(malformed(detail.into()));
    }
    let mut headers = directory.entries(&mut buffer);
    let (mut seen, mut walked) = (0, 0);
    while let Some(header) = headers.next_entry().map_err(damaged)? {
        walked = header.central_directory_offset() - start + len(&header);
        seen += 1;
        visit(&header)?;
    }
    if seen != location.count || walked != size {
        return Err(malformed(format!(
            "the central directory has {seen} entries in {walked} of its {size} bytes, its end record says {}",
            location.count
        )));
    }
    Ok(())
}

/// How many bytes a header takes.
fn len(header: &ZipFileHeaderRecord<'_>) -> u64 {
    let extra = header.extra_fields().remaining_bytes().len();
    let comment = header.comment().as_bytes().len();
    HEADER + (header.file_path().len() + extra + comment) as u64
}
