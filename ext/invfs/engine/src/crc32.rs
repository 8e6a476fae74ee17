//! The checksum of zip archives.

use libdeflate_sys::libdeflate_crc32;

/// The CRC-32 of `bytes`, as zip has it.
#[allow(unsafe_code)]
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    // SAFETY: the pointer goes with the length of its slice, which is only read.
    unsafe { libdeflate_crc32(0, bytes.as_ptr().cast(), bytes.len()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc32_is_that_of_zip() {
        assert_eq!(crc32(b""), 0);
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }
}
