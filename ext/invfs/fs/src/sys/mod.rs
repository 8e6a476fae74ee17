//! The kernel and the C library: errors, descriptors, files in memory, operations beside an open directory.

// First, for its macros.
#[macro_use]
pub mod fork;

pub mod at;
pub mod beneath;
pub mod clock;
pub mod errno;
pub mod memfd;
pub mod read_dir;
pub mod reserved_fd;
pub mod reserved_file;
pub mod shared_file;
pub mod temporary;
