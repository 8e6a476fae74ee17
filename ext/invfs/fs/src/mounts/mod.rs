//! The mount table: which file system appears under which absolute path.
//!
//! There is one for the process. `require`, file operations and whoever asks where a file comes from look into it. It is
//! replaced as a whole, so looking takes no lock.

mod first_names;
mod generation;
#[cfg(mounts)]
pub mod implied_dir;
mod mount;
#[cfg(mounts)]
mod nothing;
#[cfg(mounts)]
pub mod real;

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

pub use crate::mounts::first_names::may_concern;
pub use crate::mounts::generation::generation;
pub use crate::mounts::mount::{Mount, Origin, Over, Place, Request, Watch};
#[cfg(mounts)]
use crate::sys::fork::ForkMutex;

use invfs_engine::path::Subpath;
use invfs_engine::root_map::RootMap;

/// All mounts at one moment.
#[derive(Default)]
pub struct Table {
    /// At each root the newest mount comes last: it covers the others.
    by_root: RootMap<Vec<Arc<Mount>>>,
    /// The roots of mounts that somebody asked for.
    named: Vec<Box<[u8]>>,
}

static TABLE: ArcSwapOption<Table> = ArcSwapOption::const_empty();

/// Held while the table is replaced.
#[cfg(mounts)]
static CHANGING: ForkMutex<()> = ForkMutex::new(());
#[cfg(mounts)]
survives_fork!(CHANGING, Outer);
#[cfg(not(mounts))]
static CHANGING: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// A function that is told when a mount was taken away. [`on_unmount!`](crate::on_unmount) registers it.
pub struct Unmounted(pub fn(&Mount));

inventory::collect!(Unmounted);

#[doc(hidden)]
pub use inventory::submit;

/// Registers a function that is told of each [`Mount`] that was taken away, in the thread that did so:
/// `on_unmount!(forget)`.
#[macro_export]
macro_rules! on_unmount {
    ($function:path) => {
        $crate::mounts::submit! { $crate::mounts::Unmounted($function) }
    };
}

fn unmounted(mount: &Mount) {
    for Unmounted(tell) in inventory::iter::<Unmounted> {
        tell(mount);
    }
}

/// The table; `None` where nothing was ever mounted.
pub fn current() -> Guard<Option<Arc<Table>>> {
    TABLE.load()
}

impl Table {
    /// The mount that the absolute, clean `path` lies in.
    pub fn find(&self, path: &[u8]) -> Option<Place> {
        self.place(path, |_, stack| stack.last())
    }

    /// The mount that file operations find under the absolute, clean `path`.
    pub fn find_visible(&self, path: &[u8]) -> Option<Place> {
        self.place(path, |_, stack| newest_visible(stack))
    }

    /// What file operations would find under the absolute, clean `path` without the mounts whose root has `len` bytes or
    /// more.
    pub fn beneath(&self, path: &[u8], len: usize) -> Option<Place> {
        self.place(path, |root, stack| match root.len() < len {
            true => newest_visible(stack),
            false => None,
        })
    }

    fn place<'s>(
        &'s self,
        path: &[u8],
        take: impl Fn(&'s [u8], &'s Vec<Arc<Mount>>) -> Option<&'s Arc<Mount>>,
    ) -> Option<Place> {
        let (mount, sub) = self.by_root.find_map(path, take)?;
        Some(Place {
            mount: mount.clone(),
            sub: sub.to_owned(),
        })
    }

    /// All mounts, those that are covered among them, in no particular order.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Mount>> {
        self.by_root.iter().flat_map(|(_, stack)| stack)
    }

    /// The roots at which file operations find something.
    pub fn visible_roots(&self) -> impl Iterator<Item = &[u8]> {
        let visible = |(_, stack): &(&[u8], &Vec<Arc<Mount>>)| newest_visible(stack).is_some();
        self.by_root.iter().filter(visible).map(|(root, _)| root)
    }

    /// How many roots there are.
    pub fn len(&self) -> usize {
        self.by_root.len()
    }

    /// Whether nothing is mounted.
    pub fn is_empty(&self) -> bool {
        self.by_root.is_empty()
    }

    fn push(&mut self, mount: Arc<Mount>) {
        match self.by_root.get_mut(&mount.root) {
            Some(stack) => stack.push(mount),
            None => {
                let root = mount.root.clone();
                self.by_root.insert(&root, vec![mount]);
            }
        }
    }

    /// Takes the newest mount at `root` away that `goes` says.
    fn remove(&mut self, root: &[u8], goes: impl Fn(&Mount) -> bool) -> Option<Arc<Mount>> {
        let stack = self.by_root.get_mut(root)?;
        let at = stack.iter().rposition(|mount| goes(mount))?;
        let mount = stack.remove(at);
        if stack.is_empty() {
            self.by_root.remove(root);
        }
        Some(mount)
    }
}

fn newest_visible(stack: &[Arc<Mount>]) -> Option<&Arc<Mount>> {
    stack.iter().rev().find(|mount| mount.is_visible())
}

/// Whether `sub` below `root` may lie in a mount that somebody asked for at its place: quickly, and `false` is sure.
pub fn may_be_in_named(root: &[u8], sub: &Subpath) -> bool {
    let begins = |named: &[u8]| match named.strip_prefix(root) {
        Some([b'/', below @ ..]) => sub.as_bytes().starts_with(below),
        Some(below) => below.is_empty() || root == b"/",
        None => root.starts_with(named),
    };
    let table = current();
    table
        .iter()
        .any(|table| table.named.iter().any(|named| begins(named)))
}

/// The mount that the absolute, clean `path` lies in, whether or not file operations see it.
pub fn find(path: &[u8]) -> Option<Place> {
    current().as_ref()?.find(path)
}

/// The mount that file operations find under the absolute, clean `path`.
pub fn find_visible(path: &[u8]) -> Option<Place> {
    current().as_ref()?.find_visible(path)
}

/// All mounts, those that are covered among them, in the order in which they were made.
pub fn all() -> Vec<Arc<Mount>> {
    let mut all: Vec<Arc<Mount>> = current()
        .iter()
        .flat_map(|table| table.iter().cloned())
        .collect();
    all.sort_unstable_by_key(|mount| mount.id);
    all
}

/// Mounts something; it covers what was at its root.
pub fn add(request: Request) -> Arc<Mount> {
    let mount = Mount::new(request);
    change(|table| table.push(mount.clone()));
    mount
}

/// Mounts something at the first of `root`, `root@2`, `root@3`, … where nothing else is mounted.
pub fn add_at_free_root(mut request: Request) -> Arc<Mount> {
    change(|table| {
        let wanted = request.root.clone();
        let mut number = 2;
        let taken = |root: &[u8]| {
            let stack = table.by_root.get(root);
            stack.is_some_and(|stack| stack.iter().any(|mount| mount.object != request.object))
        };
        let mut free = wanted.clone();
        while taken(&free) {
            free = [wanted.as_slice(), format!("@{number}").as_bytes()].concat();
            number += 1;
        }
        request.root = free;
        let mount = Mount::new(request);
        table.push(mount.clone());
        mount
    })
}

/// Mounts something in the place of `old`; just so, if that is not mounted any more. The new one is given back.
pub fn replace(old: Option<&Mount>, request: Request) -> Arc<Mount> {
    let mount = Mount::new(request);
    let gone = change(|table| {
        let gone = old.and_then(|old| table.remove(&old.root, |known| known.id == old.id));
        table.push(mount.clone());
        gone
    });
    gone.iter().for_each(|gone| unmounted(gone));
    mount
}

/// Takes the newest mount away that somebody asked for at exactly `root`; what it covered is there again.
pub fn remove_named(root: &[u8]) -> Option<Arc<Mount>> {
    let gone = change(|table| table.remove(root, Mount::is_named));
    gone.iter().for_each(|gone| unmounted(gone));
    gone
}

fn change<T>(edit: impl FnOnce(&mut Table) -> T) -> T {
    let alone = CHANGING.lock();
    let mut table = Table::default();
    if let Some(now) = &*TABLE.load() {
        for (root, stack) in now.by_root.iter() {
            table.by_root.insert(root, stack.clone());
        }
    }
    let result = edit(&mut table);
    let named = table.iter().filter(|mount| mount.is_named());
    table.named = named.map(|mount| mount.root.clone()).collect();
    let table = Arc::new(table);
    let roots = table.by_root.iter().map(|(root, _)| root);
    first_names::while_replaced(roots, || TABLE.store(Some(table.clone())));
    generation::changed();
    drop(alone);
    result
}
