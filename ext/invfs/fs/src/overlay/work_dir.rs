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
        let flags = libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        let (name, file) = self.locked(|| {
            unused(|name| {
                let file = at::open(work.as_fd(), name, flags, 0o600)?;
                // The name is new, so nobody else has it.
                at::try_lock(file.as_fd())?;
                Ok(file)
            })
        })?;
        let ready = Prepared {
            name,
            file: file.into(),
        };
        let result = self.fill(&ready, contents, node);
        if result.is_err() {
            self.discard(&ready.name);
        }
        result.map(|()| ready)
    }

    fn fill(&self, ready: &Prepared, contents: &[u8], node: &Node) -> Answer<()> {
        use std::os::unix::fs::PermissionsExt;
        let mut file = &ready.file;
        file.write_all(contents)?;
        file.set_permissions(std::fs::Permissions::from_mode(mode(node)))?;
        let work = self.upper().work()?;
        at::set_times(work.as_fd(), &ready.name, times(node))?;
        Ok(file.sync_all()?)
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
