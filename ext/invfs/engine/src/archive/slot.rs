//! One entry in 28 bytes.

use super::names::MAX_NAME;

/// How an entry's contents are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Method {
    Stored,
    Deflate,
    Zstd,
    /// One that is not read.
    Other(u16),
}

impl Method {
    pub(super) fn from_number(number: u16) -> Method {
        match number {
            0 => Method::Stored,
            8 => Method::Deflate,
            93 => Method::Zstd,
            other => Method::Other(other),
        }
    }

    pub(super) fn number(self) -> u16 {
        match self {
            Method::Stored => 0,
            Method::Deflate => 8,
            Method::Zstd => 93,
            Method::Other(number) => number,
        }
    }
}

/// All that the central directory says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Entry {
    /// Where the local header is, from the start of the file.
    pub offset: u64,
    pub compressed_size: u64,
    pub size: u64,
    pub crc: u32,
    /// Seconds since the epoch.
    pub mtime: u32,
    /// Permission bits.
    pub mode: u16,
    pub method: Method,
    pub symlink: bool,
    pub encrypted: bool,
}

/// What does not fit into a [`Slot`]: the large numbers of zip64, and methods that nobody uses.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wide {
    offset: u64,
    compressed_size: u64,
    size: u64,
    method: u16,
}

/// An [`Entry`] and the place of its name. An archive of 100,000 files has as many of these, so every byte counts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    /// Where the name starts in the names of the index.
    name: u32,
    /// Where the local header is; for a wide entry, its place among the wide ones.
    offset: u32,
    compressed_size: u32,
    size: u32,
    crc: u32,
    mtime: u32,
    /// From the lowest bit: 13 of the name's length, 12 of the mode, 2 of the method, and the flags below.
    bits: u32,
}

const MODE_SHIFT: u32 = 13;
const METHOD_SHIFT: u32 = 25;
const SYMLINK: u32 = 1 << 27;
const ENCRYPTED: u32 = 1 << 28;
const WIDE: u32 = 1 << 29;

const _: () = assert!(std::mem::size_of::<Slot>() == 28);
const _: () = assert!(MAX_NAME < 1 << MODE_SHIFT);

impl Slot {
    /// Packs `entry`; what does not fit is pushed to `wide`.
    pub(super) fn new(name: u32, name_len: usize, entry: &Entry, wide: &mut Vec<Wide>) -> Slot {
        let method = match entry.method {
            Method::Stored => 0,
            Method::Deflate => 1,
            Method::Zstd => 2,
            Method::Other(_) => 3,
        };
        let mut bits = name_len as u32 & ((1 << MODE_SHIFT) - 1);
        bits |= u32::from(entry.mode & 0o7777) << MODE_SHIFT;
        bits |= method << METHOD_SHIFT;
        bits |= if entry.symlink { SYMLINK } else { 0 };
        bits |= if entry.encrypted { ENCRYPTED } else { 0 };
        let mut slot = Slot {
            name,
            offset: entry.offset as u32,
            compressed_size: entry.compressed_size as u32,
            size: entry.size as u32,
            crc: entry.crc,
            mtime: entry.mtime,
            bits,
        };
        let fits = |n: u64| u32::try_from(n).is_ok();
        let narrow = fits(entry.offset) && fits(entry.compressed_size) && fits(entry.size);
        if !narrow || matches!(entry.method, Method::Other(_)) {
            slot.offset = wide.len() as u32;
            slot.bits |= WIDE;
            wide.push(Wide {
                offset: entry.offset,
                compressed_size: entry.compressed_size,
                size: entry.size,
                method: entry.method.number(),
            });
        }
        slot
    }

    /// Where the name is in the names of the index.
    pub(super) fn name_range(&self) -> std::ops::Range<usize> {
        let start = self.name as usize;
        start..start + (self.bits & ((1 << MODE_SHIFT) - 1)) as usize
    }

    /// Whether this is a symbolic link.
    pub(super) fn is_symlink(&self) -> bool {
        self.bits & SYMLINK != 0
    }

    /// What was packed.
    pub(super) fn entry(&self, wide: &[Wide]) -> Entry {
        let large = match self.bits & WIDE {
            0 => None,
            _ => wide.get(self.offset as usize),
        };
        let method = match (self.bits >> METHOD_SHIFT) & 3 {
            0 => Method::Stored,
            1 => Method::Deflate,
            2 => Method::Zstd,
            _ => Method::Other(large.map_or(u16::MAX, |w| w.method)),
        };
        Entry {
            offset: large.map_or(u64::from(self.offset), |w| w.offset),
            compressed_size: large.map_or(u64::from(self.compressed_size), |w| w.compressed_size),
            size: large.map_or(u64::from(self.size), |w| w.size),
            crc: self.crc,
            mtime: self.mtime,
            mode: ((self.bits >> MODE_SHIFT) & 0o7777) as u16,
            method,
            symlink: self.is_symlink(),
            encrypted: self.bits & ENCRYPTED != 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_goes_in_comes_out() {
        let small = Entry {
            offset: 70,
            compressed_size: 12,
            size: 34,
            crc: 0xdead_beef,
            mtime: u32::MAX,
            mode: 0o7777,
            method: Method::Deflate,
            symlink: true,
            encrypted: false,
        };
        let mut wide = Vec::new();
        let large = 1 << 40;
        for (name_len, entry, is_wide) in [
            (1, small, false),
            (MAX_NAME, small, false),
            (
                3,
                Entry {
                    method: Method::Zstd,
                    mode: 0,
                    encrypted: true,
                    ..small
                },
                false,
            ),
            (
                3,
                Entry {
                    method: Method::Stored,
                    symlink: false,
                    ..small
                },
                false,
            ),
            (
                3,
                Entry {
                    offset: large,
                    ..small
                },
                true,
            ),
            (
                3,
                Entry {
                    compressed_size: large,
                    ..small
                },
                true,
            ),
            (
                3,
                Entry {
                    size: large,
                    ..small
                },
                true,
            ),
            (
                3,
                Entry {
                    size: u64::from(u32::MAX),
                    ..small
                },
                false,
            ),
            (
                3,
                Entry {
                    method: Method::Other(97),
                    ..small
                },
                true,
            ),
        ] {
            let before = wide.len();
            let slot = Slot::new(5, name_len, &entry, &mut wide);
            assert_eq!(slot.entry(&wide), entry);
            assert_eq!(slot.name_range(), 5..5 + name_len);
            assert_eq!(wide.len() > before, is_wide, "{entry:?}");
        }
    }
}
