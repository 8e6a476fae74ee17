//! The extra field "Info-ZIP Unicode Path" (APPNOTE 4.6.9): the name of an entry in UTF-8, where the header has it in
//! another encoding.

use rawzip::extra_fields::ExtraFields;

use super::bytes::u32_at;
use crate::crc32::crc32;

const UNICODE_PATH: u16 = 0x7075;
/// The version of the field, and the CRC-32 of the header's name.
const FIXED: usize = 5;

/// The name that the field among `fields` has for an entry which its header calls `raw`; fails where there are two
/// such fields, with different names.
///
/// A field does not count when it is of another version or of another name (a program that does not know it has renamed
/// the entry), or is not UTF-8.
pub(super) fn find<'a>(
    raw: &[u8],
    fields: ExtraFields<'a>,
) -> Result<Option<&'a [u8]>, &'static str> {
    let mut found = None;
    for (id, field) in fields {
        if id.as_u16() != UNICODE_PATH || field.len() < FIXED || field.first() != Some(&1) {
            continue;
        }
        let name = field.get(FIXED..).unwrap_or_default();
        if u32_at(field, 1) != crc32(raw) || std::str::from_utf8(name).is_err() {
            continue;
        }
        if found.is_some_and(|found| found != name) {
            return Err("the entry has two names in Unicode");
        }
        found = Some(name);
    }
    Ok(found)
}
