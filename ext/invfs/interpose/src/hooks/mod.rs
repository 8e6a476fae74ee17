//! The functions that loaded objects call instead of the C library's.
//!
//! Each has the signature of the function whose place it takes, asks [`route`](crate::paths::route) where its path leads, and
//! hands over to the original at once where that is no mount. None unwinds: a panic becomes `EIO`. [`macros`] has the macro
//! that makes them, and [`arguments`] the types of what they take.

mod access;
mod arguments;
mod attributes;
mod change;
mod cwd;
mod descriptor;
mod directory;
mod extended;
mod library;
mod link;
mod macros;
mod open;
mod open_attributes;
mod program;
mod read;
mod ruby_arguments;
mod ruby_children;
mod stat;
mod stream;
mod temporary;
mod write;

use crate::patch::got::Hook;

pub use cwd::chdir;
pub use open::open;
pub use ruby_children::DIRECTORY;

/// Every function with a hook, by the names that the GNU C library and musl have for it.
pub static HOOKS: &[&[Hook]] = &[
    open::HOOKS,
    stream::HOOKS,
    stat::HOOKS,
    access::HOOKS,
    link::HOOKS,
    directory::HOOKS,
    cwd::HOOKS,
    descriptor::HOOKS,
    change::HOOKS,
    attributes::HOOKS,
    open_attributes::HOOKS,
    library::HOOKS,
    program::HOOKS,
    temporary::HOOKS,
    extended::HOOKS,
    write::HOOKS,
    read::HOOKS,
];
