//! Roots and what belongs to them: which root, if any, an absolute path lies in.

use foldhash::fast::RandomState;
use hashbrown::{hash_table::Entry, HashTable};

use crate::hash::hash;
use crate::path::Subpath;

/// Maps roots to whatever belongs there.
///
/// Roots and the paths that are looked up are absolute and clean, in bytes. A path belongs to the longest root that
/// it equals or continues after a slash.
///
/// ```
/// use invfs_engine::root_map::RootMap;
/// let mut mounts = RootMap::default();
/// mounts.insert(b"/app.zip", "archive");
/// let (mounted, root, sub) = mounts.find(b"/app.zip/lib/a.rb").unwrap();
/// assert_eq!((*mounted, root, sub.as_bytes()), ("archive", &b"/app.zip"[..], &b"lib/a.rb"[..]));
/// assert!(mounts.find(b"/app.zip.old/a.rb").is_none());
/// ```
pub struct RootMap<T> {
    table: HashTable<Mount<T>>,
    hasher: RandomState,
    /// What all roots start with: a path that does not lies in none of them, and needs no hash to be told so.
    common: Vec<u8>,
    /// The lengths of the roots and how many have each, the longest first.
    lengths: Vec<(usize, usize)>,
}

struct Mount<T> {
    root: Box<[u8]>,
    mounted: T,
}

impl<T> Default for RootMap<T> {
    fn default() -> RootMap<T> {
        RootMap {
            table: HashTable::new(),
            hasher: RandomState::default(),
            common: Vec::new(),
            lengths: Vec::new(),
        }
    }
}

impl<T> RootMap<T> {
    /// An empty table.
    pub fn new() -> RootMap<T> {
        RootMap::default()
    }

    /// How many roots there are.
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Mounts at `root`, and gives back what was mounted there.
    pub fn insert(&mut self, root: &[u8], mounted: T) -> Option<T> {
        let hasher = &self.hasher;
        match self.table.entry(
            hash(hasher, root),
            |mount| *mount.root == *root,
            |mount| hash(hasher, &mount.root),
        ) {
            Entry::Occupied(mut found) => {
                Some(std::mem::replace(&mut found.get_mut().mounted, mounted))
            }
            Entry::Vacant(place) => {
                place.insert(Mount {
                    root: root.into(),
                    mounted,
                });
                self.summarize();
                None
            }
        }
    }

    /// What is mounted at exactly `root`, to be changed.
    pub fn get_mut(&mut self, root: &[u8]) -> Option<&mut T> {
        let hash = hash(&self.hasher, root);
        let mount = self.table.find_mut(hash, |mount| *mount.root == *root)?;
        Some(&mut mount.mounted)
    }

    /// What is mounted at exactly `root`.
    pub fn get(&self, root: &[u8]) -> Option<&T> {
        self.mount(root).map(|mount| &mount.mounted)
    }

    /// Takes the mount at `root` away.
    pub fn remove(&mut self, root: &[u8]) -> Option<T> {
        let hash = hash(&self.hasher, root);
        let found = self
            .table
            .find_entry(hash, |mount| *mount.root == *root)
            .ok()?;
        let (mount, _) = found.remove();
        self.summarize();
        Some(mount.mounted)
    }

    /// The mount that `path` lies in: what is mounted, its root, and the path inside.
    ///
    /// `None` also where the rest of the path is not clean: such a path was not made absolute as it should be.
    pub fn find<'p>(&self, path: &'p [u8]) -> Option<(&T, &[u8], &'p Subpath)> {
        let ((mounted, root), sub) = self.find_map(path, |root, mounted| Some((mounted, root)))?;
        Some((mounted, root, sub))
    }

    /// Of the roots that `path` lies in, the longest for which `take` gives something: that, and the path inside.
    pub fn find_map<'s, 'p, R>(
        &'s self,
        path: &'p [u8],
        take: impl Fn(&'s [u8], &'s T) -> Option<R>,
    ) -> Option<(R, &'p Subpath)> {
        if self.is_empty() || !path.starts_with(&self.common) {
            return None;
        }
        for (len, _) in &self.lengths {
            let Some((prefix, rest)) = path.split_at_checked(*len) else {
                continue;
            };
            let inside = match (prefix.last(), rest) {
                // The root of the file system ends in a slash of its own.
                (Some(b'/'), rest) => rest,
                (_, []) => rest,
                (_, [b'/', rest @ ..]) => rest,
                _ => continue,
            };
            let mount = self.mount(prefix);
            if let Some(taken) = mount.and_then(|mount| take(&mount.root, &mount.mounted)) {
                return Some((taken, Subpath::new(inside)?));
            }
        }
        None
    }

    /// All roots and what is mounted there, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &T)> {
        self.table
            .iter()
            .map(|mount| (&*mount.root, &mount.mounted))
    }

    fn mount(&self, root: &[u8]) -> Option<&Mount<T>> {
        self.table
            .find(hash(&self.hasher, root), |mount| *mount.root == *root)
    }

    /// Looks all roots over for what they have in common. Mounting is rare, looking up is not.
    fn summarize(&mut self) {
        let mut roots = self.table.iter().map(|mount| &*mount.root);
        let first = roots.next().unwrap_or_default();
        let common = roots.fold(first, |common, root| {
            let same = common.iter().zip(root).take_while(|(a, b)| a == b).count();
            common.get(..same).unwrap_or_default()
        });
        self.common = common.to_vec();
        let mut counts = std::collections::BTreeMap::new();
        for mount in &self.table {
            *counts.entry(mount.root.len()).or_insert(0) += 1;
        }
        self.lengths = counts.into_iter().rev().collect();
    }
}
