//! Tells whether two contents are the same, without keeping either.

use std::hash::{BuildHasher, Hasher};
use std::os::fd::AsFd;
use std::sync::LazyLock;

use foldhash::quality::RandomState;

use crate::sys::errno::{Answer, Errno};

/// How much is read at once: where the pieces end decides what the hashes are.
const PIECE: usize = 64 << 10;

/// Two hash functions that no other process has.
static HASHERS: LazyLock<[RandomState; 2]> = LazyLock::new(Default::default);

/// The length of some bytes and two hashes of them, 128 bits together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint {
    /// How many bytes there are.
    pub length: u64,
    hashes: [u64; 2],
}

/// Takes the pieces.
struct Pieces(Fingerprint);

impl Pieces {
    fn new() -> Pieces {
        Pieces(Fingerprint {
            length: 0,
            hashes: [0; 2],
        })
    }

    /// The next piece; all but the last have the length of a [`PIECE`].
    fn add(&mut self, piece: &[u8]) {
        for (known, hasher) in self.0.hashes.iter_mut().zip(&*HASHERS) {
            let mut hasher = hasher.build_hasher();
            hasher.write_u64(*known);
            hasher.write(piece);
            *known = hasher.finish();
        }
        self.0.length += piece.len() as u64;
    }
}

impl Fingerprint {
    /// That of some bytes.
    pub fn of(bytes: &[u8]) -> Fingerprint {
        let mut pieces = Pieces::new();
        bytes.chunks(PIECE).for_each(|piece| pieces.add(piece));
        pieces.0
    }

    /// That of the first `length` bytes of a file, or of all if there are fewer. Its offset stays where it is.
    pub fn of_file(file: impl AsFd, length: u64) -> Answer<Fingerprint> {
        let mut pieces = Pieces::new();
        let mut piece = Vec::new();
        if piece.try_reserve_exact(PIECE).is_err() {
            return Err(Errno(libc::ENOMEM));
        }
        piece.resize(PIECE, 0);
        loop {
            let left = length - pieces.0.length;
            let wanted = PIECE.min(usize::try_from(left).unwrap_or(PIECE));
            let mut filled = 0;
            while let Some(room) = piece
                .get_mut(filled..wanted)
                .filter(|room| !room.is_empty())
            {
                let offset = pieces.0.length + filled as u64;
                match rustix::io::retry_on_intr(|| rustix::io::pread(&file, &mut *room, offset))? {
                    0 => break,
                    count => filled += count,
                }
            }
            let Some(read) = piece.get(..filled).filter(|read| !read.is_empty()) else {
                return Ok(pieces.0);
            };
            pieces.add(read);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Fingerprint, PIECE};
    use crate::sys::memfd;

    #[test]
    fn bytes_and_files_with_the_same_bytes_have_the_same() {
        for length in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let bytes: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let file = memfd::file(&bytes, b"fingerprint", false).expect("a file");
            let whole = Fingerprint::of(&bytes);
            assert_eq!(whole.length, length as u64);
            assert_eq!(Fingerprint::of_file(&file, u64::MAX), Ok(whole));
            assert_eq!(Fingerprint::of_file(&file, length as u64), Ok(whole));
            if length > 0 {
                let part = Fingerprint::of(&bytes[..length / 2]);
                assert_eq!(Fingerprint::of_file(&file, length as u64 / 2), Ok(part));
                assert_ne!(part, whole);
                let mut other = bytes.clone();
                other[length / 2] ^= 1;
                assert_ne!(Fingerprint::of(&other), whole);
            }
        }
    }
}
