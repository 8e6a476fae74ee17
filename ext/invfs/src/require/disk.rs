//! Files of the operating system: what Ruby's own search would load.

use std::fs::File;

use crate::helpers::string;

/// Whether Ruby would take `path` for a file to load (`rb_file_load_ok`): it can be opened and is no directory.
pub fn loadable(path: &[u8]) -> bool {
    let path = string::os_path(path);
    match std::fs::metadata(&path) {
        // Opening a FIFO would wait for a writer: Ruby takes those too, without waiting.
        Ok(found) if found.is_file() => File::open(&path).is_ok(),
        Ok(found) => !found.is_dir(),
        Err(_) => false,
    }
}
