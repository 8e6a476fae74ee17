//! What a file system knows of its files that are open for writing: which there are, and what becomes of their names.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::Arc;

use super::{Buffered, Entry, WriteBack, NUMBERS, TABLE};
use crate::sys::errno::{Answer, Errno};
use crate::sys::fork;
use crate::sys::memfd;
use crate::sys::reserved_fd::ReservedFd;
use invfs_engine::path::{Subpath, SubpathBuf};

/// The files of one file system that are open for writing.
pub struct OpenFiles(u64);

impl Default for OpenFiles {
    fn default() -> OpenFiles {
        OpenFiles(NUMBERS.fetch_add(1, Ordering::Relaxed))
    }
}

impl OpenFiles {
    fn is(&self, entry: &Entry, sub: &Subpath) -> bool {
        entry.owner == self.0 && entry.sub.as_deref() == Some(sub)
    }

    /// Hands over the files without descriptors that nobody can write to any more.
    pub fn settle(&self) {
        let lingers = |entry: &&Entry| {
            entry.owner == self.0
                && entry.lingers
                && entry.descriptors == 0
                && entry.saver.is_none()
        };
        let table = TABLE.lock();
        let files: Vec<_> = table
            .values()
            .filter(lingers)
            .map(|entry| entry.file.clone())
            .collect();
        drop(table);
        for file in files.iter().filter(|file| !file.is_written_elsewhere()) {
            if let Err(errno) = file.settle() {
                // Nobody waits for it.
                eprintln!(
                    "invfs: what a child wrote is lost: {}",
                    std::io::Error::from_raw_os_error(errno.0)
                );
            }
        }
    }

    /// The open file at `sub`.
    pub fn get(&self, sub: &Subpath) -> Option<Arc<Buffered>> {
        let table = TABLE.lock();
        let entry = table.values().find(|entry| self.is(entry, sub))?;
        Some(entry.file.clone())
    }

    /// The open file at `sub`, for one more descriptor.
    pub fn share(&self, sub: &Subpath) -> Option<Arc<Buffered>> {
        let mut table = TABLE.lock();
        let entry = table.values_mut().find(|entry| self.is(entry, sub))?;
        entry.descriptors += 1;
        Some(entry.file.clone())
    }

    /// Opens a file that holds `contents` now, for one descriptor; `None` if another thread has opened it meanwhile.
    pub fn add(
        &self,
        sub: &Subpath,
        contents: &[u8],
        write_back: Box<dyn WriteBack>,
    ) -> Answer<Option<Arc<Buffered>>> {
        if !fork::owns_memory() {
            // The child of a vfork is about to become another program, which could not hand the contents back.
            return Err(Errno(libc::EAGAIN));
        }
        let file = Arc::new(Buffered {
            number: NUMBERS.fetch_add(1, Ordering::Relaxed),
            file: ReservedFd::new(memfd::file(contents, sub.as_bytes(), false)?),
            write_back,
            inode: AtomicU64::new(0),
        });
        let mut table = TABLE.lock();
        if table.values().any(|entry| self.is(entry, sub)) {
            return Ok(None);
        }
        let entry = Entry {
            file: file.clone(),
            owner: self.0,
            sub: Some(sub.to_owned()),
            descriptors: 1,
            lingers: false,
            saver: None,
            again: false,
        };
        table.insert(file.number, entry);
        drop(table);
        Ok(Some(file))
    }

    /// What the names of open files are below `directory`.
    pub fn below(&self, directory: &Subpath) -> Vec<SubpathBuf> {
        let table = TABLE.lock();
        let rest = |entry: &Entry| {
            let rest = entry.sub.as_deref()?.below(directory)?;
            (entry.owner == self.0 && !rest.is_root()).then(|| rest.to_owned())
        };
        table.values().filter_map(rest).collect()
    }

    /// The file was removed: what it holds goes nowhere.
    pub fn removed(&self, sub: &Subpath) {
        for entry in TABLE.lock().values_mut() {
            if self.is(entry, sub) {
                entry.sub = None;
            }
        }
    }

    /// The file or directory `from` is `to` now, and what was there is gone.
    pub fn renamed(&self, from: &Subpath, to: &Subpath) {
        for entry in TABLE.lock().values_mut() {
            if self.is(entry, to) {
                entry.sub = None;
            }
            let rest = entry.sub.as_deref().and_then(|sub| sub.below(from));
            if let (Some(rest), true) = (rest, entry.owner == self.0) {
                entry.sub = Some(to.join(rest));
            }
        }
    }
}
