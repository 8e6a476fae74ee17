//! Running a program that lies in a mount.

use std::ffi::{c_char, c_int, CStr};
use std::os::fd::RawFd;

use crate::hooks::{access, open};
use crate::paths::dispatch::dispatch_path;
use crate::paths::route::PathTarget;
use invfs_fs::sys::errno::Answer;
use invfs_fs::sys::memfd::ProcPath;

extern "C" {
    static mut environ: *const *mut c_char;
}

/// A descriptor of the program that the new one inherits: a script's interpreter opens it by its number.
///
/// The target is gone when this returns: what the child of a `vfork` still held would never be given back to its parent.
fn program(target: PathTarget) -> Answer<RawFd> {
    access::executable(&target)?;
    open::target(&target, libc::O_RDONLY, 0)
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn execve(
    path: *const c_char,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::execve(path, arguments, environment),
            |at| {
                let fd = program(at)?;
                libc::execve(ProcPath::new(fd).as_ptr(), arguments, environment);
                let mut errno = invfs_fs::sys::errno::Errno::last();
                if errno.0 == libc::ENOENT {
                    // Without /proc: good for programs, not for scripts, whose interpreter would need the path.
                    let nothing = c"".as_ptr();
                    let flags = libc::AT_EMPTY_PATH;
                    libc::syscall(
                        libc::SYS_execveat,
                        fd,
                        nothing,
                        arguments,
                        environment,
                        flags,
                    );
                    errno = invfs_fs::sys::errno::Errno::last();
                }
                libc::close(fd);
                Err(errno)
            },
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn execv(path: *const c_char, arguments: *const *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own; the environment is read as `execv` would.
    unsafe { execve(path, arguments, environ.cast()) }
}

/// A name without a slash is looked for by the C library, along `PATH`; it does not see mounts.
///
/// # Safety
/// `file` is NULL or a NUL-terminated string.
unsafe fn has_slash(file: *const c_char) -> bool {
    // SAFETY: the caller's own argument: NULL or a NUL-terminated string.
    !file.is_null() && unsafe { CStr::from_ptr(file) }.to_bytes().contains(&b'/')
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn execvp(file: *const c_char, arguments: *const *const c_char) -> c_int {
    // SAFETY: the arguments are the caller's own; the environment is read as `execvp` would.
    unsafe { execvpe(file, arguments, environ.cast()) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn execvpe(
    file: *const c_char,
    arguments: *const *const c_char,
    environment: *const *const c_char,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        let real = |file| libc::execvpe(file, arguments, environment);
        if !has_slash(file) {
            return real(file);
        }
        dispatch_path(file, -1, real, |at| {
            let fd = program(at)?;
            real(ProcPath::new(fd).as_ptr());
            let errno = invfs_fs::sys::errno::Errno::last();
            libc::close(fd);
            Err(errno)
        })
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn posix_spawnp(
    pid: *mut libc::pid_t,
    file: *const c_char,
    actions: *const libc::posix_spawn_file_actions_t,
    attributes: *const libc::posix_spawnattr_t,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        match has_slash(file) {
            true => posix_spawn(pid, file, actions, attributes, arguments, environment),
            false => libc::posix_spawnp(pid, file, actions, attributes, arguments, environment),
        }
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn posix_spawn(
    pid: *mut libc::pid_t,
    path: *const c_char,
    actions: *const libc::posix_spawn_file_actions_t,
    attributes: *const libc::posix_spawnattr_t,
    arguments: *const *mut c_char,
    environment: *const *mut c_char,
) -> c_int {
    // Answers with the error number itself, and never with -1.
    // SAFETY: the arguments are the caller's own.
    let result = unsafe {
        dispatch_path(
            path,
            -1,
            |path| libc::posix_spawn(pid, path, actions, attributes, arguments, environment),
            |at| {
                let fd = program(at)?;
                let path = ProcPath::new(fd);
                let path = path.as_ptr();
                let result =
                    libc::posix_spawn(pid, path, actions, attributes, arguments, environment);
                libc::close(fd);
                Ok(result)
            },
        )
    };
    match result {
        -1 => invfs_fs::sys::errno::Errno::last().0,
        result => result,
    }
}
