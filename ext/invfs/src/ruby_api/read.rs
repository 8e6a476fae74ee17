//! Reads whole files into Ruby Strings.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Sink, Vfs};
use invfs_engine::{Error as EngineError, ErrorKind, Result as EngineResult};
use magnus::{Error, RString, Ruby};

use super::errors::to_ruby;
use crate::helpers::{nogvl::without_gvl, string};

/// Files of this size and more are read without the GVL: reading them takes longer than handing the lock over.
const LARGE: u64 = 256 * 1024;

/// Reads a whole file of at most `limit` bytes into a new binary String.
pub fn read_all(ruby: &Ruby, vfs: &dyn Vfs, sub: &Subpath, limit: u64) -> Result<RString, Error> {
    let stat = match vfs.is_independent() {
        true => vfs.stat(sub).ok().flatten(),
        false => None,
    };
    read_sized(ruby, vfs, sub, stat.map(|stat| stat.size), limit)
}

/// [`read_all`] with a size that is known already. It serves only to estimate how long reading takes.
pub fn read_sized(
    ruby: &Ruby,
    vfs: &dyn Vfs,
    sub: &Subpath,
    size: Option<u64>,
    limit: u64,
) -> Result<RString, Error> {
    let mut sink = string::StringSink::default();
    let read = match size.is_some_and(|size| size >= LARGE && size <= limit) && vfs.is_independent()
    {
        true => without_gvl(|| vfs.read(sub, limit, &mut string::UnlockedSink(&mut sink))),
        false => vfs.read(sub, limit, &mut sink),
    };
    read.map_err(|e| to_ruby(ruby, e))?;
    Ok(sink.into_string(ruby))
}

/// Hands the contents of the file `sub` in the VFS of this name to `out`; an error, and nothing done, if they are larger
/// than `limit`.
pub fn hand_out(
    contents: RString,
    (name, sub): (&str, &Subpath),
    limit: u64,
    out: &mut dyn Sink,
) -> EngineResult<()> {
    match string::hand_out(contents, limit, out) {
        Ok(true) => Ok(()),
        Ok(false) => Err(
            EngineError::new(ErrorKind::TooLarge, name, "larger than the limit")
                .entry(sub.as_bytes()),
        ),
        Err(io) => Err(EngineError::from_io(name, io).entry(sub.as_bytes())),
    }
}
