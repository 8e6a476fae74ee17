//! The require family: what happens between `require "name"` and code that has run.
//!
//! Reading order: [`entry`] the patched methods; [`loaded`] is it loaded already? [`resolve`] which file is
//! meant, along [`load_path`] and [`mounts`]; [`loading`] one thread at a time; [`run`] compiles and runs
//! it, [`native_ext`] opens a shared object; [`originals`] what is not ours goes on as before.

mod archives;
mod autoload;
mod candidates;
pub mod compiled;
mod disk;
mod entry;
mod handlers;
mod load;
pub mod load_path;
mod loaded;
mod loading;
mod locate;
pub mod mounts;
mod native_ext;
mod native_image;
mod order;
mod originals;
mod resolve;
mod rubygems;
mod run;

use magnus::{Error, RModule, Ruby};

/// Defines the registry and the patched methods.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    crate::helpers::ractor::init();
    loaded::init(ruby)?;
    load_path::init(ruby)?;
    handlers::init(ruby, module)?;
    mounts::init(ruby, module)?;
    compiled::init(ruby, module)?;
    locate::init(ruby, module)?;
    entry::init(ruby, module)?;
    #[cfg(mounts)]
    crate::ruby_api::mount::start(ruby)?;
    Ok(())
}
