//! From a path to what stands there in the union. Symbolic links are followed here, never by the kernel.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use crate::file_system::{Node, Real};
use crate::overlay::operation::Operation;
use crate::overlay::upper::RESERVED_NAME;
use crate::sys::at;
use crate::sys::at::Meta;
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::{components, Subpath, SubpathBuf};
use invfs_engine::symlinks::{Step, Walk};
use invfs_engine::vfs::Kind;

pub(super) const LONGEST_NAME: usize = 255;

/// A directory of the union. Its path has no link in it.
pub(super) struct UnionDir {
    pub path: SubpathBuf,
    /// The directory in the upper layer, where it is there.
    pub upper: Option<OwnedFd>,
    /// Whether the lower layer has this directory and it is not hidden.
    pub lower: bool,
}

impl UnionDir {
    /// The directory in the upper layer; who calls this knows that it is there.
    pub fn upper(&self) -> Answer<BorrowedFd<'_>> {
        let fd = self.upper.as_ref().ok_or(Errno(libc::ENOENT))?;
        Ok(fd.as_fd())
    }

    pub fn join(&self, name: &[u8]) -> Answer<SubpathBuf> {
        let name = Subpath::new(name).ok_or(Errno(libc::ENOENT))?;
        Ok(self.path.join(name))
    }
}

/// What stands under one name.
pub(super) struct LayerEntry {
    pub upper: Option<Meta>,
    /// What the lower layer has here: not asked where an upper file covers it, only directories are merged.
    pub lower: Option<Node>,
}

impl LayerEntry {
    /// What only the upper layer has.
    pub fn of_upper(meta: Meta) -> LayerEntry {
        LayerEntry {
            upper: Some(meta),
            lower: None,
        }
    }

    pub fn kind(&self) -> Kind {
        let upper = self.upper.and_then(|meta| meta.kind);
        upper.unwrap_or_else(|| self.lower.map_or(Kind::File, |node| node.kind))
    }

    pub fn is(&self, kind: Kind) -> bool {
        self.kind() == kind
    }

    pub fn node(&self) -> Node {
        match (&self.upper, &self.lower) {
            (None, Some(node)) => *node,
            (upper, _) => Node {
                kind: self.kind(),
                size: upper.map_or(0, |meta| meta.size),
                mode: upper.map_or(0, |meta| meta.mode),
                mtime: upper.map_or((0, 0), |meta| meta.mtime),
                ino: upper.map(|meta| meta.ino),
                real: upper.as_ref().map(Real::of),
            },
        }
    }
}

/// Where a path leads: a name in a directory, and what stands there.
pub(super) struct Lookup {
    pub parent: UnionDir,
    /// Empty for the root.
    pub name: Vec<u8>,
    pub entry: Option<LayerEntry>,
    /// Whether a link of the upper layer, which may change, led here.
    pub by_upper_link: bool,
}

impl Lookup {
    pub fn path(&self) -> Answer<SubpathBuf> {
        self.parent.join(&self.name)
    }

    pub fn is_root(&self) -> bool {
        self.name.is_empty()
    }

    /// Whether the name is the one that is ours.
    pub fn is_reserved(&self) -> bool {
        self.parent.path.is_root() && self.name == RESERVED_NAME
    }

    pub fn existing(&self) -> Answer<&LayerEntry> {
        self.entry.as_ref().ok_or(Errno(libc::ENOENT))
    }

    /// The name to use in the parent's upper directory.
    pub fn upper_name(&self) -> &[u8] {
        match self.is_root() {
            true => at::HERE,
            false => &self.name,
        }
    }
}

impl Operation<'_> {
    /// Follows `sub` to its end, and with `follow` also a link that stands there.
    ///
    /// That there is nothing at the end is no error: it may be made.
    pub fn resolve(&self, sub: &Subpath, follow: bool) -> Answer<Lookup> {
        let mut walk = Walk::new(sub.as_bytes());
        let mut here = self.top()?;
        let mut by_upper_link = false;
        // For each link that was followed, how much was ahead of it, and whether the upper layer has it.
        let mut followed: Vec<(usize, bool)> = Vec::new();
        while let Some(step) = walk.next() {
            followed.retain(|(ahead, _)| *ahead <= walk.ahead());
            let name = match step {
                Step::Here => continue,
                Step::Up if here.path.is_root() => {
                    return Err(match followed.last() {
                        Some((_, true)) => self.leads_out(b"..", &walk),
                        _ => Errno(libc::ENOENT),
                    })
                }
                Step::Up => {
                    here = self.directory(here.path.parent())?;
                    continue;
                }
                Step::Name(name) => name,
            };
            let last = walk.is_at_end();
            let entry = self.entry(&here, &name)?;
            match entry {
                Some(entry) if entry.is(Kind::Symlink) && (follow || !last) => {
                    let is_upper = entry.upper.is_some();
                    by_upper_link |= is_upper;
                    let target = self.target(&here, &name, &entry)?;
                    if is_upper && target.starts_with(b"/") {
                        return Err(self.leads_out(&target, &walk));
                    }
                    if target.is_empty() || target.starts_with(b"/") || target.contains(&0) {
                        return Err(Errno(libc::ENOENT));
                    }
                    followed.push((walk.ahead(), is_upper));
                    walk.follow(&target)?;
                }
                entry if last => {
                    return Ok(Lookup {
                        parent: here,
                        name,
                        entry,
                        by_upper_link,
                    })
                }
                None => return Err(Errno(libc::ENOENT)),
                Some(entry) => here = self.enter(&here, &name, &entry)?,
            }
        }
        let mut spot = self.at(&here.path)?;
        spot.by_upper_link = by_upper_link;
        Ok(spot)
    }

    /// A link leads to `path`, outside of the file system; what is ahead follows it.
    fn leads_out(&self, path: &[u8], walk: &Walk) -> Errno {
        let mut out = path.to_vec();
        if !walk.is_at_end() {
            out.push(b'/');
            out.extend(walk.rest());
        }
        self.way_out.replace(Some(out));
        Errno::LEADS_OUT
    }

    /// What stands under a path that has no link in the middle.
    pub fn at(&self, path: &Subpath) -> Answer<Lookup> {
        let parent = self.directory(path.parent())?;
        let name = path.file_name().to_vec();
        let entry = match path.is_root() {
            true => Some(LayerEntry {
                upper: at::stat(parent.upper()?, at::HERE)?,
                lower: None,
            }),
            false => self.entry(&parent, &name)?,
        };
        Ok(Lookup {
            parent,
            name,
            entry,
            by_upper_link: false,
        })
    }

    /// The directory under a path that has no link in it.
    pub fn directory(&self, path: &Subpath) -> Answer<UnionDir> {
        let mut here = self.top()?;
        for name in components(path.as_bytes()) {
            let entry = self.entry(&here, name)?.ok_or(Errno(libc::ENOENT))?;
            here = self.enter(&here, name, &entry)?;
        }
        Ok(here)
    }

    pub fn top(&self) -> Answer<UnionDir> {
        Ok(UnionDir {
            path: SubpathBuf::default(),
            upper: Some(self.root()?),
            lower: true,
        })
    }

    /// Goes into the directory `name`; `ENOTDIR` where it is none.
    pub fn enter(&self, here: &UnionDir, name: &[u8], entry: &LayerEntry) -> Answer<UnionDir> {
        if !entry.is(Kind::Directory) {
            return Err(Errno(libc::ENOTDIR));
        }
        let upper = match entry.upper {
            Some(_) => Some(at::open(here.upper()?, name, at::DIRECTORY, 0)?),
            None => None,
        };
        Ok(UnionDir {
            path: here.join(name)?,
            upper,
            lower: entry.lower.is_some(),
        })
    }

    /// What stands under `name` in a directory.
    pub fn entry(&self, here: &UnionDir, name: &[u8]) -> Answer<Option<LayerEntry>> {
        if name.len() > LONGEST_NAME {
            return Err(Errno(libc::ENAMETOOLONG));
        }
        if here.path.is_root() && name == RESERVED_NAME {
            return Ok(None);
        }
        // The upper layer before the marks: what is being moved away is marked before it goes.
        let upper = match &here.upper {
            Some(dir) => at::stat(dir.as_fd(), name)?,
            None => None,
        };
        let lower = match upper.map(|meta| meta.kind) {
            // As if not there, and nothing can be put there.
            Some(None) => return Ok(None),
            Some(Some(Kind::File | Kind::Symlink)) => None,
            Some(Some(Kind::Directory)) => self
                .visible(here, name)?
                .filter(|node| node.kind == Kind::Directory),
            None => self.visible(here, name)?,
        };
        match upper.is_some() || lower.is_some() {
            true => Ok(Some(LayerEntry { upper, lower })),
            false => Ok(None),
        }
    }

    /// What the lower layer has under `name`, unless it is hidden by a mark.
    pub fn visible(&self, here: &UnionDir, name: &[u8]) -> Answer<Option<Node>> {
        let path = here.join(name)?;
        match here.lower && !self.is_hidden(&path)? {
            true => self.lower.stat(&path),
            false => Ok(None),
        }
    }

    /// The target of a link.
    pub fn target(&self, here: &UnionDir, name: &[u8], entry: &LayerEntry) -> Answer<Vec<u8>> {
        match entry.upper {
            Some(_) => at::read_link(here.upper()?, name),
            None => Ok(self.lower.link(&here.join(name)?)?.to_vec()),
        }
    }
}
