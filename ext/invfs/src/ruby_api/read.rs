//! Reads whole files into Ruby Strings.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::Vfs;
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
