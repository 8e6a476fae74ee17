//! Making contents smaller: libdeflate for method 8, zstd for method 93.

use std::fmt;

use libdeflater::{CompressionLvl, Compressor};
use rawzip::CompressionMethod;

/// How contents are to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// As they are.
    Stored,
    /// By deflate, which everybody can read, at a level from 0 to 12.
    Deflate(u8),
    /// By zstd, which is faster to read and known to few, at a level from 1 to 22.
    Zstd(u8),
}

/// A level that a method does not have, or no memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompressionError(String);

impl fmt::Display for CompressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for CompressionError {}

impl Compression {
    /// The method called `stored`, `deflate` or `zstd`, at `level` or at its usual one (6 and 3).
    ///
    /// ```
    /// use invfs_engine::archive::writer::Compression;
    /// assert_eq!(Compression::named("deflate", None), Ok(Compression::Deflate(6)));
    /// assert_eq!(Compression::named("zstd", Some(19)), Ok(Compression::Zstd(19)));
    /// assert!(Compression::named("deflate", Some(13)).is_err());
    /// assert!(Compression::named("stored", Some(1)).is_err());
    /// assert!(Compression::named("lzma", None).is_err());
    /// ```
    pub fn named(method: &str, level: Option<i64>) -> Result<Compression, CompressionError> {
        let (least, most, usual) = match method {
            "stored" if level.is_some() => {
                let detail = "stored has no levels: nothing is compressed";
                return Err(CompressionError(detail.to_owned()));
            }
            "stored" => return Ok(Compression::Stored),
            "deflate" => (0, 12, 6),
            "zstd" => (1, 22, 3),
            _ => {
                let detail = format!("no method {method:?}: there are stored, deflate and zstd");
                return Err(CompressionError(detail));
            }
        };
        let level = level.unwrap_or(usual);
        match u8::try_from(level) {
            Ok(level) if (least..=most).contains(&level) => Ok(match method {
                "deflate" => Compression::Deflate(level),
                _ => Compression::Zstd(level),
            }),
            _ => Err(CompressionError(format!(
                "{method} has the levels {least} to {most}, not {level}"
            ))),
        }
    }
}

/// The compressors, kept from one entry to the next, and what the last one made.
#[derive(Default)]
pub(super) struct Compressors {
    deflate: Option<(u8, Compressor)>,
    zstd: Option<zstd_safe::CCtx<'static>>,
    buffer: Vec<u8>,
}

/// A larger buffer than this is given back after the entry that needed it.
const KEPT: usize = 8 << 20;

impl Compressors {
    /// Compresses `contents`, unless that makes them no smaller; returns the method that was used and the data.
    pub(super) fn run<'a>(
        &'a mut self,
        contents: &'a [u8],
        compression: Compression,
    ) -> Result<(CompressionMethod, &'a [u8]), CompressionError> {
        let stored = (CompressionMethod::STORE, contents);
        // One byte less than the contents: data that does not fit is not worth it.
        let Some(room) = contents.len().checked_sub(1).filter(|room| *room > 0) else {
            return Ok(stored);
        };
        if compression == Compression::Stored {
            return Ok(stored);
        }
        self.buffer.truncate(0);
        self.buffer.shrink_to(KEPT);
        self.buffer.resize(room, 0);
        let made = match compression {
            Compression::Stored => None,
            Compression::Deflate(level) => self.deflate(contents, level)?,
            Compression::Zstd(level) => self.zstd(contents, level)?,
        };
        let method = match compression {
            Compression::Zstd(_) => CompressionMethod::ZSTD,
            _ => CompressionMethod::DEFLATE,
        };
        Ok(match made.and_then(|len| self.buffer.get(..len)) {
            Some(data) => (method, data),
            None => stored,
        })
    }

    /// Deflates into the buffer; `None` if it is too small.
    fn deflate(&mut self, contents: &[u8], level: u8) -> Result<Option<usize>, CompressionError> {
        let compressor = match &mut self.deflate {
            Some((made_for, compressor)) if *made_for == level => compressor,
            other => {
                let level_of = CompressionLvl::new(i32::from(level)).map_err(|_| {
                    CompressionError(format!("deflate has the levels 0 to 12, not {level}"))
                })?;
                &mut other.insert((level, Compressor::new(level_of))).1
            }
        };
        Ok(compressor
            .deflate_compress(contents, &mut self.buffer)
            .ok()
            .filter(|len| *len > 0))
    }

    /// Compresses with zstd into the buffer; `None` if it is too small.
    fn zstd(&mut self, contents: &[u8], level: u8) -> Result<Option<usize>, CompressionError> {
        let context = match &mut self.zstd {
            Some(context) => context,
            none => none.insert(
                zstd_safe::CCtx::try_create()
                    .ok_or_else(|| CompressionError("no memory for the compressor".to_owned()))?,
            ),
        };
        let buffer = self.buffer.as_mut_slice();
        Ok(context
            .compress(buffer, contents, i32::from(level))
            .ok()
            .filter(|len| *len > 0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_checked() {
        for (method, level, expected) in [
            ("stored", None, Some(Compression::Stored)),
            ("stored", Some(0), None),
            ("deflate", None, Some(Compression::Deflate(6))),
            ("deflate", Some(0), Some(Compression::Deflate(0))),
            ("deflate", Some(12), Some(Compression::Deflate(12))),
            ("deflate", Some(13), None),
            ("deflate", Some(-1), None),
            ("deflate", Some(256), None),
            ("deflate", Some(i64::MAX), None),
            ("zstd", None, Some(Compression::Zstd(3))),
            ("zstd", Some(0), None),
            ("zstd", Some(1), Some(Compression::Zstd(1))),
            ("zstd", Some(22), Some(Compression::Zstd(22))),
            ("zstd", Some(23), None),
            ("Deflate", None, None),
            ("", None, None),
        ] {
            let found = Compression::named(method, level).ok();
            assert_eq!(found, expected, "{method} {level:?}");
        }
    }

    #[test]
    fn what_does_not_become_smaller_is_stored() {
        let mut compressors = Compressors::default();
        let mut state = 1u32;
        let mut random = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state as u8
        };
        let noise: Vec<u8> = (0..2000).map(|_| random()).collect();
        for contents in [&b""[..], b"a", b"ab", &noise] {
            for compression in [Compression::Deflate(6), Compression::Zstd(3)] {
                let (method, data) = compressors.run(contents, compression).unwrap();
                assert_eq!(method, CompressionMethod::STORE, "{compression:?}");
                assert_eq!(data, contents);
            }
        }
    }

    #[test]
    fn every_level_compresses() {
        let mut compressors = Compressors::default();
        let contents = b"the same again and again, ".repeat(100);
        let deflate = (1..=12).map(Compression::Deflate);
        for compression in deflate.chain((1..=22).map(Compression::Zstd)) {
            let (_, data) = compressors.run(&contents, compression).unwrap();
            assert!(data.len() < 200, "{compression:?}: {}", data.len());
        }
        assert!(compressors
            .run(&contents, Compression::Deflate(13))
            .is_err());
    }
}
