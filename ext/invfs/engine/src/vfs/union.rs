//! Several VFSs over one another.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{by_name, Contents, Kind, Listing, Sink, Stat, Vfs};
use crate::error::{Error, ErrorKind, Result};
use crate::hash;
use crate::path::Subpath;

/// Several VFSs, searched one after the other as a load path is: the first that has a file wins.
///
/// Directories merge. Where one layer has a file and another a directory under one name, the name is that of the
/// file, whichever layer is first. A layer that fails to answer fails the whole lookup: what it hides is not known.
///
/// ```
/// use std::sync::Arc;
/// use invfs_engine::{path::Subpath, vfs::{DirVfs, UnionVfs, Vfs}};
/// let root = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR"));
/// let layers: Vec<Arc<dyn Vfs>> = ["src/vfs", "src"]
///     .map(|dir| Arc::new(DirVfs::new(root.join(dir))) as Arc<dyn Vfs>)
///     .to_vec();
/// let union = UnionVfs::new(layers);
/// assert!(union.stat(Subpath::new(b"union.rs").unwrap())?.is_some());
/// assert!(union.stat(Subpath::new(b"lib.rs").unwrap())?.is_some());
/// # Ok::<(), Box<invfs_engine::Error>>(())
/// ```
pub struct UnionVfs {
    layers: Vec<Arc<dyn Vfs>>,
}

impl UnionVfs {
    /// The union of `layers`, the first on top.
    pub fn new(layers: Vec<Arc<dyn Vfs>>) -> UnionVfs {
        UnionVfs { layers }
    }

    /// Bits that tell the layer from others; none for the first.
    fn mark(&self, layer: &Arc<dyn Vfs>) -> u64 {
        let at = self
            .layers
            .iter()
            .position(|other| Arc::ptr_eq(other, layer));
        // The odd number nearest to 2^64 divided by the golden ratio: its multiples lie far apart.
        (at.unwrap_or(0) as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    /// What the layer says of a file. Two layers may have the same number for two files.
    fn own(&self, layer: &Arc<dyn Vfs>, stat: Stat) -> Stat {
        Stat {
            id: stat.id.map(|id| id ^ self.mark(layer)),
            ..stat
        }
    }

    /// What `sub` is, and the layer that says so: the first with a file, else the first with a directory.
    fn find(&self, sub: &Subpath) -> Result<Option<(&Arc<dyn Vfs>, Kind)>> {
        let mut found = None;
        for layer in &self.layers {
            match layer.kind(sub)? {
                Some(Kind::Directory) => found = found.or(Some((layer, Kind::Directory))),
                Some(kind) => {
                    found = Some((layer, kind));
                    break;
                }
                None => {}
            }
        }
        match found {
            Some(_) if self.is_below_file(sub)? => Ok(None),
            found => Ok(found),
        }
    }

    /// Whether some layer has a file where the way to `sub` needs a directory: below a file there is nothing.
    fn is_below_file(&self, sub: &Subpath) -> Result<bool> {
        for layer in &self.layers {
            let mut above = sub.parent();
            while !above.is_root() {
                match layer.kind(above)? {
                    Some(Kind::Directory) => break,
                    Some(_) => return Ok(true),
                    None => above = above.parent(),
                }
            }
        }
        Ok(false)
    }
}

impl Vfs for UnionVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        let root = sub.is_root().then_some(Stat {
            kind: Kind::Directory,
            size: 0,
            mode: 0o755,
            mtime: 0,
            id: None,
        });
        match self.find(sub)? {
            Some((layer, _)) => Ok(layer.stat(sub)?.map(|stat| self.own(layer, stat)).or(root)),
            None => Ok(root),
        }
    }

    fn kind(&self, sub: &Subpath) -> Result<Option<Kind>> {
        let root = sub.is_root().then_some(Kind::Directory);
        Ok(self.find(sub)?.map(|(_, kind)| kind).or(root))
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        let error = |kind, detail| Err(Error::new(kind, "union", detail).entry(sub.as_bytes()));
        match self.find(sub)? {
            Some((layer, _)) => layer.read(sub, limit, out),
            None if sub.is_root() => error(ErrorKind::IsDirectory, "is a directory"),
            None => error(ErrorKind::NotFound, "no such file in any layer"),
        }
    }

    fn open(&self, sub: &Subpath) -> Result<Option<(Stat, Contents<'_>)>> {
        match self.find(sub)? {
            Some((layer, _)) if !sub.is_root() => {
                let opened = layer.open(sub)?;
                Ok(opened.map(|(stat, contents)| (self.own(layer, stat), contents)))
            }
            _ => by_name(self, sub),
        }
    }

    fn is_independent(&self) -> bool {
        self.layers.iter().all(|layer| layer.is_independent())
    }

    fn runs_code(&self) -> bool {
        self.layers.iter().any(|layer| layer.runs_code())
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Result<Option<Vec<u8>>> {
        match self.find(sub)? {
            Some((layer, _)) => layer.compiled(sub, key, path),
            None => Ok(None),
        }
    }

    fn has_library(&self, key: &str) -> bool {
        self.layers.iter().any(|layer| layer.has_library(key))
    }

    fn library(&self, key: &str, path: &[u8], crc: u32, size: u64) -> Result<Option<Vec<u8>>> {
        for layer in &self.layers {
            if let Some(form) = layer.library(key, path, crc, size)? {
                return Ok(Some(form));
            }
        }
        Ok(None)
    }

    fn is_constant(&self) -> bool {
        self.layers.iter().all(|layer| layer.is_constant())
    }

    fn origin(&self) -> Option<u64> {
        let origins: Vec<Option<u64>> = self.layers.iter().map(|layer| layer.origin()).collect();
        let any = origins.iter().any(Option::is_some);
        any.then(|| hash::same_everywhere(&origins))
    }

    fn has_links(&self) -> bool {
        self.layers.iter().any(|layer| layer.has_links())
    }

    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        if self.is_below_file(sub)? {
            return Ok(None);
        }
        for layer in &self.layers {
            if let Some(target) = layer.link(sub)? {
                return Ok(Some(target));
            }
            if layer.kind(sub)?.is_some() {
                return Ok(None);
            }
        }
        Ok(None)
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Listing>> {
        if self.kind(sub)? != Some(Kind::Directory) {
            return Ok(None);
        }
        let mut merged: BTreeMap<Vec<u8>, Kind> = BTreeMap::new();
        for layer in &self.layers {
            for (name, kind) in layer.list(sub)?.unwrap_or_default() {
                let merged = merged.entry(name).or_insert(kind);
                if *merged == Kind::Directory {
                    *merged = kind;
                }
            }
        }
        Ok(Some(merged.into_iter().collect()))
    }
}
