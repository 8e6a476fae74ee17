//! Files that are written as a whole: a private file in memory until the last descriptor is closed.

use std::collections::HashMap;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};
use std::sync::Arc;

use super::errno::{Answer, Errno};
use super::filter::Filter;
use super::own::Own;
use super::served::{Node, Saver};
use super::state::STATE;
use super::{files, fork, memory};
use crate::mounts::Place;

static DESCRIPTORS: Filter = Filter::new();

/// The files by descriptor; duplicates share one.
#[derive(Default)]
pub struct Writers(HashMap<RawFd, Arc<Writer>>);

struct Writer {
    file: Own,
    saver: Arc<dyn Saver>,
}

/// Opens a file that holds `contents` now; what it holds at the last close goes to `saver`.
pub fn open(
    place: &Place,
    flags: i32,
    contents: &[u8],
    node: &Node,
    saver: Arc<dyn Saver>,
) -> Answer<RawFd> {
    if !fork::owns_memory() {
        // The child of a vfork is about to become another program, which could not hand the contents back.
        return Err(Errno(libc::EAGAIN));
    }
    let file = memory::file(contents, &place.path(), false)?;
    files::remember(place, &file, node, false);
    // Opened anew for the flags that were asked for, such as appending.
    let fd = match memory::reopen(&file, flags) {
        Ok(fd) => fd,
        Err(_) => file.try_clone()?.into_raw_fd(),
    };
    let file = Own::new(file);
    let writer = Arc::new(Writer { file, saver });
    let old = STATE.lock().writers.insert(fd, writer);
    drop(old);
    Ok(fd)
}

impl Writers {
    fn insert(&mut self, fd: RawFd, writer: Arc<Writer>) -> Option<Arc<Writer>> {
        let old = self.0.insert(fd, writer);
        if old.is_none() {
            DESCRIPTORS.add(fd as usize);
        }
        old
    }
}

/// The descriptors of files that are open for writing.
pub fn open_descriptors() -> Vec<RawFd> {
    STATE.lock().writers.0.keys().copied().collect()
}

/// `copy` is a duplicate of `fd` now.
pub fn duplicated(fd: RawFd, copy: RawFd) {
    if fd < 0 || !DESCRIPTORS.may_hold(fd as usize) {
        return;
    }
    let mut state = STATE.lock();
    if let Some(writer) = state.writers.0.get(&fd).cloned() {
        let old = state.writers.insert(copy, writer);
        drop(state);
        drop(old);
    }
}

/// The descriptor is about to be closed: hands the contents over if it is the last one. The descriptor is to be closed
/// whatever this answers.
pub fn closing(fd: RawFd) -> Answer<()> {
    if fd < 0 || !DESCRIPTORS.may_hold(fd as usize) || !fork::owns_memory() {
        return Ok(());
    }
    let writer = STATE.lock().writers.0.remove(&fd);
    let Some(writer) = writer else {
        return Ok(());
    };
    DESCRIPTORS.remove(fd as usize);
    match Arc::try_unwrap(writer) {
        Ok(writer) => writer
            .saver
            .save(&memory::read_all(writer.file.as_raw_fd())?),
        Err(_) => Ok(()),
    }
}

/// In a forked child: the files belong to the parent, which will hand them over.
pub fn disown(writers: &mut Writers) {
    for (fd, writer) in writers.0.drain() {
        DESCRIPTORS.remove(fd as usize);
        // Dropping it could call into whatever the parent's threads were doing.
        std::mem::forget(writer);
    }
}
