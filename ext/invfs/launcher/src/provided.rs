//! Memory for large contents.

use std::mem::MaybeUninit;

use invfs_engine::vfs::Sink;

/// From this length on it pays to have the system provide all pages at once, and not each one when it is first written.
const LARGE: usize = 256 << 10;
/// Of longer contents perhaps not all comes: an archive may say that any length follows.
const TOO_LARGE: usize = 16 << 20;

/// A vector as the place where the contents of a file go; the system provides its memory at once.
#[derive(Default)]
pub struct Provided(pub Vec<u8>);

impl Sink for Provided {
    fn room(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        let room = self.0.room(len);
        if (LARGE..TOO_LARGE).contains(&room.len()) {
            provide(room);
        }
        room
    }

    unsafe fn filled(&mut self, len: usize) {
        // SAFETY: the room was the vector's, and the caller promises the same.
        unsafe { self.0.filled(len) };
    }
}

/// Has the system provide the whole pages in there. Before Linux 5.14 it provides each when it is written.
fn provide(room: &mut [MaybeUninit<u8>]) {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    let range = room.as_mut_ptr_range();
    let start = (range.start as usize).next_multiple_of(page);
    let end = range.end as usize & !(page - 1);
    if start < end {
        // SAFETY: whole pages of memory that is borrowed here alone. What they hold stays as it is.
        unsafe {
            libc::madvise(
                start as *mut libc::c_void,
                end - start,
                libc::MADV_POPULATE_WRITE,
            )
        };
    }
}
