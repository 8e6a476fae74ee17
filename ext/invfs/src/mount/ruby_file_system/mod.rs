//! Serves a file system written in Ruby (an object with the methods of `InVFS::Base`, or a block) to file operations.

mod changes;

use std::sync::Arc;

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};
use invfs_fs::buffered::{open_files::OpenFiles, Buffered};
use invfs_fs::file_system::{Change, FileSystem, Names, Node, OpenHow, Opened};
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::{fork, memfd};
use magnus::{prelude::*, Error, RArray, RString, Ruby, Value};

use super::{
    adapter::Adapter,
    gvl_bridge::{self, Question},
    names, node,
    write_back::RubyWriteBack,
};
use crate::helpers::{gc_root::Token, string};

/// Serves a file system written in Ruby.
pub struct RubyFileSystem {
    adapter: Adapter,
    open: OpenFiles,
}

/// What the methods say of a file that is to be opened for writing.
struct Start {
    contents: Vec<u8>,
    appends: bool,
    existed: bool,
    node: Node,
}

impl RubyFileSystem {
    /// Serves the file system behind `adapter`.
    pub fn new(adapter: Value, token: Token) -> RubyFileSystem {
        RubyFileSystem {
            adapter: Adapter::new(adapter, token),
            open: OpenFiles::default(),
        }
    }

    fn ask<T>(
        &self,
        operation: &str,
        sub: &Subpath,
        work: impl FnOnce(&Ruby) -> Result<T, Error>,
    ) -> Answer<T> {
        let asked = Question {
            operation,
            sub,
            runs_code: true,
        };
        gvl_bridge::call(asked, work)
    }

    fn ask_stat(&self, sub: &Subpath) -> Answer<Node> {
        self.ask("stat", sub, |ruby| {
            node::of(self.adapter.call(ruby, "stat", sub, &[])?)
        })
    }

    /// What `take` makes of the contents, unless the file is read `in_parts`, and what it is.
    fn ask_read<T>(
        &self,
        sub: &Subpath,
        in_parts: bool,
        take: impl FnOnce(&[u8]) -> Answer<T>,
    ) -> Answer<(Option<T>, Node)> {
        let (taken, node) = self.ask("read", sub, |ruby| {
            let more = [ruby.into_value(in_parts)];
            let answer: RArray = self.adapter.call(ruby, "read", sub, &more)?;
            let contents = answer.entry::<Option<RString>>(0)?;
            let node = node::of(answer.entry::<RArray>(1)?)?;
            // SAFETY: `take` does not call Ruby.
            let taken = contents.map(|contents| take(unsafe { contents.as_slice() }));
            Ok((taken, node))
        })?;
        Ok((taken.transpose()?, node))
    }

    /// What some names in the directory `sub` are.
    fn ask_kinds(&self, sub: &Subpath, names: &[&[u8]]) -> Answer<Vec<Kind>> {
        self.ask("list", sub, |ruby| {
            let list = ruby.ary_from_iter(names.iter().map(|name| string::name(ruby, name)));
            let answer: RArray = self.adapter.call(ruby, "kinds", sub, &[list.as_value()])?;
            let directory = answer.to_vec::<bool>()?;
            let kind = |directory| match directory {
                true => Kind::Directory,
                false => Kind::File,
            };
            Ok(directory.into_iter().map(kind).collect())
        })
    }

    fn ask_open(&self, sub: &Subpath, flags: i32) -> Answer<Start> {
        self.ask("open", sub, |ruby| {
            let more = [ruby.into_value(flags)];
            let answer: RArray = self.adapter.call(ruby, "open", sub, &more)?;
            Ok(Start {
                contents: copy(ruby, answer.entry::<RString>(0)?)?,
                appends: answer.entry(1)?,
                existed: answer.entry(2)?,
                node: node::of(answer.entry::<RArray>(3)?)?,
            })
        })
    }

    /// All that the file holds.
    fn contents(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        let copied = |contents: &[u8]| string::copied(contents).ok_or(Errno(libc::ENOMEM));
        let (contents, _) = self.ask_read(sub, false, copied)?;
        Ok(contents.unwrap_or_default())
    }

    /// Opens a file that nobody has open for writing; `None` if another thread was faster.
    fn open_for_writing(&self, sub: &Subpath, how: OpenHow) -> Answer<Option<Opened<'_>>> {
        let start = self.ask_open(sub, how.flags)?;
        let Start {
            contents,
            appends,
            existed,
            node,
        } = start;
        let saver = RubyWriteBack::new(self.adapter.clone(), appends, existed, &contents);
        let file = self.open.add(sub, &contents, Box::new(saver))?;
        Ok(file.map(|file| Opened::Buffered(file, node)))
    }

    /// Opens a file that is open for writing already.
    fn open_again(&self, sub: &Subpath, how: OpenHow, file: Arc<Buffered>) -> Answer<Opened<'_>> {
        let has = |flags: i32| how.flags & flags == flags;
        if has(libc::O_CREAT | libc::O_EXCL) {
            return Err(Errno(libc::EEXIST));
        }
        let only_adds = has(libc::O_APPEND) && how.flags & libc::O_ACCMODE == libc::O_WRONLY;
        if !only_adds || has(libc::O_TRUNC) {
            self.complete(sub, how.flags, &file)?;
        }
        if has(libc::O_TRUNC) {
            file.set_len(0)?;
        }
        let node = self.node_of(&file, self.ask_stat(sub))?;
        Ok(Opened::Buffered(file, node))
    }

    /// Reads what a file held before it was opened to append, if that was not done. What was added is handed over first.
    fn complete(&self, sub: &Subpath, flags: i32, file: &Buffered) -> Answer<()> {
        if file.added_to().is_none() {
            return Ok(());
        }
        file.hand_over()?;
        let writes = flags & libc::O_ACCMODE != libc::O_RDONLY;
        let base = match writes {
            true => {
                let flags = flags & libc::O_ACCMODE;
                self.ask_open(sub, flags).map(|start| start.contents)
            }
            false => self.contents(sub),
        };
        match base {
            Ok(base) => file.complete(&base),
            Err(Errno(libc::ENOENT)) => file.complete(&[]),
            Err(errno) => Err(errno),
        }
    }

    /// What an open file is, from what the file system says of its name.
    fn node_of(&self, file: &Buffered, said: Answer<Node>) -> Answer<Node> {
        let (said, size) = match said {
            Ok(node) if node.kind == Kind::File => (node, node.size),
            // Only in memory as yet.
            Ok(_) | Err(Errno(libc::ENOENT)) => (node::NEW, 0),
            Err(errno) => return Err(errno),
        };
        let held = file.len()?;
        let size = match file.added_to() {
            Some(handed_over) => size + held.saturating_sub(handed_over),
            None => held,
        };
        Ok(Node {
            size,
            ino: file.known_inode(),
            ..said
        })
    }
}

impl FileSystem for RubyFileSystem {
    fn stat(&self, sub: &Subpath, _follow: bool) -> Answer<Node> {
        self.open.settle();
        let said = self.ask_stat(sub);
        match self.open.get(sub) {
            Some(file) => self.node_of(&file, said),
            None => said,
        }
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>> {
        if how.writes() && !fork::owns_memory() {
            // The child of a vfork is about to become another program, which could not hand the contents back.
            return Err(Errno(libc::EAGAIN));
        }
        self.open.settle();
        loop {
            let open = match how.writes() {
                true => self.open.share(sub),
                false => self.open.get(sub),
            };
            if let Some(file) = open {
                let opened = self.open_again(sub, how, file.clone());
                if opened.is_err() && how.writes() {
                    // The failure to open is the answer.
                    let _ = file.release();
                }
                return opened;
            }
            if !how.writes() {
                let file = |contents: &[u8]| memfd::file(contents, sub.as_bytes(), true);
                return Ok(match self.ask_read(sub, true, file)? {
                    (Some(file), node) => Opened::Memory(file, node),
                    (None, node) => {
                        let sub = sub.to_owned();
                        Opened::Parts(node, Box::new(move || self.contents(&sub)))
                    }
                });
            }
            if let Some(opened) = self.open_for_writing(sub, how)? {
                return Ok(opened);
            }
        }
    }

    fn read_part(
        &self,
        sub: &Subpath,
        offset: u64,
        length: usize,
        take: &mut dyn FnMut(&[u8]),
    ) -> Answer<()> {
        self.ask("read", sub, |ruby| {
            let more = [ruby.into_value(offset), ruby.into_value(length)];
            let part: RString = self.adapter.call(ruby, "read_part", sub, &more)?;
            // SAFETY: copied before Ruby runs again.
            take(unsafe { part.as_slice() });
            Ok(())
        })
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        let names = self.names(sub)?;
        let unknown = names.iter().filter(|(_, kind)| kind.is_none());
        let unknown: Vec<&[u8]> = unknown.map(|(name, _)| name.as_slice()).collect();
        let kinds = match unknown.is_empty() {
            true => Vec::new(),
            false => self.ask_kinds(sub, &unknown)?,
        };
        let mut kinds = kinds.into_iter();
        let known = |(name, kind): (Vec<u8>, Option<Kind>)| {
            (name, kind.or_else(|| kinds.next()).unwrap_or(Kind::File))
        };
        Ok(names.into_iter().map(known).collect())
    }

    fn names(&self, sub: &Subpath) -> Answer<Names> {
        self.open.settle();
        let mut names = self.ask("list", sub, |ruby| {
            names::checked(ruby, sub, self.adapter.call(ruby, "list", sub, &[])?)
        })?;
        for open in self.open.below(sub) {
            // The file system may not have it as yet.
            if !open.as_bytes().contains(&b'/') {
                names.push((open.as_bytes().to_vec(), Some(Kind::File)));
            }
        }
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|later, kept| {
            let same = later.0 == kept.0;
            if same {
                kept.1 = later.1.or(kept.1);
            }
            same
        });
        Ok(names)
    }

    fn runs_code(&self) -> bool {
        true
    }

    fn has_links(&self) -> bool {
        false
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.stat(sub, true)?;
        Err(Errno(libc::EINVAL))
    }

    fn change(&self, change: Change<'_>) -> Answer<()> {
        self.open.settle();
        self.make(change)
    }

    fn writable(&self, sub: &Subpath) -> Answer<()> {
        if self.open.get(sub).is_some() {
            return Ok(());
        }
        self.tell("write", sub, "check_writable", |_| [])
    }
}

/// A copy of the bytes of a String.
fn copy(ruby: &Ruby, contents: RString) -> Result<Vec<u8>, Error> {
    // SAFETY: copied before Ruby runs again.
    let copied = string::copied(unsafe { contents.as_slice() });
    copied.ok_or_else(|| Error::new(ruby.exception_no_mem_error(), "no memory for a copy"))
}
