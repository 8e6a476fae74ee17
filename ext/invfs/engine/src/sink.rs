//! Where the contents of a file go, and the proof that all of the memory was written: it is not zeroed first.

use std::io;
use std::mem::MaybeUninit;

/// Where the contents of a file go: a place that hands out one room of exactly the wanted length.
///
/// What is in it after a failed read is not said.
///
/// ```
/// use invfs_engine::vfs::Sink;
/// let mut contents = b"old".to_vec();
/// let sink: &mut dyn Sink = &mut contents;
/// sink.put(b"new!")?;
/// assert_eq!(contents, b"new!");
/// # Ok::<(), std::io::Error>(())
/// ```
pub trait Sink {
    /// Room for exactly `len` bytes; less if there is no memory. [`fill`](dyn Sink::fill) calls this.
    fn room(&mut self, len: usize) -> &mut [MaybeUninit<u8>];

    /// The contents are complete: the first `len` bytes of the room. [`fill`](dyn Sink::fill) calls this.
    ///
    /// # Safety
    /// These bytes of the room that was handed out last have been written.
    unsafe fn filled(&mut self, len: usize);
}

impl Sink for Vec<u8> {
    fn room(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        self.clear();
        if self.try_reserve_exact(len).is_err() {
            return &mut [];
        }
        self.spare_capacity_mut().get_mut(..len).unwrap_or_default()
    }

    unsafe fn filled(&mut self, len: usize) {
        // SAFETY: `room` made the vector empty, with room for as many bytes, and the caller promises that they were
        // written.
        unsafe { self.set_len(len) };
    }
}

impl dyn Sink + '_ {
    /// Has `write` fill a room of `len` bytes. False if it wrote fewer. Fails with what `write` fails with, and with
    /// [`io::ErrorKind::OutOfMemory`] if there is no memory for the room.
    pub fn fill<E: From<io::Error>>(
        &mut self,
        len: usize,
        write: impl FnOnce(&mut Room<'_>) -> Result<(), E>,
    ) -> Result<bool, E> {
        let mut room = Room {
            memory: self.room(len),
            written: 0,
        };
        if room.memory.len() < len {
            return Err(io::Error::from(io::ErrorKind::OutOfMemory).into());
        }
        write(&mut room)?;
        let full = room.written == len;
        if full {
            // SAFETY: `Room` counts only bytes that were written, and `written` is how many there are in this very room.
            unsafe { self.filled(len) };
        }
        Ok(full)
    }

    /// Makes `bytes` the contents. Fails with [`io::ErrorKind::OutOfMemory`] if there is no memory for them.
    pub fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        let write = |room: &mut Room<'_>| {
            room.append(bytes);
            Ok(())
        };
        self.fill(bytes.len(), write).map(drop)
    }
}

/// Memory that is written from front to back.
pub struct Room<'a> {
    memory: &'a mut [MaybeUninit<u8>],
    /// How many bytes at the front have been written; never more than there are.
    written: usize,
}

impl Room<'_> {
    /// What has been written.
    pub fn written(&self) -> &[u8] {
        let written = self.memory.get(..self.written).unwrap_or_default();
        // SAFETY: these bytes have been written, and `MaybeUninit<u8>` has the layout of `u8`.
        unsafe { &*(written as *const [MaybeUninit<u8>] as *const [u8]) }
    }

    /// How many bytes have not been written.
    pub fn room(&self) -> usize {
        self.memory.len() - self.written
    }

    /// The memory that has not been written.
    pub fn rest(&mut self) -> &mut [MaybeUninit<u8>] {
        self.memory.get_mut(self.written..).unwrap_or_default()
    }

    /// Writes `bytes`, or as many of them as there is room for.
    pub fn append(&mut self, bytes: &[u8]) {
        let rest = self.rest();
        let len = rest.len().min(bytes.len());
        for (to, from) in rest.iter_mut().zip(bytes) {
            to.write(*from);
        }
        self.written += len;
    }

    /// Has `write` write to the rest from its front on, and return what it wrote. How many bytes that were; anything else
    /// than the front of the rest counts as nothing.
    pub fn write_with<E>(
        &mut self,
        write: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<&mut [u8], E>,
    ) -> Result<usize, E> {
        let rest = self.rest();
        let (start, room) = (rest.as_ptr().cast::<u8>(), rest.len());
        let wrote = write(rest)?;
        let len = match wrote.as_ptr() == start && wrote.len() <= room {
            true => wrote.len(),
            false => 0,
        };
        // A slice of `u8` is the proof that this memory has been written.
        self.written += len;
        Ok(len)
    }

    /// The first `len` bytes of the rest have been written.
    ///
    /// # Safety
    /// They have, and the rest has as many.
    pub(crate) unsafe fn add(&mut self, len: usize) {
        self.written += len;
    }
}

/// The same memory, all bytes 0.
pub(crate) fn zeroed(memory: &mut [MaybeUninit<u8>]) -> &mut [u8] {
    memory.fill(MaybeUninit::new(0));
    // SAFETY: every byte has just been written, and `MaybeUninit<u8>` has the layout of `u8`.
    unsafe { &mut *(memory as *mut [MaybeUninit<u8>] as *mut [u8]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(len: usize, write: impl FnOnce(&mut Room<'_>)) -> (bool, Vec<u8>) {
        let mut contents = b"before".to_vec();
        let sink: &mut dyn Sink = &mut contents;
        let full = sink.fill(len, |room| {
            write(room);
            Ok::<(), io::Error>(())
        });
        (full.is_ok_and(|full| full), contents)
    }

    #[test]
    fn contents_are_there_once_all_is_written() {
        let all = fill(4, |room| {
            room.append(b"ab");
            room.append(b"cdef");
            assert_eq!(room.written(), b"abcd");
        });
        assert_eq!(all, (true, b"abcd".to_vec()));
        assert_eq!(fill(4, |room| room.append(b"abc")), (false, vec![]));
        assert_eq!(fill(0, |_| ()), (true, vec![]));
    }

    #[test]
    fn only_the_front_of_the_rest_counts() {
        let (full, _) = fill(3, |room| {
            let wrote = room.write_with(|_| Ok::<_, ()>(Box::leak(Box::new(*b"xyz"))));
            assert_eq!(wrote, Ok(0));
            let wrote = room.write_with(|rest| Ok::<_, ()>(&mut zeroed(rest)[1..]));
            assert_eq!(wrote, Ok(0));
            let wrote = room.write_with(|rest| Ok::<_, ()>(&mut zeroed(rest)[..2]));
            assert_eq!(wrote, Ok(2));
            assert_eq!(room.written(), b"\0\0");
        });
        assert!(!full);
    }
}
