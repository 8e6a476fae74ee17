//! `fopen` and `freopen`: streams of the C library on files of a mount.

use std::ffi::{c_char, c_int, CStr};

use crate::hooks::open;
use crate::paths::dispatch::dispatch_path;
use crate::paths::liveness;
use invfs_fs::file_system::OpenHow;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd::ProcPath;

/// The flags of `open` for a mode such as `"r+e"`.
///
/// # Safety
/// `mode` is a NUL-terminated string.
unsafe fn flags(mode: *const c_char) -> Answer<c_int> {
    // SAFETY: the caller's promise.
    let mode = unsafe { CStr::from_ptr(mode) }.to_bytes();
    let (first, rest) = mode.split_first().ok_or(Errno(libc::EINVAL))?;
    // What follows a comma names an encoding.
    let rest = rest.split(|b| *b == b',').next().unwrap_or_default();
    let both = rest.contains(&b'+');
    let write = if both { libc::O_RDWR } else { libc::O_WRONLY };
    let mut flags = match first {
        b'r' if both => libc::O_RDWR,
        b'r' => libc::O_RDONLY,
        b'w' => write | libc::O_CREAT | libc::O_TRUNC,
        b'a' => write | libc::O_CREAT | libc::O_APPEND,
        _ => return Err(Errno(libc::EINVAL)),
    };
    if rest.contains(&b'e') {
        flags |= libc::O_CLOEXEC;
    }
    if rest.contains(&b'x') {
        flags |= libc::O_EXCL;
    }
    Ok(flags)
}

/// Notes a real file that was opened for writing.
///
/// # Safety
/// `stream` is NULL or open, `mode` a NUL-terminated string.
unsafe fn written(stream: *mut libc::FILE, mode: *const c_char) {
    // SAFETY: the caller's promise.
    unsafe {
        if !stream.is_null() && flags(mode).is_ok_and(|flags| (OpenHow { flags, mode: 0 }).writes())
        {
            liveness::opened_for_writing(libc::fileno(stream));
        }
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn fopen(path: *const c_char, mode: *const c_char) -> *mut libc::FILE {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            std::ptr::null_mut(),
            |path| {
                let stream = libc::fopen64(path, mode);
                written(stream, mode);
                stream
            },
            |at| {
                let fd = open::target(&at, flags(mode)?, 0o666)?;
                let stream = libc::fdopen(fd, mode);
                if stream.is_null() {
                    let errno = Errno::last();
                    libc::close(fd);
                    return Err(errno);
                }
                Ok(stream)
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn freopen(
    path: *const c_char,
    mode: *const c_char,
    stream: *mut libc::FILE,
) -> *mut libc::FILE {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            std::ptr::null_mut(),
            |path| {
                let stream = libc::freopen64(path, mode, stream);
                written(stream, mode);
                stream
            },
            |at| {
                let given = stream;
                let fd = open::target(&at, flags(mode)? | libc::O_CLOEXEC, 0o666)?;
                let mut stream = libc::freopen64(ProcPath::new(fd).as_ptr(), mode, stream);
                let mut errno = Errno::last();
                if stream.is_null() && errno.0 == libc::ENOENT {
                    // Without /proc, something else is opened first.
                    stream = libc::freopen64(c"/dev/null".as_ptr(), mode, given);
                    if !stream.is_null() && libc::dup2(fd, libc::fileno(stream)) < 0 {
                        errno = Errno::last();
                        stream = std::ptr::null_mut();
                    }
                }
                libc::close(fd);
                if stream.is_null() {
                    Err(errno)
                } else {
                    Ok(stream)
                }
            },
        )
    }
}
