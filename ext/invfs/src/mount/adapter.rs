//! The Ruby object that calls the methods of a file system written in Ruby, and checks their answers.

use invfs_engine::path::Subpath;
use magnus::{
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    Error, Ruby, TryConvert, Value,
};

use super::gvl_bridge::rooted;
use crate::helpers::gc_root::Token;

/// An `InVFS::RubyFileSystem::Adapter`.
#[derive(Clone)]
pub struct Adapter {
    object: rb_sys::VALUE,
    _token: Token,
}

impl Adapter {
    /// An adapter that lives as long as `token`.
    pub fn new(object: Value, token: Token) -> Adapter {
        Adapter {
            object: object.as_raw(),
            _token: token,
        }
    }

    /// Calls a method with the path and more arguments.
    pub fn call<T: TryConvert>(
        &self,
        ruby: &Ruby,
        method: &str,
        sub: &Subpath,
        more: &[Value],
    ) -> Result<T, Error> {
        // SAFETY: the token keeps the object alive and in place.
        let object = unsafe { Value::from_raw(self.object) };
        // A Ruby Array, because the collector does not look into Rust's.
        let arguments = ruby.ary_new_capa(1 + more.len());
        arguments.push(rooted(ruby, sub))?;
        for argument in more {
            arguments.push(*argument)?;
        }
        object.funcall("call", (ruby.to_symbol(method), arguments))
    }
}
