//! Mode and time of an entry, out of its header in the central directory.

use rawzip::{CreatorSystem, ZipFileHeaderRecord};

use super::bytes::u32_at;

const S_IFMT: u32 = 0o170_000;
const S_IFLNK: u32 = 0o120_000;
/// The attribute of directories in MS-DOS.
const DOS_DIRECTORY: u32 = 0x10;
/// The extra field with the times that Unix systems use.
const EXTENDED_TIMESTAMP: u16 = 0x5455;

/// The permission bits, and whether the entry is a symbolic link.
pub(super) fn mode(header: &ZipFileHeaderRecord<'_>) -> (u16, bool) {
    let mode = header.external_attributes() >> 16;
    let system = header.version_made_by().creator_system();
    let unix = matches!(system, CreatorSystem::UNIX | CreatorSystem::MACOS);
    match (
        unix && mode != 0,
        header.is_dir() || is_dos_directory(header),
    ) {
        (true, _) => ((mode & 0o7777) as u16, mode & S_IFMT == S_IFLNK),
        (false, true) => (0o755, false),
        (false, false) => (0o644, false),
    }
}

/// Whether an entry from MS-DOS has the attribute of a directory: some programs write no slash at the end of its name.
pub(super) fn is_dos_directory(header: &ZipFileHeaderRecord<'_>) -> bool {
    let system = header.version_made_by().creator_system();
    system == CreatorSystem::FAT && header.external_attributes() & DOS_DIRECTORY != 0
}

/// When the file was last changed, in seconds since the epoch: from the extended timestamp if there is one, else
/// from the MS-DOS time, which says no time zone, as UTC. 0 where there is neither.
pub(super) fn mtime(header: &ZipFileHeaderRecord<'_>) -> u32 {
    for (id, field) in header.extra_fields() {
        if id.as_u16() == EXTENDED_TIMESTAMP
            && field.len() >= 5
            && field.first().is_some_and(|flags| flags & 1 != 0)
        {
            return u32_at(field, 1);
        }
    }
    let dos = header.last_modified_dos();
    seconds(u32::from(dos.packed_date()), u32::from(dos.packed_time()))
}

/// Seconds since the epoch of a date and time as MS-DOS packs them; of a strange one, something near it.
fn seconds(date: u32, time: u32) -> u32 {
    if date == 0 {
        return 0;
    }
    let year = 1980 + (date >> 9);
    let month = (date >> 5 & 15).clamp(1, 12);
    let day = (date & 31).max(1);
    let clock = (time >> 11) * 3600 + (time >> 5 & 63) * 60 + (time & 31) * 2;
    let seconds = u64::from(days(year, month, day)) * 86_400 + u64::from(clock);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}

/// Days from 1970-01-01 to a later date of the Gregorian calendar.
fn days(year: u32, month: u32, day: u32) -> u32 {
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
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        // From `date -u -d 2000-02-29 +%s` and the like.
        for ((year, month, day), seconds) in [
            ((1970, 1, 1), 0),
            ((1980, 1, 1), 315_532_800),
            ((2000, 2, 29), 951_782_400),
            ((2000, 3, 1), 951_868_800),
            ((2024, 12, 31), 1_735_603_200),
            ((2100, 3, 1), 4_107_542_400_u32),
        ] {
            let days = days(year, month, day);
            assert_eq!(days * 86_400, seconds, "{year}-{month}-{day}");
        }
    }

    #[test]
    fn every_packed_time_is_a_time() {
        for date in 0..=u32::from(u16::MAX) {
            for time in [0, 0xffff, 0xbf7d] {
                let at = seconds(date, time);
                assert_eq!(at < 315_532_800, date == 0, "{date:x} {time:x}: {at}");
            }
        }
        assert_eq!(seconds(125 << 9 | 12 << 5 | 31, 0xbf7d), 4_291_747_198);
        assert_eq!(seconds(127 << 9 | 12 << 5 | 31, 0xbf7d), u32::MAX);
    }
}
