//! The archive at its place in the file system.

use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::sync::Arc;

use invfs_engine::archive::Archive;
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{SubVfs, Vfs};
use invfs_fs::file_system::FileSystem;
use invfs_fs::mounts::{self, Origin, Request};
use invfs_fs::overlay::Overlay;
use invfs_fs::read_only::ReadOnly;

use crate::description::Description;

/// Where the archive appears. The packer has written it into Ruby, too.
pub const PREFIX: &str = "/__invfs__";

/// The environment variable that names another directory for what the program writes.
const WRITABLE: &str = "INVFS_WRITABLE";

/// The absolute path of a name in the archive.
pub fn path(sub: &Subpath) -> Vec<u8> {
    [PREFIX.as_bytes(), b"/", sub.as_bytes()].concat()
}

/// Mounts the archive, what of it appears elsewhere, too, and a writable directory over the part of it that the program writes into. The error says what is
/// wrong.
pub fn mount(archive: &Arc<Archive>, description: &Description) -> Result<(), String> {
    let read_only = Arc::new(ReadOnly::new(archive.clone()));
    add(PREFIX.into(), Some(archive.clone()), read_only);
    for (path, sub) in &description.mounts {
        let part: Arc<dyn Vfs> = Arc::new(SubVfs::new(archive.clone(), sub.clone()));
        add(
            path.clone(),
            Some(part.clone()),
            Arc::new(ReadOnly::new(part)),
        );
    }
    let wanted = std::env::var_os(WRITABLE).filter(|directory| !directory.is_empty());
    let (sub, directory) = match (&description.writable, wanted) {
        (None, _) => return Ok(()),
        (Some(sub), Some(directory)) => (sub, PathBuf::from(directory)),
        (Some(sub), None) => (sub, usual(&description.name)?),
    };
    let lower = ReadOnly::new(Arc::new(SubVfs::new(archive.clone(), sub.clone())));
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&directory);
    let overlay = made
        .and_then(|()| Overlay::new(Arc::new(lower), directory.clone()))
        .map_err(|error| {
            format!(
                "{} cannot take what the program writes: {error}",
                directory.display()
            )
        })?;
    add(path(sub), None, Arc::new(overlay));
    Ok(())
}

fn add(root: Vec<u8>, vfs: Option<Arc<dyn Vfs>>, file_system: Arc<dyn FileSystem>) {
    mounts::add(Request {
        root,
        origin: Origin::Named,
        vfs,
        file_system: Some(file_system),
        visible: true,
        file: None,
        object: 0,
        kept: None,
    });
}

/// Where the XDG Base Directory Specification puts what a program wants to find again.
fn usual(name: &str) -> Result<PathBuf, String> {
    let absolute = |variable: &str| {
        std::env::var_os(variable)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let state = absolute("XDG_STATE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".local/state")));
    match state {
        Some(state) => Ok(state
            .join("invfs")
            .join(name.rsplit('/').next().unwrap_or(name))),
        None => Err(format!(
            "no directory for what the program writes: HOME is not set; {WRITABLE} names one"
        )),
    }
}
