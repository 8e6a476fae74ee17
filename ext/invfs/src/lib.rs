//! The binding between Ruby and `invfs-engine`: this file only lists the rooms.
//!
//! [`ruby_api`] holds one file per Ruby class, [`require`] the patched `require` family, [`helpers`]
//! what could be anybody's. The logic that needs no Ruby lives in the engine crate.

mod helpers;
mod require;
mod ruby_api;

use magnus::{Error, Ruby};

#[magnus::init(name = "invfs")]
fn init(ruby: &Ruby) -> Result<(), Error> {
    let module = ruby.define_module("InVFS")?;
    ruby_api::init(ruby, module)?;
    require::init(ruby, module)
}
