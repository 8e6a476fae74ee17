//! The require family: what happens between `require "name"` and code that has run.
//!
//! Reading order: [`kernel_methods`] has the patched methods. [`features_index`] knows what is loaded. [`resolve`] finds
//! the file, along [`load_path`] and in [`adopted`] mounts ([`trace`] notes the steps for `InVFS.explain`). [`by_ruby`]
//! gives its path to Ruby's own loader, which asks [`load_iseq`] for the code. [`originals`] calls the methods that were there before.
//! Without mounts, [`load_lock`] lets one thread at a time load a file, [`run`] compiles and runs it, and [`native_ext`]
//! opens a shared object.

pub mod adopted;
mod archive_paths;
mod autoload;
mod autoload_order;
#[cfg(mounts)]
mod by_ruby;
#[cfg(not(mounts))]
#[path = "by_nobody.rs"]
mod by_ruby;
mod caller;
mod compiled;
mod feature_name;
mod features_index;
mod found;
mod handlers;
mod introspection;
mod kernel_methods;
#[cfg(mounts)]
pub mod library_code;
mod load_errors;
#[cfg(mounts)]
pub mod load_iseq;
mod load_lock;
mod load_path;
mod load_path_changes;
mod native_ext;
#[cfg(mounts)]
mod native_image;
#[cfg(not(mounts))]
#[path = "native_files.rs"]
mod native_image;
mod originals;
pub mod own_files;
#[cfg(mounts)]
pub mod path_value;
mod real_files;
mod registration;
mod resolve;
mod rubygems;
mod run;
mod search;
mod trace;
mod unregistered;
pub mod visibility;

use magnus::{Error, RModule, Ruby};

/// Defines the registry and the patched methods.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    crate::helpers::ractor::init();
    own_files::init(module)?;
    features_index::init(ruby)?;
    load_path::init(ruby)?;
    registration::init(module)?;
    adopted::init(ruby, module)?;
    compiled::init(ruby, module)?;
    introspection::init(ruby, module)?;
    kernel_methods::init(ruby, module)
}

pub use load_path_changes::adopt_load_path;

/// Looks at the archive at `root` again: if it is another file now, the handlers open that.
#[cfg(mounts)]
pub fn reopen(ruby: &Ruby, root: &[u8]) -> Result<(), Error> {
    archive_paths::place(ruby, root).map(|_| ())
}
