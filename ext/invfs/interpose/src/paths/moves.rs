//! Changes of names, and what is open meanwhile: each stays the file or directory that was opened.
//!
//! A descriptor, a stream and the working directory stand for a mount and a name in it. When this process renames that
//! file or directory, or one above it, the name changes with it; when it removes it, there is none any more. A change by
//! another process that uses the same upper directory is not seen.

use std::os::fd::RawFd;
use std::sync::Arc;

use crate::open::{dir_streams, fd_table, parts};
use crate::paths::cwd;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_fs::file_system::Change;
use invfs_fs::mounts::{real, Mount, Place};
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::fork;

/// What is open.
#[derive(Clone, Copy)]
enum Holder {
    Descriptor(RawFd),
    /// The number of a file that is read in parts.
    Parts(u64),
    Stream(usize),
    WorkingDirectory,
}

/// Makes a change in a mount.
pub fn change(mount: &Arc<Mount>, change: Change<'_>) -> Answer<()> {
    let open = match change {
        _ if !fork::owns_memory() => Vec::new(),
        Change::Rename(from, to, _) => {
            let concerned = |sub: &Subpath| sub.below(from).is_some() || *sub == *to;
            [open_in(mount), readers_of(mount, concerned)].concat()
        }
        Change::RemoveDirectory(_) => open_in(mount),
        Change::Remove(sub) => readers_of(mount, |open| *open == *sub),
        _ => Vec::new(),
    };
    dir_streams::changed();
    let answer = mount.file_system().change(change);
    dir_streams::changed();
    answer?;
    for (holder, was) in open {
        match change {
            Change::Rename(from, to, _) => match was.below(from) {
                Some(rest) => moved(holder, mount, to.join(rest)),
                // What was replaced is gone.
                None if *was == *to => gone(holder),
                None => {}
            },
            Change::RemoveDirectory(sub) | Change::Remove(sub) if *was == *sub => gone(holder),
            _ => {}
        }
    }
    Ok(())
}

/// The files of the mount that are open under names which `concerned` says yes to. There may be many: a name with a link in
/// it is not followed.
fn readers_of(mount: &Mount, concerned: impl Fn(&Subpath) -> bool) -> Vec<(Holder, SubpathBuf)> {
    let readers = fd_table::readers(mount.id, &concerned).into_iter();
    let in_parts = parts::names(mount.id, &concerned).into_iter();
    readers
        .map(|(fd, sub)| (Holder::Descriptor(fd), sub))
        .chain(in_parts.map(|(number, sub)| (Holder::Parts(number), sub)))
        .collect()
}

/// The directories of the mount that are open, by their names without links.
fn open_in(mount: &Mount) -> Vec<(Holder, SubpathBuf)> {
    let descriptors = fd_table::directories()
        .into_iter()
        .map(|(fd, place)| (Holder::Descriptor(fd), place));
    let streams = dir_streams::places()
        .into_iter()
        .map(|(stream, place)| (Holder::Stream(stream), place));
    let here = cwd::place().map(|place| (Holder::WorkingDirectory, place));
    descriptors
        .chain(streams)
        .chain(here)
        .filter(|(_, place)| place.mount.id == mount.id)
        .filter_map(|(holder, place)| Some((holder, real::real(&place).ok()?.0.sub)))
        .collect()
}

fn moved(holder: Holder, mount: &Arc<Mount>, sub: SubpathBuf) {
    let place = Place {
        mount: mount.clone(),
        sub,
    };
    match holder {
        Holder::Descriptor(fd) => fd_table::move_to(fd, place),
        Holder::Parts(number) => parts::move_to(number, Some(place)),
        Holder::Stream(stream) => dir_streams::move_to(stream, place),
        Holder::WorkingDirectory => cwd::move_to(place),
    }
}

/// From now on it is what stands for it: the empty directory, which was removed long ago, or a file in memory.
fn gone(holder: Holder) {
    match holder {
        Holder::Descriptor(fd) => drop(fd_table::remove(fd)),
        Holder::Parts(number) => parts::move_to(number, None),
        Holder::Stream(_) => {}
        Holder::WorkingDirectory => cwd::left(),
    }
}
