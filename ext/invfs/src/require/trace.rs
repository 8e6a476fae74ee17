//! What a search looked at, for `InVFS.explain`. An ordinary search notes nothing, which costs one comparison a step.

use std::sync::Arc;

use super::adopted::Mount;

/// The steps of one search.
pub struct Trace(Option<Vec<Step>>);

impl Trace {
    /// Notes nothing.
    pub fn off() -> Trace {
        Trace(None)
    }

    /// Notes each step.
    pub fn on() -> Trace {
        Trace(Some(Vec::new()))
    }

    /// Whether steps are noted.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// Notes a step, which is made only if it is wanted.
    pub fn note(&mut self, step: impl FnOnce() -> Step) {
        if let Some(steps) = &mut self.0 {
            steps.push(step());
        }
    }

    /// The steps in order.
    pub fn into_steps(self) -> Vec<Step> {
        self.0.unwrap_or_default()
    }
}

/// One thing that was looked at.
pub enum Step {
    /// Nothing in `$"` provides the name; or this element does, but a source file would go first.
    NotLoaded(Option<u32>),
    /// This element of `$"` provides the name.
    Loaded(u32),
    /// A file name in an entry of `$:`.
    Entry {
        /// The file name.
        name: Vec<u8>,
        /// The position in `$:`.
        at: usize,
        /// The absolute path of the entry.
        entry: Vec<u8>,
        /// What the entry is.
        kind: EntryKind,
        /// What there is.
        outcome: Outcome,
    },
    /// An absolute path in a mount.
    Mounted {
        /// The mount.
        mount: Arc<Mount>,
        /// The path.
        path: Vec<u8>,
        /// What there is.
        outcome: Outcome,
    },
    /// An absolute path that Ruby itself looks up.
    Disk {
        /// The path.
        path: Vec<u8>,
        /// What there is.
        outcome: Outcome,
    },
}

/// What an entry of `$:` is.
#[derive(Clone, Copy)]
pub enum EntryKind {
    /// A VFS object.
    Vfs,
    /// The path of an archive.
    Archive,
    /// The path of a directory in an archive.
    ArchiveDirectory,
    /// A directory on disk.
    Directory,
    /// A path where there is nothing.
    Nothing,
    /// A path that is, or leads below, a file which is no archive.
    File,
}

impl EntryKind {
    /// Its name in Ruby.
    pub fn name(self) -> &'static str {
        match self {
            EntryKind::Vfs => "vfs",
            EntryKind::Archive => "archive",
            EntryKind::ArchiveDirectory => "archive_directory",
            EntryKind::Directory => "directory",
            EntryKind::Nothing => "nothing",
            EntryKind::File => "file",
        }
    }
}

/// What there is under a name.
#[derive(Clone)]
pub enum Outcome {
    /// A file in a VFS of this size.
    Found(u64),
    /// A file in a VFS of this size, which is too large to load.
    TooLarge(u64),
    /// A directory in a VFS.
    Directory,
    /// Nothing in a VFS.
    Missing,
    /// The VFS was closed.
    Closed,
    /// A file on disk.
    OnDisk,
    /// Nothing to load on disk.
    NotOnDisk,
    /// The entry of `$:` is not there.
    NoDirectory,
    /// The entry of `$:` is a file, and there are no handlers.
    NoHandler,
    /// The entry of `$:` is a file that is no archive.
    NoArchive,
    /// A handler failed: its message.
    Error(String),
}

impl Outcome {
    /// Its name in Ruby.
    pub fn name(&self) -> &'static str {
        match self {
            Outcome::Found(_) => "found",
            Outcome::TooLarge(_) => "too_large",
            Outcome::Directory => "directory",
            Outcome::Missing => "missing",
            Outcome::Closed => "closed",
            Outcome::OnDisk => "on_disk",
            Outcome::NotOnDisk => "not_on_disk",
            Outcome::NoDirectory => "no_directory",
            Outcome::NoHandler => "no_handler",
            Outcome::NoArchive => "no_archive",
            Outcome::Error(_) => "error",
        }
    }
}
