//! Decides for a path of a file operation whether it leads into a mount.

use std::borrow::Cow;
use std::ffi::{c_int, CString};

use crate::open::{empty_dir, fd_table};
use crate::paths::text::Text;
use crate::paths::{cwd, liveness, past, relative, way_out};
use invfs_engine::path::{components, Subpath};
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::Node;
use invfs_fs::mounts;
use invfs_fs::mounts::real;
use invfs_fs::mounts::{Over, Place, Table};
use invfs_fs::sys::errno::{Answer, Errno};

/// As the system: with the NUL byte at the end.
const PATH_MAX: usize = 4096;
const NAME_MAX: usize = 255;

/// Where a path leads.
pub enum Route {
    /// Out of all mounts: the original is called with the arguments unchanged.
    Real,
    /// Out of all mounts, although by way of one: the path that is meant.
    Elsewhere(CString),
    /// Into a mount.
    Virtual(PathTarget),
    /// To an error.
    Failed(Errno),
}

/// A place in a mount, as a path names it.
#[derive(Clone)]
pub struct PathTarget {
    /// The place.
    pub place: Place,
    /// Whether the path ended in a slash, so that it can only mean a directory.
    pub slash: bool,
    /// Whether the path ended in `/.`.
    pub dot: bool,
}

impl PathTarget {
    /// A place that is meant as it is.
    pub fn new(place: Place) -> PathTarget {
        PathTarget {
            place,
            slash: false,
            dot: false,
        }
    }

    /// `ENOTDIR` where the path ended in a slash and does not lead to a directory.
    pub fn check(&self, node: &Node) -> Answer<()> {
        match self.slash && node.kind != Kind::Directory {
            true => Err(Errno(libc::ENOTDIR)),
            false => Ok(()),
        }
    }
}

/// What kind of thing a call can do something with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Wants {
    /// Anything.
    Anything,
    /// A directory to be in: for it the root of a mount is one even where a file lies there.
    Directory,
    /// A directory whose names are read.
    Listing,
}

/// Routes the path of a call; a relative one begins at the directory `fd`, or where `AT_FDCWD` says.
pub fn at(fd: c_int, path: Text<'_>, wants: Wants) -> Route {
    match route(fd, path) {
        Route::Virtual(target) => settle(target, wants),
        route => route,
    }
}

/// Decides what is meant where both a mount and something else may be.
pub fn settle(target: PathTarget, wants: Wants) -> Route {
    let Place { mount, sub } = &target.place;
    match mount.over {
        Over::Nothing => Route::Virtual(target),
        Over::File if sub.is_root() && !target.slash && wants == Wants::Anything => beneath(target),
        Over::File => match liveness::now(&target.place) {
            Some(place) => Route::Virtual(PathTarget { place, ..target }),
            None => beneath(target),
        },
        Over::Directory if is_directorys(&target.place, wants) => beneath(target),
        Over::Directory => Route::Virtual(target),
    }
}

/// Whether what a path means is the real directory's, over which the mount lies: what the VFS does not have, and, but for
/// reading its names, a directory that both have.
fn is_directorys(place: &Place, wants: Wants) -> bool {
    let real = || real_kind(&place.path());
    match place.mount.file_system().stat(&place.sub, false) {
        Ok(node) if node.kind == Kind::Directory && wants != Wants::Listing => {
            real() == Some(Kind::Directory)
        }
        Ok(_) => false,
        Err(_) => true,
    }
}

fn real_kind(path: &[u8]) -> Option<Kind> {
    use std::os::unix::ffi::OsStrExt;
    let found = std::fs::metadata(std::ffi::OsStr::from_bytes(path)).ok()?;
    Some(if found.is_dir() {
        Kind::Directory
    } else {
        Kind::File
    })
}

/// What is under a path without the mount that it leads into.
fn beneath(target: PathTarget) -> Route {
    let mut path = target.place.path();
    let table = mounts::current();
    let table = table.as_ref();
    if let Some(place) = table.and_then(|t| t.beneath(&path, target.place.mount.root.len())) {
        return settle(PathTarget { place, ..target }, Wants::Anything);
    }
    if target.slash {
        path.extend_from_slice(if target.dot { b"/." } else { b"/" });
    }
    CString::new(path).map_or(Route::Real, Route::Elsewhere)
}

fn route(fd: c_int, path: Text<'_>) -> Route {
    if path.to_bytes().is_some_and(is_elsewhere) {
        return Route::Real;
    }
    let table = mounts::current();
    let Some(table) = &*table else {
        return Route::Real;
    };
    if past::is_past() {
        return Route::Real;
    }
    let Some(bytes) = path.to_bytes() else {
        return Route::Real;
    };
    match bytes.first() {
        Some(b'/') => absolute(table, bytes),
        // With AT_EMPTY_PATH an empty path means the descriptor itself: the hooks that know the flag look first.
        None => Route::Real,
        Some(_) if fd == libc::AT_FDCWD && !cwd::is_virtual() => inward(table, bytes),
        Some(_) if fd != libc::AT_FDCWD && !fd_table::may_have(fd) => Route::Real,
        Some(_) => relative(table, fd, bytes),
    }
}

/// Whether the path surely has nothing to do with a mount: so it is for most, without a look at the table.
fn is_elsewhere(path: &[u8]) -> bool {
    path.first() == Some(&b'/') && !mounts::may_concern(path) && is_clean(path)
}

/// Where a path leads from a real working directory.
fn inward(table: &Table, path: &[u8]) -> Route {
    match relative::inward(table, path) {
        Some(path) => absolute(table, &path),
        None => Route::Real,
    }
}

fn relative(table: &Table, fd: c_int, path: &[u8]) -> Route {
    let base = match fd {
        libc::AT_FDCWD => cwd::current(),
        fd => empty_dir::of_descriptor(fd),
    };
    let Some(base) = base else {
        return match fd {
            libc::AT_FDCWD => inward(table, path),
            _ => Route::Real,
        };
    };
    if !is_seen(table, &base) {
        return within(base, path).unwrap_or_else(Route::Failed);
    }
    let joined = [&base.path(), &b"/"[..], path].concat();
    absolute(table, &joined)
}

/// Whether the path of an open directory leads to it still: its mount is there, and no other covers it.
fn is_seen(table: &Table, base: &Place) -> bool {
    let path = base.path();
    match table.find_visible(&path) {
        Some(now) => now.mount.id == base.mount.id,
        None => base.mount.id == 0 && table.way(&path).is_some(),
    }
}

/// Where a path leads from an open directory whose mount is gone or covered: it stays in that mount. `ENOENT` above its
/// root.
fn within(base: Place, path: &[u8]) -> Answer<Route> {
    let mut at = base;
    for name in components(path) {
        match name {
            b"." => {}
            b".." => {
                let (real, node) = real::real(&at)?;
                if node.kind != Kind::Directory {
                    return Err(Errno(libc::ENOTDIR));
                }
                if real.sub.is_root() {
                    return Err(Errno(libc::ENOENT));
                }
                at.sub = real.sub.parent().to_owned();
            }
            name => at.sub = at.sub.join(Subpath::new(name).ok_or(Errno(libc::ENOENT))?),
        }
    }
    Ok(target(at, path))
}

/// Where an absolute path leads.
pub fn absolute(table: &Table, path: &[u8]) -> Route {
    if is_clean(path) {
        return match table.find_visible(path) {
            Some(place) => target(place, path),
            None => Route::Real,
        };
    }
    let mut path = Cow::Borrowed(path);
    loop {
        match walk(table, &path) {
            Walked::Out(next) => path = Cow::Owned(next),
            Walked::To(Route::Real) => {
                return match path {
                    Cow::Borrowed(_) => Route::Real,
                    Cow::Owned(path) => CString::new(path)
                        .map_or(Route::Failed(Errno(libc::ENOENT)), Route::Elsewhere),
                }
            }
            Walked::To(route) => return route,
        }
    }
}

/// What walking along a path came to.
enum Walked {
    /// Its end.
    To(Route),
    /// Out of a mount, by `..`: what is still to be walked, from the real directory there on.
    Out(Vec<u8>),
}

fn target(place: Place, path: &[u8]) -> Route {
    if path.len() >= PATH_MAX || has_long_name(place.sub.as_bytes()) {
        return Route::Failed(Errno(libc::ENAMETOOLONG));
    }
    Route::Virtual(PathTarget {
        place,
        slash: means_directory(path),
        dot: path.ends_with(b"/."),
    })
}

/// Whether only a directory can be meant: the path ends in a slash, `.` or `..`.
fn means_directory(path: &[u8]) -> bool {
    path.ends_with(b"/") || path.ends_with(b"/.") || path.ends_with(b"/..")
}

fn has_long_name(path: &[u8]) -> bool {
    path.len() > NAME_MAX && path.split(|b| *b == b'/').any(|name| name.len() > NAME_MAX)
}

/// Whether nothing in the path could be an empty component, `.` or `..`. Names that begin with a dot are taken for
/// unclean, too: the walk finds out.
fn is_clean(path: &[u8]) -> bool {
    let next = path.get(1..).unwrap_or_default();
    let suspicious = path.iter().zip(next).fold(false, |found, (this, next)| {
        found | ((*this == b'/') & ((*next == b'/') | (*next == b'.')))
    });
    !suspicious && path.last() != Some(&b'/')
}

/// Walks the components of a path that is not clean.
///
/// `..` after a directory of a mount, or an implied one, leads to the directory that holds it, which may be a real one;
/// `..` after real directories is left to the system, unless the path seems to lead into a mount after it: then it is asked where.
fn walk(table: &Table, path: &[u8]) -> Walked {
    let mut at = Vec::with_capacity(path.len());
    // How far the path was walked when it last left a real directory upwards, and where that leads by its letters.
    let mut climbed: Option<(usize, Vec<u8>)> = None;
    let mut walked = 0;
    for component in path.split(|b| *b == b'/') {
        walked += component.len();
        match component {
            b"" | b"." => {}
            b".." => {
                let place = table.find_visible(&at);
                if place.is_some() || is_implied(table, &at) {
                    if let Some((walked, letters)) = &climbed {
                        if !same_directory(path.get(..*walked), letters) {
                            return Walked::To(Route::Real);
                        }
                    }
                    if let Some(place) = &place {
                        match real::directory(place) {
                            Ok(real) => at = real,
                            // The system climbs from where the link leads.
                            Err(Errno::LEADS_OUT) => {
                                let out = match way_out::path(place, true) {
                                    Ok(out) => out,
                                    Err(errno) => return Walked::To(Route::Failed(errno)),
                                };
                                let rest = path.get(walked..).unwrap_or_default();
                                return Walked::Out([&out, &b"/.."[..], rest].concat());
                            }
                            Err(errno) => return Walked::To(Route::Failed(errno)),
                        }
                    }
                    pop(&mut at);
                    if table
                        .find_visible(if at.is_empty() { b"/" } else { &at })
                        .is_none()
                    {
                        let rest = path.get(walked..).unwrap_or_default();
                        at.extend_from_slice(if rest.is_empty() { b"/" } else { rest });
                        return Walked::Out(at);
                    }
                } else {
                    pop(&mut at);
                    climbed = Some((walked, at.clone()));
                }
            }
            name => {
                at.push(b'/');
                at.extend_from_slice(name);
            }
        }
        walked += 1;
    }
    if at.is_empty() {
        at.push(b'/');
    }
    Walked::To(match (table.find_visible(&at), climbed) {
        (Some(_), Some((walked, letters))) if !same_directory(path.get(..walked), &letters) => {
            Route::Real
        }
        (Some(place), _) => target(place, path),
        (None, _) => Route::Real,
    })
}

/// Whether there is a directory only because a mount lies below it.
fn is_implied(table: &Table, path: &[u8]) -> bool {
    table.way(path).is_some() && real_identity(path).is_none()
}

fn pop(path: &mut Vec<u8>) {
    let slash = path.iter().rposition(|b| *b == b'/').unwrap_or(0);
    path.truncate(slash);
}

/// Whether the system, which follows links before it climbs, comes to the same directory as the letters say.
fn same_directory(path: Option<&[u8]>, letters: &[u8]) -> bool {
    let letters = if letters.is_empty() { b"/" } else { letters };
    match (
        real_identity(path.unwrap_or_default()),
        real_identity(letters),
    ) {
        (Some(path), Some(letters)) => path == letters,
        _ => false,
    }
}

fn real_identity(path: &[u8]) -> Option<(u64, u64)> {
    use std::os::unix::ffi::OsStrExt;
    use std::os::unix::fs::MetadataExt;
    let found = std::fs::metadata(std::ffi::OsStr::from_bytes(path)).ok()?;
    Some((found.dev(), found.ino()))
}
