//! Files that are written as a whole: a private file in memory until the last descriptor is closed.

use std::os::fd::AsRawFd;
use std::sync::Arc;

use invfs_fs::file_system::Saver;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd;
use invfs_fs::sys::reserved_fd::Own;

/// A file that is open for writing.
pub struct Written {
    file: Own,
    saver: Arc<dyn Saver>,
}

impl Written {
    /// What `file` holds at last goes to `saver`.
    pub fn new(file: Own, saver: Arc<dyn Saver>) -> Written {
        Written { file, saver }
    }

    /// Hands the contents over.
    pub fn flush(&self) -> Answer<()> {
        self.saver.save(&memfd::read_all(self.file.as_raw_fd())?)
    }
}
