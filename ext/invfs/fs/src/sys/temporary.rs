//! Nameless files and directories, in the first place of the system where one can be made.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags};

use crate::sys::errno::{Answer, Errno};
use invfs_engine::unused_name::unused;

const DIRECTORY: OFlags = OFlags::RDONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::CLOEXEC);

/// How deep the empty directory lies in directories that are gone, too: `..` leads out of none of the first ones.
const DEPTH: usize = 8;

/// Directories that can often be written to, and run from.
fn places() -> Vec<PathBuf> {
    let known = ["/tmp", "/dev/shm", "/var/tmp", "/run"];
    std::iter::once(std::env::temp_dir())
        .chain(known.map(PathBuf::from))
        .collect()
}

/// Those in memory first: a removed directory on a disk with a journal is written off at the end of the process, which
/// then takes 15 to 30 ms longer.
fn places_in_memory() -> Vec<PathBuf> {
    let of_user = format!("/run/user/{}", rustix::process::geteuid().as_raw());
    let in_memory = [PathBuf::from("/dev/shm"), of_user.into()];
    in_memory.into_iter().chain(places()).collect()
}

/// Whether the process has no room for another descriptor, which it has no more elsewhere.
fn is_final(errno: Errno) -> bool {
    matches!(errno.0, libc::EMFILE | libc::ENFILE | libc::ENOMEM)
}

/// The first of these places where something can be made.
fn first<T>(places: Vec<PathBuf>, make: impl Fn(PathBuf) -> Answer<T>) -> Answer<T> {
    let mut answer = Err(Errno(libc::EROFS));
    for place in places {
        answer = make(place);
        match &answer {
            Err(errno) if !is_final(*errno) => {}
            _ => return answer,
        }
    }
    answer
}

/// Runs `make` with paths in `place` until one is new.
fn new_path<T>(
    place: &std::path::Path,
    make: impl Fn(&PathBuf) -> rustix::io::Result<T>,
) -> Answer<(PathBuf, T)> {
    let is_taken = |errno: &rustix::io::Errno| *errno == rustix::io::Errno::EXIST;
    let (path, made) = unused(is_taken, |name| {
        let path = place.join(format!("invfs-{name}"));
        make(&path).map(|made| (path, made))
    })?;
    Ok((path, made))
}

/// A new directory that only this process's user can enter.
pub fn private_directory() -> Answer<PathBuf> {
    private_directory_in(places())
}

fn private_directory_in(places: Vec<PathBuf>) -> Answer<PathBuf> {
    first(places, |place| {
        let (path, ()) = new_path(&place, |path| rustix::fs::mkdir(path, Mode::RWXU))?;
        Ok(path)
    })
}

/// A file that can be read, written and executed, and has no name.
pub fn file() -> Answer<OwnedFd> {
    let flags = OFlags::RDWR | OFlags::EXCL | OFlags::CLOEXEC;
    first(places(), |place| {
        match rustix::fs::open(&place, flags | OFlags::TMPFILE, Mode::RWXU).map_err(Errno::from) {
            Err(errno) if !is_final(errno) => {}
            answer => return answer,
        }
        // Not every file system can do without a name from the start.
        let flags = flags | OFlags::CREATE;
        let (path, file) = new_path(&place, |path| rustix::fs::open(path, flags, Mode::RWXU))?;
        // What cannot be removed stays behind.
        let _ = rustix::fs::unlink(path);
        // Whatever the umask took away.
        let _ = rustix::fs::fchmod(&file, Mode::RWXU);
        Ok(file)
    })
}

/// An empty directory that nobody can put anything into, and every user of the process can be in.
pub fn empty_directory() -> Answer<OwnedFd> {
    match removed_directory() {
        Err(errno) if !is_final(errno) => {}
        answer => return answer,
    }
    // Nothing can be written anywhere: an empty directory that systems have for just this, or have at all.
    let usual = [
        "/var/empty",
        "/run/sshd",
        "/mnt",
        "/srv",
        "/media",
        "/opt",
        "/home",
        "/boot",
        "/tmp",
        "/sys",
        "/proc",
    ];
    for path in usual {
        if std::fs::read_dir(path).is_ok_and(|mut names| names.next().is_none()) {
            return Ok(rustix::fs::open(path, DIRECTORY, Mode::empty())?);
        }
    }
    Err(Errno(libc::EROFS))
}

fn removed_directory() -> Answer<OwnedFd> {
    let mut path = private_directory_in(places_in_memory())?;
    let top = path.clone();
    for _ in 0..DEPTH {
        path.push("d");
    }
    let made = std::fs::create_dir_all(&path).map_err(Errno::from);
    let opened = made.and_then(|()| {
        let opened = rustix::fs::open(&path, DIRECTORY, Mode::empty())?;
        // Else a process that gives its rights away could not open it any more.
        let _ = rustix::fs::chmod(&path, Mode::from_bits_retain(0o555));
        Ok(opened)
    });
    // What cannot be removed stays behind, empty.
    while path.starts_with(&top) && std::fs::remove_dir(&path).is_ok() && path.pop() {}
    opened
}
