//! The error numbers that file operations answer with.

use std::sync::OnceLock;

use invfs_engine::error::{Error, ErrorKind};
use invfs_engine::symlinks::Failure;

/// A number of `errno.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Errno(pub i32);

/// What a file operation answers.
pub type Answer<T> = Result<T, Errno>;

impl Errno {
    /// A symbolic link leads out of the file system that was asked; `FileSystem::way_out` says where to. Programs are told
    /// `ENOENT`, where nothing follows it.
    pub const LEADS_OUT: Errno = Errno(i32::MIN);

    /// The calling thread's `errno`.
    pub fn last() -> Errno {
        Errno(
            std::io::Error::last_os_error()
                .raw_os_error()
                .unwrap_or(libc::EIO),
        )
    }

    /// Whether there was no room for one more descriptor.
    pub fn is_no_room(self) -> bool {
        matches!(self.0, libc::EMFILE | libc::ENFILE)
    }

    /// Makes this the calling thread's `errno`.
    pub fn set(self) {
        let number = match self {
            Errno::LEADS_OUT => libc::ENOENT,
            Errno(number) => number,
        };
        // SAFETY: the C library hands out the address of the calling thread's own variable.
        unsafe { *libc::__errno_location() = number }
    }
}

impl From<std::io::Error> for Errno {
    fn from(error: std::io::Error) -> Errno {
        Errno(error.raw_os_error().unwrap_or(libc::EIO))
    }
}

impl From<rustix::io::Errno> for Errno {
    fn from(errno: rustix::io::Errno) -> Errno {
        Errno(errno.raw_os_error())
    }
}

impl From<Failure> for Errno {
    fn from(failure: Failure) -> Errno {
        Errno(match failure {
            Failure::Loop => libc::ELOOP,
            Failure::NoName => libc::ENOENT,
        })
    }
}

/// Is told what a number cannot tell.
static REPORTER: OnceLock<fn(&str)> = OnceLock::new();

/// Has `reporter` told the reason, in one line, whenever a file cannot be read because its archive is damaged, closed or
/// of a kind that is not read: programs see a mere number. It is called in any thread, with or without Ruby's lock.
pub fn report_to(reporter: fn(&str)) {
    // The first one stays.
    let _ = REPORTER.set(reporter);
}

impl From<Box<Error>> for Errno {
    /// What a program that reads a real file would see if something like this happened to it.
    fn from(error: Box<Error>) -> Errno {
        let expected = [ErrorKind::NotFound, ErrorKind::IsDirectory, ErrorKind::Io];
        if let Some(report) = REPORTER.get().filter(|_| !expected.contains(&error.kind())) {
            report(&error.to_string());
        }
        let number = match error.kind() {
            ErrorKind::NotFound => libc::ENOENT,
            ErrorKind::IsDirectory => libc::EISDIR,
            ErrorKind::TooLarge => libc::EFBIG,
            ErrorKind::Encrypted => libc::EACCES,
            ErrorKind::Unsupported => libc::ENOTSUP,
            // As on a network file system whose server has another file there now.
            ErrorKind::Closed | ErrorKind::Changed => libc::ESTALE,
            ErrorKind::Io => match error.io() {
                Some(io) if io.kind() == std::io::ErrorKind::OutOfMemory => libc::ENOMEM,
                io => io
                    .and_then(std::io::Error::raw_os_error)
                    .unwrap_or(libc::EIO),
            },
            _ => libc::EIO,
        };
        Errno(number)
    }
}
