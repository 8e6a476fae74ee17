//! Files that are written as a whole: a private file in memory until the last descriptor is closed.

use std::sync::Arc;

use invfs_fs::file_system::WriteBack;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd;
use invfs_fs::sys::reserved_fd::ReservedFd;

/// A file that is open for writing.
pub struct Written {
    file: ReservedFd,
    write_back: Arc<dyn WriteBack>,
}

impl Written {
    /// What `file` holds at last goes to `write_back`.
    pub fn new(file: ReservedFd, write_back: Arc<dyn WriteBack>) -> Written {
        Written { file, write_back }
    }

    /// Hands the contents over.
    pub fn flush(&self) -> Answer<()> {
        let contents = memfd::read_all(self.file.get()?)?;
        self.write_back.save(&contents)
    }
}
