//! `$:` as places to search, kept as long as `$:` does not change.
//!
//! As in Ruby, an entry is made absolute once; only entries that depend on something else (a relative
//! path, `~`, an object with `to_path`) are looked at again for every search.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, LazyLock},
};

use foldhash::fast::RandomState;
use magnus::{prelude::*, Error, RArray, RString, Ruby, TryConvert, Value};
use parking_lot::Mutex;

use super::{
    adopted::{self, Place},
    archive_paths, handlers, real_files,
};
use crate::{
    helpers::{gc_root::GcRoot, string, view::View},
    ruby_api::vfs_value::is_vfs,
};

/// One entry of `$:`.
#[derive(Clone)]
pub enum LoadPathEntry {
    /// A directory of the operating system, absolute.
    Directory(Vec<u8>),
    /// A path that is not a directory now. It may be an archive, or may become one, or a directory.
    Elsewhere(Vec<u8>),
    /// A VFS object.
    Virtual(Place),
}

impl LoadPathEntry {
    /// Its absolute path.
    pub fn path(&self) -> Vec<u8> {
        match self {
            LoadPathEntry::Directory(path) | LoadPathEntry::Elsewhere(path) => path.clone(),
            LoadPathEntry::Virtual(place) => place.path(),
        }
    }
}

/// What `$:` means, at one moment.
pub struct LoadPath {
    /// The places in order.
    pub entries: Vec<LoadPathEntry>,
    /// A number that no other load path had.
    pub generation: u64,
    /// Absolute path of each entry → whether it cannot change while `$:` is the same.
    listed: HashMap<Vec<u8>, bool, RandomState>,
    /// Positions of entries that depend on more than `$:`.
    volatile: Vec<usize>,
    virtual_somewhere: bool,
}

impl LoadPath {
    /// Whether anything but directories may have to be searched.
    pub fn has_virtual(&self) -> bool {
        self.virtual_somewhere
    }

    /// Whether `directory` is in `$:`: `Some(true)` if it stays there until `$:` changes.
    pub fn lists(&self, directory: &[u8]) -> Option<bool> {
        self.listed.get(directory).copied()
    }
}

struct State {
    load_path: GcRoot,
    /// `$:` as it was when `current` was made.
    mirror: GcRoot,
    current: Arc<LoadPath>,
    /// The handlers with which `current` was made: a new one may see an archive where none was.
    handlers: u64,
    generations: u64,
}

/// Never locked while Ruby code may run.
static STATE: LazyLock<Mutex<Option<State>>> = LazyLock::new(Mutex::default);

/// Takes hold of `$:`.
pub fn init(ruby: &Ruby) -> Result<(), Error> {
    let load_path: RArray = ruby.eval("$LOAD_PATH")?;
    *STATE.lock() = Some(State {
        load_path: GcRoot::new(load_path),
        mirror: GcRoot::new(ruby.ary_new()),
        current: Arc::new(LoadPath {
            entries: Vec::new(),
            generation: 0,
            listed: HashMap::default(),
            volatile: Vec::new(),
            virtual_somewhere: false,
        }),
        handlers: handlers::generation(),
        generations: 0,
    });
    Ok(())
}

/// `$:` itself.
pub fn array() -> Option<RArray> {
    let array = STATE.lock().as_ref().map(|state| state.load_path.get())?;
    RArray::from_value(array)
}

impl State {
    /// Whether neither `$:` nor the handlers have changed since `current` was made.
    fn unchanged(&self) -> bool {
        self.handlers == handlers::generation() && self.same_elements()
    }

    fn same_elements(&self) -> bool {
        // SAFETY: both Arrays are held, and nothing runs until they are compared.
        let (now, known) = unsafe { (View::of(self.load_path.get()), View::of(self.mirror.get())) };
        now == known
    }
}

/// The generation of the load path that was last made, if `$:` is still the same.
pub fn unchanged_generation() -> Option<u64> {
    let guard = STATE.lock();
    let state = guard.as_ref()?;
    state.unchanged().then_some(state.current.generation)
}

/// The load path as it is now.
pub fn current(ruby: &Ruby) -> Result<Arc<LoadPath>, Error> {
    let handlers = handlers::generation();
    let (array, mirror, known, fresh, same_handlers) = {
        let guard = STATE.lock();
        let Some(state) = guard.as_ref() else {
            return Err(Error::new(ruby.exception_runtime_error(), "not set up"));
        };
        (
            state.load_path.get(),
            state.mirror.get(),
            state.current.clone(),
            state.unchanged(),
            state.handlers == handlers,
        )
    };
    if fresh && known.volatile.is_empty() {
        return Ok(known);
    }
    let array = RArray::try_convert(array)?;
    let mirror = RArray::try_convert(mirror)?;
    // A copy: the calls below may run Ruby code that changes `$:` itself.
    let copy = array.dup();
    let before = positions_before(mirror, copy);
    let mut builder = Builder::default();
    for (at, same) in before.into_iter().enumerate() {
        let value: Value = copy.entry(at as isize)?;
        let reusable = same.filter(|at| same_handlers && !known.volatile.contains(at));
        match reusable.and_then(|at| known.entries.get(at)) {
            Some(entry @ (LoadPathEntry::Directory(_) | LoadPathEntry::Virtual(_))) => {
                builder.push(ruby, entry.clone(), false)
            }
            _ => builder.add(ruby, value)?,
        }
    }
    if fresh && builder.same_as(&known) {
        return Ok(known);
    }
    let mut guard = STATE.lock();
    let Some(state) = guard.as_mut() else {
        return Ok(known);
    };
    mirror.replace(copy)?;
    state.generations += 1;
    state.handlers = handlers;
    state.current = Arc::new(builder.finish(state.generations));
    Ok(state.current.clone())
}

/// For each element of `now` where it stood in `mirror`, by identity. Made in one go, before any Ruby code
/// can run and the collector move objects.
fn positions_before(mirror: RArray, now: RArray) -> Vec<Option<usize>> {
    // SAFETY: both Arrays are on the caller's stack, and no Ruby code runs in this function.
    let (known, now) = unsafe { (View::of(mirror.as_value()), View::of(now.as_value())) };
    if known == now {
        return (0..now.len()).map(Some).collect();
    }
    let places: HashMap<_, _, RandomState> = known.raws().iter().zip(0..).collect();
    let place = |value| places.get(value).copied();
    now.raws().iter().map(place).collect()
}

#[derive(Default)]
struct Builder {
    entries: Vec<LoadPathEntry>,
    listed: HashMap<Vec<u8>, bool, RandomState>,
    volatile: Vec<usize>,
    virtual_somewhere: bool,
}

impl Builder {
    fn add(&mut self, ruby: &Ruby, value: Value) -> Result<(), Error> {
        if is_vfs(value) {
            let place = adopted::adopt(ruby, value)?;
            self.push(ruby, LoadPathEntry::Virtual(place), false);
            return Ok(());
        }
        let path = string::path_argument(value)?;
        let bytes = string::bytes(path);
        let volatile = RString::from_value(value).is_none() || !bytes.starts_with(b"/");
        let path = string::real_or_same(string::expand(path)?);
        let entry = match real_files::is_directory(&path) {
            true => LoadPathEntry::Directory(path),
            false => LoadPathEntry::Elsewhere(path),
        };
        self.push(ruby, entry, volatile);
        Ok(())
    }

    fn push(&mut self, ruby: &Ruby, entry: LoadPathEntry, volatile: bool) {
        let path = match &entry {
            LoadPathEntry::Directory(path) => path.clone(),
            LoadPathEntry::Virtual(place) => {
                self.virtual_somewhere = true;
                place.path()
            }
            LoadPathEntry::Elsewhere(path) => {
                self.virtual_somewhere |= handlers::any();
                // A broken archive is reported by the search that reaches it, not here.
                match archive_paths::place(ruby, path) {
                    Ok(Some(place)) => place.path(),
                    _ => path.clone(),
                }
            }
        };
        if volatile {
            self.volatile.push(self.entries.len());
        }
        let lasting = self.listed.entry(path).or_insert(false);
        *lasting |= !volatile;
        self.entries.push(entry);
    }

    fn same_as(&self, known: &LoadPath) -> bool {
        let places: HashSet<_, RandomState> = self.listed.iter().collect();
        self.entries.len() == known.entries.len()
            && places == known.listed.iter().collect()
            && self
                .entries
                .iter()
                .zip(&known.entries)
                .all(|pair| match pair {
                    (LoadPathEntry::Directory(a), LoadPathEntry::Directory(b)) => a == b,
                    (LoadPathEntry::Elsewhere(a), LoadPathEntry::Elsewhere(b)) => a == b,
                    (LoadPathEntry::Virtual(a), LoadPathEntry::Virtual(b)) => {
                        Arc::ptr_eq(&a.mount, &b.mount) && a.sub == b.sub
                    }
                    _ => false,
                })
    }

    fn finish(self, generation: u64) -> LoadPath {
        LoadPath {
            entries: self.entries,
            generation,
            listed: self.listed,
            volatile: self.volatile,
            virtual_somewhere: self.virtual_somewhere,
        }
    }
}
