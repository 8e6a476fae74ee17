//! Copying up a directory with all below it, before it is renamed.

use super::session::Session;
use crate::interpose::errno::{Answer, Errno};
use crate::path::{Subpath, SubpathBuf};
use crate::vfs::Kind;

impl Session<'_> {
    /// Sees to it that the upper layer has the directory `path`, which has no link in it, and all below it.
    ///
    /// Lower names never come back, so once this is done it stays done. The lock is not held.
    pub fn copy_up_all(&self, path: &Subpath) -> Answer<()> {
        let mut todo: Vec<SubpathBuf> = vec![path.to_owned()];
        while let Some(path) = todo.pop() {
            if path.as_bytes().len() >= libc::PATH_MAX as usize {
                // Links in a real directory below us can make it endless.
                return Err(Errno(libc::ENAMETOOLONG));
            }
            self.copy_up(&path)?;
            let here = match self.directory(&path) {
                // Taken away meanwhile: nothing to copy.
                Err(Errno(libc::ENOENT | libc::ENOTDIR)) => continue,
                here => here?,
            };
            for name in self.lower_names(&here)? {
                let below = here.join(&name)?;
                let Some(entry) = self.entry(&here, &name)? else {
                    continue;
                };
                match (entry.kind(), entry.lower.is_some()) {
                    (Kind::Directory, true) => todo.push(below),
                    (Kind::File | Kind::Symlink, true) => match self.copy_up(&below) {
                        Err(Errno(libc::ENOENT)) => {}
                        result => result?,
                    },
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
