//! Finds the file that a name means, by the rules of `search_required` in Ruby's `load.c`.

use std::sync::Arc;

use invfs_engine::path::{clean_absolute, SubpathBuf};
use magnus::{Error, RString, Ruby};

use super::{
    adopted, archive_paths,
    feature_name::{extension, native_extension, wanted, FeatureKind, Matched},
    features_index,
    found::{Found, Hit, Remember},
    load_lock,
    load_path::{self, LoadPath},
    real_files::{self, Look},
    search::{look, Search},
    trace::{Outcome, Step, Trace},
};
use crate::helpers::string;

/// What `require name` means now.
pub fn feature(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    traced(ruby, name, &mut Trace::off())
}

/// [`feature`], with a trace. Also looks up explicit paths on disk, which [`feature`] leaves to Ruby.
pub fn explain(ruby: &Ruby, name: &[u8], trace: &mut Trace) -> Result<Found, Error> {
    let found = traced(ruby, name, trace)?;
    if !is_explicit(name) || !matches!(found, Found::Elsewhere(_)) {
        return Ok(found);
    }
    let path = absolute(ruby, name)?;
    for suffix in suffixes(&path, wanted(&path), false) {
        let is_there = real_files::look(&suffix.name) == Look::Loadable;
        trace.note(|| Step::Disk {
            path: suffix.name.clone(),
            outcome: match is_there {
                true => Outcome::OnDisk,
                false => Outcome::NotOnDisk,
            },
        });
        if is_there {
            return Ok(Found::Disk(suffix.name));
        }
    }
    Ok(found)
}

fn traced(ruby: &Ruby, name: &[u8], trace: &mut Trace) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    let asked = wanted(name);
    if is_explicit(name) {
        // An absolute path is provided by exactly that element of `$"`, whatever `$:` is.
        let mut provided = None;
        if let Some(kind) = asked.filter(|_| name.starts_with(b"/")) {
            provided = features_index::provided(name, kind, &load_path)?;
            let source = provided
                .filter(|found| kind != FeatureKind::Any || found.kind == FeatureKind::Source);
            if let Some(found) = source.filter(|_| load_lock::is_idle(name)) {
                trace.note(|| Step::Loaded(found.position));
                return Ok(Found::Loaded(found.remember(&load_path)));
            }
        }
        trace.note(|| Step::NotLoaded(provided.map(|found| found.position)));
        return explicit(ruby, name, trace);
    }
    if let Some(kind) = asked {
        if let Some(path) = load_lock::providing(name, kind, &load_path) {
            let Some(hit) = hit_at(&path) else {
                return Ok(Found::Elsewhere(None));
            };
            trace.note(|| Step::NotLoaded(None));
            if trace.is_on() {
                let (outcome, _) = look(ruby, &hit.mount, &hit.sub, false, &mut None)?;
                trace.note(|| Step::Mounted {
                    mount: hit.mount.clone(),
                    path,
                    outcome,
                });
            }
            return Ok(Found::Virtual(hit));
        }
    }
    let provided = match asked {
        Some(kind) => features_index::provided(name, kind, &load_path)?,
        None => None,
    };
    let provided_otherwise = match (asked, provided) {
        // Without an extension, only source answers at once: a `.rb` may have appeared beside what was loaded.
        (Some(FeatureKind::Any), Some(found)) if found.kind != FeatureKind::Source => Some(found),
        (_, Some(found)) => {
            trace.note(|| Step::Loaded(found.position));
            return Ok(Found::Loaded(found.remember(&load_path)));
        }
        (_, None) => None,
    };
    // With directories alone Ruby searches by itself. An explanation wants that search, too.
    if !load_path.has_virtual() && !trace.is_on() {
        return Ok(Found::Elsewhere(None));
    }
    trace.note(|| Step::NotLoaded(provided_otherwise.map(|found| found.position)));
    let mut search = Search::new(ruby, &load_path, trace);
    for suffix in suffixes(name, asked, provided_otherwise.is_some()) {
        match search.file(&suffix.name, suffix.native)? {
            Some(Found::Virtual(hit)) if provided_otherwise.is_some() && hit.native => break,
            Some(Found::Virtual(hit)) => return unless_done(hit, trace),
            Some(found) => return Ok(found),
            None => {}
        }
    }
    let passed_over = search.passed_over.take();
    match provided_otherwise {
        Some(found) => {
            trace.note(|| Step::Loaded(found.position));
            Ok(Found::Loaded(None))
        }
        None => Ok(Found::Elsewhere(passed_over)),
    }
}

/// What `load name` means now: exactly the file of that name, along `$:` and then from the current directory.
pub fn file(ruby: &Ruby, name: &[u8]) -> Result<Found, Error> {
    let load_path = load_path::current(ruby)?;
    let mut passed_over = None;
    if !is_explicit(name) && load_path.has_virtual() {
        let mut trace = Trace::off();
        let mut search = Search::new(ruby, &load_path, &mut trace);
        let native = false;
        if let Some(found) = search.file(name, native)? {
            return Ok(found);
        }
        passed_over = search.passed_over;
    }
    let path = absolute(ruby, name)?;
    let found = match adopted::find(&path) {
        // The archive itself is a file for the operating system, but the root directory of its mount.
        Some((_, sub)) if sub.is_root() => return Ok(Found::Directory),
        Some((mount, sub)) => look(ruby, &mount, &sub, false, &mut passed_over)?.1,
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
        let found = in_mount(ruby, &absolute(ruby, name)?, &mut Trace::off())?;
        return Ok(found.unwrap_or(Found::Elsewhere(None)));
    }
    let mut trace = Trace::off();
    let mut search = Search::new(ruby, &load_path, &mut trace);
    for suffix in suffixes(name, wanted(name), false) {
        if let Some(found) = search.file(&suffix.name, suffix.native)? {
            return Ok(found);
        }
    }
    Ok(Found::Elsewhere(search.passed_over))
}

/// What `require_relative` of the absolute, clean path means, if it lies in a mount; else `None`.
pub fn relative(ruby: &Ruby, path: &[u8]) -> Result<Option<Found>, Error> {
    // Objects that were put in `$:` since the last search get their roots first.
    load_path::current(ruby)?;
    absolute_feature(ruby, path, &mut Trace::off())
}

/// What `require` of the absolute, clean path means, if it lies in a mount; else `None`.
fn absolute_feature(ruby: &Ruby, path: &[u8], trace: &mut Trace) -> Result<Option<Found>, Error> {
    match in_mount(ruby, path, trace)? {
        Some(Found::Virtual(hit)) => unless_done(hit, trace).map(Some),
        found => Ok(found),
    }
}

/// The file that the absolute, clean path names in a mount, with the extensions that `require` adds.
fn in_mount(ruby: &Ruby, path: &[u8], trace: &mut Trace) -> Result<Option<Found>, Error> {
    let Some((mount, sub)) = adopted::find(path) else {
        return Ok(None);
    };
    let mut passed_over = None;
    for suffix in suffixes(sub.as_bytes(), wanted(sub.as_bytes()), false) {
        let Some(candidate) = SubpathBuf::clean(&suffix.name) else {
            continue;
        };
        let path = mount.path_of(&candidate);
        let (outcome, hit) = look(ruby, &mount, &candidate, suffix.native, &mut passed_over)?;
        trace.note(|| Step::Mounted {
            mount: mount.clone(),
            path,
            outcome,
        });
        if let Some(hit) = hit {
            return Ok(Some(Found::Virtual(hit)));
        }
    }
    Ok(Some(Found::Elsewhere(passed_over)))
}

/// The file, unless it is loaded. The target of an `autoload` is in `$"` already while it is being loaded.
fn unless_done(hit: Hit, trace: &mut Trace) -> Result<Found, Error> {
    let position = match load_lock::contains(&hit.path) {
        true => None,
        false => features_index::position(&hit.path)?,
    };
    match position {
        Some(position) => {
            trace.note(|| Step::Loaded(position));
            Ok(Found::Loaded(None))
        }
        None => Ok(Found::Virtual(hit)),
    }
}

/// A path that is not searched along `$:`: absolute, `~`, `./` or `../`.
fn explicit(ruby: &Ruby, name: &[u8], trace: &mut Trace) -> Result<Found, Error> {
    let path = absolute(ruby, name)?;
    if let Some(found) = absolute_feature(ruby, &path, trace)? {
        return Ok(found);
    }
    // A path into an archive that is not adopted yet.
    if archive_paths::inside(ruby, &path)?.is_none() {
        return Ok(Found::Elsewhere(None));
    }
    Ok(absolute_feature(ruby, &path, trace)?.unwrap_or(Found::Elsewhere(None)))
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

/// The file at a virtual path, without looking whether it is there.
fn hit_at(path: &[u8]) -> Option<Hit> {
    let (mount, sub) = adopted::find(path)?;
    Some(Hit {
        mount,
        sub,
        path: path.to_vec(),
        size: None,
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

/// The file names that `require name` looks for in `$:`; none for an explicit path.
pub fn names_in_load_path(name: &[u8]) -> Vec<Vec<u8>> {
    match is_explicit(name) {
        true => Vec::new(),
        false => file_names(name),
    }
}

/// The file names that may provide `name`, in the order in which `require` looks for them.
pub fn file_names(name: &[u8]) -> Vec<Vec<u8>> {
    let names = suffixes(name, wanted(name), false);
    names.into_iter().map(|suffix| suffix.name).collect()
}

/// The names to look for, in order.
fn suffixes(name: &[u8], asked: Option<FeatureKind>, only_source: bool) -> Vec<Suffix> {
    let with = |name: &[u8], extension: &[u8], native| Suffix {
        name: [name, extension].concat(),
        native,
    };
    let stem = name
        .get(..name.len() - extension(name).map_or(0, <[u8]>::len))
        .unwrap_or_default();
    let mut names = Vec::with_capacity(3);
    match asked {
        Some(FeatureKind::Source) => {
            names.push(with(name, b"", false));
            return names;
        }
        Some(FeatureKind::Native) => names.push(with(stem, native_extension(), true)),
        Some(FeatureKind::Any) | None => {}
    }
    names.push(with(name, b".rb", false));
    if !only_source {
        names.push(with(name, native_extension(), true));
    }
    names
}
