//! The work directory: where a file or directory is made ready before it appears in the upper layer.

use std::io::Write;
use std::os::fd::{AsFd, OwnedFd};

use crate::file_system::{Node, Time};
use crate::overlay::operation::Operation;
use crate::sys::at;
use crate::sys::errno::{Answer, Errno};
use crate::sys::read_dir;
use invfs_engine::unused_name;
use invfs_engine::vfs::Kind;

/// A file that is ready to appear.
///
/// Locked with `flock` until then, so that a process that cleans up sees that somebody still needs it.
pub(super) struct Prepared {
    pub name: Vec<u8>,
    file: std::fs::File,
}

impl Prepared {
    /// Waits until it is on disk.
    pub fn sync(&self) -> Answer<()> {
        Ok(self.file.sync_all()?)
    }

    /// Waits until it and all others of its file system are on disk.
    pub fn sync_with_others(&self) -> Answer<()> {
        Ok(rustix::fs::syncfs(&self.file)?)
    }

    /// Says that nobody needs it any more, or that it is about to appear. The caller holds the lock for changes.
    pub fn release(&self) -> Answer<()> {
        at::unlock(self.file.as_fd())
    }
}

/// The times of something copied up: accessed now, changed when its original was.
pub(super) fn times(node: &Node) -> [Time; 2] {
    [Time::Now, Time::At(node.mtime.0, node.mtime.1)]
}

/// The permissions of something copied up. An archive does not get to make a program that runs as somebody else.
pub(super) fn mode(node: &Node) -> u32 {
    node.mode & 0o1777
}

impl Operation<'_> {
    /// Writes a file with the contents, permissions and time of a lower one, and waits until it is on disk.
    pub fn prepare(&self, contents: &[u8], node: &Node) -> Answer<Prepared> {
        let work = self.upper().work()?;
        let mut made = self.prepare_empty(&work, 1)?;
        let ready = made.pop().ok_or(Errno(libc::EIO))?;
        let result = self
            .fill(&work, &ready, contents, node)
            .and_then(|()| ready.sync());
        if result.is_err() {
            self.discard(&ready.name);
        }
        result.map(|()| ready)
    }

    /// Makes as many empty files as there may be open, up to `count`, but one at least.
    pub fn prepare_empty(&self, work: &OwnedFd, count: usize) -> Answer<Vec<Prepared>> {
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        let mut made = Vec::new();
        let result = self.locked(|| {
            while made.len() < count {
                let (name, file) = unused(|name| at::open(work, name, flags, 0o600))?;
                // The name is new, so nobody else has it.
                at::try_lock(file.as_fd())?;
                made.push(Prepared {
                    name,
                    file: file.into(),
                });
            }
            Ok(())
        });
        match result {
            Err(errno) if made.is_empty() || !errno.is_no_room() => {
                made.iter().for_each(|ready| self.discard(&ready.name));
                Err(errno)
            }
            _ => Ok(made),
        }
    }

    /// Gives a file the contents, permissions and time of a lower one.
    pub fn fill(
        &self,
        work: &OwnedFd,
        ready: &Prepared,
        contents: &[u8],
        node: &Node,
    ) -> Answer<()> {
        use std::os::unix::fs::PermissionsExt;
        let mut file = &ready.file;
        file.write_all(contents)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode(node)))?;
        at::set_times(work, &ready.name, times(node))
    }

    /// Makes a symbolic link in the work directory. The caller holds the lock.
    pub fn prepare_link(&self, target: &[u8], node: &Node) -> Answer<Vec<u8>> {
        let work = self.upper().work()?;
        let (name, ()) = unused(|name| at::symlink(target, work.as_fd(), name))?;
        at::set_times(work.as_fd(), &name, times(node))?;
        Ok(name)
    }

    /// Makes a directory in the work directory. The caller holds the lock.
    pub fn prepare_directory(&self, node: &Node) -> Answer<Vec<u8>> {
        let work = self.upper().work()?;
        let (name, ()) = unused(|name| at::make_directory(work.as_fd(), name, 0o700))?;
        // A directory that its owner cannot write cannot be moved by him either.
        at::set_mode(work.as_fd(), &name, mode(node) | 0o700)?;
        at::set_times(work.as_fd(), &name, times(node))?;
        Ok(name)
    }

    /// Removes what is not needed; what is left after a failure goes when the next process mounts.
    pub fn discard(&self, name: &[u8]) {
        if let Ok(work) = self.upper().work() {
            let _ = remove(&work, name);
        }
    }

    /// Removes what crashed processes left.
    pub fn clean(&self) -> Answer<()> {
        let work = self.upper().work()?;
        self.locked(|| {
            self.finish_count()?;
            for name in read_dir::names(work.as_fd())? {
                if !is_needed(&work, &name)? {
                    remove(&work, &name)?;
                }
            }
            Ok(())
        })
    }
}

/// Whether a living process holds the lock on the file. Links and directories never outlive the lock for changes.
fn is_needed(work: &OwnedFd, name: &[u8]) -> Answer<bool> {
    match at::stat(work.as_fd(), name)?.and_then(|meta| meta.kind) {
        Some(Kind::File) => {}
        _ => return Ok(false),
    }
    let file = match at::open(work.as_fd(), name, libc::O_RDONLY | libc::O_NONBLOCK, 0) {
        // Another user's.
        Err(Errno(libc::EACCES | libc::EPERM)) => return Ok(true),
        file => file?,
    };
    Ok(!at::try_lock(file.as_fd())?)
}

fn remove(work: &OwnedFd, name: &[u8]) -> Answer<()> {
    let kind = at::stat(work.as_fd(), name)?.and_then(|meta| meta.kind);
    at::remove(work.as_fd(), name, kind)
}

/// Runs `make` with names until one is new.
fn unused<T>(make: impl Fn(&[u8]) -> Answer<T>) -> Answer<(Vec<u8>, T)> {
    let is_taken = |errno: &Errno| *errno == Errno(libc::EEXIST);
    unused_name::unused(is_taken, |name| {
        make(name.as_bytes()).map(|made| (name.into(), made))
    })
}
