//! Serves a Ruby Hash of names and Strings as an engine VFS.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Sink, Stat, Vfs};
use invfs_engine::{Error as EngineError, ErrorKind, Result};
use magnus::{
    prelude::*,
    r_hash::ForEach,
    rb_sys::{AsRawValue, FromRawValue},
    Error, RHash, RString, Ruby, TryConvert, Value,
};

use super::{errors::foreign, listing::children, read};
use crate::helpers::string;

/// Looks names up in a Hash that the user may still change.
pub struct MapVfs {
    hash: rb_sys::VALUE,
    name: String,
}

impl MapVfs {
    /// A view of `hash`, which the caller keeps alive as long as this is used.
    pub fn new(hash: RHash, name: String) -> MapVfs {
        MapVfs {
            hash: hash.as_raw(),
            name,
        }
    }

    fn hash(&self) -> std::result::Result<(Ruby, RHash), Error> {
        // SAFETY: the owner of this VFS keeps the Hash alive and in place (`new` requires it).
        let value = unsafe { Value::from_raw(self.hash) };
        let hash = RHash::try_convert(value)?;
        Ok((Ruby::get_with(value), hash))
    }

    /// The contents of the file `name`: `None` where the Hash has no String under it.
    fn contents(&self, sub: &Subpath) -> Result<Option<RString>> {
        let look = || -> std::result::Result<Option<RString>, Error> {
            let (ruby, hash) = self.hash()?;
            let found: Option<Value> = hash.get(string::name(&ruby, sub.as_bytes()));
            found
                .filter(|value| !value.is_nil())
                .map(RString::try_convert)
                .transpose()
        };
        look().map_err(|e| foreign(self.name.clone(), e).entry(sub.as_bytes()))
    }

    /// The names of the Hash.
    fn names(&self) -> Result<Vec<Vec<u8>>> {
        let mut names = Vec::new();
        let mut collect = || -> std::result::Result<(), Error> {
            let (_, hash) = self.hash()?;
            hash.foreach(|key: Value, _: Value| {
                if let Some(key) = RString::from_value(key) {
                    names.push(string::bytes(key));
                }
                Ok(ForEach::Continue)
            })
        };
        collect().map_err(|e| foreign(self.name.clone(), e))?;
        Ok(names)
    }
}

impl Vfs for MapVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        let (kind, size, mode) = match self.contents(sub)? {
            Some(contents) if !sub.is_root() => (Kind::File, contents.len() as u64, 0o644),
            _ => {
                if children(self.names()?, sub).is_none() {
                    return Ok(None);
                }
                (Kind::Directory, 0, 0o755)
            }
        };
        Ok(Some(Stat {
            kind,
            size,
            mode,
            mtime: 0,
            id: None,
        }))
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        let error = |kind, detail: &str| {
            Err(EngineError::new(kind, self.name.clone(), detail).entry(sub.as_bytes()))
        };
        let Some(contents) = self.contents(sub)? else {
            return match self.stat(sub)? {
                Some(_) => error(ErrorKind::IsDirectory, "is a directory"),
                None => error(ErrorKind::NotFound, "no such file"),
            };
        };
        read::hand_out(contents, (&self.name, sub), limit, out)
    }

    fn is_independent(&self) -> bool {
        false
    }

    fn runs_code(&self) -> bool {
        false
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Vec<(Vec<u8>, Kind)>>> {
        Ok(children(self.names()?, sub))
    }
}
