//! A file that is held open as the source of an archive. Programs that close whatever is open must not close it: reading
//! would fail, or worse, read another file that got the number.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use invfs_engine::archive::{Identity, Source};
use invfs_engine::vfs::Room;

use crate::sys::at;
use crate::sys::errno::Errno;
use crate::sys::reserved_fd::{InUse, ReservedFd};

/// An open file under a descriptor that programs do not get to close.
pub struct ReservedFile(Arc<ReservedFd>);

impl ReservedFile {
    /// Takes the file over, and moves it to a number that programs which count from 3 do not come to.
    ///
    /// ```
    /// use invfs_engine::archive::Source;
    /// use invfs_fs::sys::reserved_file::ReservedFile;
    /// let file = ReservedFile::new(std::fs::File::open("Cargo.toml").unwrap().into());
    /// let mut start = [0; 9];
    /// assert_eq!(file.read_at(&mut start, 0).unwrap(), 9);
    /// assert_eq!(&start, b"[package]");
    /// ```
    pub fn new(file: OwnedFd) -> ReservedFile {
        ReservedFile(Arc::new(ReservedFd::out_of_the_way(file)))
    }

    /// Its descriptor.
    pub fn descriptor(&self) -> Arc<ReservedFd> {
        self.0.clone()
    }

    fn get(&self) -> io::Result<InUse<'_>> {
        self.0.get().map_err(error)
    }
}

fn error(errno: Errno) -> io::Error {
    io::Error::from_raw_os_error(errno.0)
}

impl Source for ReservedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        Ok(rustix::io::pread(self.get()?, buf, offset)?)
    }

    fn read_into(&self, room: &mut Room<'_>, offset: u64) -> io::Result<usize> {
        let file = self.get()?;
        room.write_with(|rest| Ok(rustix::io::pread(&file, rest, offset)?.0))
    }

    fn len(&self) -> io::Result<u64> {
        Ok(at::look_at(self.get()?).map_err(error)?.size)
    }

    fn identity(&self) -> io::Result<Option<Identity>> {
        let found = at::look_at(self.get()?).map_err(error)?;
        let (seconds, nanoseconds) = found.mtime;
        let mtime = (seconds, i64::from(nanoseconds));
        Ok(Some(Identity::new(found.dev, found.ino, found.size, mtime)))
    }
}
