//! One walk along `$:`: the first place that has a file of some name.

use std::sync::Arc;

use invfs_engine::{
    mounts as engine,
    path::{clean_absolute, Subpath, SubpathBuf},
    vfs::Kind as FileKind,
    ErrorKind,
};
use magnus::{Error, Ruby};

use super::{
    adopted::{self, Adopted, Mount, Place},
    archive_paths,
    found::{Found, Hit, PassedOver},
    load_path::{LoadPath, LoadPathEntry},
    real_files::{self, Look},
};
use crate::ruby_api::{errors::to_ruby, limits::max_load_size};

/// One walk along `$:`.
pub struct Search<'a> {
    ruby: &'a Ruby,
    load_path: &'a LoadPath,
    seen: archive_paths::Seen,
}

impl<'a> Search<'a> {
    /// A walk that begins now.
    pub fn new(ruby: &'a Ruby, load_path: &'a LoadPath) -> Search<'a> {
        Search {
            ruby,
            load_path,
            seen: archive_paths::Seen::default(),
        }
    }

    /// The first place that has the file `name`.
    pub fn file(
        &mut self,
        name: &[u8],
        native: bool,
        passed_over: &mut Option<PassedOver>,
    ) -> Result<Option<Found>, Error> {
        let mut path = Vec::with_capacity(256);
        for entry in &self.load_path.entries {
            let known = match entry {
                LoadPathEntry::Virtual(place) => Some(place.clone()),
                LoadPathEntry::Elsewhere(directory) => self.seen.place(directory),
                LoadPathEntry::Directory(_) => None,
            };
            let place = match entry {
                LoadPathEntry::Directory(directory) | LoadPathEntry::Elsewhere(directory)
                    if known.is_none() =>
                {
                    path.clear();
                    path.extend_from_slice(directory);
                    path.push(b'/');
                    path.extend_from_slice(name);
                    match real_files::look(&path) {
                        Look::Loadable => return Ok(Some(Found::Disk(clean_absolute(&path)))),
                        Look::Nothing => None,
                        // The entry, or what stands before its end, is a file: an archive perhaps.
                        Look::BelowFile => {
                            // A handler may run any code.
                            self.seen.clear();
                            archive_paths::place(self.ruby, directory)?
                        }
                    }
                }
                _ => known,
            };
            if let Some(place) = place {
                if let Some(path) = covered(&place, name) {
                    if real_files::look(&path) == Look::Loadable {
                        return Ok(Some(Found::Disk(path)));
                    }
                    continue;
                }
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
        match adopted::find(&path) {
            Some((mount, sub)) => look(self.ruby, &mount, sub, native, passed_over),
            None => Ok(None),
        }
    }
}

/// The path of `name` in `place`, if a mount that was asked for there covers it: then that has the file, or nobody.
fn covered(place: &Place, name: &[u8]) -> Option<Vec<u8>> {
    if !engine::has_named() {
        return None;
    }
    let path = clean_absolute(&[&place.path(), b"/".as_slice(), name].concat());
    let covers = |other: Place| other.mount.is_named() && other.mount.object != place.mount.object;
    engine::find_visible(&path)
        .is_some_and(covers)
        .then_some(path)
}

/// The file `sub` of the mount, unless there is none or it is too large to load.
pub fn look(
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
