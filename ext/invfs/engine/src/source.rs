//! Where the bytes of an archive are: positioned reads on a file that is held open, or memory.

use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::path::Path;

use crate::sink::{zeroed, Room};

/// Bytes that can be read at any position, by any number of threads at once.
///
/// The archive reader touches its bytes only through this, so that tests can make every read fail.
///
/// ```
/// use invfs_engine::archive::Source;
/// let mut buffer = [0; 4];
/// assert_eq!(b"contents".to_vec().read_at(&mut buffer, 3).unwrap(), 4);
/// assert_eq!(&buffer, b"tent");
/// ```
pub trait Source: Send + Sync {
    /// Reads at most `buf.len()` bytes from `offset` on; 0 means that the end was reached.
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Appends bytes from `offset` on to `room`, at most as many as it has room for; 0 means that the end was reached.
    fn read_into(&self, room: &mut Room<'_>, offset: u64) -> io::Result<usize> {
        room.write_with(|rest| {
            let rest = zeroed(rest);
            let read = self.read_at(rest, offset)?;
            Ok(rest.get_mut(..read).unwrap_or_default())
        })
    }

    /// How many bytes there are now.
    fn len(&self) -> io::Result<u64>;

    /// Whether there are no bytes at all.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Which file this is and when it was last written; `None` where it is no file.
    fn identity(&self) -> io::Result<Option<Identity>> {
        Ok(None)
    }

    /// How many bytes of memory the contents take.
    fn memory_usage(&self) -> usize {
        0
    }
}

impl dyn Source + '_ {
    /// Fills `buf` from `offset` on, or as much of it as there is before the end; returns how much that was.
    pub(crate) fn fill_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut done = 0;
        while let Some(rest) = buf.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, offset.saturating_add(done as u64)) {
                Ok(0) => break,
                Ok(n) => done += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(done.min(buf.len()))
    }

    /// Fills the rest of `room` from `offset` on, or as much of it as there is before the end.
    pub(crate) fn fill_room(&self, room: &mut Room<'_>, mut offset: u64) -> io::Result<()> {
        while !room.rest().is_empty() {
            match self.read_into(room, offset) {
                Ok(0) => break,
                Ok(n) => offset = offset.saturating_add(n as u64),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// What tells one file from another, and from itself after a change.
///
/// ```
/// use invfs_engine::archive::Identity;
/// let this = Identity::of("Cargo.toml".as_ref()).unwrap();
/// assert_eq!(this, Identity::of("./Cargo.toml".as_ref()).unwrap());
/// assert!(Identity::of("no such file".as_ref()).is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity {
    /// The device that holds the file; 0 where the system has no such number.
    pub dev: u64,
    /// The file's number on that device; 0 where the system has no such number.
    pub ino: u64,
    /// Length in bytes.
    pub size: u64,
    /// Time of the last change of the contents, in nanoseconds since the epoch.
    pub mtime_ns: i128,
}

impl Identity {
    /// The identity that the system's numbers make; `mtime` is in seconds since the epoch and nanoseconds.
    ///
    /// ```
    /// use invfs_engine::archive::Identity;
    /// assert_eq!(Identity::new(1, 2, 3, (4, 5)).mtime_ns, 4_000_000_005);
    /// ```
    pub fn new(dev: u64, ino: u64, size: u64, (seconds, nanoseconds): (i64, i64)) -> Identity {
        Identity {
            dev,
            ino,
            size,
            mtime_ns: i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds),
        }
    }

    /// The identity of whatever lies at `path`, links followed; fails as `stat` does.
    pub fn of(path: &Path) -> io::Result<Identity> {
        std::fs::metadata(path).map(|metadata| Identity::from_metadata(&metadata))
    }

    #[cfg(unix)]
    fn from_metadata(metadata: &Metadata) -> Identity {
        use std::os::unix::fs::MetadataExt;
        let mtime = (metadata.mtime(), metadata.mtime_nsec());
        Identity::new(metadata.dev(), metadata.ino(), metadata.len(), mtime)
    }

    #[cfg(not(unix))]
    fn from_metadata(metadata: &Metadata) -> Identity {
        let since = |time: std::time::SystemTime| {
            time.duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |d| d.as_nanos() as i128)
        };
        Identity {
            dev: 0,
            ino: 0,
            size: metadata.len(),
            mtime_ns: metadata.modified().map_or(0, since),
        }
    }
}

/// What [`open_regular`] found.
pub(crate) enum Opened {
    /// A regular file.
    Regular(File),
    /// A directory.
    Directory,
    /// A device, a pipe, a socket: nothing that an archive could be read from.
    Other,
}

/// Opens `path` for reading if it is a regular file; never waits for anybody, as opening a FIFO would.
pub(crate) fn open_regular(path: &Path) -> io::Result<Opened> {
    // Looked at before it is opened too: opening some devices does something.
    if let Some(other) = special(&std::fs::metadata(path)?) {
        return Ok(other);
    }
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // Somebody may have put a FIFO there since.
        options.custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
    }
    let file = options.open(path)?;
    Ok(special(&file.metadata()?).unwrap_or(Opened::Regular(file)))
}

fn special(metadata: &Metadata) -> Option<Opened> {
    if metadata.is_file() {
        None
    } else if metadata.is_dir() {
        Some(Opened::Directory)
    } else {
        Some(Opened::Other)
    }
}

impl Source for File {
    #[cfg(unix)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(self, buf, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(self, buf, offset)
    }

    #[cfg(unix)]
    fn read_into(&self, room: &mut Room<'_>, offset: u64) -> io::Result<usize> {
        room.write_with(|rest| Ok(rustix::io::pread(self, rest, offset)?.0))
    }

    fn len(&self) -> io::Result<u64> {
        self.metadata().map(|metadata| metadata.len())
    }

    fn identity(&self) -> io::Result<Option<Identity>> {
        self.metadata().map(|m| Some(Identity::from_metadata(&m)))
    }
}

/// The bytes from `offset` on.
fn from(bytes: &[u8], offset: u64) -> &[u8] {
    let offset = usize::try_from(offset).ok();
    let rest = offset.and_then(|offset| bytes.get(offset..));
    rest.unwrap_or_default()
}

impl Source for Vec<u8> {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        let rest = from(self, offset);
        let n = rest.len().min(buf.len());
        if let (Some(to), Some(from)) = (buf.get_mut(..n), rest.get(..n)) {
            to.copy_from_slice(from);
        }
        Ok(n)
    }

    fn read_into(&self, room: &mut Room<'_>, offset: u64) -> io::Result<usize> {
        let rest = from(self, offset);
        let len = rest.len().min(room.rest().len());
        room.append(rest);
        Ok(len)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(Vec::len(self) as u64)
    }

    fn memory_usage(&self) -> usize {
        self.capacity()
    }
}
