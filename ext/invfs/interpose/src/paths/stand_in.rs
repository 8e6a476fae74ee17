//! A path in a mount that stands for the program itself: what runs it, runs the program's own file again.

use std::ffi::{CStr, CString};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, OnceLock};

use rustix::fs::Stat;

use crate::paths::text::Text;
use invfs_fs::mounts::Place;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd::ProcPath;
use invfs_fs::sys::reserved_fd::ReservedFd;

static STAND_IN: OnceLock<(CString, Arc<ReservedFd>)> = OnceLock::new();

/// From now on, `path` stands for `program` where it is executed. There is one such path: the first stays.
pub fn stand_in(path: CString, program: Arc<ReservedFd>) {
    let _ = STAND_IN.set((path, program));
}

/// Whether a real path leads to the program that has such a path.
pub fn is_program(path: &[u8]) -> bool {
    let is_it = |program: &ReservedFd| -> Answer<bool> {
        let program = rustix::fs::fstat(program.get()?)?;
        Ok(identity(rustix::fs::stat(path)?) == identity(program))
    };
    STAND_IN
        .get()
        .is_some_and(|(_, program)| is_it(program).unwrap_or(false))
}

/// The file of the program, for a path of the system's that leads to what the process executes, if that is another one: a
/// Ruby in memory, into which the program was preloaded.
pub fn instead(path: Text<'_>) -> Option<ProcPath> {
    let (_, program) = STAND_IN.get()?;
    let path = path.as_c_str()?;
    if !path.to_bytes().starts_with(b"/proc/") {
        return None;
    }
    let executed = identity(rustix::fs::stat(c"/proc/self/exe").ok()?);
    let file = identity(rustix::fs::fstat(program.get().ok()?).ok()?);
    let is_it = executed != file && identity(rustix::fs::stat(path).ok()?) == executed;
    is_it.then(|| ProcPath::new(program.as_raw_fd()))
}

fn identity(found: Stat) -> (u64, u64) {
    (found.st_dev, found.st_ino)
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
