//! `InVFS.mount`: a VFS or a file system written in Ruby at a path, for everything in the process that opens files.
//!
//! Reading order: [`mount`](self) the Ruby methods; [`transparent`] the switch, which installs the hooks and tells
//! `require` what file operations see; [`argument`] what the second argument may be, [`serve`] what stands behind a mount.
//! [`gvl_bridge`] gets from a file operation to Ruby and back, and [`interruptions`] keeps what wants to end the calling
//! thread meanwhile; [`gvl_vfs`] serves a VFS that calls Ruby objects, [`ruby_file_system`] an object with the methods of
//! `InVFS::Base`. [`children`] passes mounts on to programs. Where the system has no mounts there is only
//! `unsupported.rs`.

#[cfg(mounts)]
mod adapter;
#[cfg(mounts)]
mod argument;
#[cfg(mounts)]
mod children;
#[cfg(mounts)]
mod gvl_bridge;
#[cfg(mounts)]
mod gvl_vfs;
#[cfg(mounts)]
mod interruptions;
#[cfg(mounts)]
#[expect(clippy::module_inception, reason = "the methods are called so")]
mod mount;
#[cfg(mounts)]
mod names;
#[cfg(mounts)]
mod node;
#[cfg(mounts)]
mod ruby_file_system;
#[cfg(mounts)]
mod ruby_side;
#[cfg(mounts)]
mod serve;
#[cfg(mounts)]
mod transparent;
#[cfg(not(mounts))]
mod unsupported;
#[cfg(mounts)]
mod watch;
#[cfg(mounts)]
mod write_back;

use magnus::{Error, RModule, Ruby};

/// Defines the methods, and lets `require` know what file operations see.
#[cfg(mounts)]
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    mount::init(module)?;
    transparent::init(module)
}

/// Defines methods that say why they do nothing, and lets `require` know.
#[cfg(not(mounts))]
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    unsupported::init(module)
}

/// Does what the environment asks for. The require family must be set up by then.
#[cfg(mounts)]
pub fn start(ruby: &Ruby) -> Result<(), Error> {
    transparent::start(ruby)
}

/// Does what the environment asks for: nothing.
#[cfg(not(mounts))]
pub fn start(_ruby: &Ruby) -> Result<(), Error> {
    Ok(())
}
