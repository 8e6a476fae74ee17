//! What a file system written in Ruby says of a file.

use invfs_engine::vfs::Kind;
use invfs_fs::file_system::Node;
use magnus::{Error, RArray};

/// A file that the file system does not have as yet.
pub const NEW: Node = Node {
    kind: Kind::File,
    size: 0,
    mode: 0o644,
    mtime: (0, 0),
    ino: None,
    real: None,
};

/// The answer of `stat`, from `[directory?, size, mode, seconds, nanoseconds]`.
pub fn of(answer: RArray) -> Result<Node, Error> {
    Ok(Node {
        kind: match answer.entry::<bool>(0)? {
            true => Kind::Directory,
            false => Kind::File,
        },
        size: answer.entry(1)?,
        mode: answer.entry(2)?,
        mtime: (answer.entry(3)?, answer.entry(4)?),
        ino: None,
        real: None,
    })
}
