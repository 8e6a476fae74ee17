//! From a name to the file that it means, by the rules of `search_required` in Ruby's `load.c`.

use std::sync::Arc;

use invfs_engine::{
    path::{clean_absolute, Subpath, SubpathBuf},
    vfs::Kind as FileKind,
    ErrorKind,
};
use magnus::{Error, RString, Ruby};

use super::{
    archives,
    candidates::{extension, native_extension, wanted, Kind, Matched},
    disk::{self, Look},
    load_path::{self, Entry, LoadPath},
    loaded, loading,
    mounts::{self, Adopted, Mount, Place},
};
use crate::{
    helpers::string,
    ruby_api::{errors::to_ruby, limits::max_load_size},
};

/// A file in a VFS that was found.
pub struct Hit {
    /// Where.
    pub mount: Arc<Mount>,
    /// Its subpath there.
    pub sub: SubpathBuf,
    /// Its virtual path: root + "/" + subpath.
    pub path: Vec<u8>,
    /// Whether it is a native extension.
    pub native: bool,
}

/// A file that was passed over because it is larger than the load size limit.
pub struct PassedOver {
    /// Its virtual path.
    pub path: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
}

/// What a name means.
pub enum Found {
    /// It is loaded already: by which element of `$"`, where that can be remembered.
    Loaded(Option<Remember>),
    /// A file in a VFS.
    Virtual(Hit),
    /// A file on disk: its absolute path.
    Disk(Vec<u8>),
    /// The root of a mount: nothing that could be loaded.
    Directory,
    /// No VFS knows it, and the search need not be ours.
    Elsewhere(Option<PassedOver>),
}

/// What [`loaded::remember`] wants to know.
pub struct Remember {
    /// The position in `$"`.
    pub position: u32,
    /// The load path for which it holds.
    pub load_path: Arc<LoadPath>,
}

/// What `require name` means now.
pub fn feature(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    let asked = wanted(name);
    if is_explicit(name) {
        // What an absolute path names is provided by that very element of `$"`, whatever `$:` is.
        if let Some(kind) = asked.filter(|_| name.starts_with(b"/")) {
            let provided = loaded::provided(name, kind, &load_path)?;
            let source = provided.filter(|found| kind != Kind::Any || found.kind == Kind::Source);
            if let Some(found) = source.filter(|_| loading::is_idle(name)) {
                return Ok(Found::Loaded(found.remember(&load_path)));
            }
        }
        return explicit(ruby, name);
    }
    if let Some(kind) = asked {
        if let Some(path) = loading::providing(name, kind, &load_path) {
            return Ok(hit_at(&path).map_or(Found::Elsewhere(None), Found::Virtual));
        }
    }
    let provided = match asked {
        Some(kind) => loaded::provided(name, kind, &load_path)?,
        None => None,
    };
    let mut provided_otherwise = false;
    match (asked, provided) {
        // Without an extension, only source answers at once: a `.rb` may have appeared beside what was loaded.
        (Some(Kind::Any), Some(found)) if found.kind != Kind::Source => provided_otherwise = true,
        (_, Some(found)) => return Ok(Found::Loaded(found.remember(&load_path))),
        (_, None) => {}
    }
    if !load_path.has_virtual() {
        return Ok(Found::Elsewhere(None));
    }
    let mut search = Search::new(ruby, &load_path);
    let mut passed_over = None;
    for suffix in suffixes(name, asked, provided_otherwise) {
        match search.file(&suffix.name, suffix.native, &mut passed_over)? {
            Some(Found::Virtual(hit)) if provided_otherwise && hit.native => {
                return Ok(Found::Loaded(None))
            }
            Some(Found::Virtual(hit)) if is_done(&hit.path)? => return Ok(Found::Loaded(None)),
            Some(found) => return Ok(found),
            None => {}
        }
    }
    if provided_otherwise {
        return Ok(Found::Loaded(None));
    }
    Ok(Found::Elsewhere(passed_over))
}

/// What `load name` means now: exactly the file of that name, along `$:` and then from the current directory.
pub fn file(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    let mut passed_over = None;
    if !is_explicit(name) && load_path.has_virtual() {
        let mut search = Search::new(ruby, &load_path);
        let native = false;
        if let Some(found) = search.file(name, native, &mut passed_over)? {
            return Ok(found);
        }
    }
    let path = absolute(ruby, name)?;
    let found = match mounts::find(&path) {
        // The archive itself is a file for the operating system, but a directory for whoever mounted it.
        Some((_, sub)) if sub.is_root() => return Ok(Found::Directory),
        Some((mount, sub)) => look(ruby, &mount, sub, false, &mut passed_over)?,
        None => None,
    };
    Ok(found.map_or(Found::Elsewhere(passed_over), Found::Virtual))
}

/// Whether the absolute path lies in a VFS that file operations do not see.
pub fn is_unreadable(path: RString) -> bool {
    let path = clean_absolute(&string::bytes(path));
    mounts::find(&path).is_some_and(|(mount, _)| !mount.is_visible())
}

/// Whether `load name` finds a file of the operating system from the current directory on.
pub fn is_on_disk(ruby: &Ruby, name: &[u8]) -> Result<bool, Error> {
    let path = absolute(ruby, name)?;
    Ok(mounts::find(&path).is_none() && disk::look(&path) == Look::Loadable)
}

/// Where `name` is found, loaded or not: what `$LOAD_PATH.resolve_feature_path` asks.
pub fn where_is(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    if is_explicit(name) {
        let found = in_mount(ruby, &absolute(ruby, name)?)?;
        return Ok(found.unwrap_or(Found::Elsewhere(None)));
    }
    let mut search = Search::new(ruby, &load_path);
    let mut passed_over = None;
    for suffix in suffixes(name, wanted(name), false) {
        if let Some(found) = search.file(&suffix.name, suffix.native, &mut passed_over)? {
            return Ok(found);
        }
    }
    Ok(Found::Elsewhere(passed_over))
}

/// What `require_relative` of the absolute, clean path means, if it lies in a mount; else `None`.
pub fn relative(ruby: &Ruby, path: &[u8]) -> Result<Option<Found>, Error> {
    // Objects that were put in `$:` since the last search get their roots first.
    load_path::current(ruby)?;
    absolute_feature(ruby, path)
}

/// What `require` of the absolute, clean path means, if it lies in a mount; else `None`.
fn absolute_feature(ruby: &Ruby, path: &[u8]) -> Result<Option<Found>, Error> {
    Ok(match in_mount(ruby, path)? {
        Some(Found::Virtual(hit)) if is_done(&hit.path)? => Some(Found::Loaded(None)),
        found => found,
    })
}

/// The file that the absolute, clean path names in a mount, with the extensions that `require` adds.
fn in_mount(ruby: &Ruby, path: &[u8]) -> Result<Option<Found>, Error> {
    let Some((mount, sub)) = mounts::find(path) else {
        return Ok(None);
    };
    let mut passed_over = None;
    for suffix in suffixes(sub.as_bytes(), wanted(sub.as_bytes()), false) {
        let Some(candidate) = SubpathBuf::clean(&suffix.name) else {
            continue;
        };
        let hit = look(ruby, &mount, candidate, suffix.native, &mut passed_over)?;
        if let Some(hit) = hit {
            return Ok(Some(Found::Virtual(hit)));
        }
    }
    Ok(Some(Found::Elsewhere(passed_over)))
}

/// Whether the file is loaded: the target of an `autoload` stands in `$"` before it is.
fn is_done(path: &[u8]) -> Result<bool, Error> {
    Ok(!loading::contains(path) && loaded::holds(path)?)
}

/// A path that is not searched along `$:`: absolute, `~`, `./` or `../`.
fn explicit(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let path = absolute(ruby, name)?;
    if let Some(found) = absolute_feature(ruby, &path)? {
        return Ok(found);
    }
    // A path into an archive that nobody mounted yet.
    if archives::inside(ruby, &path)?.is_none() {
        return Ok(Found::Elsewhere(None));
    }
    Ok(absolute_feature(ruby, &path)?.unwrap_or(Found::Elsewhere(None)))
}

fn is_explicit(name: &[u8]) -> bool {
    matches!(name.first(), Some(b'/' | b'~'))
        || name.starts_with(b"./")
        || name.starts_with(b"../")
        || (cfg!(windows) && name.get(1) == Some(&b':'))
}

fn absolute(ruby: &Ruby, name: &[u8]) -> Result<Vec<u8>, Error> {
    match name.first() {
        Some(b'/') => Ok(clean_absolute(name)),
        _ => string::expand(string::path(ruby, name)),
    }
}

/// The file at a virtual path, taken for granted.
fn hit_at(path: &[u8]) -> Option<Hit> {
    let (mount, sub) = mounts::find(path)?;
    Some(Hit {
        mount,
        sub,
        path: path.to_vec(),
        native: extension(path) != Some(b".rb"),
    })
}

impl Matched {
    fn remember(self, load_path: &Arc<LoadPath>) -> Option<Remember> {
        self.lasting.then(|| Remember {
            position: self.position,
            load_path: load_path.clone(),
        })
    }
}

/// A file name to look for in all of `$:`.
struct Suffix {
    name: Vec<u8>,
    native: bool,
}

/// The names to look for, in order.
fn suffixes(name: &[u8], asked: Option<Kind>, only_source: bool) -> Vec<Suffix> {
    let with = |name: &[u8], extension: &[u8], native| Suffix {
        name: [name, extension].concat(),
        native,
    };
    let stem = name
        .get(..name.len() - extension(name).map_or(0, <[u8]>::len))
        .unwrap_or_default();
    let mut names = Vec::with_capacity(3);
    match asked {
        Some(Kind::Source) => {
            names.push(with(name, b"", false));
            return names;
        }
        Some(Kind::Native) => names.push(with(stem, native_extension(), true)),
        Some(Kind::Any) | None => {}
    }
    names.push(with(name, b".rb", false));
    if !only_source {
        names.push(with(name, native_extension(), true));
    }
    names
}

/// One walk along `$:`.
struct Search<'a> {
    ruby: &'a Ruby,
    load_path: &'a LoadPath,
    seen: archives::Seen,
}

impl<'a> Search<'a> {
    fn new(ruby: &'a Ruby, load_path: &'a LoadPath) -> Search<'a> {
        Search {
            ruby,
            load_path,
            seen: archives::Seen::default(),
        }
    }

    /// The first place that has the file `name`.
    fn file(
        &mut self,
        name: &[u8],
        native: bool,
        passed_over: &mut Option<PassedOver>,
    ) -> Result<Option<Found>, Error> {
        let mut path = Vec::with_capacity(256);
        for entry in &self.load_path.entries {
            let known = match entry {
                Entry::Virtual(place) => Some(place.clone()),
                Entry::Elsewhere(directory) => self.seen.place(directory),
                Entry::Directory(_) => None,
            };
            let place = match entry {
                Entry::Directory(directory) | Entry::Elsewhere(directory) if known.is_none() => {
                    path.clear();
                    path.extend_from_slice(directory);
                    path.push(b'/');
                    path.extend_from_slice(name);
                    match disk::look(&path) {
                        Look::Loadable => return Ok(Some(Found::Disk(clean_absolute(&path)))),
                        Look::Nothing => None,
                        // The entry, or what stands before its end, is a file: an archive perhaps.
                        Look::BelowFile => {
                            // A handler may run any code.
                            self.seen.clear();
                            archives::place(self.ruby, directory)?
                        }
                    }
                }
                _ => known,
            };
            if let Some(place) = place {
                if let Some(hit) = self.inside(&place, name, native, passed_over)? {
                    return Ok(Some(Found::Virtual(hit)));
                }
            }
        }
        Ok(None)
    }

    fn inside(
        &self,
        place: &Place,
        name: &[u8],
        native: bool,
        passed_over: &mut Option<PassedOver>,
    ) -> Result<Option<Hit>, Error> {
        if let Some(name) = Subpath::new(name) {
            return look(
                self.ruby,
                &place.mount,
                place.sub.join(name),
                native,
                passed_over,
            );
        }
        // `a/../../other.zip/b`: cleaned as a path, it may lead out of this mount and into another.
        let path = clean_absolute(&[&place.path(), b"/".as_slice(), name].concat());
        match mounts::find(&path) {
            Some((mount, sub)) => look(self.ruby, &mount, sub, native, passed_over),
            None => Ok(None),
        }
    }
}

/// The file `sub` of the mount, unless there is none or it is too large to load.
fn look(
    ruby: &Ruby,
    mount: &Arc<Mount>,
    sub: SubpathBuf,
    native: bool,
    passed_over: &mut Option<PassedOver>,
) -> Result<Option<Hit>, Error> {
    if sub.is_root() {
        return Ok(None);
    }
    let stat = match mount.vfs().stat(&sub) {
        Ok(stat) => stat,
        // As a directory that was removed.
        Err(error) if error.kind() == ErrorKind::Closed => return Ok(None),
        Err(error) => return Err(to_ruby(ruby, error)),
    };
    let Some(stat) = stat.filter(|stat| stat.kind == FileKind::File) else {
        return Ok(None);
    };
    let path = mount.path_of(&sub);
    if stat.size > max_load_size() {
        passed_over.get_or_insert(PassedOver {
            path,
            size: stat.size,
        });
        return Ok(None);
    }
    Ok(Some(Hit {
        mount: mount.clone(),
        sub,
        path,
        native,
    }))
}
