//! The names in a real directory.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use crate::sys::at;
use crate::sys::errno::{Answer, Errno};

/// The names in a directory.
pub fn names(dir: BorrowedFd) -> Answer<Vec<Vec<u8>>> {
    let flags = libc::O_RDONLY | libc::O_DIRECTORY;
    first_names(at::open(dir, at::HERE, flags, 0)?, usize::MAX)
}

/// At most so many names of a directory that is open for reading.
pub fn first_names(dir: OwnedFd, most: usize) -> Answer<Vec<Vec<u8>>> {
    let stream = Stream::new(dir)?;
    let mut names = Vec::new();
    while names.len() < most {
        match stream.next()? {
            Some((name, _)) => names.push(name),
            None => break,
        }
    }
    Ok(names)
}

/// An open directory stream.
pub struct Stream(*mut libc::DIR);

impl Stream {
    /// Of a directory that is open for reading.
    pub fn new(fd: OwnedFd) -> Answer<Stream> {
        // SAFETY: a call on an open descriptor.
        let stream = unsafe { libc::fdopendir(fd.as_raw_fd()) };
        if stream.is_null() {
            return Err(Errno::last());
        }
        // The stream owns it now.
        std::mem::forget(fd);
        Ok(Stream(stream))
    }

    /// The directory.
    pub fn fd(&self) -> BorrowedFd<'_> {
        // SAFETY: the stream is open until it is dropped, and its descriptor as well.
        unsafe { BorrowedFd::borrow_raw(libc::dirfd(self.0)) }
    }

    /// The next name with what `readdir` says it is; `.` and `..` are left out.
    pub fn next(&self) -> Answer<Option<(Vec<u8>, u8)>> {
        loop {
            match self.read()? {
                Some((name, _)) if name == b"." || name == b".." => {}
                entry => return Ok(entry),
            }
        }
    }

    fn read(&self) -> Answer<Option<(Vec<u8>, u8)>> {
        Errno(0).set();
        // SAFETY: the stream is open until it is dropped.
        let entry = unsafe { libc::readdir(self.0) };
        if entry.is_null() {
            return match Errno::last() {
                Errno(0) => Ok(None),
                errno => Err(errno),
            };
        }
        // SAFETY: what `readdir` gives is valid until its next call, and its name ends with a NUL.
        let (name, kind) = unsafe {
            let name = std::ffi::CStr::from_ptr(std::ptr::addr_of!((*entry).d_name).cast());
            (name, (*entry).d_type)
        };
        Ok(Some((name.to_bytes().to_vec(), kind)))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: open until here, and not used after.
        unsafe { libc::closedir(self.0) };
    }
}
