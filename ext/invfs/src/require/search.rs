//! One walk along `$:`: the first place that has a file of some name.

use std::sync::Arc;

use invfs_engine::path::{clean_absolute, Subpath, SubpathBuf};
use invfs_engine::vfs::Kind as FileKind;
use invfs_engine::ErrorKind;
use invfs_fs::mounts;
use magnus::{prelude::*, Error, Ruby};

use super::{
    adopted::{self, Adopted, Mount, Place},
    archive_paths,
    found::{Found, Hit, PassedOver},
    handlers,
    load_path::{LoadPath, LoadPathEntry},
    real_files::{self, Look},
    trace::{EntryKind, Outcome, Step, Trace},
};
use crate::ruby_api::{errors::to_ruby, limits::max_load_size};

/// One walk along `$:`.
pub struct Search<'a> {
    ruby: &'a Ruby,
    load_path: &'a LoadPath,
    trace: &'a mut Trace,
    seen: archive_paths::Seen,
    /// The first file that was too large.
    pub passed_over: Option<PassedOver>,
}

/// What an entry of `$:` has under a name.
struct Lookup {
    kind: EntryKind,
    outcome: Outcome,
    found: Option<Found>,
}

impl Lookup {
    /// Nothing, for a reason that lies in the entry itself.
    fn nothing(kind: EntryKind, outcome: Outcome) -> Lookup {
        Lookup {
            kind,
            outcome,
            found: None,
        }
    }

    /// A path on disk.
    fn on_disk(kind: EntryKind, path: &[u8], look: Look) -> Lookup {
        match look {
            Look::Loadable => Lookup {
                kind,
                outcome: Outcome::OnDisk,
                found: Some(Found::Disk(clean_absolute(path))),
            },
            Look::Nothing | Look::BelowFile => Lookup::nothing(kind, Outcome::NotOnDisk),
        }
    }
}

/// The file name that is looked for, and room for what it is in each place.
struct Wanted<'n> {
    name: &'n [u8],
    /// The name as a path in a VFS; `None` for `a/../b`.
    clean: Option<&'n Subpath>,
    native: bool,
    /// Room for a path on disk.
    path: Vec<u8>,
    /// Room for a path in a VFS.
    sub: SubpathBuf,
}

impl<'n> Wanted<'n> {
    fn new(name: &'n [u8], native: bool) -> Wanted<'n> {
        Wanted {
            name,
            clean: Subpath::new(name),
            native,
            path: Vec::with_capacity(256),
            sub: SubpathBuf::default(),
        }
    }
}

impl<'a> Search<'a> {
    /// A walk that begins now.
    pub fn new(ruby: &'a Ruby, load_path: &'a LoadPath, trace: &'a mut Trace) -> Search<'a> {
        Search {
            ruby,
            load_path,
            trace,
            seen: archive_paths::Seen::default(),
            passed_over: None,
        }
    }

    /// The first place that has the file `name`.
    pub fn file(&mut self, name: &[u8], native: bool) -> Result<Option<Found>, Error> {
        let mut wanted = Wanted::new(name, native);
        let load_path = self.load_path;
        for (at, entry) in load_path.entries.iter().enumerate() {
            let lookup = self.entry(entry, &mut wanted);
            self.note(name, at, entry, &lookup);
            if let Some(found) = lookup?.found {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    fn entry(&mut self, entry: &LoadPathEntry, wanted: &mut Wanted) -> Result<Lookup, Error> {
        let directory = match entry {
            LoadPathEntry::Virtual(Place { mount, sub }) => {
                return self.place(mount, sub, EntryKind::Vfs, wanted);
            }
            LoadPathEntry::Elsewhere(directory) => match self.seen.place(directory) {
                Some((mount, sub)) => return self.archive(&mount, &sub, wanted),
                None => directory,
            },
            LoadPathEntry::Directory(directory) => directory,
        };
        let path = &mut wanted.path;
        path.clear();
        path.extend_from_slice(directory);
        path.push(b'/');
        path.extend_from_slice(wanted.name);
        if wanted.clean.is_none() {
            // `a/../b`: as Ruby does, without asking what `a` is.
            *path = clean_absolute(path);
        }
        match real_files::look(path) {
            // The entry, or what stands before its end, is a file: an archive perhaps.
            Look::BelowFile => {
                // A handler may run any code.
                self.seen.clear();
                match archive_paths::place(self.ruby, directory)? {
                    Some(place) => self.archive(&place.mount, &place.sub, wanted),
                    None if handlers::any() => {
                        Ok(Lookup::nothing(EntryKind::File, Outcome::NoArchive))
                    }
                    None => Ok(Lookup::nothing(EntryKind::File, Outcome::NoHandler)),
                }
            }
            // Only an explanation wants to know more.
            Look::Nothing if self.trace.is_on() && !real_files::is_directory(directory) => {
                Ok(Lookup::nothing(EntryKind::Nothing, Outcome::NoDirectory))
            }
            look => Ok(Lookup::on_disk(EntryKind::Directory, path, look)),
        }
    }

    fn archive(
        &mut self,
        mount: &Arc<Mount>,
        directory: &Subpath,
        wanted: &mut Wanted,
    ) -> Result<Lookup, Error> {
        let kind = match directory.is_root() {
            true => EntryKind::Archive,
            false => EntryKind::ArchiveDirectory,
        };
        self.place(mount, directory, kind, wanted)
    }

    fn place(
        &mut self,
        mount: &Arc<Mount>,
        directory: &Subpath,
        kind: EntryKind,
        wanted: &mut Wanted,
    ) -> Result<Lookup, Error> {
        let elsewhere;
        let (mount, sub) = match wanted.clean {
            Some(name) => {
                directory.join_into(name, &mut wanted.sub);
                if mounts::may_be_in_named(&mount.root, &wanted.sub) {
                    if let Some(path) = covered(mount, mount.path_of(&wanted.sub)) {
                        return Ok(Lookup::on_disk(kind, &path, real_files::look(&path)));
                    }
                }
                (mount, &wanted.sub)
            }
            // `a/../../other.zip/b`: cleaned as a path, it may lead out of this mount and into another.
            None => {
                let directory = mount.path_of(directory);
                let path = clean_absolute(&[&directory, b"/".as_slice(), wanted.name].concat());
                if let Some(path) = covered(mount, path.clone()) {
                    return Ok(Lookup::on_disk(kind, &path, real_files::look(&path)));
                }
                elsewhere = adopted::find(&path);
                match &elsewhere {
                    Some((mount, sub)) => (mount, sub),
                    None => return Ok(Lookup::nothing(kind, Outcome::Missing)),
                }
            }
        };
        let (outcome, hit) = look(self.ruby, mount, sub, wanted.native, &mut self.passed_over)?;
        let found = hit.map(Found::Virtual);
        Ok(Lookup {
            kind,
            outcome,
            found,
        })
    }

    fn note(
        &mut self,
        name: &[u8],
        at: usize,
        entry: &LoadPathEntry,
        lookup: &Result<Lookup, Error>,
    ) {
        if !self.trace.is_on() {
            return;
        }
        let (kind, outcome) = match lookup {
            Ok(lookup) => (lookup.kind, lookup.outcome.clone()),
            // Opening an archive failed. Where a VFS fails, the search as a whole does.
            Err(error) if !matches!(entry, LoadPathEntry::Virtual(_)) => {
                (EntryKind::Archive, Outcome::Error(error_message(error)))
            }
            Err(_) => return,
        };
        self.trace.note(|| Step::Entry {
            name: name.to_vec(),
            at,
            entry: entry.path(),
            kind,
            outcome,
        });
    }
}

fn error_message(error: &Error) -> String {
    let message = error
        .value()
        .and_then(|exception| exception.funcall::<_, _, String>("message", ()).ok());
    message.unwrap_or_else(|| error.to_string())
}

/// The absolute, clean `path` of a file in `mount`, if a named mount covers it. Then only that mount can have the file.
fn covered(mount: &Mount, path: Vec<u8>) -> Option<Vec<u8>> {
    let covers = |other: Place| other.mount.is_named() && other.mount.object != mount.object;
    mounts::find_visible(&path)
        .is_some_and(covers)
        .then_some(path)
}

/// What the mount has at `sub`; the file, unless it is too large to load.
pub fn look(
    ruby: &Ruby,
    mount: &Arc<Mount>,
    sub: &Subpath,
    native: bool,
    passed_over: &mut Option<PassedOver>,
) -> Result<(Outcome, Option<Hit>), Error> {
    if sub.is_root() {
        return Ok((Outcome::Directory, None));
    }
    let stat = match mount.vfs().stat(sub) {
        Ok(stat) => stat,
        // Like a directory that was removed.
        Err(error) if error.kind() == ErrorKind::Closed => return Ok((Outcome::Closed, None)),
        Err(error) => return Err(to_ruby(ruby, error)),
    };
    let size = match stat {
        Some(stat) if stat.kind == FileKind::File => stat.size,
        Some(_) => return Ok((Outcome::Directory, None)),
        None => return Ok((Outcome::Missing, None)),
    };
    let path = mount.path_of(sub);
    if size > max_load_size() {
        passed_over.get_or_insert(PassedOver { path, size });
        return Ok((Outcome::TooLarge(size), None));
    }
    let hit = Hit {
        mount: mount.clone(),
        sub: sub.to_owned(),
        path,
        size: Some(size),
        native,
    };
    Ok((Outcome::Found(size), Some(hit)))
}
