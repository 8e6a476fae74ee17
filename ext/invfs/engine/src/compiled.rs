//! Compiled Ruby code in an archive: which source it was made from, and putting the file's path into it.
//!
//! The compiled form of `lib/a.rb` is the entry `.invfs/<key>/lib/a.rb.iseq`, where the key names one exact Ruby. The
//! entry holds what `RubyVM::InstructionSequence#to_binary` gave, compiled under a placeholder for a path; then one
//! record for each string in it that contains the placeholder; then a footer. All numbers are little-endian.
//!
//! ```text
//! binary                       the instruction sequence
//! records                      u32 position of the string's offset in the binary's table of objects
//!                              u32 length, and what precedes the string's own length (type, flags, encoding)
//!                              u32 length, and the string up to the placeholder
//!                              u32 length, and the string after it
//! footer, 28 bytes             u32 where the records begin, u32 how many there are,
//!                              u32 CRC-32 and u32 length of the source, u32 version, 8 bytes "INVFSISQ"
//! ```
//!
//! A path is put in by appending each string, with the path in place of the placeholder, and pointing the table at it.
//! `lib/invfs/compiled_code.rb` writes the entry, and checks there that Ruby loads the result.

use crate::path::Subpath;

/// The version of the layout above.
const VERSION: u32 = 1;
const MAGIC: &[u8; 8] = b"INVFSISQ";
const FOOTER: usize = 28;
/// Where the binary's header says how long it is (`struct ibf_header` in Ruby's `compile.c`).
const SIZE_FIELD: usize = 12;
/// As many bytes as Ruby writes for a number.
const LONGEST_SMALL_VALUE: usize = 9;

/// The name of the entry that holds the compiled form of `sub` for the Ruby called `key`.
///
/// ```
/// use invfs_engine::{compiled, path::Subpath};
/// let sub = Subpath::new(b"lib/a.rb").unwrap();
/// assert_eq!(compiled::entry_name(sub, "3.1.2"), b".invfs/3.1.2/lib/a.rb.iseq");
/// ```
pub fn entry_name(sub: &Subpath, key: &str) -> Vec<u8> {
    [b".invfs/", key.as_bytes(), b"/", sub.as_bytes(), b".iseq"].concat()
}

/// The directory of the compiled forms of files that lie outside of the archive, such as Ruby's standard library, for the
/// Ruby called `key`.
///
/// ```
/// assert_eq!(invfs_engine::compiled::library_directory("3.1.2"), b".invfs/library/3.1.2");
/// ```
pub fn library_directory(key: &str) -> Vec<u8> {
    [b".invfs/library/", key.as_bytes()].concat()
}

/// The name of the entry that holds the compiled form of such a file: wherever it lies, it has this name, and contents
/// with this CRC-32 and length.
///
/// ```
/// use invfs_engine::compiled;
/// let source = b"class Set; end\n";
/// let crc = compiled::checksum(source);
/// let name = compiled::library_entry_name("3.1.2", b"set.rb", crc, source.len() as u64);
/// assert_eq!(name, b".invfs/library/3.1.2/set.rb-41ee0c1c-15");
/// ```
pub fn library_entry_name(key: &str, name: &[u8], crc: u32, size: u64) -> Vec<u8> {
    let identity = format!("-{crc:08x}-{size}");
    [
        &library_directory(key),
        &b"/"[..],
        name,
        identity.as_bytes(),
    ]
    .concat()
}

/// CRC-32 as zip archives have it.
///
/// ```
/// assert_eq!(invfs_engine::compiled::checksum(b"123456789"), 0xcbf4_3926);
/// ```
pub fn checksum(bytes: &[u8]) -> u32 {
    crate::crc32::crc32(bytes)
}

/// The compiled form in `entry` as Ruby loads it, with `path` as the path of the file.
///
/// `None` if it was made from another source than the one with this CRC-32 and length, or is not of this layout.
/// Any bytes may be given.
pub fn link(mut entry: Vec<u8>, source_crc: u32, source_size: u64, path: &[u8]) -> Option<Vec<u8>> {
    let (body, footer) = entry.split_at_checked(entry.len().checked_sub(FOOTER)?)?;
    let (numbers, magic) = footer.split_at_checked(FOOTER - MAGIC.len())?;
    let mut numbers = Reader(numbers);
    let binary = numbers.number()? as usize;
    let count = numbers.number()?;
    if numbers.number()? != source_crc
        || u64::from(numbers.number()?) != source_size
        || numbers.number()? != VERSION
        || magic != MAGIC
    {
        return None;
    }
    let records = body.get(binary..)?.to_vec();
    // Where they and the footer were, the strings begin: most of the entry stays where it is.
    entry.truncate(binary);
    // A record takes at least 16 bytes, and becomes its text, the path and the length.
    let count = usize::try_from(count).ok()?;
    let most = records.len() + count.min(records.len() / 16) * (path.len() + LONGEST_SMALL_VALUE);
    entry.try_reserve_exact(most).ok()?;
    let mut records = Reader(&records);
    for _ in 0..count {
        let position = records.number()? as usize;
        let head = records.bytes()?;
        let before = records.bytes()?;
        let after = records.bytes()?;
        let string_at = u32::try_from(entry.len()).ok()?;
        let length = before.len() + path.len() + after.len();
        entry.extend_from_slice(head);
        push_small_value(&mut entry, length as u64);
        for part in [before, path, after] {
            entry.extend_from_slice(part);
        }
        let slot = entry.get_mut(..binary)?.get_mut(position..)?;
        slot.get_mut(..4)?.copy_from_slice(&string_at.to_ne_bytes());
    }
    let size = u32::try_from(entry.len()).ok()?;
    let field = entry.get_mut(SIZE_FIELD..SIZE_FIELD + 4)?;
    field.copy_from_slice(&size.to_ne_bytes());
    Some(entry)
}

/// Ruby's encoding of a small number (`ibf_dump_write_small_value`): the number of trailing zero bits of the first byte
/// is the number of bytes that follow, most significant bits first.
fn push_small_value(out: &mut Vec<u8>, mut value: u64) {
    let mut bytes = [0u8; LONGEST_SMALL_VALUE];
    let mut start = bytes.len();
    let mut more = 0;
    while more < 8 && value >> (7 - more) != 0 {
        start -= 1;
        if let Some(byte) = bytes.get_mut(start) {
            *byte = value as u8;
        }
        value >>= 8;
        more += 1;
    }
    start -= 1;
    if let Some(byte) = bytes.get_mut(start) {
        // With eight more bytes all bits of the first are zeros.
        *byte = (((value << 1) | 1) << more) as u8;
    }
    out.extend_from_slice(bytes.get(start..).unwrap_or_default());
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn number(&mut self) -> Option<u32> {
        let (number, rest) = self.0.split_first_chunk::<4>()?;
        self.0 = rest;
        Some(u32::from_le_bytes(*number))
    }

    fn bytes(&mut self) -> Option<&'a [u8]> {
        let len = self.number()? as usize;
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small(value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        push_small_value(&mut out, value);
        out
    }

    #[test]
    fn small_values_are_written_as_ruby_writes_them() {
        for (value, bytes) in [
            (0, vec![0x01]),
            (1, vec![0x03]),
            (0x7f, vec![0xff]),
            (0x80, vec![0x02, 0x80]),
            (0x3fff, vec![0xfe, 0xff]),
            (0x4000, vec![0x04, 0x40, 0x00]),
            (0x1f_ffff, vec![0xfc, 0xff, 0xff]),
        ] {
            assert_eq!(small(value), bytes, "{value:#x}");
        }
        assert_eq!(small(u64::MAX), [&[0x00][..], &[0xff; 8]].concat());
    }

    fn entry(crc: u32, size: u32) -> Vec<u8> {
        let mut entry = vec![0u8; 64];
        let field = |out: &mut Vec<u8>, bytes: &[u8]| {
            out.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
            out.extend_from_slice(bytes);
        };
        entry.extend_from_slice(&40u32.to_le_bytes());
        field(&mut entry, &[0x45, 0x05]);
        field(&mut entry, b"<");
        field(&mut entry, b">");
        for number in [64, 1, crc, size, VERSION] {
            entry.extend_from_slice(&u32::to_le_bytes(number));
        }
        entry.extend_from_slice(MAGIC);
        entry
    }

    #[test]
    fn the_path_is_appended_and_pointed_at() {
        let linked = link(entry(7, 9), 7, 9, b"/z.zip/a.rb").unwrap();
        assert_eq!(
            linked[64..],
            [&[0x45, 0x05, 27][..], b"</z.zip/a.rb>"].concat()
        );
        assert_eq!(linked[40..44], 64u32.to_ne_bytes());
        assert_eq!(linked[12..16], (linked.len() as u32).to_ne_bytes());
    }

    #[test]
    fn another_source_is_refused() {
        assert!(link(entry(7, 9), 8, 9, b"/a").is_none());
        assert!(link(entry(7, 9), 7, 8, b"/a").is_none());
    }

    #[test]
    fn no_bytes_make_it_fail_otherwise() {
        let whole = entry(7, 9);
        for end in 0..whole.len() {
            assert!(link(whole[..end].to_vec(), 7, 9, b"/a").is_none());
        }
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                let _ = link(bytes, 7, 9, b"/a");
            }
        }
    }
}
