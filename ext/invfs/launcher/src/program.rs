//! A Ruby without a shared library. It is a program: it is executed from memory, with this launcher and the libraries that
//! it needs preloaded, and the launcher takes the place of its `main`.

use std::convert::Infallible;
use std::ffi::{c_char, c_void, CString, OsStr};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::ffi::OsStrExt;
use std::ptr::NonNull;

use invfs_engine::path::Subpath;
use invfs_fs::sys::errno::Errno;
use invfs_fs::sys::memfd;
use rustix::io::FdFlags;

use crate::arguments::Arguments;
use crate::description::Description;
use crate::mounted;
use crate::own_file::OwnFile;

/// The environment variable with the numbers of the descriptors that the executed program inherits: first that of the
/// packed file.
const INHERITED: &str = "INVFS_INHERITED";
/// What the loader takes libraries from.
const PRELOAD: &str = "LD_PRELOAD";

/// Executes the program. Returns only if that fails.
pub fn execute(
    own: &OwnFile,
    description: &Description,
    arguments: Arguments,
) -> Result<Infallible, String> {
    if !std::path::Path::new("/proc/self/fd").exists() {
        return Err("the packed Ruby has no shared library, and takes /proc".to_owned());
    }
    let file = own.file.get().map_err(says)?;
    let mut inherited = vec![rustix::io::dup(file).map_err(says)?];
    for library in &description.preloaded {
        inherited.push(in_memory(own, library)?);
    }
    let program = in_memory(own, &description.ruby)?;
    for file in &inherited {
        rustix::io::fcntl_setfd(file, FdFlags::empty()).map_err(says)?;
    }
    let numbers: Vec<String> = inherited
        .iter()
        .map(|file| file.as_raw_fd().to_string())
        .collect();
    // Spelled as nobody else does: the loader takes a path that it knows for the library that it has loaded.
    let mut libraries: Vec<_> = numbers
        .iter()
        .map(|number| format!("/proc/self//fd/{number}").into())
        .collect();
    libraries.extend(std::env::var_os(PRELOAD));
    std::env::set_var(PRELOAD, libraries.join(":".as_ref()));
    std::env::set_var(INHERITED, numbers.join(" "));
    extern "C" {
        static environ: *const *const c_char;
    }
    let (_, argv) = arguments.leak();
    // SAFETY: an open descriptor, and two lists of NUL-terminated strings with NULL at their ends; no other thread runs.
    unsafe { libc::fexecve(program.as_raw_fd(), argv.cast(), environ) };
    Err(says(Errno::last()))
}

fn says(errno: impl Into<Errno>) -> String {
    let error = io::Error::from_raw_os_error(errno.into().0);
    format!("the packed Ruby cannot be executed from memory: {error}")
}

fn in_memory(own: &OwnFile, sub: &Subpath) -> Result<OwnedFd, String> {
    let contents = own.read(sub)?;
    memfd::executable(&contents, &mounted::path(sub)).map_err(says)
}

/// In the executed program: the packed file. What else was inherited is gone, as are the traces in the environment.
pub fn arrive() -> Result<OwnedFd, String> {
    let numbers = std::env::var(INHERITED).unwrap_or_default();
    std::env::remove_var(INHERITED);
    let numbers: Vec<RawFd> = numbers
        .split(' ')
        .filter_map(|number| number.parse().ok())
        .collect();
    let preload = std::env::var_os(PRELOAD).unwrap_or_default();
    let others = preload
        .as_encoded_bytes()
        .splitn(numbers.len() + 1, |byte| *byte == b':')
        .nth(numbers.len());
    match others {
        Some(others) => std::env::set_var(PRELOAD, OsStr::from_bytes(others)),
        None => std::env::remove_var(PRELOAD),
    }
    let mut files = numbers.into_iter().map(|number| {
        // SAFETY: `execute` has left it to this process, in which nothing ran yet that could own it.
        unsafe { OwnedFd::from_raw_fd(number) }
    });
    let file = files.next();
    files.for_each(drop);
    file.ok_or_else(|| format!("{INHERITED} is missing"))
}

/// Has the system call the process by the name of the file, as if that were executed.
pub fn call(name: &str) {
    let name = name.rsplit('/').next().unwrap_or(name);
    if let Ok(name) = CString::new(name) {
        // SAFETY: a NUL-terminated string, of which the system takes what it has room for.
        unsafe { libc::prctl(libc::PR_SET_NAME, name.as_ptr()) };
    }
}

/// The program of this process, for its functions.
pub fn itself() -> Result<NonNull<c_void>, String> {
    // SAFETY: loads nothing.
    let program = unsafe { libc::dlopen(std::ptr::null(), libc::RTLD_LAZY) };
    NonNull::new(program).ok_or_else(|| "the packed Ruby does not know itself".to_owned())
}
