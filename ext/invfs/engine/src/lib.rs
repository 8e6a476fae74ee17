//! The part of invfs that knows nothing of Ruby.
//!
//! A name becomes bytes in this order: [`path`] cleans and checks it, [`root_map`] finds the longest root
//! that holds it, the virtual file system (VFS) there looks the file up and reads it ([`vfs`]); [`archive`]
//! is the VFS that most people use, a zip archive.
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
// Unsafe code lies where memory is written that was not zeroed: in `archive::inflate`, which calls the decompressors, and
// in `sink`. And in one function of `path`, which gives a slice a name.
#![deny(unsafe_code)]

pub mod archive;
pub mod compiled;
mod crc32;
pub mod elf;
pub mod error;
pub mod hash;
pub mod libraries;
pub mod load_size;
pub mod os;
pub mod path;
pub mod root_map;
#[allow(unsafe_code)]
mod sink;
pub mod source;
pub mod symlinks;
pub mod unused_name;
pub mod vfs;

pub use error::{Error, ErrorKind, Result};
