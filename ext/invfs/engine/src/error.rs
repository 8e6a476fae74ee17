//! The one error type of the engine; the binding turns it into a Ruby exception in one place.

use std::fmt;

/// What went wrong, in the granularity that a caller can act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// No archive of a known format: no end of central directory was found.
    NotAnArchive,
    /// The structure contradicts itself or the file: truncated, overlapping, lying sizes or offsets.
    Malformed,
    /// The contents of one entry are damaged: bad CRC-32, bad compressed data, wrong length.
    Corrupt,
    /// A feature of the format that invfs does not read: another method, several disks.
    Unsupported,
    /// The entry is encrypted.
    Encrypted,
    /// An entry's name would leave the root or cannot name a file (`..`, absolute, NUL, backslash, too long).
    UnsafeName,
    /// Two entries have one name, or a file's name is also a directory's.
    DuplicateName,
    /// A file is larger than the limit of whoever asked for it.
    TooLarge,
    /// The archive was truncated or rewritten while it was open.
    Changed,
    /// There is no such file.
    NotFound,
    /// The name is a directory where a file was wanted.
    IsDirectory,
    /// The archive was closed.
    Closed,
    /// The operating system refused: see [`Error::io`].
    Io,
    /// A VFS that is written elsewhere failed: see [`Error::foreign`].
    Foreign,
}

/// A failure that names the archive (or directory) and, where one is concerned, the entry.
///
/// ```
/// use invfs_engine::{Error, ErrorKind};
/// let error = Error::new(ErrorKind::Corrupt, "app.zip", "the CRC-32 is wrong").entry(b"lib/a.rb");
/// assert_eq!(error.to_string(), "app.zip: entry \"lib/a.rb\": the CRC-32 is wrong");
/// assert_eq!(error.kind(), ErrorKind::Corrupt);
/// ```
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    container: String,
    entry: Option<String>,
    detail: String,
    io: Option<std::io::Error>,
    foreign: Option<Box<dyn std::any::Any + Send + Sync>>,
}

/// `Result` with the engine's [`Error`], boxed because it is large and rare.
pub type Result<T, E = Box<Error>> = std::result::Result<T, E>;

impl Error {
    /// An error about `container` (the path of an archive or directory, as the user named it).
    pub fn new(
        kind: ErrorKind,
        container: impl Into<String>,
        detail: impl Into<String>,
    ) -> Box<Error> {
        Box::new(Error {
            kind,
            container: container.into(),
            entry: None,
            detail: detail.into(),
            io: None,
            foreign: None,
        })
    }

    /// An error of the operating system about `container`.
    pub fn from_io(container: impl Into<String>, source: std::io::Error) -> Box<Error> {
        let mut error = Error::new(ErrorKind::Io, container, source.to_string());
        error.io = Some(source);
        error
    }

    /// A failure of a VFS that is written elsewhere; `payload` is whatever its author can recover.
    pub fn from_foreign(
        container: impl Into<String>,
        payload: Box<dyn std::any::Any + Send + Sync>,
    ) -> Box<Error> {
        let mut error = Error::new(ErrorKind::Foreign, container, "the VFS raised an exception");
        error.foreign = Some(payload);
        error
    }

    /// The same error, said of the entry `name` (bytes, shown as UTF-8 with replacement characters).
    pub fn entry(mut self: Box<Self>, name: &[u8]) -> Box<Error> {
        self.entry = Some(String::from_utf8_lossy(name).into_owned());
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The archive or directory concerned, as the user named it.
    pub fn container(&self) -> &str {
        &self.container
    }

    /// The entry concerned, if it is about one.
    pub fn entry_name(&self) -> Option<&str> {
        self.entry.as_deref()
    }

    /// The operating system's error behind [`ErrorKind::Io`].
    pub fn io(&self) -> Option<&std::io::Error> {
        self.io.as_ref()
    }

    /// Takes the payload of [`ErrorKind::Foreign`].
    pub fn foreign(&mut self) -> Option<Box<dyn std::any::Any + Send + Sync>> {
        self.foreign.take()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.entry {
            Some(entry) => write!(f, "{}: entry {entry:?}: {}", self.container, self.detail),
            None => write!(f, "{}: {}", self.container, self.detail),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.io
            .as_ref()
            .map(|e| e as &(dyn std::error::Error + 'static))
    }
}
