//! The functions that loaded objects call instead of the C library's.
//!
//! Each has the signature of the function whose place it takes, asks [`route`](crate::paths::route) where its path leads, and
//! hands over to the original at once where that is no mount. None unwinds: a panic becomes `EIO`.

mod access;
mod attributes;
mod change;
mod cwd;
mod descriptor;
mod directory;
mod extended;
mod library;
mod link;
mod open;
mod program;
mod stat;
mod stream;
mod table;
mod temporary;

pub use open::open;
pub use table::HOOKS;
