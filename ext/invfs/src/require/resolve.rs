//! From a name to the file that it means, by the rules of `search_required` in Ruby's `load.c`.

use std::sync::Arc;

use invfs_engine::path::{clean_absolute, SubpathBuf};
use magnus::{Error, RString, Ruby};

use super::{
    adopted, archive_paths,
    feature_name::{extension, native_extension, wanted, Kind, Matched},
    features_index,
    found::{Found, Hit, Remember},
    load_lock,
    load_path::{self, LoadPath},
    real_files::{self, Look},
    search::{look, Search},
};
use crate::helpers::string;

/// What `require name` means now.
pub fn feature(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    let asked = wanted(name);
    if is_explicit(name) {
        // What an absolute path names is provided by that very element of `$"`, whatever `$:` is.
        if let Some(kind) = asked.filter(|_| name.starts_with(b"/")) {
            let provided = features_index::provided(name, kind, &load_path)?;
            let source = provided.filter(|found| kind != Kind::Any || found.kind == Kind::Source);
            if let Some(found) = source.filter(|_| load_lock::is_idle(name)) {
                return Ok(Found::Loaded(found.remember(&load_path)));
            }
        }
        return explicit(ruby, name);
    }
    if let Some(kind) = asked {
        if let Some(path) = load_lock::providing(name, kind, &load_path) {
            return Ok(hit_at(&path).map_or(Found::Elsewhere(None), Found::Virtual));
        }
    }
    let provided = match asked {
        Some(kind) => features_index::provided(name, kind, &load_path)?,
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
    let found = match adopted::find(&path) {
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
    adopted::find(&path).is_some_and(|(mount, _)| !mount.is_visible())
}

/// Whether `load name` finds a file of the operating system from the current directory on.
pub fn is_on_disk(ruby: &Ruby, name: &[u8]) -> Result<bool, Error> {
    let path = absolute(ruby, name)?;
    Ok(adopted::find(&path).is_none() && real_files::look(&path) == Look::Loadable)
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
    let Some((mount, sub)) = adopted::find(path) else {
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
    Ok(!load_lock::contains(path) && features_index::holds(path)?)
}

/// A path that is not searched along `$:`: absolute, `~`, `./` or `../`.
fn explicit(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let path = absolute(ruby, name)?;
    if let Some(found) = absolute_feature(ruby, &path)? {
        return Ok(found);
    }
    // A path into an archive that nobody mounted yet.
    if archive_paths::inside(ruby, &path)?.is_none() {
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
    let (mount, sub) = adopted::find(path)?;
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
