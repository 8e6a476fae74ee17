//! Errors of the operating system that invfs makes itself, so that callers see the number they know from files.

use std::io;

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
