//! Ordinary file operations inside a virtual file system: mounts that `open`, `stat` and their like know of.
//!
//! What happens in order: [`install()`] leads the calls of all loaded objects to the `hooks` (`patch` does it); `paths`
//! asks the table of mounts where a path leads; the file system there answers; `open` turns the answer into descriptors
//! that are real ones, so that reading, seeking, mapping and passing them on needs no hook.

#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )
)]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]
#![cfg(mounts)]

mod as_seen;
mod hooks;
mod install;
mod load_library;
mod mounted_file;
mod open;
mod patch;
mod paths;

pub use as_seen::{enter_handed_on, metadata, open_file};
pub use install::{install, is_installed, rescan, Unsupported};
pub use load_library::{load_library, load_library_at};
pub use mounted_file::MountedFile;
pub use open::library_files::search_libraries_in;
pub use open::loading::{begins, fetched, seldom_reads, Announced};
pub use patch::got::Patched;
pub use paths::liveness::{is_current, reopen_with, Watched};
pub use paths::lookup::stat;
pub use paths::past::past_mounts;
pub use paths::stand_in::stand_in;
