//! Changes of names, sizes and attributes in a file system written in Ruby: they concern files that are open for writing, too.

use invfs_engine::path::Subpath;
use invfs_fs::file_system::{Change, Time};
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{prelude::*, Ruby, Value};

use super::RubyFileSystem;
use crate::mount::gvl_bridge::rooted;

impl RubyFileSystem {
    /// Makes any change.
    pub(super) fn make(&self, change: Change<'_>) -> Answer<()> {
        let done = |operation, sub, method| self.tell(operation, sub, method, |_| []);
        match change {
            Change::MakeDirectory(sub, _) => {
                self.check_free(sub)?;
                done("mkdir", sub, "mkdir")
            }
            Change::Remove(sub) => self.remove(sub, || done("remove", sub, "remove_file")),
            Change::RemoveDirectory(sub) if self.open.get(sub).is_some() => {
                Err(Errno(libc::ENOTDIR))
            }
            Change::RemoveDirectory(sub) if !self.open.below(sub).is_empty() => {
                Err(Errno(libc::ENOTEMPTY))
            }
            Change::RemoveDirectory(sub) => done("remove", sub, "remove_directory"),
            Change::Rename(from, to, keep) => self.rename(from, to, keep),
            Change::Truncate(sub, length) => self.truncate(sub, length),
            Change::Link(from, to) => self.change_file(from, || {
                self.check_free(to)?;
                self.tell("link", to, "link", |ruby| [rooted(ruby, from).as_value()])
            }),
            Change::Symlink(_, sub) => {
                self.check_free(sub)?;
                self.tell("link", sub, "link", |ruby| [ruby.qnil().as_value()])
            }
            Change::Mode(sub, mode) => self.change_file(sub, || {
                self.tell("chmod", sub, "chmod", |ruby| [ruby.into_value(mode)])
            }),
            Change::Owner(sub, user, group, _) => self.change_file(sub, || {
                self.tell("chown", sub, "chown", |ruby| {
                    [user, group].map(|id| ruby.into_value((id != u32::MAX).then_some(id)))
                })
            }),
            Change::Times(sub, times, _) => self.change_file(sub, || {
                self.tell("utime", sub, "utime", |ruby| {
                    times.map(|time| match time {
                        Time::Same => ruby.qnil().as_value(),
                        Time::Now => ruby.qtrue().as_value(),
                        Time::At(seconds, nanoseconds) => ruby.into_value((seconds, nanoseconds)),
                    })
                })
            }),
        }
    }

    /// Calls a method that makes a change and answers nothing, with the path and `more`.
    pub(super) fn tell<const N: usize>(
        &self,
        operation: &str,
        sub: &Subpath,
        method: &str,
        more: impl FnOnce(&Ruby) -> [Value; N],
    ) -> Answer<()> {
        self.ask(operation, sub, |ruby| {
            let more = more(ruby);
            let done = self.adapter.call::<Value>(ruby, method, sub, &more);
            done.map(|_| ())
        })
    }

    /// Makes a change of `sub`. If that is only in memory as yet, it is handed over first.
    fn change_file(&self, sub: &Subpath, change: impl Fn() -> Answer<()>) -> Answer<()> {
        match (change(), self.open.get(sub)) {
            (Err(Errno(libc::ENOENT)), Some(file)) => {
                file.hand_over()?;
                change()
            }
            (answer, _) => answer,
        }
    }

    /// `EEXIST` where a file is open that the file system may not have as yet.
    fn check_free(&self, sub: &Subpath) -> Answer<()> {
        match self.open.get(sub) {
            Some(_) => Err(Errno(libc::EEXIST)),
            None => Ok(()),
        }
    }

    fn truncate(&self, sub: &Subpath, length: u64) -> Answer<()> {
        let Some(file) = self.open.get(sub) else {
            return self.tell("write", sub, "truncate", |ruby| [ruby.into_value(length)]);
        };
        self.complete(sub, libc::O_WRONLY, &file)?;
        file.set_len(length)
    }

    fn rename(&self, from: &Subpath, to: &Subpath, keep: bool) -> Answer<()> {
        if keep && from != to {
            self.check_free(to)?;
        }
        self.change_file(from, || {
            self.tell("rename", from, "rename", |ruby| {
                [rooted(ruby, to).as_value(), ruby.into_value(keep)]
            })
        })?;
        if from != to {
            self.open.renamed(from, to);
        }
        Ok(())
    }

    fn remove(&self, sub: &Subpath, done: impl Fn() -> Answer<()>) -> Answer<()> {
        match (done(), self.open.get(sub)) {
            // Only in memory as yet.
            (Err(Errno(libc::ENOENT)), Some(_)) => {}
            (answer, _) => answer?,
        }
        self.open.removed(sub);
        Ok(())
    }
}
