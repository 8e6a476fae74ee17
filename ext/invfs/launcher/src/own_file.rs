//! The file that this program runs from, as an archive.

use std::ffi::{c_char, CStr, OsStr};
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Vfs;
use invfs_engine::ErrorKind;
use invfs_fs::sys::reserved_fd::ReservedFd;
use invfs_fs::sys::reserved_file::ReservedFile;

use crate::provided::Provided;

/// The kernel's link to the executable.
const SELF: &str = "/proc/self/exe";

/// The file of this program.
pub struct OwnFile {
    /// For child processes that are to run it again.
    pub file: Arc<ReservedFd>,
    /// The archive behind the launcher.
    pub archive: Arc<Archive>,
    /// What messages call it.
    pub name: String,
}

impl OwnFile {
    /// All that the file `sub` of the archive holds. The error says what is wrong with it.
    pub fn read(&self, sub: &Subpath) -> Result<Vec<u8>, String> {
        let mut contents = Provided::default();
        let read = self.archive.read(sub, u64::MAX, &mut contents);
        read.map_err(|error| error.to_string())?;
        Ok(contents.0)
    }
}

/// Opens the file, under a descriptor that programs do not come to. The error says what is wrong.
pub fn open() -> Result<OwnFile, String> {
    let called = executed_as();
    let name = std::fs::read_link(SELF).unwrap_or_else(|_| called.clone());
    let name = name.to_string_lossy().into_owned();
    let file = file(&called).map_err(|error| format!("{name}: {error}"))?;
    opened(file, name)
}

/// The same where the file is open already, and another one is executed.
pub fn adopt(file: OwnedFd) -> Result<OwnFile, String> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    let name = std::fs::read_link(&path).unwrap_or_else(|_| path.into());
    opened(file, name.to_string_lossy().into_owned())
}

fn opened(file: OwnedFd, name: String) -> Result<OwnFile, String> {
    let source = Arc::new(ReservedFile::new(file));
    let file = source.descriptor();
    let archive = Archive::from_source(source, &name, &Options::default()).map_err(|error| {
        match error.kind() {
            ErrorKind::NotAnArchive => {
                format!("{name}: the end of the file is missing, or something was appended to it")
            }
            _ => error.to_string(),
        }
    })?;
    Ok(OwnFile {
        file,
        archive: Arc::new(archive),
        name,
    })
}

/// The path that the program was executed by: the only one where there is no /proc.
fn executed_as() -> PathBuf {
    // SAFETY: the kernel's own string, or 0.
    let name = unsafe { libc::getauxval(libc::AT_EXECFN) } as *const c_char;
    match name.is_null() {
        true => PathBuf::new(),
        // SAFETY: NUL-terminated; it stays until the process ends.
        false => OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes()).into(),
    }
}

/// A child process was executed by a descriptor that it inherited: that is the file, where no path leads to it, and is not
/// to be seen by the program.
fn file(called: &Path) -> io::Result<OwnedFd> {
    let inherited = inherited(called);
    match File::open(SELF).or_else(|_| File::open(called)) {
        Ok(file) => {
            let same = |other: &OwnedFd| match (rustix::fs::fstat(&file), rustix::fs::fstat(other))
            {
                (Ok(one), Ok(other)) => (one.st_dev, one.st_ino) == (other.st_dev, other.st_ino),
                _ => false,
            };
            if let Some(other) = inherited {
                if !same(&other) {
                    // Somebody else's.
                    std::mem::forget(other);
                }
            }
            Ok(file.into())
        }
        Err(error) => inherited.ok_or(error),
    }
}

/// The descriptor in the path that the kernel has for a program that was executed by one.
fn inherited(called: &Path) -> Option<OwnedFd> {
    let name = called
        .strip_prefix("/proc/self/fd")
        .or(called.strip_prefix("/dev/fd"))
        .ok()?;
    let number: RawFd = name.to_str()?.parse().ok()?;
    // SAFETY: asks for a number.
    let open = number > 2 && unsafe { libc::fcntl(number, libc::F_GETFD) } >= 0;
    // SAFETY: open, and nothing ran yet in this process that could own it.
    open.then(|| unsafe { OwnedFd::from_raw_fd(number) })
}
