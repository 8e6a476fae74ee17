//! Ordinary file operations inside a virtual file system: mounts that `open`, `stat` and their like know of.

mod errno;
mod read_only;
mod served;
mod writable;

pub use errno::{Answer, Errno};
pub use read_only::ReadOnly;
pub use served::{Change, How, Node, Opened, Saver, Served, Time};
pub use writable::Writable;
