//! Takes the GVL for a VFS that calls Ruby objects.

use std::io;
use std::sync::Arc;

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing, Sink, Stat, Vfs};
use invfs_engine::{Error as EngineError, ErrorKind, Result};
use invfs_fs::sys::errno::Answer;

use super::gvl_bridge;
use crate::ruby_api::errors;

/// Asks the VFS behind it with the GVL. An exception in Ruby code becomes an error of the operating system.
pub struct GvlVfs {
    vfs: Arc<dyn Vfs>,
}

impl GvlVfs {
    /// Wraps `vfs`, whose Ruby objects must live longer than this.
    pub fn new(vfs: Arc<dyn Vfs>) -> GvlVfs {
        GvlVfs { vfs }
    }

    fn ask<T>(
        &self,
        operation: &str,
        sub: &Subpath,
        question: impl FnOnce(&dyn Vfs) -> Result<T>,
    ) -> Result<T> {
        let asked = gvl_bridge::Question {
            operation,
            sub,
            runs_code: self.vfs.runs_code(),
        };
        let answer: Answer<Result<T>> =
            gvl_bridge::call(asked, |ruby| match question(&*self.vfs) {
                Ok(answer) => Ok(Ok(answer)),
                // The engine's own errors need no conversion.
                Err(error) if error.kind() != ErrorKind::Foreign => Ok(Err(error)),
                Err(error) => Err(errors::to_ruby(ruby, error)),
            });
        answer.unwrap_or_else(|errno| {
            let error = io::Error::from_raw_os_error(errno.0);
            Err(EngineError::from_io("a mount", error).entry(sub.as_bytes()))
        })
    }
}

impl Vfs for GvlVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        self.ask("stat", sub, |vfs| vfs.stat(sub))
    }

    fn kind(&self, sub: &Subpath) -> Result<Option<Kind>> {
        self.ask("stat", sub, |vfs| vfs.kind(sub))
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        self.ask("read", sub, |vfs| vfs.read(sub, limit, out))
    }

    fn is_independent(&self) -> bool {
        true
    }

    fn origin(&self) -> Option<u64> {
        self.vfs.origin()
    }

    fn has_links(&self) -> bool {
        self.vfs.has_links()
    }

    fn link(&self, sub: &Subpath) -> Result<Option<Vec<u8>>> {
        self.ask("readlink", sub, |vfs| vfs.link(sub))
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Listing>> {
        self.ask("list", sub, |vfs| vfs.list(sub))
    }
}
