//! Names for temporary files and directories.

use std::sync::atomic::{AtomicU64, Ordering};

/// Runs `make` with names until one is new: until it fails for another reason than that the name is taken, or succeeds.
///
/// No two names are the same in one process, and names of different processes differ as long as these live. A name has
/// only digits and `-`.
///
/// ```
/// use std::io::ErrorKind;
/// use invfs_engine::unused_name::unused;
/// let is_taken = |error: &std::io::Error| error.kind() == ErrorKind::AlreadyExists;
/// let make = |name: &str| {
///     let path = std::env::temp_dir().join(format!("invfs-doc-{name}"));
///     std::fs::create_dir(&path).map(|()| path)
/// };
/// let directory = unused(is_taken, make)?;
/// std::fs::remove_dir(directory)?;
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn unused<T, E>(
    is_taken: impl Fn(&E) -> bool,
    mut make: impl FnMut(&str) -> Result<T, E>,
) -> Result<T, E> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        match make(&format!("{}-{number}", std::process::id())) {
            Err(error) if is_taken(&error) => {}
            result => return result,
        }
    }
}
