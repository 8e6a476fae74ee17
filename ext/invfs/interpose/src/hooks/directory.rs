//! Directory streams.

use std::ffi::{c_int, c_long};

use libc::{dirent64, DIR};

use crate::hooks::arguments::{Given, Out};
use crate::hooks::descriptor::close_own;
use crate::hooks::macros::hooks;
use crate::open::dir_streams;
use crate::open::dir_streams::Read;
use crate::open::{empty_dir, fd_table};
use crate::paths::dispatch::{dispatch_for, ErrorNumber, Returned};
use crate::paths::route::Wants;
use crate::paths::text::Text;
use invfs_fs::sys::errno::Errno;

hooks! {
    [c"opendir"] fn opendir(path: Text) -> *mut DIR = libc::opendir {
        dispatch_for(
            Wants::Listing,
            libc::AT_FDCWD,
            path,
            |_, path| original(path),
            |at| {
                let fd = empty_dir::open(&at.place, libc::O_CLOEXEC)?;
                dir_streams::open(fd, at.place).inspect_err(|_| {
                    fd_table::remove(fd);
                    close_own(fd);
                })
            },
        )
    }

    [c"fdopendir"] fn fdopendir(fd: c_int) -> *mut DIR = libc::fdopendir {
        match empty_dir::of_descriptor(fd) {
            Some(place) => dir_streams::open(fd, place),
            None => Ok(original(fd)),
        }
    }

    /// `struct dirent` and `struct dirent64` are one on 64-bit systems.
    [c"readdir", c"readdir64"] fn readdir(stream: Given<DIR>) -> *mut dirent64 = libc::readdir64 {
        Ok(match dir_streams::read(stream.as_ptr(), |entry| &raw mut *entry) {
            Read::Real => original(stream),
            Read::End => std::ptr::null_mut(),
            Read::Entry(entry) => entry,
        })
    }

    [c"readdir_r", c"readdir64_r"] fn readdir_r(
        stream: Given<DIR>,
        entry: Out<dirent64>,
        result: Out<*mut dirent64>
    ) -> ErrorNumber = libc::readdir64_r {
        match dir_streams::read(stream.as_ptr(), |found| *found) {
            Read::Real => return Ok(original(stream, entry, result)),
            Read::End => result.set(std::ptr::null_mut())?,
            Read::Entry(found) => {
                entry.set(found)?;
                result.set(entry.as_ptr())?;
            }
        }
        Ok(ErrorNumber::returned(0))
    }

    [c"telldir"] fn telldir(stream: Given<DIR>) -> c_long = libc::telldir {
        Ok(match dir_streams::tell(stream.as_ptr()) {
            Some(at) => at as c_long,
            None => original(stream),
        })
    }

    [c"seekdir"] fn seekdir(stream: Given<DIR>, to: c_long) -> () = libc::seekdir {
        if !dir_streams::seek(stream.as_ptr(), to.max(0) as usize) {
            original(stream, to);
        }
        Ok(())
    }

    [c"rewinddir"] fn rewinddir(stream: Given<DIR>) -> () = libc::rewinddir {
        if !dir_streams::rewind(stream.as_ptr()) {
            original(stream);
        }
        Ok(())
    }

    [c"closedir"] fn closedir(stream: Given<DIR>) -> c_int = libc::closedir {
        if stream.as_ptr().is_null() {
            return Err(Errno(libc::EINVAL));
        }
        dir_streams::closing(stream.as_ptr());
        Ok(original(stream))
    }
}
