//! Serves a VFS object that the user wrote in Ruby as an engine VFS.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Sink, Stat, Vfs};
use invfs_engine::{Error as EngineError, ErrorKind, Result};
use magnus::{
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    Error, Integer, RArray, RString, Ruby, TryConvert, Value,
};

use super::{errors::foreign, listing::children, read};
use crate::helpers::{answers, string};

/// Calls `file?`, `size` and `read`, and `directory?` and `entries` where the object has them.
pub struct RubyVfs {
    object: rb_sys::VALUE,
    name: String,
}

impl RubyVfs {
    /// An adapter for `object`, which the caller keeps alive and in place as long as this is used.
    /// Errors name the present answer of `to_path`.
    pub fn new(object: Value) -> std::result::Result<RubyVfs, Error> {
        let path: Value = object.funcall_public("to_path", ())?;
        let path = string::bytes(string::path_argument(path)?);
        Ok(RubyVfs {
            object: object.as_raw(),
            name: String::from_utf8_lossy(&path).into_owned(),
        })
    }

    fn object(&self) -> (Ruby, Value) {
        // SAFETY: the owner of this adapter keeps the object alive and in place (`new` requires it).
        let object = unsafe { Value::from_raw(self.object) };
        (Ruby::get_with(object), object)
    }

    fn call<T: TryConvert>(&self, method: &str, sub: &Subpath) -> std::result::Result<T, Error> {
        let (ruby, object) = self.object();
        object.funcall_public(method, (string::name(&ruby, sub.as_bytes()),))
    }

    /// Whether the object answers yes. An exception counts as no, as in 0.3; a `throw` passes through.
    fn says(&self, method: &str, sub: &Subpath) -> Result<bool> {
        match self.call::<Value>(method, sub) {
            Ok(answer) => Ok(answer.to_bool()),
            Err(error) if is_standard_error(&error) => Ok(false),
            Err(error) => Err(self.failed(sub, error)),
        }
    }

    fn failed(&self, sub: &Subpath, error: Error) -> Box<EngineError> {
        foreign(self.name.clone(), error).entry(sub.as_bytes())
    }

    /// The length of the file `sub`; `None` where `size` answers nil.
    fn size(&self, sub: &Subpath) -> Result<Option<u64>> {
        let answer = self
            .call::<Value>("size", sub)
            .map_err(|e| self.failed(sub, e))?;
        if answer.is_nil() {
            return Ok(None);
        }
        Integer::from_value(answer)
            .and_then(|size| size.to_u64().ok())
            .map(Some)
            .ok_or_else(|| self.failed(sub, self.wrong_type("size", "a length", answer, sub)))
    }

    fn wrong_type(&self, method: &str, wanted: &str, answer: Value, sub: &Subpath) -> Error {
        let (ruby, _) = self.object();
        let message = format!(
            "{}/{}: {method} answered {} instead of {wanted}",
            self.name,
            String::from_utf8_lossy(sub.as_bytes()),
            answer.inspect(),
        );
        Error::new(ruby.exception_type_error(), message)
    }

    /// The names of all files, where the object can tell.
    fn names(&self) -> std::result::Result<Vec<Vec<u8>>, Error> {
        let (_, object) = self.object();
        if !answers(object, "entries") {
            return Ok(Vec::new());
        }
        let entries: RArray = object.funcall_public("entries", ())?;
        let mut names = Vec::with_capacity(entries.len());
        for at in 0..entries.len() {
            names.push(string::bytes(entries.entry::<RString>(at as isize)?));
        }
        Ok(names)
    }
}

/// Whether a `rescue` without a class would catch it.
pub fn is_standard_error(error: &Error) -> bool {
    error.value().is_some_and(|exception| {
        let ruby = Ruby::get_with(exception);
        error.is_kind_of(ruby.exception_standard_error())
    })
}

impl Vfs for RubyVfs {
    fn stat(&self, sub: &Subpath) -> Result<Option<Stat>> {
        let (kind, size, mode) = match self.kind(sub)? {
            Some(Kind::File) => match self.size(sub)? {
                Some(size) => (Kind::File, size, 0o644),
                None => return Ok(None),
            },
            Some(kind) => (kind, 0, 0o755),
            None => return Ok(None),
        };
        Ok(Some(Stat {
            kind,
            size,
            mode,
            mtime: 0,
            id: None,
        }))
    }

    fn kind(&self, sub: &Subpath) -> Result<Option<Kind>> {
        if sub.is_root() {
            return Ok(Some(Kind::Directory));
        }
        if self.says("file?", sub)? {
            return Ok(Some(Kind::File));
        }
        let (_, object) = self.object();
        let directory = answers(object, "directory?") && self.says("directory?", sub)?;
        Ok(directory.then_some(Kind::Directory))
    }

    fn read(&self, sub: &Subpath, limit: u64, out: &mut dyn Sink) -> Result<()> {
        let error = |kind, detail: &str| {
            Err(EngineError::new(kind, self.name.clone(), detail).entry(sub.as_bytes()))
        };
        let answer = self
            .call::<Value>("read", sub)
            .map_err(|e| self.failed(sub, e))?;
        if answer.is_nil() {
            return error(ErrorKind::NotFound, "read answered nil");
        }
        let contents = RString::try_convert(answer)
            .map_err(|_| self.failed(sub, self.wrong_type("read", "a String", answer, sub)))?;
        read::hand_out(contents, (&self.name, sub), limit, out)
    }

    fn is_independent(&self) -> bool {
        false
    }

    fn list(&self, sub: &Subpath) -> Result<Option<Vec<(Vec<u8>, Kind)>>> {
        let names = self.names().map_err(|e| self.failed(sub, e))?;
        Ok(children(names, sub))
    }
}
