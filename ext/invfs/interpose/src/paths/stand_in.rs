//! A path in a mount that stands for the program itself: what runs it, runs the program's own file again.

use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::reserved_fd::ReservedFd;

static STAND_IN: OnceLock<(Vec<u8>, Arc<ReservedFd>)> = OnceLock::new();

/// From now on, `path` stands for `program` where it is executed. There is one such path: the first stays.
pub fn stand_in(path: Vec<u8>, program: Arc<ReservedFd>) {
    let _ = STAND_IN.set((path, program));
}

/// A descriptor of the program that `place` stands for, which an executed program inherits.
pub fn program(place: &Place) -> Option<Answer<OwnedFd>> {
    let (path, program) = STAND_IN.get()?;
    (place.path() == *path).then(|| {
        let program = program.get()?;
        Ok(rustix::io::dup(program)?)
    })
}
