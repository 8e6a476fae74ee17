//! The working directory.

use std::ffi::{c_char, c_int};

use crate::hooks::arguments::{allocated, Room};
use crate::hooks::macros::hooks;
use crate::open::empty_dir;
use crate::paths::dispatch::dispatch_for;
use crate::paths::route::Wants;
use crate::paths::text::Text;
use crate::paths::{cwd, real_links, relative};
use invfs_fs::sys::errno::{Answer, Errno};

hooks! {
    [c"chdir"] fn chdir(path: Text) -> c_int = libc::chdir {
        dispatch_for(
            Wants::Directory,
            libc::AT_FDCWD,
            path,
            |_, path| left(original(path)),
            |at| cwd::enter(&at.place).map(|()| 0),
        )
    }

    [c"fchdir"] fn fchdir(fd: c_int) -> c_int = libc::fchdir {
        match empty_dir::of_descriptor(fd) {
            Some(place) => cwd::enter(&place).map(|()| 0),
            None => Ok(left(original(fd))),
        }
    }

    [c"getcwd"] fn getcwd(buffer: Room, size: usize) -> *mut c_char = libc::getcwd {
        match cwd::current() {
            None => Ok(original(buffer, size)),
            // As in a directory that was removed.
            Some(place) if !place.is_mounted() => Err(Errno(libc::ENOENT)),
            Some(place) => hand_out(place.path(), buffer, size),
        }
    }

    [c"__getcwd_chk"] fn getcwd_chk(buffer: Room, size: usize, _room: usize) -> *mut c_char => getcwd(buffer, size);

    [c"get_current_dir_name"] fn get_current_dir_name() -> *mut c_char => getcwd(Room::NULL, 0);
}

fn left(result: c_int) -> c_int {
    if result == 0 {
        real_links::changed();
        relative::moved();
        cwd::left();
    }
    result
}

/// Copies the path as `getcwd(3)` says.
fn hand_out(mut path: Vec<u8>, buffer: Room<'_>, size: usize) -> Answer<*mut c_char> {
    path.push(0);
    let given = !buffer.as_ptr().is_null();
    if size == 0 && given {
        return Err(Errno(libc::EINVAL));
    }
    if size != 0 && size < path.len() {
        return Err(Errno(libc::ERANGE));
    }
    if !given {
        return allocated(&path, size);
    }
    // SAFETY: getcwd(3) asks for room for `size` bytes in the buffer; NULL was looked for.
    unsafe { buffer.fill(size, &path) }?;
    Ok(buffer.as_ptr())
}
