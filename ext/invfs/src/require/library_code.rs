//! Compiled code for files that lie on disk, such as Ruby's standard library: an archive that is served to file operations
//! may hold it.
//!
//! It is taken only for a file that has the same name, length and CRC-32 as the one that was compiled, so it does not matter
//! where that lay. Path, feature and meaning of the file stay those of the disk.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use invfs_engine::compiled::checksum;
use invfs_engine::vfs::Vfs;
use magnus::{Error, Ruby, Value};
use parking_lot::Mutex;

use super::compiled;
use crate::helpers::string;

/// What holds such code, as long as somebody uses it.
static OFFERED: Mutex<Vec<Weak<dyn Vfs>>> = Mutex::new(Vec::new());
/// Whether there is anything in it.
static ANY: AtomicBool = AtomicBool::new(false);

/// From now on, files on disk are loaded as `vfs` has them compiled.
pub fn offer(ruby: &Ruby, vfs: &Arc<dyn Vfs>) {
    // Without a key nothing is compiled for this Ruby.
    if !compiled::key(ruby).is_ok_and(|key| vfs.has_library(&key)) {
        return;
    }
    let mut offered = OFFERED.lock();
    offered.retain(|other| other.strong_count() > 0);
    let new = Arc::downgrade(vfs);
    if !offered.iter().any(|other| other.ptr_eq(&new)) {
        offered.push(new);
    }
    ANY.store(true, Ordering::Release);
}

/// The compiled form of the file on disk at `path`.
pub fn load(ruby: &Ruby, path: &[u8]) -> Result<Option<Value>, Error> {
    if !ANY.load(Ordering::Acquire) || compiled::counts_lines() {
        return Ok(None);
    }
    // No lock is held while Ruby code may run.
    let offered: Vec<_> = OFFERED.lock().iter().filter_map(Weak::upgrade).collect();
    if offered.is_empty() {
        return Ok(None);
    }
    // If it cannot be read, Ruby says so.
    let Ok(source) = std::fs::read(string::os_path(path)) else {
        return Ok(None);
    };
    let key = compiled::key(ruby)?;
    let (crc, size) = (checksum(&source), source.len() as u64);
    for vfs in offered {
        // An archive that was closed or is damaged has nothing to offer.
        if let Ok(Some(code)) = vfs.library(&key, path, crc, size) {
            return compiled::from_binary(ruby, &code);
        }
    }
    Ok(None)
}
