//! Serves a file system written in Ruby (an object with the methods of `InVFS::Base`, or a block) to file operations.

use std::sync::Arc;

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};
use invfs_fs::file_system::{Change, FileSystem, Node, OpenHow, Opened, Time};
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{prelude::*, Error, RArray, RString, Ruby, Value};

use super::{
    adapter::Adapter,
    gvl_bridge::{self, rooted, Question},
    write_back::RubyWriteBack,
};
use crate::helpers::{gc_root::Token, string};

/// Serves a file system written in Ruby.
pub struct RubyFileSystem {
    adapter: Adapter,
}

impl RubyFileSystem {
    /// Serves the file system behind `adapter`.
    pub fn new(adapter: Value, token: Token) -> RubyFileSystem {
        RubyFileSystem {
            adapter: Adapter::new(adapter, token),
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

    fn open_for_writing(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened> {
        let (contents, appends, existed, node) = self.ask("open", sub, |ruby| {
            let answer: RArray =
                self.adapter
                    .call(ruby, "open", sub, &[ruby.into_value(how.flags)])?;
            let contents = copy(ruby, answer.entry::<RString>(0)?)?;
            let (appends, existed) = (answer.entry(1)?, answer.entry(2)?);
            let node = node(answer.entry::<RArray>(3)?)?;
            Ok((contents, appends, existed, node))
        })?;
        let saver = RubyWriteBack::new(
            self.adapter.clone(),
            sub.to_owned(),
            appends,
            existed,
            &contents,
        );
        Ok(Opened::Buffered {
            contents,
            node,
            write_back: Arc::new(saver),
        })
    }
}

impl FileSystem for RubyFileSystem {
    fn stat(&self, sub: &Subpath, _follow: bool) -> Answer<Node> {
        self.ask("stat", sub, |ruby| {
            node(self.adapter.call(ruby, "stat", sub, &[])?)
        })
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened> {
        if how.writes() {
            return self.open_for_writing(sub, how);
        }
        let (contents, node) = self.ask("read", sub, |ruby| {
            let answer: RArray = self.adapter.call(ruby, "read", sub, &[])?;
            let contents = copy(ruby, answer.entry::<RString>(0)?)?;
            Ok((contents, node(answer.entry::<RArray>(1)?)?))
        })?;
        Ok(Opened::Contents(contents, node))
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        self.ask("list", sub, |ruby| {
            let answer: RArray = self.adapter.call(ruby, "list", sub, &[])?;
            let mut names = Vec::new();
            for at in 0..answer.len() / 2 {
                let at = (2 * at) as isize;
                let name = string::bytes(answer.entry::<RString>(at)?);
                let kind = match answer.entry::<bool>(at + 1)? {
                    true => Kind::Directory,
                    false => Kind::File,
                };
                names.push((name, kind));
            }
            names.sort_unstable_by(|a: &(Vec<u8>, Kind), b| a.0.cmp(&b.0));
            names.dedup_by(|a, b| a.0 == b.0);
            Ok(names)
        })
    }

    fn has_links(&self) -> bool {
        false
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.stat(sub, true)?;
        Err(Errno(libc::EINVAL))
    }

    fn change(&self, change: Change<'_>) -> Answer<()> {
        let done = |operation, sub, method: &str, more: &[Value]| {
            self.ask(operation, sub, |ruby| {
                self.adapter
                    .call::<Value>(ruby, method, sub, more)
                    .map(|_| ())
            })
        };
        match change {
            Change::MakeDirectory(sub, _) => done("mkdir", sub, "mkdir", &[]),
            Change::Remove(sub) => done("remove", sub, "remove_file", &[]),
            Change::RemoveDirectory(sub) => done("remove", sub, "remove_directory", &[]),
            Change::Rename(from, to, keep) => self.ask("rename", from, |ruby| {
                let more = [rooted(ruby, to).as_value(), ruby.into_value(keep)];
                self.adapter
                    .call::<Value>(ruby, "rename", from, &more)
                    .map(|_| ())
            }),
            Change::Truncate(sub, length) => self.ask("write", sub, |ruby| {
                self.adapter
                    .call::<Value>(ruby, "truncate", sub, &[ruby.into_value(length)])
                    .map(|_| ())
            }),
            Change::Link(from, to) => self.ask("link", to, |ruby| {
                let more = [rooted(ruby, from).as_value()];
                self.adapter
                    .call::<Value>(ruby, "link", to, &more)
                    .map(|_| ())
            }),
            Change::Symlink(_, sub) => self.ask("link", sub, |ruby| {
                let more = [ruby.qnil().as_value()];
                self.adapter
                    .call::<Value>(ruby, "link", sub, &more)
                    .map(|_| ())
            }),
            Change::Mode(sub, mode) => self.ask("chmod", sub, |ruby| {
                self.adapter
                    .call::<Value>(ruby, "chmod", sub, &[ruby.into_value(mode)])
                    .map(|_| ())
            }),
            Change::Owner(sub, user, group, _) => self.ask("chown", sub, |ruby| {
                let id = |id: u32| ruby.into_value((id != u32::MAX).then_some(id));
                self.adapter
                    .call::<Value>(ruby, "chown", sub, &[id(user), id(group)])
                    .map(|_| ())
            }),
            Change::Times(sub, times, _) => self.ask("utime", sub, |ruby| {
                let more = times.map(|time| match time {
                    Time::Same => ruby.qnil().as_value(),
                    Time::Now => ruby.qtrue().as_value(),
                    Time::At(seconds, nanoseconds) => ruby.into_value((seconds, nanoseconds)),
                });
                self.adapter
                    .call::<Value>(ruby, "utime", sub, &more)
                    .map(|_| ())
            }),
        }
    }

    fn writable(&self, sub: &Subpath) -> Answer<()> {
        self.ask("write", sub, |ruby| {
            self.adapter
                .call::<Value>(ruby, "check_writable", sub, &[])
                .map(|_| ())
        })
    }
}

/// The answer of `stat`, from `[directory?, size, mode, seconds, nanoseconds]`.
fn node(answer: RArray) -> Result<Node, Error> {
    Ok(Node {
        kind: match answer.entry::<bool>(0)? {
            true => Kind::Directory,
            false => Kind::File,
        },
        size: answer.entry(1)?,
        mode: answer.entry(2)?,
        mtime: (answer.entry(3)?, answer.entry(4)?),
        ino: None,
        real: None,
    })
}

/// A copy of the bytes of a String; `ENOMEM` if there is no memory for it.
fn copy(ruby: &Ruby, contents: RString) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    if bytes.try_reserve_exact(contents.len()).is_err() {
        return Err(Error::new(
            ruby.exception_no_mem_error(),
            "no memory for a copy",
        ));
    }
    // SAFETY: copied before Ruby runs again.
    bytes.extend_from_slice(unsafe { contents.as_slice() });
    Ok(bytes)
}
