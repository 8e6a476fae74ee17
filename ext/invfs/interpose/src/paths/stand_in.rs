//! A path in a mount that stands for the program itself: what runs it, runs the program's own file again.

use std::ffi::{CStr, CString};
use std::os::fd::OwnedFd;
use std::sync::{Arc, OnceLock};

use rustix::fs::Stat;

use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::reserved_fd::ReservedFd;

static STAND_IN: OnceLock<(CString, Arc<ReservedFd>)> = OnceLock::new();

/// From now on, `path` stands for `program` where it is executed. There is one such path: the first stays.
pub fn stand_in(path: CString, program: Arc<ReservedFd>) {
    let _ = STAND_IN.set((path, program));
}

/// Whether a real path leads to the program that has such a path.
pub fn is_program(path: &[u8]) -> bool {
    let identity = |found: Stat| (found.st_dev, found.st_ino);
    let is_it = |program: &ReservedFd| -> Answer<bool> {
        let program = rustix::fs::fstat(program.get()?)?;
        Ok(identity(rustix::fs::stat(path)?) == identity(program))
    };
    STAND_IN
        .get()
        .is_some_and(|(_, program)| is_it(program).unwrap_or(false))
}

/// The path, and a descriptor of the program that `place` stands for, which an executed program inherits.
pub fn program(place: &Place) -> Option<(&'static CStr, Answer<OwnedFd>)> {
    let (path, program) = STAND_IN.get()?;
    let inherited = || {
        let program = program.get()?;
        Ok(rustix::io::dup(program)?)
    };
    (place.path() == path.to_bytes()).then(|| (path.as_c_str(), inherited()))
}
