//! The entries that are refused for their names, while the rest of the archive is used: names that only some systems have,
//! and those that systems read differently.

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::names;
use crate::hash::hash;

/// A refused entry.
struct Entry {
    /// Where its name ends; it starts where the one before ends.
    end: usize,
    /// The hash of its form on Windows.
    hash: u64,
    reason: &'static str,
    directory: bool,
}

/// The refused entries of an archive, found by the forms that their names have on Windows: no two have one form.
#[derive(Default)]
pub(super) struct Refused {
    /// The clean names, one after the other.
    names: Vec<u8>,
    entries: Vec<Entry>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Refused {
    /// What hashes the forms.
    pub(super) fn hasher(&self) -> &RandomState {
        &self.hasher
    }

    /// Adds the entry with a clean name. A directory that is there twice counts once; false if the name is there as
    /// something else.
    pub(super) fn add(&mut self, name: &[u8], directory: bool, reason: &'static str) -> bool {
        let form = names::windows_form(name);
        let hash = hash(&self.hasher, &form);
        if let Some(number) = self.find_form(hash, &form) {
            return directory && self.is_directory(number);
        }
        let number = self.entries.len() as u32;
        self.names.extend_from_slice(name);
        self.entries.push(Entry {
            end: self.names.len(),
            hash,
            reason,
            directory,
        });
        let Refused { entries, table, .. } = self;
        table.insert_unique(hash, number, |number| hash_of(entries, *number));
        true
    }

    /// The number of the entry with this clean name.
    pub(super) fn find(&self, name: &[u8]) -> Option<u32> {
        if self.entries.is_empty() {
            return None;
        }
        let form = names::windows_form(name);
        self.find_form(hash(&self.hasher, &form), &form)
            .filter(|number| self.name(*number) == name)
    }

    /// The number of the entry whose name has this form, with this hash, on Windows.
    pub(super) fn find_form(&self, hash: u64, form: &[u8]) -> Option<u32> {
        self.table
            .find(hash, |number| {
                hash_of(&self.entries, *number) == hash
                    && *names::windows_form(self.name(*number)) == *form
            })
            .copied()
    }

    /// The name of the entry with this number.
    pub(super) fn name(&self, number: u32) -> &[u8] {
        let number = number as usize;
        let end_of = |number: usize| self.entries.get(number).map_or(0, |entry| entry.end);
        let start = number.checked_sub(1).map_or(0, end_of);
        self.names.get(start..end_of(number)).unwrap_or_default()
    }

    /// Why the entry with this number is refused.
    pub(super) fn reason(&self, number: u32) -> &'static str {
        self.entries
            .get(number as usize)
            .map_or("", |entry| entry.reason)
    }

    /// Whether the entry with this number is a directory.
    pub(super) fn is_directory(&self, number: u32) -> bool {
        self.entries
            .get(number as usize)
            .is_some_and(|entry| entry.directory)
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// How many bytes they take.
    pub(super) fn memory_usage(&self) -> usize {
        self.names.capacity()
            + self.entries.capacity() * std::mem::size_of::<Entry>()
            + self.table.allocation_size()
    }
}

fn hash_of(entries: &[Entry], number: u32) -> u64 {
    entries.get(number as usize).map_or(0, |entry| entry.hash)
}
