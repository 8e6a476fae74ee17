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
    /// Its length in bytes, where that is known.
    pub size: Option<u64>,
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
    /// It is loaded already, by this element of `$"` if that can be remembered.
    Loaded(Option<Remember>),
    /// A file in a VFS.
    Virtual(Hit),
    /// A file on disk: its absolute path.
    Disk(Vec<u8>),
    /// The root of a mount, which cannot be loaded.
    Directory,
    /// No VFS has it: Ruby's own search takes over.
    Elsewhere(Option<PassedOver>),
}

/// What `features_index::remember` needs.
pub struct Remember {
    /// The position in `$"`.
    pub position: u32,
    /// The load path for which it holds.
    pub load_path: Arc<LoadPath>,
}
