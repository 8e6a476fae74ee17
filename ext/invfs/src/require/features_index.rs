//! "Is it loaded already?", answered from `$"` without searching.
//!
//! Ruby keeps an index of `$"` and throws it away when other code has changed the Array; this index follows the same
//! rule. It also remembers the names that were loaded, each with the element of `$"` that provides it: the answer holds
//! as long as that element is in its place and `$:` is unchanged.

use std::{collections::HashSet, sync::LazyLock};

use foldhash::fast::RandomState;
use hashbrown::HashMap;
use magnus::{prelude::*, Error, RArray, Ruby, Value};
use parking_lot::Mutex;

use super::{
    feature_name::{stem_of, FeatureKind, Matched},
    load_path::{self, LoadPath},
};
use crate::helpers::{gc_root::GcRoot, view::View};

/// More names than a real program requires. A program that makes up names starts over here.
const MAX_NAMES: usize = 65_536;

struct Index {
    /// `$"` and a copy of it as it was when `by_stem` was last brought up to date.
    features: GcRoot,
    mirror: GcRoot,
    by_stem: HashMap<Box<[u8]>, Vec<u32>, RandomState>,
    /// Name as written → position in `$"`.
    names: HashMap<Box<[u8]>, u32, RandomState>,
    /// The load path for which `names` holds.
    generation: u64,
}

/// Never locked while Ruby code may run.
static INDEX: LazyLock<Mutex<Option<Index>>> = LazyLock::new(Mutex::default);

/// Keeps `$"`.
pub fn init(ruby: &Ruby) -> Result<(), Error> {
    let features: RArray = ruby.eval("$LOADED_FEATURES")?;
    *INDEX.lock() = Some(Index {
        features: GcRoot::new(features),
        mirror: GcRoot::new(ruby.ary_new()),
        by_stem: HashMap::default(),
        names: HashMap::default(),
        generation: 0,
    });
    Ok(())
}

/// Whether `name` was answered "loaded" before and still is. Costs one hash and a few comparisons.
pub fn remembered(name: &[u8]) -> bool {
    let Some(generation) = load_path::unchanged_generation() else {
        return false;
    };
    let guard = INDEX.lock();
    let Some(index) = guard.as_ref() else {
        return false;
    };
    if index.generation != generation {
        return false;
    }
    index.names.get(name).is_some_and(|at| index.in_place(*at))
}

/// Remembers that element `at` of `$"` provides `name` under `load_path`.
pub fn remember(name: &[u8], at: u32, load_path: &LoadPath) {
    let mut guard = INDEX.lock();
    let Some(index) = guard.as_mut() else {
        return;
    };
    if index.generation != load_path.generation || index.names.len() >= MAX_NAMES {
        index.names.clear();
        index.generation = load_path.generation;
    }
    index.names.insert(name.into(), at);
}

/// The first element of `$"` that provides `name`, as `rb_feature_p` finds it.
pub fn provided(
    name: &[u8],
    wanted: FeatureKind,
    load_path: &LoadPath,
) -> Result<Option<Matched>, Error> {
    let mut guard = INDEX.lock();
    let Some(index) = guard.as_mut() else {
        return Ok(None);
    };
    index.sync()?;
    let Some(positions) = index.by_stem.get(stem_of(name)) else {
        return Ok(None);
    };
    // SAFETY: the mirror is held, and only bytes are compared until the end of this function.
    let mirror = unsafe { View::of(index.mirror.get()) };
    Ok(positions.iter().find_map(|at| {
        let feature = mirror.text(*at as usize)?;
        let mut matched = Matched::of(feature, name, wanted, load_path)?;
        matched.position = *at;
        Some(matched)
    }))
}

/// Whether `$"` holds exactly `path`.
pub fn holds(path: &[u8]) -> Result<bool, Error> {
    Ok(position(path)?.is_some())
}

/// Where in `$"` exactly `path` stands.
pub fn position(path: &[u8]) -> Result<Option<u32>, Error> {
    let mut guard = INDEX.lock();
    let Some(index) = guard.as_mut() else {
        return Ok(None);
    };
    index.sync()?;
    // SAFETY: the mirror is held, and only bytes are compared until the end of this function.
    let mirror = unsafe { View::of(index.mirror.get()) };
    let positions = index.by_stem.get(stem_of(path));
    let is_there = |at: &u32| mirror.text(*at as usize) == Some(path);
    Ok(positions.into_iter().flatten().copied().find(is_there))
}

/// Appends `path` to `$"`, frozen, as `rb_provide_feature` does.
pub fn provide(ruby: &Ruby, path: &[u8]) -> Result<(), Error> {
    // `rb_provide` lets Ruby keep its own index, which an ordinary push makes it rebuild. It takes a C string and
    // calls it US-ASCII, which is right for ASCII alone.
    if path.is_ascii() && !path.contains(&0) {
        let name = permanent(path);
        crate::helpers::protected(|| {
            // SAFETY: NUL-terminated and never freed; a frozen `$"` raises, which is caught.
            unsafe { rb_sys::rb_provide(name.as_ptr().cast()) };
            rb_sys::Qnil as rb_sys::VALUE
        })?;
        return Ok(());
    }
    let Some(features) = INDEX.lock().as_ref().map(|index| index.features.get()) else {
        return Ok(());
    };
    let feature = crate::helpers::string::path(ruby, path);
    feature.freeze();
    features.funcall::<_, _, Value>("push", (feature,))?;
    Ok(())
}

/// The last element of `$"`.
pub fn last() -> Option<Vec<u8>> {
    let features = INDEX.lock().as_ref()?.features.get();
    // SAFETY: `$"` is held, and nothing runs until the last one is copied.
    let features = unsafe { View::of(features) };
    features
        .text(features.len().checked_sub(1)?)
        .map(<[u8]>::to_vec)
}

/// A feature that must move backwards in `$"`.
pub struct Move {
    /// Its virtual path.
    pub path: Vec<u8>,
    /// The last element of `$"` when it had been loaded.
    pub behind: Vec<u8>,
}

/// Moves features backwards in `$"`, in one go. Features that are gone meanwhile are left out.
pub fn reorder(ruby: &Ruby, moves: &[Move]) -> Result<(), Error> {
    let Some(features) = INDEX.lock().as_ref().map(|index| index.features.get()) else {
        return Ok(());
    };
    let ordered = ruby.ary_new();
    {
        // SAFETY: `$"` is held, and nothing runs that could change it until the order is known.
        let elements = unsafe { View::of(features) };
        let places: HashMap<&[u8], usize, RandomState> = (0..elements.len())
            .filter_map(|at| Some((elements.text(at)?, at)))
            .collect();
        let mut order: Vec<_> = (0..elements.len()).map(|at| (at, 0, at)).collect();
        for (rank, moved) in moves.iter().enumerate() {
            let (from, to) = (
                places.get(moved.path.as_slice()),
                places.get(moved.behind.as_slice()),
            );
            if let (Some(from), Some(to)) = (from, to) {
                if let Some(place) = order.get_mut(*from).filter(|_| from < to) {
                    *place = (*to, rank + 1, *from);
                }
            }
        }
        order.sort_unstable();
        for (_, _, at) in order {
            if let Some(value) = elements.value(at) {
                // Growing an Array runs no Ruby code.
                ordered.push(value)?;
            }
        }
    }
    features.funcall::<_, _, Value>("replace", (ordered,))?;
    Ok(())
}

/// Takes `path` out of `$"`.
pub fn withdraw(ruby: &Ruby, path: &[u8]) -> Result<(), Error> {
    let Some(features) = INDEX.lock().as_ref().map(|index| index.features.get()) else {
        return Ok(());
    };
    let path = crate::helpers::string::path(ruby, path);
    features.funcall::<_, _, Value>("delete", (path,))?;
    Ok(())
}

/// A copy of `path` with a NUL at its end that is never freed: Ruby's String for a provided feature may
/// refer to these very bytes. Each path is copied once, however often it is loaded.
fn permanent(path: &[u8]) -> &'static [u8] {
    static PATHS: LazyLock<Mutex<HashSet<&'static [u8]>>> = LazyLock::new(Mutex::default);
    let name = [path, b"\0"].concat();
    let mut paths = PATHS.lock();
    if let Some(known) = paths.get(name.as_slice()) {
        return known;
    }
    let name: &'static [u8] = Box::leak(name.into_boxed_slice());
    paths.insert(name);
    name
}

impl Index {
    /// Whether element `at` of `$"` is the one that was indexed.
    fn in_place(&self, at: u32) -> bool {
        let at = at as usize;
        // SAFETY: both Arrays are held, and nothing runs until their elements are compared.
        let (now, known) = unsafe { (View::of(self.features.get()), View::of(self.mirror.get())) };
        now.agrees(known, at)
    }

    /// Brings the index up to date: what was appended is added, any other change starts over.
    fn sync(&mut self) -> Result<(), Error> {
        // SAFETY: both Arrays are held, and nothing runs until they are compared.
        let (now, known) = unsafe { (View::of(self.features.get()), View::of(self.mirror.get())) };
        let appended_only = now.first(known.len()) == Some(known);
        let (len, mut from) = (now.len(), known.len());
        if !appended_only {
            self.by_stem.clear();
            self.names.clear();
            self.mirror_array()?.clear()?;
            from = 0;
        }
        if len > from {
            self.append(from)?;
        }
        Ok(())
    }

    fn append(&mut self, from: usize) -> Result<(), Error> {
        let mirror = self.mirror_array()?;
        for at in from.. {
            // SAFETY: `$"` is held and looked into anew each time; no Ruby code runs below, nor when the mirror grows.
            let features = unsafe { View::of(self.features.get()) };
            let Some(value) = features.value(at) else {
                break;
            };
            mirror.push(value)?;
            if let Some(feature) = features.text(at) {
                let stem = stem_of(feature);
                match self.by_stem.get_mut(stem) {
                    Some(positions) => positions.push(at as u32),
                    None => {
                        self.by_stem.insert(stem.into(), vec![at as u32]);
                    }
                }
            }
        }
        Ok(())
    }

    fn mirror_array(&self) -> Result<RArray, Error> {
        magnus::TryConvert::try_convert(self.mirror.get())
    }
}
