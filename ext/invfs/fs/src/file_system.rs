//! What stands behind a mount: the questions that file operations ask of it.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::buffered::Buffered;
use crate::sys::at::Meta;
pub use crate::sys::at::Time;
use crate::sys::errno::{Answer, Errno};
use crate::sys::memfd;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};

/// What `stat` tells of a name, apart from what the mount adds: owner, device, block size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Node {
    /// What it is.
    pub kind: Kind,
    /// Length of the contents (of a link: of its target) in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
    /// Modification time: seconds since the epoch, and nanoseconds.
    pub mtime: (i64, u32),
    /// The inode number, where the file system has one; else the mount makes one up from the path.
    pub ino: Option<u64>,
    /// What the system says of it besides, where it is a real file: then `fstat` of an open one says the same.
    pub real: Option<Real>,
}

/// What `stat` tells of a real file, apart from what every [`Node`] has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Real {
    /// The device that it lies on.
    pub dev: u64,
    /// How many names it has.
    pub links: u64,
    /// User and group.
    pub owner: (u32, u32),
    /// Time of the last access: seconds since the epoch, and nanoseconds.
    pub accessed: (i64, u32),
    /// Time of the last change of its status.
    pub changed: (i64, u32),
    /// How many blocks of 512 bytes it takes.
    pub blocks: u64,
    /// The size of blocks in which it is best read and written.
    pub block_size: u64,
}

impl Real {
    /// What the kernel tells of a real file.
    pub fn of(meta: &Meta) -> Real {
        Real {
            dev: meta.dev,
            links: meta.links,
            owner: meta.owner,
            accessed: meta.atime,
            changed: meta.ctime,
            blocks: meta.blocks,
            block_size: meta.block_size,
        }
    }
}

impl Node {
    /// The user and the group that it belongs to; `else_to` where that is said of the whole mount.
    pub fn owner(&self, else_to: (u32, u32)) -> (u32, u32) {
        self.real.map_or(else_to, |real| real.owner)
    }
}

/// How a file is to be opened: the flags and the mode of `open(2)`.
#[derive(Debug, Clone, Copy)]
pub struct OpenHow {
    /// `O_RDONLY`, `O_CREAT`, … as `open(2)` has them.
    pub flags: i32,
    /// The permissions of a file that is created, the process's umask not yet taken off.
    pub mode: u32,
}

impl OpenHow {
    /// Whether the descriptor may be used for writing, or opening it changes the file.
    pub fn writes(&self) -> bool {
        self.flags & libc::O_ACCMODE != libc::O_RDONLY
            || self.flags & (libc::O_CREAT | libc::O_TRUNC) != 0
    }
}

/// Reads the contents of a file that was opened.
pub type Contents<'a> = Box<dyn FnOnce() -> Answer<Vec<u8>> + 'a>;

/// An open file.
pub enum Opened<'a> {
    /// A file whose contents stay what they are, and what it is: descriptors of it may share one copy, and who has none
    /// reads them.
    Shared(Node, Contents<'a>),
    /// Contents made for this opening alone, and what the file was at that moment.
    Contents(Vec<u8>, Node),
    /// The same as a sealed file in memory, whose offset is 0.
    Memory(OwnedFd, Node),
    /// A large file that is read in parts ([`FileSystem::read_part`]), or as a whole where that cannot be, and what it is.
    /// It was opened for reading.
    Parts(Node, Contents<'a>),
    /// A real file, already open as it was asked for.
    Real(OwnedFd),
    /// A file that is written as a whole when the last descriptor of it is closed. If it was opened for writing, it was
    /// already told of one descriptor.
    Buffered(Arc<Buffered>, Node),
}

impl Opened<'_> {
    /// The same, with contents that are at hand: they no longer depend on what the name stands for.
    pub fn at_hand(self) -> Answer<Self> {
        match self {
            Opened::Shared(node, contents) | Opened::Parts(node, contents) => {
                Ok(Opened::Contents(contents()?, node))
            }
            opened => Ok(opened),
        }
    }
}

/// What the file `sub` holds, however the file system opens it.
pub fn contents(file_system: &dyn FileSystem, sub: &Subpath) -> Answer<Vec<u8>> {
    let how = OpenHow {
        flags: libc::O_RDONLY | libc::O_CLOEXEC,
        mode: 0,
    };
    match file_system.open(sub, how)? {
        Opened::Shared(_, contents) | Opened::Parts(_, contents) => contents(),
        Opened::Contents(contents, _) => Ok(contents),
        Opened::Real(file) | Opened::Memory(file, _) => memfd::read_all(file),
        Opened::Buffered(file, _) => file.contents(),
    }
}

/// A change to names or attributes.
#[derive(Debug, Clone, Copy)]
pub enum Change<'a> {
    /// `mkdir` with these permissions, umask not yet taken off.
    MakeDirectory(&'a Subpath, u32),
    /// `rmdir`.
    RemoveDirectory(&'a Subpath),
    /// `unlink`.
    Remove(&'a Subpath),
    /// `rename`; with `true` the target must not exist (`RENAME_NOREPLACE`).
    Rename(&'a Subpath, &'a Subpath, bool),
    /// `link`: a second name for the file.
    Link(&'a Subpath, &'a Subpath),
    /// `symlink`: the target, and the name of the link.
    Symlink(&'a [u8], &'a Subpath),
    /// `chmod`; links are followed.
    Mode(&'a Subpath, u32),
    /// `chown`: user and group, `u32::MAX` for unchanged, and whether a link is followed.
    Owner(&'a Subpath, u32, u32, bool),
    /// `utimensat`: access and modification time, and whether a link is followed.
    Times(&'a Subpath, [Time; 2], bool),
    /// `truncate` to a length in bytes.
    Truncate(&'a Subpath, u64),
}

/// The names in a directory, and what they are, as far as that is known.
pub type Names = Vec<(Vec<u8>, Option<Kind>)>;

/// A file system as a mount serves it.
///
/// Subpaths are clean and relative to the mount. Symbolic links in the middle of one are followed by the file system,
/// inside itself; a link that would lead out is as if nothing were there. Any thread may ask at any time, also
/// in a child process that was just forked: whoever holds a lock while answering makes it one that survives `fork`.
pub trait FileSystem: Send + Sync {
    /// Looks `sub` up. With `follow`, a link at its end counts as what it leads to.
    ///
    /// `ENOENT` where there is nothing, `ENOTDIR` where a file stands in the way. The root is always a directory.
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node>;

    /// Opens what is, or with `O_CREAT` becomes, a regular file. Directories are not opened in this way:
    /// `EISDIR`.
    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>>;

    /// Hands `take` at most `length` bytes from `offset` on, of a file that [`open`](FileSystem::open) has read in parts; fewer
    /// where the file system likes to give fewer, and none at its end. `ESTALE` if the file is gone.
    fn read_part(
        &self,
        sub: &Subpath,
        offset: u64,
        length: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        let _ = (sub, offset, length, take);
        Err(Errno(libc::EIO))
    }

    /// The compiled form of the Ruby source `sub`, as [`Vfs::compiled`](invfs_engine::vfs::Vfs::compiled) has it.
    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        let _ = (sub, key, path);
        Ok(None)
    }

    /// The names in a directory, without `.` and `..`, sorted; `ENOTDIR` where that is none.
    fn list(&self, sub: &Subpath) -> Answer<Listing>;

    /// What [`list`](FileSystem::list) answers, for those who can do without the kind of a name that would take a question of
    /// its own.
    fn names(&self, sub: &Subpath) -> Answer<Names> {
        let known = |(name, kind)| (name, Some(kind));
        Ok(self.list(sub)?.into_iter().map(known).collect())
    }

    /// Whether all of its files stay what they are, so that what was read of one is good for as long as the mount lasts.
    fn is_constant(&self) -> bool {
        false
    }

    /// Whether a question runs the code of a program, so that it is worth saving.
    fn runs_code(&self) -> bool {
        false
    }

    /// As [`Vfs::origin`](invfs_engine::vfs::Vfs::origin) has it; the numbers of files are those of [`Node::ino`].
    fn origin(&self) -> Option<u64> {
        None
    }

    /// Whether there may be symbolic links in it.
    fn has_links(&self) -> bool {
        true
    }

    /// Whether links in it may lead out of it: a question about such a path fails with [`Errno::LEADS_OUT`].
    fn may_lead_out(&self) -> bool {
        false
    }

    /// Where the first link on the way of `sub` leads that leads out of the file system, with what follows it in `sub`: an
    /// absolute path, or one that begins with `..` and counts from the root of the file system. With `follow`, a link at the
    /// end counts, too.
    fn way_out(&self, sub: &Subpath, follow: bool) -> Answer<Option<Vec<u8>>> {
        let _ = (sub, follow);
        Ok(None)
    }

    /// The target of a symbolic link; `EINVAL` where that is none.
    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>>;

    /// Makes a change; `EROFS` where nothing can be changed.
    fn change(&self, change: Change<'_>) -> Answer<()> {
        let _ = change;
        Err(Errno(libc::EROFS))
    }

    /// Whether the access that `access(2)` asks for may be tried, beyond the permission bits: `EROFS` for `W_OK`
    /// where nothing can be changed.
    fn writable(&self, sub: &Subpath) -> Answer<()> {
        let _ = sub;
        Err(Errno(libc::EROFS))
    }
}
