//! `struct stat` and `struct statx` for a node of a mount.

use crate::open::zeroed::zeroed;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::{Node, Real};
use invfs_fs::mounts::Place;

const BLOCK: u64 = 4096;

/// The inode number that is shown for a node.
pub fn inode(place: &Place, node: &Node) -> u64 {
    node.ino.unwrap_or_else(|| place.mount.inode(&place.sub))
}

/// Type and permissions.
pub fn mode(node: &Node) -> u32 {
    let kind = match node.kind {
        Kind::File => libc::S_IFREG,
        Kind::Directory => libc::S_IFDIR,
        Kind::Symlink => libc::S_IFLNK,
    };
    kind | node.mode & 0o7777
}

/// What `stat` says.
pub fn of(place: &Place, node: &Node) -> libc::stat {
    let mut stat: libc::stat = zeroed();
    let inode = inode(place, node);
    fill(
        &mut stat,
        place.mount.device(),
        inode,
        node.owner(place.mount.owner),
        node,
    );
    if let Some(real) = &node.real {
        as_it_is(&mut stat, real);
    }
    stat
}

/// Says of a real file what `fstat` says of an open one. A directory is the mount's own, whatever it is merged from, but for
/// its owner and its times.
fn as_it_is(stat: &mut libc::stat, real: &Real) {
    (stat.st_atime, stat.st_atime_nsec) = (real.accessed.0, i64::from(real.accessed.1));
    (stat.st_ctime, stat.st_ctime_nsec) = (real.changed.0, i64::from(real.changed.1));
    if stat.st_mode & libc::S_IFMT != libc::S_IFDIR {
        stat.st_dev = real.dev;
        stat.st_nlink = real.links as _;
        stat.st_blocks = real.blocks as _;
        stat.st_blksize = real.block_size as _;
    }
}

/// Overwrites every field.
pub fn fill(stat: &mut libc::stat, device: u64, inode: u64, owner: (u32, u32), node: &Node) {
    stat.st_dev = device;
    stat.st_ino = inode;
    stat.st_mode = mode(node);
    stat.st_nlink = if node.kind == Kind::Directory { 2 } else { 1 };
    (stat.st_uid, stat.st_gid) = owner;
    stat.st_rdev = 0;
    stat.st_blksize = BLOCK as _;
    let (seconds, nanoseconds) = (node.mtime.0, i64::from(node.mtime.1));
    (stat.st_mtime, stat.st_mtime_nsec) = (seconds, nanoseconds);
    (stat.st_atime, stat.st_atime_nsec) = (seconds, nanoseconds);
    (stat.st_ctime, stat.st_ctime_nsec) = (seconds, nanoseconds);
    set_size(stat, node.size);
}

/// Sets the length, and the blocks that follow from it.
pub fn set_size(stat: &mut libc::stat, size: u64) {
    let size = match stat.st_mode & libc::S_IFMT {
        // As most file systems have it: a directory is never empty, its names take room.
        libc::S_IFDIR => size.max(BLOCK),
        _ => size,
    };
    stat.st_size = size as _;
    stat.st_blocks = size.div_ceil(512) as _;
}

/// What `statx` says, with the birth time taken for the modification time.
pub fn extended(stat: &libc::stat) -> libc::statx {
    let mut extended: libc::statx = zeroed();
    let time = |seconds: i64, nanoseconds: i64| {
        let mut time = extended.stx_mtime;
        time.tv_sec = seconds;
        time.tv_nsec = nanoseconds as u32;
        time
    };
    let accessed = time(stat.st_atime, stat.st_atime_nsec);
    let changed = time(stat.st_ctime, stat.st_ctime_nsec);
    let modified = time(stat.st_mtime, stat.st_mtime_nsec);
    extended.stx_mask = libc::STATX_BASIC_STATS | libc::STATX_BTIME;
    extended.stx_blksize = stat.st_blksize as u32;
    extended.stx_nlink = stat.st_nlink as u32;
    extended.stx_uid = stat.st_uid;
    extended.stx_gid = stat.st_gid;
    extended.stx_mode = stat.st_mode as u16;
    extended.stx_ino = stat.st_ino;
    extended.stx_size = stat.st_size as u64;
    extended.stx_blocks = stat.st_blocks as u64;
    extended.stx_atime = accessed;
    extended.stx_btime = modified;
    extended.stx_ctime = changed;
    extended.stx_mtime = modified;
    extended.stx_dev_major = libc::major(stat.st_dev);
    extended.stx_dev_minor = libc::minor(stat.st_dev);
    extended
}
