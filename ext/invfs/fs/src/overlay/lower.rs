//! The lower layer during one operation: asked at most once for each thing, and never while the lock is held.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use crate::file_system::{self, FileSystem, Node, OpenHow, Opened};
use crate::sys::errno::{Answer, Errno};
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Listing;

/// Says that an answer is not there yet; no error of the system has this number.
const NOT_YET: Errno = Errno(i32::MIN);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Question {
    Stat,
    Link,
    List,
}

#[derive(Clone)]
enum Reply {
    Stat(Answer<Node>),
    Link(Answer<Rc<Vec<u8>>>),
    List(Answer<Rc<Listing>>),
}

type Asked = (Question, SubpathBuf);

/// Answers of the lower layer.
pub(super) struct Lower<'a> {
    file_system: &'a dyn FileSystem,
    known: RefCell<HashMap<Asked, Reply>>,
    locked: Cell<bool>,
    missing: RefCell<Option<Asked>>,
}

impl<'a> Lower<'a> {
    pub fn new(file_system: &'a dyn FileSystem) -> Lower<'a> {
        Lower {
            file_system,
            known: RefCell::default(),
            locked: Cell::new(false),
            missing: RefCell::default(),
        }
    }

    /// What stands under `path`, links not followed.
    pub fn stat(&self, path: &Subpath) -> Answer<Option<Node>> {
        match self.ask(Question::Stat, path)? {
            Reply::Stat(Ok(node)) => Ok(Some(node)),
            Reply::Stat(Err(Errno(libc::ENOENT | libc::ENOTDIR))) => Ok(None),
            Reply::Stat(Err(errno)) => Err(errno),
            _ => Err(Errno(libc::EIO)),
        }
    }

    /// The target of the link `path`.
    pub fn link(&self, path: &Subpath) -> Answer<Rc<Vec<u8>>> {
        match self.ask(Question::Link, path)? {
            Reply::Link(target) => target,
            _ => Err(Errno(libc::EIO)),
        }
    }

    /// The names in the directory `path`.
    pub fn list(&self, path: &Subpath) -> Answer<Rc<Listing>> {
        match self.ask(Question::List, path)? {
            Reply::List(names) => names,
            _ => Err(Errno(libc::EIO)),
        }
    }

    /// Opens the file `path` for reading.
    pub fn open(&self, path: &Subpath, how: OpenHow) -> Answer<Opened<'a>> {
        let flags = how.flags & !(libc::O_CREAT | libc::O_EXCL | libc::O_TRUNC);
        self.file_system.open(path, OpenHow { flags, ..how })
    }

    /// The contents of the file `path`.
    pub fn contents(&self, path: &Subpath) -> Answer<Vec<u8>> {
        file_system::contents(self.file_system, path)
    }

    /// Runs `act` with what `lock` gives held. Where it needs to know something new of the lower layer, the lock is
    /// given back, the lower layer asked, and `act` run again: it must ask before it changes anything, or
    /// change nothing that it could not change twice.
    pub fn locked<L, T>(
        &self,
        lock: impl Fn() -> Answer<L>,
        mut act: impl FnMut() -> Answer<T>,
    ) -> Answer<T> {
        loop {
            let lock = lock()?;
            self.locked.set(true);
            let result = act();
            self.locked.set(false);
            drop(lock);
            match self.missing.take() {
                Some(asked) => self.fetch(asked),
                None => return result,
            };
        }
    }

    fn ask(&self, question: Question, path: &Subpath) -> Answer<Reply> {
        let asked = (question, path.to_owned());
        if let Some(reply) = self.known.borrow().get(&asked) {
            return Ok(reply.clone());
        }
        if self.locked.get() {
            self.missing.replace(Some(asked));
            return Err(NOT_YET);
        }
        Ok(self.fetch(asked))
    }

    fn fetch(&self, asked: Asked) -> Reply {
        let (question, path) = &asked;
        let reply = match question {
            Question::Stat => Reply::Stat(self.file_system.stat(path, false)),
            Question::Link => Reply::Link(self.file_system.read_link(path).map(Rc::new)),
            Question::List => Reply::List(self.file_system.list(path).map(Rc::new)),
        };
        self.known.borrow_mut().insert(asked, reply.clone());
        reply
    }
}
