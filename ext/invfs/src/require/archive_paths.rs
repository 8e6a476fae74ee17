//! Paths in `$:` that name an archive, or a directory inside one.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
    thread::ThreadId,
};

use foldhash::fast::RandomState;
use invfs_engine::archive::Identity;
use invfs_engine::path::SubpathBuf;
use magnus::{Error, Ruby};
use parking_lot::Mutex;

use super::{
    adopted::{self, Adopted, Mount, Place},
    handlers, real_files,
};
use crate::helpers::string;

#[derive(Default)]
struct Archives {
    /// What the handlers said of a file.
    known: HashMap<Vec<u8>, Known, RandomState>,
    /// Files that a handler is looking at, with its thread. What the handler requires meanwhile is not searched in them.
    /// Other threads ask for themselves.
    asking: HashSet<(Vec<u8>, ThreadId)>,
    /// Paths that led into an archive: how long the archive's own path is, and the directory inside.
    split: HashMap<Vec<u8>, (usize, Arc<SubpathBuf>), RandomState>,
}

/// What the handlers said of one file.
struct Known {
    /// It holds as long as this is the file.
    identity: Identity,
    /// The archive, if it is one.
    mount: Option<Arc<Mount>>,
    /// The handlers that were asked: that it is no archive holds until there are others.
    handlers: u64,
}

impl Known {
    fn holds_for(&self, identity: &Identity) -> bool {
        self.identity == *identity
            && (self.mount.is_some() || self.handlers == handlers::generation())
    }
}

static ARCHIVES: LazyLock<Mutex<Archives>> = LazyLock::new(Mutex::default);

/// The place that the absolute `path` names inside an archive; `None` where it leads to none.
pub fn place(ruby: &Ruby, path: &[u8]) -> Result<Option<Place>, Error> {
    if !handlers::any() {
        return Ok(None);
    }
    let mut end = path.len();
    // The files that were looked at, by the lengths of their paths.
    let mut tried = Vec::new();
    while let Some((file, inside)) = split(path, end) {
        let Some(dir) = SubpathBuf::clean(inside) else {
            return Ok(None);
        };
        let first_time = !tried.contains(&file.len());
        tried.push(file.len());
        if let Some(mount) = mount(ruby, file)? {
            // What lies there can be seen now, and may be an archive itself.
            let deeper = split(path, path.len()).map(|(inner, _)| inner.len());
            if first_time && deeper.is_some_and(|deeper| !tried.contains(&deeper)) {
                end = path.len();
                continue;
            }
            let split = (file.len(), Arc::new(dir.clone()));
            ARCHIVES.lock().split.insert(path.to_vec(), split);
            return Ok(Some(Place { mount, sub: dir }));
        }
        // A file that is no archive, but perhaps lies in one.
        match real_files::archive_around(file) {
            Some(around) => end = around,
            None => return Ok(None),
        }
    }
    Ok(None)
}

/// The archives that one search has checked already. Each is checked once, however many of its directories are in `$:`.
#[derive(Default)]
pub struct Seen(Vec<(Vec<u8>, Option<Arc<Mount>>)>);

impl Seen {
    /// [`place`] for a path that led into an archive before, if the archive is still the same file: then nothing else
    /// can be at that path, nor below it. `None`: ask `place`.
    pub fn place(&mut self, path: &[u8]) -> Option<(Arc<Mount>, Arc<SubpathBuf>)> {
        let archives = ARCHIVES.lock();
        let (end, dir) = archives.split.get(path)?;
        let file = path.get(..*end)?;
        let at = match self.0.iter().position(|(seen, _)| seen == file) {
            Some(at) => at,
            None => {
                let same = |known: &Known| {
                    let mount = known.mount.as_ref()?;
                    real_files::is_current(mount, file, &known.identity).then(|| mount.clone())
                };
                let mount = archives.known.get(file).and_then(same);
                self.0.push((file.to_vec(), mount));
                self.0.len() - 1
            }
        };
        let mount = self.0.get(at)?.1.clone()?;
        Some((mount, dir.clone()))
    }

    /// Forgets what was seen: something may have changed since.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

/// The place of the file that the absolute `path` names inside an archive; `None` where it is a file or a
/// directory of the operating system, or nothing.
pub fn inside(ruby: &Ruby, path: &[u8]) -> Result<Option<Place>, Error> {
    match handlers::any() && split(path, path.len()).is_some_and(|(_, inside)| !inside.is_empty()) {
        true => place(ruby, path),
        false => Ok(None),
    }
}

/// Splits `path` after its longest prefix of at most `end` bytes that is a regular file, of the operating system or in a
/// mount: the file and what comes after it. What is already adopted is a file here.
pub fn split(path: &[u8], mut end: usize) -> Option<(&[u8], &[u8])> {
    loop {
        let prefix = path.get(..end)?;
        match real_files::what(prefix) {
            Some(real_files::What::File) => {
                let inside = path.get(end..)?;
                return Some((prefix, inside.strip_prefix(b"/").unwrap_or(inside)));
            }
            // A component that is a file: look further up.
            Some(real_files::What::BelowFile(len)) => {
                end = match len {
                    Some(len) => len,
                    None => prefix
                        .iter()
                        .rposition(|b| *b == b'/')
                        .filter(|at| *at > 0)?,
                };
            }
            // Nothing there at all: there is no file above either.
            Some(real_files::What::Other) | None => return None,
        }
    }
}

/// The mount of the archive `file`, opened by a handler when it is new or was replaced.
fn mount(ruby: &Ruby, file: &[u8]) -> Result<Option<Arc<Mount>>, Error> {
    let Some(identity) = real_files::identity(file) else {
        return Ok(None);
    };
    let asking = (file.to_vec(), std::thread::current().id());
    {
        let mut archives = ARCHIVES.lock();
        if let Some(known) = archives.known.get(file) {
            if known.holds_for(&identity) {
                return Ok(known.mount.clone());
            }
        }
        if !archives.asking.insert(asking.clone()) {
            return Ok(None);
        }
    }
    let handlers = handlers::generation();
    let answer = ask(ruby, file, &identity);
    let mut archives = ARCHIVES.lock();
    archives.asking.remove(&asking);
    let mount = answer?;
    let known = Known {
        identity,
        mount: mount.clone(),
        handlers,
    };
    archives.known.insert(file.to_vec(), known);
    Ok(mount)
}

fn ask(ruby: &Ruby, file: &[u8], identity: &Identity) -> Result<Option<Arc<Mount>>, Error> {
    let root = string::real_or_same(file.to_vec());
    if let Some(mount) = adopted::at(&root).filter(|mount| mount.is_zip(identity)) {
        return Ok(Some(mount));
    }
    let Some(vfs) = handlers::open(ruby, file)? else {
        return Ok(None);
    };
    Ok(Some(adopted::replace(ruby, root, vfs, *identity)?.mount))
}
