//! `readlink` and `realpath`.

use std::ffi::{c_char, c_int, CString};

use crate::hooks::arguments::{allocated, Room};
use crate::hooks::macros::hooks;
use crate::paths::dispatch::{dispatch, dispatch_path};
use crate::paths::route::PathTarget;
use crate::paths::text::Text;
use invfs_fs::mounts::real;
use invfs_fs::sys::errno::{Answer, Errno};

// The checked variants are told, besides, how much room a buffer has; the functions themselves never write more than they
// may.
hooks! {
    [c"readlink"] fn readlink(path: Text, buffer: Room, size: usize) -> isize
        => readlinkat(libc::AT_FDCWD, path, buffer, size);

    [c"readlinkat"] fn readlinkat(fd: c_int, path: Text, buffer: Room, size: usize) -> isize = libc::readlinkat {
        dispatch(
            fd,
            path,
            |fd, path| original(fd, path, buffer, size),
            |at| {
                let link = link_target(&at)?;
                // SAFETY: readlink(2) asks for room for `size` bytes in the buffer.
                unsafe { buffer.fill(size, &link) }.map(|length| length as isize)
            },
        )
    }

    [c"__readlink_chk"] fn readlink_chk(path: Text, buffer: Room, size: usize, _room: usize) -> isize
        => readlinkat(libc::AT_FDCWD, path, buffer, size);

    [c"__readlinkat_chk"] fn readlinkat_chk(fd: c_int, path: Text, buffer: Room, size: usize, _room: usize) -> isize
        => readlinkat(fd, path, buffer, size);

    [c"realpath"] fn realpath(path: Text, resolved: Room) -> *mut c_char = libc::realpath {
        dispatch_path(
            path,
            |path| original(path, resolved),
            |at| {
                let (real, node) = real::real(&at.place)?;
                at.check(&node)?;
                hand_out(real.path(), resolved)
            },
        )
    }

    [c"__realpath_chk"] fn realpath_chk(path: Text, resolved: Room, _room: usize) -> *mut c_char
        => realpath(path, resolved);

    [c"canonicalize_file_name"] fn canonicalize_file_name(path: Text) -> *mut c_char => realpath(path, Room::NULL);
}

fn link_target(target: &PathTarget) -> Answer<Vec<u8>> {
    if target.slash {
        target.check(&target.place.stat(true)?)?;
        return Err(Errno(libc::EINVAL));
    }
    let place = &target.place;
    place.mount.file_system().read_link(&place.sub)
}

/// Copies a path to where the caller of `realpath` wants it, or to memory that the caller frees.
fn hand_out(path: Vec<u8>, to: Room<'_>) -> Answer<*mut c_char> {
    const ROOM: usize = libc::PATH_MAX as usize;
    if path.len() >= ROOM {
        return Err(Errno(libc::ENAMETOOLONG));
    }
    let path = CString::new(path).map_err(|_| Errno(libc::ENOENT))?;
    let path = path.as_bytes_with_nul();
    if to.as_ptr().is_null() {
        return allocated(path, 0);
    }
    // SAFETY: realpath(3) asks for room for PATH_MAX bytes, or NULL, which was looked for.
    unsafe { to.fill(ROOM, path) }?;
    Ok(to.as_ptr())
}
