//! `fopen`, `freopen` and `fclose`: streams of the C library on files of a mount.

use std::ffi::c_int;

use libc::FILE;

use crate::hooks::arguments::Given;
use crate::hooks::descriptor::close_own;
use crate::hooks::macros::hooks;
use crate::hooks::open;
use crate::open::fd_table::{self, Closing};
use crate::paths::dispatch::dispatch_path;
use crate::paths::liveness;
use crate::paths::text::Text;
use invfs_fs::file_system::OpenHow;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd::ProcPath;

hooks! {
    [c"fopen", c"fopen64"] fn fopen(path: Text, mode: Text) -> *mut FILE = libc::fopen64 {
        dispatch_path(
            path,
            |path| {
                let stream = original(path, mode);
                // SAFETY: fopen(3) answers with NULL or an open stream.
                unsafe { written(stream, mode) };
                stream
            },
            |at| {
                let fd = open::target(&at, flags(mode)?, 0o666)?;
                // SAFETY: a descriptor, and a NUL-terminated mode: NULL would have no flags.
                let stream = unsafe { libc::fdopen(fd, mode.as_ptr()) };
                if stream.is_null() {
                    let errno = Errno::last();
                    close_own(fd);
                    return Err(errno);
                }
                Ok(stream)
            },
        )
    }

    [c"fclose"] fn fclose(given: Given<FILE>) -> c_int = libc::fclose {
        let fd = descriptor(given);
        if !fd_table::may_have(fd) {
            return Ok(original(given));
        }
        flush(given);
        let closing = fd_table::closing(fd);
        let result = original(given);
        closing.closed().map(|()| result)
    }

    [c"freopen", c"freopen64"] fn freopen(path: Text, mode: Text, given: Given<FILE>) -> *mut FILE = libc::freopen64 {
        dispatch_path(
            path,
            |path| {
                // Without a path it stays the same file.
                let leaving = path.to_bytes().map(|_| leave(given));
                let stream = original(path, mode, given);
                let _ = leaving.map(Closing::closed);
                // SAFETY: freopen(3) answers with NULL or an open stream.
                unsafe { written(stream, mode) };
                stream
            },
            |at| {
                flush(given);
                let fd = open::target(&at, flags(mode)? | libc::O_CLOEXEC, 0o666)?;
                let leaving = leave(given);
                let mut stream = original(Text::from(&ProcPath::new(fd)), mode, given);
                let mut errno = Errno::last();
                if stream.is_null() && errno.0 == libc::ENOENT {
                    // Without /proc, something else is opened first.
                    stream = original(Text::from(c"/dev/null"), mode, given);
                    // SAFETY: not NULL, so it is the open stream that freopen(3) answers with.
                    if !stream.is_null() && unsafe { libc::dup2(fd, libc::fileno(stream)) } < 0 {
                        errno = Errno::last();
                        stream = std::ptr::null_mut();
                    }
                }
                if !stream.is_null() {
                    // SAFETY: not NULL, so it is the open stream that freopen(3) answers with.
                    fd_table::duplicated(fd, unsafe { libc::fileno(stream) });
                }
                close_own(fd);
                let _ = leaving.closed();
                if stream.is_null() {
                    Err(errno)
                } else {
                    Ok(stream)
                }
            },
        )
    }
}

/// The descriptor of a stream; -1 for none.
fn descriptor(stream: Given<'_, FILE>) -> c_int {
    match stream.as_ptr().is_null() {
        true => -1,
        // SAFETY: an open stream, as the functions that take one ask of their callers.
        false => unsafe { libc::fileno(stream.as_ptr()) },
    }
}

/// Has a stream write what it holds, if its file may be one that is handed over.
fn flush(stream: Given<'_, FILE>) {
    if fd_table::is_written(descriptor(stream)) {
        // SAFETY: not NULL, so an open stream, as above.
        unsafe { libc::fflush(stream.as_ptr()) };
    }
}

/// The stream is about to become another file. As freopen(3) has it, nobody hears how closing the old one went.
fn leave(stream: Given<'_, FILE>) -> Closing {
    flush(stream);
    fd_table::closing(descriptor(stream))
}

/// The flags of `open` for a mode like `"r+e"`.
fn flags(mode: Text<'_>) -> Answer<c_int> {
    let mode = mode.to_bytes().and_then(<[u8]>::split_first);
    let (first, rest) = mode.ok_or(Errno(libc::EINVAL))?;
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
/// `stream` is NULL or open.
unsafe fn written(stream: *mut FILE, mode: Text<'_>) {
    if !stream.is_null() && flags(mode).is_ok_and(|flags| (OpenHow { flags, mode: 0 }).writes()) {
        // SAFETY: an open stream, as the caller promises.
        liveness::opened_for_writing(unsafe { libc::fileno(stream) });
    }
}
