//! A file of a mount as the source of an archive: archives lie in archives.

use std::io;
use std::os::fd::OwnedFd;

use crate::as_seen;
use crate::paths::liveness::Watched;
use crate::paths::route;
use crate::paths::route::{Route, Wants};
use crate::paths::text::Text;
use invfs_engine::archive::{Identity, Source};
use invfs_engine::os;
use invfs_engine::vfs::Room;
use invfs_fs::sys::errno::Errno;
use invfs_fs::sys::reserved_file::ReservedFile;

/// An open file of a mount. What can be told of it is what `fstat` tells whoever has hooks.
pub struct MountedFile {
    file: ReservedFile,
    identity: Identity,
}

impl MountedFile {
    /// Opens the file at `path` if that leads into a mount; `None` where it does not: then it is the operating system's.
    ///
    /// Fails as `open` does, and with `EISDIR` for a directory.
    ///
    /// ```
    /// use invfs_interpose::MountedFile;
    /// assert!(MountedFile::open(b"/etc/passwd").is_none());
    /// ```
    pub fn open(path: &[u8]) -> Option<io::Result<MountedFile>> {
        let name = std::ffi::CString::new(path).ok()?;
        match route::at(libc::AT_FDCWD, Text::from(&*name), Wants::Anything) {
            Route::Real | Route::Elsewhere(_) => match std::fs::metadata(os::path(path)) {
                Ok(_) => None,
                // A real link may lead into a mount.
                Err(_) => open(path).ok().map(Ok),
            },
            _ => Some(open(path)),
        }
    }
}

fn open(path: &[u8]) -> io::Result<MountedFile> {
    let error = |errno: Errno| io::Error::from_raw_os_error(errno.0);
    let flags = libc::O_RDONLY | libc::O_CLOEXEC | libc::O_NONBLOCK | libc::O_NOCTTY;
    let opened: OwnedFd = as_seen::open_file(path, flags).map_err(error)?;
    let found = as_seen::metadata(&opened).map_err(error)?;
    if found.st_mode & libc::S_IFMT == libc::S_IFDIR {
        return Err(error(Errno(libc::EISDIR)));
    }
    Ok(MountedFile {
        file: ReservedFile::new(opened),
        identity: Identity::from_stat(&found),
    })
}

impl Source for MountedFile {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.file.read_at(buf, offset)
    }

    fn read_into(&self, room: &mut Room<'_>, offset: u64) -> io::Result<usize> {
        self.file.read_into(room, offset)
    }

    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn identity(&self) -> io::Result<Option<Identity>> {
        Ok(Some(self.identity))
    }
}
