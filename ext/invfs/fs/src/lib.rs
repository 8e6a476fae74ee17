//! What a mount of invfs serves, and the table that says where.
//!
//! From below: [`sys`] calls the kernel; [`buffered`] has files that are open for writing, and a [`fingerprint`] tells whether
//! one was changed; [`file_system`] is what file operations ask of a mount, [`read_only`] answers from a VFS, [`overlay`] lays
//! a real directory above that; [`mounts`] is the table of all mounts.
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

// First, for its macros.
#[cfg(mounts)]
#[macro_use]
pub mod sys;

#[cfg(mounts)]
pub mod buffered;
#[cfg(mounts)]
pub mod file_system;
#[cfg(mounts)]
pub mod fingerprint;
pub mod mounts;
#[cfg(mounts)]
pub mod overlay;
#[cfg(mounts)]
pub mod read_only;
