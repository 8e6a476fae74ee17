//! What descriptors and streams of mounts stand for.

pub mod dir_streams;
pub mod empty_dir;
pub mod fd_table;
pub mod file_cache;
pub mod filter;
pub mod identities;
pub mod in_parts;
pub mod libraries;
pub mod library_files;
pub mod loading;
pub mod named_library;
pub mod open_file;
pub mod parts;
pub mod reader;
pub mod shared_lock;
pub mod source_file;
pub mod stat;
pub mod zeroed;
