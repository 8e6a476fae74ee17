//! The operating system's spelling of paths, and errors of its kind that invfs makes itself, so that callers see the number
//! they know from files.

use std::io;
use std::path::PathBuf;

/// The operating system's spelling of a path in bytes.
///
/// ```
/// assert_eq!(invfs_engine::os::path(b"lib/a.rb"), std::path::Path::new("lib/a.rb"));
/// ```
#[cfg(unix)]
pub fn path(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    std::ffi::OsStr::from_bytes(bytes).into()
}

/// The operating system's spelling of a path in bytes.
#[cfg(not(unix))]
pub fn path(bytes: &[u8]) -> PathBuf {
    String::from_utf8_lossy(bytes).into_owned().into()
}

/// "Is a directory".
pub(crate) fn eisdir() -> io::Error {
    #[cfg(unix)]
    return io::Error::from_raw_os_error(libc::EISDIR);
    #[cfg(not(unix))]
    io::ErrorKind::IsADirectory.into()
}

/// "Too many levels of symbolic links".
pub(crate) fn eloop() -> io::Error {
    #[cfg(unix)]
    return io::Error::from_raw_os_error(libc::ELOOP);
    #[cfg(not(unix))]
    io::Error::other("too many levels of symbolic links")
}

/// Whether it is "too many levels of symbolic links" or "file name too long".
pub(crate) fn is_loop_or_too_long(error: &io::Error) -> bool {
    #[cfg(unix)]
    return matches!(error.raw_os_error(), Some(libc::ELOOP | libc::ENAMETOOLONG));
    // Windows: ERROR_INVALID_NAME, ERROR_FILENAME_EXCED_RANGE, ERROR_CANT_RESOLVE_FILENAME.
    #[cfg(not(unix))]
    return matches!(error.raw_os_error(), Some(123 | 206 | 1921));
}
