//! Which names an archive has already: a reader refuses one in which a name is there twice, or is both a file and a
//! directory.

use std::collections::hash_map::Entry;
use std::collections::HashMap;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    File,
    Directory,
    /// A directory that has no entry of its own so far, only files in it.
    Implied,
}

/// The names so far.
#[derive(Default)]
pub(super) struct NamesInUse(HashMap<Box<[u8]>, Kind>);

impl NamesInUse {
    /// Takes a clean name for a file; false if that cannot be.
    pub(super) fn file(&mut self, name: &[u8]) -> bool {
        match self.0.contains_key(name) || !self.parents(name) {
            true => false,
            false => self.0.insert(name.into(), Kind::File).is_none(),
        }
    }

    /// Takes a clean name for a directory; false if that cannot be.
    pub(super) fn directory(&mut self, name: &[u8]) -> bool {
        if !matches!(self.0.get(name), None | Some(Kind::Implied)) || !self.parents(name) {
            return false;
        }
        self.0.insert(name.into(), Kind::Directory);
        true
    }

    /// Makes the directories on the way to `name` known; false if one of them is a file.
    fn parents(&mut self, name: &[u8]) -> bool {
        let mut name = name;
        while let Some(at) = name.iter().rposition(|b| *b == b'/') {
            name = name.get(..at).unwrap_or_default();
            match self.0.entry(name.into()) {
                // Its own parents are known.
                Entry::Occupied(known) => return *known.get() != Kind::File,
                Entry::Vacant(vacant) => vacant.insert(Kind::Implied),
            };
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::NamesInUse;

    /// Takes names one after the other (directories end in `/`), and says of each whether it could be.
    fn take(names: &[&str]) -> Vec<bool> {
        let mut taken = NamesInUse::default();
        let mut one = |name: &&str| match name.strip_suffix('/') {
            Some(name) => taken.directory(name.as_bytes()),
            None => taken.file(name.as_bytes()),
        };
        names.iter().map(&mut one).collect()
    }

    #[test]
    fn a_name_is_taken_once() {
        for (names, last) in [
            (["a", "b"], true),
            (["a", "a"], false),
            (["a/", "a/"], false),
            (["a", "a/"], false),
            (["a/", "a"], false),
            (["a", "a/b"], false),
            (["a", "a/b/c"], false),
            (["a", "a/b/"], false),
            (["a/b", "a"], false),
            (["a/b/c", "a"], false),
            (["a/b/c/", "a/b"], false),
            (["a/b", "a/"], true),
            (["a/b/c", "a/"], true),
            (["a/", "a/b"], true),
            (["a/b", "a/c"], true),
            (["a", "ab/c"], true),
            (["A", "a"], true),
        ] {
            assert_eq!(take(&names), [true, last], "{names:?}");
        }
    }
}
