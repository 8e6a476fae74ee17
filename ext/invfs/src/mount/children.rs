//! `InVFS::Children`: mounts that are passed on to child programs (`lib/invfs/children.rb`).

use std::sync::atomic::{AtomicBool, Ordering};

use magnus::{prelude::*, Error, RModule, RString, Ruby, Value};

use crate::helpers::{module::invfs, string};
use crate::require::own_files;

/// Whether any was.
static PASSED_ON: AtomicBool = AtomicBool::new(false);

fn module(ruby: &Ruby) -> Result<RModule, Error> {
    own_files::module(ruby, invfs(ruby)?, "Children")
}

/// What a child needs to mount `object` at `root`; `ArgumentError` if it could not.
pub fn describe(
    ruby: &Ruby,
    root: &[u8],
    object: Value,
    upper: Option<RString>,
) -> Result<Value, Error> {
    let upper = match upper {
        Some(upper) => Some(string::path(ruby, &string::expand(upper)?)),
        None => None,
    };
    module(ruby)?.funcall("describe", (string::path(ruby, root), object, upper))
}

/// From now on children mount what `description` says.
pub fn add(ruby: &Ruby, mount: u64, description: Value) -> Result<(), Error> {
    PASSED_ON.store(true, Ordering::Release);
    module(ruby)?
        .funcall::<_, _, Value>("add", (mount, description))
        .map(|_| ())
}

/// From now on children do not mount it.
pub fn remove(ruby: &Ruby, mount: u64) -> Result<(), Error> {
    match PASSED_ON.load(Ordering::Acquire) {
        true => module(ruby)?
            .funcall::<_, _, Value>("remove", (mount,))
            .map(|_| ()),
        false => Ok(()),
    }
}
