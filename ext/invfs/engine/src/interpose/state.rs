//! Everything that mounts remember about open files and directories, under one lock.

use std::sync::LazyLock;

use super::cache::Cache;
use super::cwd::Parked;
use super::directories::Descriptors;
use super::files::Identities;
use super::fork::ForkMutex;
use super::streams::Streams;
use super::writers::Writers;

/// What is remembered.
#[derive(Default)]
pub struct State {
    /// Contents that can be opened again.
    pub cache: Cache,
    /// Which virtual file a descriptor in memory is.
    pub identities: Identities,
    /// Descriptors of virtual directories.
    pub descriptors: Descriptors,
    /// Open directory streams.
    pub streams: Streams,
    /// The working directory, if that is a virtual one.
    pub cwd: Option<Parked>,
    /// Files that are open for writing.
    pub writers: Writers,
}

/// The state. Held for moments, never while a file system is asked.
pub static STATE: LazyLock<ForkMutex<State>> = LazyLock::new(ForkMutex::default);
