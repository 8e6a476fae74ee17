//! The files of a VFS that a shared object consists of: itself, and the libraries that it needs and that lie there.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::elf;
use crate::os;
use crate::path::{Subpath, SubpathBuf};

/// More libraries than anything brings along.
const MOST: usize = 256;

/// For each library that the shared object `contents` at `sub` needs, where the system's loader would look for it in the
/// same VFS: beside it, then where it says from there on (`$ORIGIN/../lib`).
///
/// ```
/// use invfs_engine::{libraries, path::Subpath};
/// assert!(libraries::places(Subpath::new(b"a.so").unwrap(), b"no shared object").is_empty());
/// ```
pub fn places(sub: &Subpath, contents: &[u8]) -> Vec<Vec<SubpathBuf>> {
    let mut directories = vec![Vec::new()];
    directories.extend(elf::origins(contents));
    let place = |directory: &Vec<u8>, name: &[u8]| {
        let path = [sub.parent().as_bytes(), directory, name].join(&b'/');
        let start = path.iter().position(|b| *b != b'/')?;
        SubpathBuf::clean(path.get(start..)?)
    };
    let names = elf::needed(contents).unwrap_or_default();
    let places = |name: &Vec<u8>| directories.iter().filter_map(|d| place(d, name)).collect();
    names.iter().map(places).collect()
}

/// The shared object at `sub`, which holds `contents`, and all libraries of its VFS that it needs, and that these need.
/// `read` answers with what a file holds, and with `None` where there is none.
///
/// ```
/// use invfs_engine::{libraries, path::Subpath};
/// let sub = Subpath::new(b"lib/a.so").unwrap();
/// let files = libraries::with_needed::<()>(sub, b"contents".to_vec(), |_| Ok(None)).unwrap();
/// assert_eq!(files.len(), 1);
/// ```
pub fn with_needed<E>(
    sub: &Subpath,
    contents: Vec<u8>,
    mut read: impl FnMut(&Subpath) -> Result<Option<Vec<u8>>, E>,
) -> Result<BTreeMap<SubpathBuf, Vec<u8>>, E> {
    let mut files = BTreeMap::new();
    let mut next = vec![(sub.to_owned(), contents)];
    while let Some((sub, contents)) = next.pop() {
        for places in places(&sub, &contents) {
            for place in places {
                if files.contains_key(&place) || next.iter().any(|(other, _)| *other == place) {
                    break;
                }
                if let Some(library) = read(&place)? {
                    next.push((place, library));
                    break;
                }
            }
        }
        files.insert(sub, contents);
        if files.len() >= MOST {
            break;
        }
    }
    Ok(files)
}

/// Writes such files to where they belong in `directory`.
///
/// ```
/// use invfs_engine::{libraries, path::SubpathBuf};
/// let directory = std::env::temp_dir().join(format!("invfs-libraries-{}", std::process::id()));
/// let sub = SubpathBuf::clean(b"lib/a.so").unwrap();
/// libraries::write(&directory, &[(sub.clone(), b"contents".to_vec())].into()).unwrap();
/// let written = std::fs::read(libraries::path_in(&directory, &sub));
/// std::fs::remove_dir_all(&directory).unwrap();
/// assert_eq!(written.unwrap(), b"contents");
/// ```
pub fn write(directory: &Path, files: &BTreeMap<SubpathBuf, Vec<u8>>) -> io::Result<()> {
    for (sub, contents) in files {
        let path = path_in(directory, sub);
        std::fs::create_dir_all(path.parent().unwrap_or(directory))?;
        std::fs::write(path, contents)?;
    }
    Ok(())
}

/// Where [`write`] puts the file `sub`.
pub fn path_in(directory: &Path, sub: &Subpath) -> PathBuf {
    directory.join(os::path(sub.as_bytes()))
}
