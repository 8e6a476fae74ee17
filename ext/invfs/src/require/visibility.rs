//! Whether file operations see the VFS objects in `$:`. `mount`, the floor above, decides that and registers here.

use std::sync::OnceLock;

use invfs_fs::mounts::Request;
use magnus::Ruby;

/// Decides what file operations see of adopted mounts.
pub trait Visibility: Sync {
    /// Completes the request for an adopted mount: whether it is visible, and what serves it to file operations.
    fn prepare(&self, ruby: &Ruby, request: &mut Request);
    /// Why Ruby's own loader does not load files of a VFS in `$:`; `None` if it does.
    fn hindrance(&self) -> Option<String>;
}

static VISIBILITY: OnceLock<&'static dyn Visibility> = OnceLock::new();

/// From now on `visibility` decides. Only the first call counts.
pub fn decided_by(visibility: &'static dyn Visibility) {
    VISIBILITY.get_or_init(|| visibility);
}

/// See [`Visibility::prepare`].
pub fn prepare(ruby: &Ruby, request: &mut Request) {
    if let Some(visibility) = VISIBILITY.get() {
        visibility.prepare(ruby, request);
    }
}

/// See [`Visibility::hindrance`].
pub fn hindrance() -> Option<String> {
    match VISIBILITY.get() {
        Some(visibility) => visibility.hindrance(),
        None => Some("file operations see no mounts".to_owned()),
    }
}
