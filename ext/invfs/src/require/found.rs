//! What a name may mean.

use std::sync::Arc;

use invfs_engine::path::SubpathBuf;

use super::{adopted::Mount, load_path::LoadPath};

/// A file in a VFS that was found.
pub struct Hit {
    /// Where.
    pub mount: Arc<Mount>,
    /// Its subpath there.
    pub sub: SubpathBuf,
    /// Its virtual path: root + "/" + subpath.
    pub path: Vec<u8>,
    /// Whether it is a native extension.
    pub native: bool,
}

/// A file that was passed over because it is larger than the load size limit.
pub struct PassedOver {
    /// Its virtual path.
    pub path: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
}

/// What a name means.
pub enum Found {
    /// It is loaded already: by which element of `$"`, where that can be remembered.
    Loaded(Option<Remember>),
    /// A file in a VFS.
    Virtual(Hit),
    /// A file on disk: its absolute path.
    Disk(Vec<u8>),
    /// The root of a mount: nothing that could be loaded.
    Directory,
    /// No VFS knows it, and the search need not be ours.
    Elsewhere(Option<PassedOver>),
}

/// What [`features_index::remember`] wants to know.
pub struct Remember {
    /// The position in `$"`.
    pub position: u32,
    /// The load path for which it holds.
    pub load_path: Arc<LoadPath>,
}
