//! Files of the operating system: what Ruby's own search would load.

use std::{fs::File, io::ErrorKind};

use crate::helpers::string;

/// What the operating system has under a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// A file that Ruby would load (`rb_file_load_ok`): it can be opened and is no directory.
    Loadable,
    /// Nothing to load.
    Nothing,
    /// Nothing, because a component of the path is a file.
    BelowFile,
}

/// Looks `path` up.
pub fn look(path: &[u8]) -> Look {
    let path = string::os_path(path);
    match std::fs::metadata(&path) {
        Ok(found) if found.is_dir() => Look::Nothing,
        // Opening a FIFO would wait for a writer: Ruby takes those too, without waiting.
        Ok(found) if !found.is_file() || File::open(&path).is_ok() => Look::Loadable,
        Ok(_) => Look::Nothing,
        Err(error) if error.kind() == ErrorKind::NotADirectory => Look::BelowFile,
        Err(_) => Look::Nothing,
    }
}
