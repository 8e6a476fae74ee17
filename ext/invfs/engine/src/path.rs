//! Names: which are safe, how they are cleaned, and the types that say so.
//!
//! A *subpath* is the path of a file inside a VFS: relative, separated by `/`, without empty
//! components, `.` or `..`. The empty subpath is the root directory itself.

use std::borrow::Borrow;
use std::ops::Deref;

/// As many symbolic links as Linux follows on the way to one file.
pub const MAX_LINKS: usize = 40;

/// The components of a path that lead somewhere: neither empty ones nor `.`.
pub fn components(path: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    path.split(|b| *b == b'/')
        .filter(|component| !matches!(*component, b"" | b"."))
}

/// A clean path inside a VFS. Bytes, UTF-8 where the user's names are.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Subpath([u8]);

impl Subpath {
    /// The root directory of a VFS.
    pub const ROOT: &'static Subpath = Subpath::trusted(b"");

    /// `bytes` as a subpath if it already is a clean one, else `None`.
    ///
    /// ```
    /// use invfs_engine::path::Subpath;
    /// assert!(Subpath::new(b"lib/a.rb").is_some());
    /// assert!(Subpath::new(b"../a.rb").is_none());
    /// assert!(Subpath::new(b"/a.rb").is_none());
    /// assert!(Subpath::new(b"lib//a.rb").is_none());
    /// ```
    pub fn new(bytes: &[u8]) -> Option<&Subpath> {
        let clean = bytes.is_empty()
            || (!bytes.contains(&0)
                && bytes
                    .split(|b| *b == b'/')
                    .all(|part| !matches!(part, b"" | b"." | b"..")));
        clean.then(|| Subpath::trusted(bytes))
    }

    #[allow(unsafe_code)]
    const fn trusted(bytes: &[u8]) -> &Subpath {
        // SAFETY: `Subpath` is a transparent wrapper of `[u8]`, so the two references have one layout.
        unsafe { &*(bytes as *const [u8] as *const Subpath) }
    }

    /// The bytes of the path.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether this is the root directory.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// The directory that holds this name; the root's parent is the root.
    ///
    /// ```
    /// use invfs_engine::path::Subpath;
    /// let name = Subpath::new(b"lib/a.rb").unwrap();
    /// assert_eq!(name.parent().as_bytes(), b"lib");
    /// assert!(name.parent().parent().is_root());
    /// ```
    pub fn parent(&self) -> &Subpath {
        match self.0.iter().rposition(|b| *b == b'/') {
            Some(at) => Subpath::trusted(self.0.get(..at).unwrap_or_default()),
            None => Subpath::ROOT,
        }
    }

    /// The last component; empty for the root.
    ///
    /// ```
    /// use invfs_engine::path::Subpath;
    /// assert_eq!(Subpath::new(b"lib/a.rb").unwrap().file_name(), b"a.rb");
    /// ```
    pub fn file_name(&self) -> &[u8] {
        match self.0.iter().rposition(|b| *b == b'/') {
            Some(at) => self.0.get(at + 1..).unwrap_or_default(),
            None => &self.0,
        }
    }

    /// What this is below `directory`: the root if it is the directory itself; `None` if it does not lie in it.
    ///
    /// ```
    /// use invfs_engine::path::Subpath;
    /// let file = Subpath::new(b"lib/a.rb").unwrap();
    /// assert_eq!(file.below(Subpath::new(b"lib").unwrap()).unwrap().as_bytes(), b"a.rb");
    /// assert_eq!(file.below(Subpath::ROOT), Some(file));
    /// assert!(file.below(file).unwrap().is_root());
    /// assert_eq!(file.below(Subpath::new(b"li").unwrap()), None);
    /// ```
    pub fn below(&self, directory: &Subpath) -> Option<&Subpath> {
        if directory.is_root() {
            return Some(self);
        }
        match self.as_bytes().strip_prefix(directory.as_bytes())? {
            [] => Some(Subpath::ROOT),
            [b'/', rest @ ..] => Some(Subpath::trusted(rest)),
            _ => None,
        }
    }

    /// `self` + `/` + `other`.
    ///
    /// ```
    /// use invfs_engine::path::Subpath;
    /// let lib = Subpath::new(b"lib").unwrap();
    /// assert_eq!(lib.join(Subpath::new(b"a.rb").unwrap()).as_bytes(), b"lib/a.rb");
    /// assert_eq!(&*Subpath::ROOT.join(lib), lib);
    /// ```
    pub fn join(&self, other: &Subpath) -> SubpathBuf {
        let mut joined = SubpathBuf(Vec::with_capacity(self.0.len() + 1 + other.0.len()));
        self.join_into(other, &mut joined);
        joined
    }

    /// [`join`](Subpath::join), in the room that `joined` has.
    pub fn join_into(&self, other: &Subpath, joined: &mut SubpathBuf) {
        let bytes = &mut joined.0;
        bytes.clear();
        bytes.extend_from_slice(&self.0);
        if !self.is_root() && !other.is_root() {
            bytes.push(b'/');
        }
        bytes.extend_from_slice(&other.0);
    }
}

/// An owned [`Subpath`].
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SubpathBuf(Vec<u8>);

impl SubpathBuf {
    /// Cleans what a user wrote: drops `.` and empty components, resolves `..` inside the path.
    /// `None` if it is absolute, climbs above the root, or holds a NUL byte.
    ///
    /// ```
    /// use invfs_engine::path::SubpathBuf;
    /// assert_eq!(SubpathBuf::clean(b"./lib//x/../a.rb").unwrap().as_bytes(), b"lib/a.rb");
    /// assert!(SubpathBuf::clean(b"lib/../../a.rb").is_none());
    /// ```
    pub fn clean(bytes: &[u8]) -> Option<SubpathBuf> {
        if Subpath::new(bytes).is_some() {
            return Some(SubpathBuf(bytes.to_vec()));
        }
        if bytes.contains(&0) || bytes.first() == Some(&b'/') {
            return None;
        }
        let mut parts: Vec<&[u8]> = Vec::new();
        for part in components(bytes) {
            match part {
                b".." => {
                    parts.pop()?;
                }
                name => parts.push(name),
            }
        }
        Some(SubpathBuf(parts.join(&b'/')))
    }
}

impl Deref for SubpathBuf {
    type Target = Subpath;

    fn deref(&self) -> &Subpath {
        Subpath::trusted(&self.0)
    }
}

impl Borrow<Subpath> for SubpathBuf {
    fn borrow(&self) -> &Subpath {
        self
    }
}

impl ToOwned for Subpath {
    type Owned = SubpathBuf;

    fn to_owned(&self) -> SubpathBuf {
        SubpathBuf(self.0.to_vec())
    }
}

/// Cleans an absolute path as `File.expand_path` does: no `.`, `..`, empty component or trailing slash.
/// `..` at the top stays at the top. The caller guarantees that `path` starts with `/`.
///
/// ```
/// use invfs_engine::path::clean_absolute;
/// assert_eq!(clean_absolute(b"/srv/./app/../x//y/"), b"/srv/x/y");
/// assert_eq!(clean_absolute(b"/../.."), b"/");
/// ```
pub fn clean_absolute(path: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = Vec::new();
    for part in components(path) {
        match part {
            b".." => {
                parts.pop();
            }
            name => parts.push(name),
        }
    }
    let mut clean = vec![b'/'];
    clean.extend_from_slice(&parts.join(&b'/'));
    clean
}
