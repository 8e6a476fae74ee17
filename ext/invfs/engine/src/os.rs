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
