//! Where a path leads: into which mount, or out of all of them.

pub mod cwd;
pub mod dispatch;
pub mod liveness;
pub mod lookup;
pub mod moves;
pub mod past;
pub mod real_links;
pub mod relative;
pub mod route;
pub mod stand_in;
pub mod text;
pub mod way_out;
