//! The index of an archive: from a name to its entry or directory in one hash.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use hashbrown::{hash_table, HashTable};

use super::children::Children;
use super::names;
use super::numbered::Numbered;
use super::refused::Refused;
use super::slot::{Entry, Slot, Wide};
use crate::hash::hash;
use crate::vfs::{Kind, Listing};

/// A directory: one that the archive lists, or that the name of a file goes through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Directory {
    /// Where its name starts in the names: often inside the name of a file.
    pub name: u32,
    pub name_len: u16,
    /// Permission bits.
    pub mode: u16,
    /// Seconds since the epoch; 0 where the archive does not say.
    pub mtime: u32,
}

/// The name that the header of an entry has, where the entry goes by the name of its Unicode Path field.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeaderName {
    /// The number of the file.
    pub file: u32,
    /// Where the name is in the names.
    pub start: u32,
    pub len: u16,
}

/// What a walk of the central directory gathered.
#[derive(Default)]
pub(super) struct Gathered {
    /// The clean names of all files and listed directories, one after the other, and the header names between them.
    pub names: Vec<u8>,
    pub slots: Vec<Slot>,
    pub wide: Vec<Wide>,
    pub directories: Vec<Directory>,
    /// In the order of the files.
    pub header_names: Vec<HeaderName>,
    pub refused: Refused,
}

/// All names of an archive. 28 bytes and between 5 and 12 of hash table for each, plus the name itself.
pub(super) struct Index {
    /// The clean names of all files and listed directories, one after the other.
    names: Vec<u8>,
    slots: Vec<Slot>,
    wide: Vec<Wide>,
    directories: Vec<Directory>,
    header_names: Vec<HeaderName>,
    refused: Refused,
    table: HashTable<u32>,
    hasher: RandomState,
    symlinks: bool,
    /// Made when the first directory is listed.
    children: OnceLock<Children>,
}

impl Index {
    /// Indexes what a walk of the central directory gathered. Fails with the name that is there twice.
    pub(super) fn build(gathered: Gathered) -> Result<Index, Vec<u8>> {
        let Gathered {
            mut names,
            mut slots,
            wide,
            directories,
            header_names,
            refused,
        } = gathered;
        names.shrink_to_fit();
        slots.shrink_to_fit();
        let mut index = Index {
            symlinks: slots.iter().any(Slot::is_symlink),
            table: HashTable::with_capacity(slots.len() + directories.len()),
            hasher: refused.hasher().clone(),
            names,
            slots,
            wide,
            directories,
            header_names,
            refused,
            children: OnceLock::new(),
        };
        for number in 0..index.slots.len() as u32 {
            if index.insert(Numbered::File(number)).is_err() {
                return Err(index.name(Numbered::File(number)).to_vec());
            }
        }
        let listed = index.insert_directories()?;
        // The names in the archive's order: neighbours mostly have the same parent.
        let mut last = 0..0;
        for number in 0..index.slots.len() as u32 {
            let range = index.range(Numbered::File(number));
            index.add_parents(range, &mut last)?;
        }
        for number in 0..listed {
            let range = index.range(Numbered::Directory(number));
            index.add_parents(range, &mut last)?;
        }
        index.directories.shrink_to_fit();
        index.check_refused()?;
        let Index {
            table,
            hasher,
            names,
            slots,
            directories,
            ..
        } = &mut index;
        table.shrink_to_fit(|packed| {
            let range = range(slots, directories, Numbered::unpack(*packed));
            hash(hasher, names.get(range).unwrap_or_default())
        });
        Ok(index)
    }

    /// Inserts the directories that the archive lists, the first of each name; says how many are left, or fails with the
    /// name that is also a file's.
    fn insert_directories(&mut self) -> Result<u32, Vec<u8>> {
        let mut kept = 0;
        for number in 0..self.directories.len() {
            self.directories.swap(kept, number);
            let node = Numbered::Directory(kept as u32);
            match self.insert(node) {
                Ok(()) => kept += 1,
                Err(Numbered::Directory(_)) => {}
                Err(Numbered::File(_)) => return Err(self.name(node).to_vec()),
            }
        }
        self.directories.truncate(kept);
        Ok(kept as u32)
    }

    /// Fails with the name of a refused entry that is, on Windows, the name of something else, or goes through a file.
    fn check_refused(&self) -> Result<(), Vec<u8>> {
        // The hashes of the directories that were seen: they and what is above them are no files.
        let mut seen = HashSet::new();
        for number in 0..self.refused.len() as u32 {
            let clash = || Err(self.refused.name(number).to_vec());
            let form = names::windows_form(self.refused.name(number));
            match self.find(&form) {
                Some(Numbered::File(_)) => return clash(),
                Some(Numbered::Directory(_)) if !self.refused.is_directory(number) => {
                    return clash()
                }
                _ => {}
            }
            let mut parent = &*form;
            while let Some(end) = parent.iter().rposition(|b| *b == b'/') {
                parent = parent.get(..end).unwrap_or_default();
                // What is longer is no name of a file that can be read.
                if parent.len() > names::MAX_NAME {
                    continue;
                }
                let hash = hash(&self.hasher, parent);
                if !seen.insert(hash) {
                    break;
                }
                let refused = self.refused.find_form(hash, parent);
                if matches!(self.find_hashed(hash, parent), Some(Numbered::File(_)))
                    || refused.is_some_and(|number| !self.refused.is_directory(number))
                {
                    return clash();
                }
            }
        }
        Ok(())
    }

    /// Inserts a node; fails with the node that has its name.
    fn insert(&mut self, node: Numbered) -> Result<(), Numbered> {
        let Index {
            names,
            slots,
            directories,
            table,
            hasher,
            ..
        } = self;
        let name_of = |node| {
            names
                .get(range(slots, directories, node))
                .unwrap_or_default()
        };
        let name = name_of(node);
        match table.entry(
            hash(hasher, name),
            |packed| name_of(Numbered::unpack(*packed)) == name,
            |packed| hash(hasher, name_of(Numbered::unpack(*packed))),
        ) {
            hash_table::Entry::Occupied(taken) => Err(Numbered::unpack(*taken.get())),
            hash_table::Entry::Vacant(vacant) => {
                vacant.insert(node.pack());
                Ok(())
            }
        }
    }

    /// Makes every directory on the way to the name at `range` known; `last` is where the parent that was last
    /// made known has its name.
    fn add_parents(&mut self, range: Range<usize>, last: &mut Range<usize>) -> Result<(), Vec<u8>> {
        let start = range.start;
        let mut name = self.names.get(range).unwrap_or_default();
        let last_name = self.names.get(last.clone()).unwrap_or_default();
        if let Some([b'/', base @ ..]) = name.strip_prefix(last_name) {
            if !last_name.is_empty() && !has_slash(base) {
                return Ok(());
            }
        }
        let mut deepest = true;
        while let Some(end) = name.iter().rposition(|b| *b == b'/') {
            if std::mem::take(&mut deepest) {
                *last = start..start + end;
            }
            name = name.get(..end).unwrap_or_default();
            match self.find(name) {
                Some(Numbered::Directory(_)) => return Ok(()),
                Some(Numbered::File(_)) => return Err(name.to_vec()),
                None => {}
            }
            let number = self.directories.len() as u32;
            self.directories.push(Directory {
                name: start as u32,
                name_len: end as u16,
                mode: 0o755,
                mtime: 0,
            });
            // It was not found just now.
            let _ = self.insert(Numbered::Directory(number));
            name = self.names.get(start..start + end).unwrap_or_default();
        }
        Ok(())
    }

    fn range(&self, node: Numbered) -> Range<usize> {
        range(&self.slots, &self.directories, node)
    }

    /// What has this clean name. The root directory is not in the index.
    pub(super) fn find(&self, name: &[u8]) -> Option<Numbered> {
        self.find_hashed(hash(&self.hasher, name), name)
    }

    fn find_hashed(&self, hash: u64, name: &[u8]) -> Option<Numbered> {
        self.table
            .find(hash, |packed| self.name(Numbered::unpack(*packed)) == name)
            .map(|packed| Numbered::unpack(*packed))
    }

    /// The name of a node.
    pub(super) fn name(&self, node: Numbered) -> &[u8] {
        self.names.get(self.range(node)).unwrap_or_default()
    }

    /// The file with this number.
    pub(super) fn entry(&self, number: u32) -> Option<Entry> {
        self.slots
            .get(number as usize)
            .map(|slot| slot.entry(&self.wide))
    }

    /// What the header of the file with this number calls it, with the slashes and dots of the archive, where that is
    /// another name than [`Index::name`].
    pub(super) fn header_name(&self, file: u32) -> Option<&[u8]> {
        let at = self
            .header_names
            .binary_search_by_key(&file, |name| name.file)
            .ok()?;
        let name = self.header_names.get(at)?;
        let start = name.start as usize;
        self.names.get(start..start + usize::from(name.len))
    }

    /// The entries that are refused for their names.
    pub(super) fn refused(&self) -> &Refused {
        &self.refused
    }

    /// Whether the file with this number is a symbolic link.
    pub(super) fn is_symlink(&self, number: u32) -> bool {
        self.slots
            .get(number as usize)
            .is_some_and(Slot::is_symlink)
    }

    /// Whether there are symbolic links.
    pub(super) fn has_symlinks(&self) -> bool {
        self.symlinks
    }

    /// The directory with this number.
    pub(super) fn directory(&self, number: u32) -> Option<&Directory> {
        self.directories.get(number as usize)
    }

    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The names of all files in the order of the archive.
    pub(super) fn names(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.slots.len() as u32).map(|number| self.name(Numbered::File(number)))
    }

    /// How many bytes the index takes.
    pub(super) fn memory_usage(&self) -> usize {
        use std::mem::size_of;
        let children = self.children.get().map_or(0, Children::memory_usage);
        self.names.capacity()
            + self.slots.capacity() * size_of::<Slot>()
            + self.wide.capacity() * size_of::<Wide>()
            + self.directories.capacity() * size_of::<Directory>()
            + self.header_names.capacity() * size_of::<HeaderName>()
            + self.refused.memory_usage()
            + self.table.allocation_size()
            + children
    }

    /// The names directly inside a directory (`None`: the root), sorted.
    pub(super) fn list(&self, directory: Option<u32>) -> Listing {
        let children = self.children.get_or_init(|| {
            let files = (0..self.slots.len() as u32).map(Numbered::File);
            let directories = (0..self.directories.len() as u32).map(Numbered::Directory);
            let placed = files
                .chain(directories)
                .map(|node| (self.parent(self.name(node)), node));
            Children::sort(placed, self.directories.len(), |node| {
                basename(self.name(node))
            })
        });
        let group = directory.map_or(self.directories.len(), |number| number as usize);
        let name_and_kind = |node| {
            let kind = match node {
                Numbered::Directory(_) => Kind::Directory,
                Numbered::File(number) if self.is_symlink(number) => Kind::Symlink,
                Numbered::File(_) => Kind::File,
            };
            (basename(self.name(node)).to_vec(), kind)
        };
        children.of(group).map(name_and_kind).collect()
    }

    /// The number of the directory that holds `name`; for the root, the one after the last.
    fn parent(&self, name: &[u8]) -> u32 {
        let parent = name
            .iter()
            .rposition(|b| *b == b'/')
            .and_then(|end| self.find(name.get(..end)?));
        match parent {
            Some(Numbered::Directory(number)) => number,
            _ => self.directories.len() as u32,
        }
    }
}

fn range(slots: &[Slot], directories: &[Directory], node: Numbered) -> Range<usize> {
    match node {
        Numbered::File(number) => slots
            .get(number as usize)
            .map_or(0..0, |slot| slot.name_range()),
        Numbered::Directory(number) => directories.get(number as usize).map_or(0..0, |directory| {
            let start = directory.name as usize;
            start..start + usize::from(directory.name_len)
        }),
    }
}

/// Whether there is a slash; looks at all bytes, which for short names is faster than to stop at the first.
fn has_slash(name: &[u8]) -> bool {
    name.iter().fold(false, |found, b| found | (*b == b'/'))
}

/// What follows the last slash.
fn basename(name: &[u8]) -> &[u8] {
    let start = name.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    name.get(start..).unwrap_or_default()
}
