//! The binding between Ruby and `invfs-engine`: this file only lists the rooms.
//!
//! Each floor knows only those below it: [`mount`] (file operations see a VFS), [`require`] (the patched `require`
//! family), [`ruby_api`] (one file for each Ruby class), [`helpers`] (strings, values that stay alive, Ractors). The
//! logic that needs no Ruby lives in the engine crate.

mod helpers;
mod mount;
mod require;
mod ruby_api;

use magnus::{Error, Ruby};

#[magnus::init(name = "invfs")]
fn init(ruby: &Ruby) -> Result<(), Error> {
    let module = ruby.define_module("InVFS")?;
    ruby_api::init(ruby, module)?;
    mount::init(ruby, module)?;
    require::init(ruby, module)?;
    mount::start(ruby)?;
    // Objects may stand in `$:` already.
    require::adopt_load_path(ruby);
    Ok(())
}
