//! One file for each Ruby class or module, which converts arguments and results; and what these files share.

mod archive_entry;
mod archive_writer;
mod default_path;
pub mod errors;
mod file_system;
pub mod limits;
mod listing;
mod map_vfs;
pub mod native_vfs;
pub mod read;
pub mod ruby_vfs;
mod shared_object;
mod string_map_fs;
pub mod sub_fs;
mod union_fs;
pub mod vfs_value;
pub mod zip_fs;

use magnus::{Error, RModule, Ruby};

/// Defines the classes.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    let shared = file_system::init(ruby, module)?;
    zip_fs::init(ruby, module, shared)?;
    string_map_fs::init(ruby, module, shared)?;
    union_fs::init(ruby, module, shared)?;
    sub_fs::init(ruby, module, shared)?;
    archive_entry::init(ruby, module)?;
    archive_writer::init(ruby, module)?;
    shared_object::init(ruby, module)?;
    limits::init(ruby, module)
}
