//! Puts the hooks in, once.

use std::sync::OnceLock;

use crate::hooks::HOOKS;
use crate::open::empty_dir;
use crate::patch::got::Patched;
use crate::patch::{copies, scanner};
use invfs_fs::sys::fork;

/// Why nothing can be mounted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsupported(pub String);

static INSTALLED: OnceLock<Result<Patched, Unsupported>> = OnceLock::new();

/// Puts the hooks in, where that was not done yet, and tells how many slots lead to them.
pub fn install() -> Result<Patched, Unsupported> {
    INSTALLED.get_or_init(try_install).clone()
}

fn try_install() -> Result<Patched, Unsupported> {
    if let Some(path) = copies::other() {
        return Err(Unsupported(format!(
            "another copy of invfs has mounts in this process: {path}"
        )));
    }
    fork::install().map_err(|error| Unsupported(format!("pthread_atfork failed: {error}")))?;
    empty_dir::prepare();
    let patched = scanner::install(HOOKS);
    match (patched.slots, patched.refused) {
        (0, 0) => Err(Unsupported(
            "no loaded object calls the C library's file functions through a table: is Ruby linked statically?"
                .to_owned(),
        )),
        (_, 0) => {
            copies::announce();
            Ok(patched)
        }
        (_, refused) => Err(Unsupported(format!(
            "the system does not let {refused} of the loaded objects be changed (sealed memory?)"
        ))),
    }
}

/// Whether the hooks are in: nobody asked for them yet (`None`), or what came of it.
pub fn is_installed() -> Option<Result<Patched, Unsupported>> {
    INSTALLED.get().cloned()
}

/// A library was loaded where there is no hook: leads its calls to the hooks, too, if they are in use.
pub fn rescan() {
    if INSTALLED.get().is_some() {
        scanner::scan();
    }
}
