//! Running a program that lies in a mount.

use std::ffi::{c_char, c_int};
use std::os::fd::{IntoRawFd, RawFd};

use crate::hooks::arguments::{environment, Argument, Given};
use crate::hooks::descriptor::close_own;
use crate::hooks::macros::hooks;
use crate::hooks::{access, open};
use crate::paths::dispatch::{dispatch_path, ErrorNumber};
use crate::paths::route::PathTarget;
use crate::paths::stand_in;
use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd::ProcPath;

hooks! {
    [c"execve"] fn execve(path: Text, arguments: Strings, environment: Strings) -> c_int = libc::execve {
        dispatch_path(
            path,
            |path| original(path, arguments, environment),
            |at| {
                let fd = program(at)?;
                original(Text::from(&ProcPath::new(fd)), arguments, environment);
                let mut errno = Errno::last();
                if errno.0 == libc::ENOENT {
                    // Without /proc: good for programs, not for scripts, whose interpreter would need the path.
                    execute_file(fd, arguments, environment);
                    errno = Errno::last();
                }
                close_own(fd);
                Err(errno)
            },
        )
    }

    [c"execv"] fn execv(path: Text, arguments: Strings) -> c_int => execve(path, arguments, environment());

    [c"execvp"] fn execvp(file: Text, arguments: Strings) -> c_int => execvpe(file, arguments, environment());

    // A name without a slash is looked for by the C library, along `PATH`; it does not see mounts.
    [c"execvpe"] fn execvpe(file: Text, arguments: Strings, environment: Strings) -> c_int = libc::execvpe {
        if !file.has_slash() {
            return Ok(original(file, arguments, environment));
        }
        dispatch_path(
            file,
            |file| original(file, arguments, environment),
            |at| {
                let fd = program(at)?;
                original(Text::from(&ProcPath::new(fd)), arguments, environment);
                let errno = Errno::last();
                close_own(fd);
                Err(errno)
            },
        )
    }

    [c"posix_spawn"] fn posix_spawn(
        pid: Given<libc::pid_t>,
        path: Text,
        actions: Given<libc::posix_spawn_file_actions_t>,
        attributes: Given<libc::posix_spawnattr_t>,
        arguments: Given<*mut c_char>,
        environment: Given<*mut c_char>
    ) -> ErrorNumber = libc::posix_spawn {
        dispatch_path(
            path,
            |path| original(pid, path, actions, attributes, arguments, environment),
            |at| {
                let fd = program(at)?;
                let path = ProcPath::new(fd);
                let result = original(pid, Text::from(&path), actions, attributes, arguments, environment);
                close_own(fd);
                Ok(result)
            },
        )
    }

    [c"posix_spawnp"] fn posix_spawnp(
        pid: Given<libc::pid_t>,
        file: Text,
        actions: Given<libc::posix_spawn_file_actions_t>,
        attributes: Given<libc::posix_spawnattr_t>,
        arguments: Given<*mut c_char>,
        environment: Given<*mut c_char>
    ) -> ErrorNumber = libc::posix_spawnp {
        Ok(match file.has_slash() {
            true => posix_spawn(pid, file, actions, attributes, arguments, environment),
            false => original(pid, file, actions, attributes, arguments, environment),
        })
    }
}

/// An array of strings with NULL at its end.
type Strings<'a> = Given<'a, *const c_char>;

/// A descriptor of the program that the new one inherits: a script's interpreter opens it by its number.
///
/// The target is gone when this returns: what the child of a `vfork` still held would never be given back to its parent.
fn program(target: PathTarget) -> Answer<RawFd> {
    if let Some(program) = stand_in::program(&target.place) {
        return program.map(IntoRawFd::into_raw_fd);
    }
    access::executable(&target)?;
    open::target(&target, libc::O_RDONLY, 0)
}

/// Executes an open file; returns where that fails.
fn execute_file(fd: RawFd, arguments: Strings<'_>, environment: Strings<'_>) {
    let (arguments, environment) = (arguments.raw(), environment.raw());
    // SAFETY: execveat(2) takes a descriptor, a path, which is empty here, flags, and the two arrays that `execve` takes.
    unsafe {
        libc::syscall(
            libc::SYS_execveat,
            fd,
            c"".as_ptr(),
            arguments,
            environment,
            libc::AT_EMPTY_PATH,
        )
    };
}
