//! The tests of the engine, as one program: it links once. One module per subject.

mod support;

mod bombs;
mod central_directory;
mod elf;
mod end_record;
mod faults;
mod files;
mod large;
mod listing;
mod load_size;
mod mutations;
mod names;
mod path;
mod reading;
mod refused;
mod rewriting;
mod root_map;
mod symlinks;
mod vfs;
mod writer;
mod zip64;
