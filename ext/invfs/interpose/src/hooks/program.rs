//! Running a program that lies in a mount, or one that is passed mounts.

use std::ffi::{c_int, CStr};
use std::os::fd::{IntoRawFd, RawFd};

use crate::hooks::arguments::{environment, Argument, Given, SpawnStrings, Strings};
use crate::hooks::descriptor::close_own;
use crate::hooks::macros::hooks;
use crate::hooks::{access, open, ruby_children};
use crate::paths::dispatch::{dispatch_path, ErrorNumber};
use crate::paths::route::PathTarget;
use crate::paths::stand_in;
use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::fork;
use invfs_fs::sys::memfd::ProcPath;

hooks! {
    [c"execve"] fn execve(path: Text, arguments: Strings, environment: Strings) -> c_int = libc::execve {
        dispatch_path(
            path,
            |path| {
                let file = stand_in::instead(path);
                let path = file.as_ref().map_or(path, Text::from);
                ruby_children::adapted(path, arguments, environment, |arguments, environment| {
                    original(path, arguments, environment)
                })
            },
            |at| {
                let Program { fd, name } = program(at, environment)?;
                let file = ProcPath::new(fd);
                let errno = named(name, arguments, |arguments| ruby_children::in_directory(environment, |environment| {
                    original(Text::from(&file), arguments, environment);
                    match Errno::last() {
                        // Without /proc: good for programs, not for scripts, whose interpreter would need the path.
                        Errno(libc::ENOENT) => execute_file(fd, arguments, environment),
                        // A script that does not say what runs it: whoever calls this has the shell do that then, by a path
                        // that only this process has.
                        Errno(libc::ENOEXEC) => {
                            arguments.replaced(0..1, &[c"/bin/sh", file.as_c_str()], |arguments| {
                                original(Text::from(c"/bin/sh"), arguments, environment)
                            });
                        }
                        _ => {}
                    }
                    Errno::last()
                }));
                close_own(fd);
                Err(errno.unwrap_or_else(|errno| errno))
            },
        )
    }

    [c"execv"] fn execv(path: Text, arguments: Strings) -> c_int => execve(path, arguments, environment());

    [c"execvp"] fn execvp(file: Text, arguments: Strings) -> c_int => execvpe(file, arguments, environment());

    // A name without a slash is looked for by the C library, along `PATH`; it does not see mounts.
    [c"execvpe"] fn execvpe(file: Text, arguments: Strings, environment: Strings) -> c_int = libc::execvpe {
        let real = |file: Text<'_>| {
            let path = stand_in::instead(file);
            let file = path.as_ref().map_or(file, Text::from);
            ruby_children::adapted(file, arguments, environment, |arguments, environment| {
                original(file, arguments, environment)
            })
        };
        if !file.has_slash() {
            return Ok(real(file));
        }
        dispatch_path(file, real, |at| {
            let Program { fd, name } = program(at, environment)?;
            let path = ProcPath::new(fd);
            let errno = named(name, arguments, |arguments| ruby_children::in_directory(environment, |environment| {
                original(Text::from(&path), arguments, environment);
                Errno::last()
            }));
            close_own(fd);
            Err(errno.unwrap_or_else(|errno| errno))
        })
    }

    [c"posix_spawn"] fn posix_spawn(
        pid: Given<libc::pid_t>,
        path: Text,
        actions: Given<libc::posix_spawn_file_actions_t>,
        attributes: Given<libc::posix_spawnattr_t>,
        arguments: SpawnStrings,
        environment: SpawnStrings
    ) -> ErrorNumber = libc::posix_spawn {
        fork::shared_with_child();
        dispatch_path(
            path,
            |path| {
                let file = stand_in::instead(path);
                let path = file.as_ref().map_or(path, Text::from);
                ruby_children::adapted(path, arguments.0, environment.0, |arguments, environment| {
                    let (arguments, environment) = (SpawnStrings(arguments), SpawnStrings(environment));
                    original(pid, path, actions, attributes, arguments, environment)
                })
            },
            |at| {
                let Program { fd, name } = program(at, environment.0)?;
                let path = ProcPath::new(fd);
                let result = named(name, arguments.0, |arguments| ruby_children::in_directory(environment.0, |environment| {
                    let (arguments, environment) = (SpawnStrings(arguments), SpawnStrings(environment));
                    original(pid, Text::from(&path), actions, attributes, arguments, environment)
                }));
                close_own(fd);
                result
            },
        )
    }

    [c"posix_spawnp"] fn posix_spawnp(
        pid: Given<libc::pid_t>,
        file: Text,
        actions: Given<libc::posix_spawn_file_actions_t>,
        attributes: Given<libc::posix_spawnattr_t>,
        arguments: SpawnStrings,
        environment: SpawnStrings
    ) -> ErrorNumber = libc::posix_spawnp {
        fork::shared_with_child();
        if file.has_slash() {
            return Ok(posix_spawn(pid, file, actions, attributes, arguments, environment));
        }
        Ok(ruby_children::adapted(file, arguments.0, environment.0, |arguments, environment| {
            let (arguments, environment) = (SpawnStrings(arguments), SpawnStrings(environment));
            original(pid, file, actions, attributes, arguments, environment)
        }))
    }
}

/// A program in a mount.
struct Program {
    /// A descriptor that the new program inherits: a script's interpreter opens it by its number.
    fd: RawFd,
    /// What its first argument has to be.
    name: Option<&'static CStr>,
}

/// Runs `run` with the arguments for a program that has to be called by this name: by it, a packed program knows that it is
/// to be a `ruby`, whatever name the caller wants others to see.
fn named<R>(
    name: Option<&CStr>,
    arguments: Strings<'_>,
    run: impl FnOnce(Strings<'_>) -> R,
) -> Answer<R> {
    match name {
        Some(name) if arguments.iter().next() != Some(name) => arguments
            .replaced(0..1, &[name], run)
            .ok_or(Errno(libc::E2BIG)),
        _ => Ok(run(arguments)),
    }
}

/// The target is gone when this returns: what the child of a `vfork` still held would never be given back to its parent.
fn program(target: PathTarget, environment: Strings<'_>) -> Answer<Program> {
    if let Some((name, program)) = stand_in::program(&target.place) {
        return Ok(Program {
            fd: program?.into_raw_fd(),
            name: Some(name),
        });
    }
    let fd = file(&target, environment)?;
    Ok(Program { fd, name: None })
}

fn file(target: &PathTarget, environment: Strings<'_>) -> Answer<RawFd> {
    access::executable(target)?;
    if ruby_children::is_passed_on(environment) {
        if let Some(stub) = ruby_children::script(target)? {
            return Ok(stub);
        }
    }
    open::target(target, libc::O_RDONLY, 0)
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
