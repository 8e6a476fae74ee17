//! Reading from a large file that is read in parts.

use std::ffi::{c_int, c_uint, c_void};
use std::mem::MaybeUninit;

use crate::hooks::arguments::{Argument, Given};
use crate::hooks::macros::hooks;
use crate::open::in_parts;
use crate::open::parts::Parts;
use invfs_fs::sys::errno::{Answer, Errno};

hooks! {
    [c"read"] fn read(fd: c_int, room: Given<c_void>, count: usize) -> isize = libc::read {
        match in_parts::one(fd) {
            // SAFETY: read(2) asks for room for `count` bytes.
            Some(file) => of(&file, fd, None, unsafe { bytes(room.as_ptr(), count)? }),
            None => Ok(original(fd, room, count)),
        }
    }

    [c"pread", c"pread64"] fn pread(fd: c_int, room: Given<c_void>, count: usize, offset: i64) -> isize
        = libc::pread64 {
        match in_parts::one(fd) {
            // SAFETY: pread(2) asks for room for `count` bytes.
            Some(file) => of(&file, fd, Some(offset), unsafe { bytes(room.as_ptr(), count)? }),
            None => Ok(original(fd, room, count, offset)),
        }
    }

    [c"__read_chk"] fn read_chk(fd: c_int, room: Given<c_void>, count: usize, size: usize) -> isize
        => read(fd, room, checked(count, size));

    [c"__pread_chk", c"__pread64_chk"] fn pread_chk(
        fd: c_int,
        room: Given<c_void>,
        count: usize,
        offset: i64,
        size: usize
    ) -> isize => pread(fd, room, checked(count, size), offset);

    // They may read less than there is room for.

    [c"readv"] fn readv(fd: c_int, pieces: Given<libc::iovec>, count: c_int) -> isize = libc::readv {
        match in_parts::one(fd) {
            Some(file) => of(&file, fd, None, first(pieces, count)?),
            None => Ok(original(fd, pieces, count)),
        }
    }

    [c"preadv", c"preadv64"] fn preadv(fd: c_int, pieces: Given<libc::iovec>, count: c_int, offset: i64) -> isize
        = libc::preadv64 {
        match in_parts::one(fd) {
            Some(file) => of(&file, fd, Some(offset), first(pieces, count)?),
            None => Ok(original(fd, pieces, count, offset)),
        }
    }

    // Whoever calls these can also read and write.

    [c"sendfile", c"sendfile64"] fn sendfile(to: c_int, from: c_int, offset: Given<i64>, count: usize) -> isize
        = libc::sendfile64 {
        check_whole(from)?;
        Ok(original(to, from, offset, count))
    }

    [c"copy_file_range"] fn copy_file_range(
        from: c_int,
        from_offset: Given<i64>,
        to: c_int,
        to_offset: Given<i64>,
        count: usize,
        flags: c_uint
    ) -> isize {
        check_whole(from)?;
        let (from_offset, to_offset) = (from_offset.raw(), to_offset.raw());
        // SAFETY: the arguments of the caller, who called the function that this system call is.
        let copied = unsafe {
            libc::syscall(libc::SYS_copy_file_range, from, from_offset, to, to_offset, count, flags)
        };
        Ok(copied as isize)
    }

    [c"splice"] fn splice(
        from: c_int,
        from_offset: Given<i64>,
        to: c_int,
        to_offset: Given<i64>,
        count: usize,
        flags: c_uint
    ) -> isize = libc::splice {
        check_whole(from)?;
        Ok(original(from, from_offset, to, to_offset, count, flags))
    }
}

/// Reads from `offset` on; `None` stands for the descriptor's own, which then moves.
fn of(file: &Parts, fd: c_int, offset: Option<i64>, room: &mut [MaybeUninit<u8>]) -> Answer<isize> {
    let read = match offset.map(u64::try_from) {
        None => file.read(fd, room),
        Some(Ok(offset)) => file.read_at(offset, room),
        Some(Err(_)) => Err(Errno(libc::EINVAL)),
    };
    read.map(|count| count as isize)
}

/// `EINVAL` for a file that is read in parts, as for any that the system cannot copy from by itself.
fn check_whole(fd: c_int) -> Answer<()> {
    match in_parts::one(fd) {
        Some(_) => Err(Errno(libc::EINVAL)),
        None => Ok(()),
    }
}

/// How much is read; ends the process, as the C library does, if there is not enough room.
fn checked(count: usize, size: usize) -> usize {
    if count > size {
        std::process::abort();
    }
    count
}

/// The room for `count` bytes; `EFAULT` for NULL.
///
/// # Safety
/// There is room for so many, and nobody else uses it meanwhile, unless it is NULL.
unsafe fn bytes<'a>(room: *mut c_void, count: usize) -> Answer<&'a mut [MaybeUninit<u8>]> {
    if room.is_null() {
        return Err(Errno(libc::EFAULT));
    }
    // No memory is larger.
    let count = count.min(isize::MAX as usize);
    // SAFETY: not NULL, and as large as the caller promises.
    Ok(unsafe { std::slice::from_raw_parts_mut(room.cast(), count) })
}

/// The room of the first piece that has some.
fn first(pieces: Given<'_, libc::iovec>, count: c_int) -> Answer<&mut [MaybeUninit<u8>]> {
    for at in 0..usize::try_from(count).unwrap_or(0) {
        // SAFETY: readv(2) asks for `count` pieces, each with the room that it says.
        let piece = unsafe {
            bytes(
                (*pieces.as_ptr().add(at)).iov_base,
                (*pieces.as_ptr().add(at)).iov_len,
            )
        };
        match piece {
            Ok([]) => {}
            piece => return piece,
        }
    }
    Ok(&mut [])
}
