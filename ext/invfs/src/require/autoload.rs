//! Remembers the features that `autoload` announced.
//!
//! While Ruby loads a file from disk, the file counts as provided. So `class C` in it defines the constant that an
//! `autoload :C` announced, and does not load it again (`check_autoload_required` in `variable.c`). Ruby's table of files
//! being loaded is not accessible. So a file of a VFS that is the target of an `autoload` is in `$"` already while it
//! runs, and is taken out if it fails.

use std::{collections::HashMap, sync::LazyLock};

use magnus::{method, prelude::*, value::ReprValue, Error, RArray, RString, Ruby, Value};
use parking_lot::Mutex;

use super::{
    feature_name::{stem_of, wanted, FeatureKind, Matched},
    load_path::{self, LoadPath},
};
use crate::helpers::{ractor, string};

/// Names given to `autoload`, by the stem of their last component.
static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(Mutex::default);

type Names = HashMap<Vec<u8>, Vec<Vec<u8>>>;

/// Whether an `autoload` names the file `path`.
pub fn announces(path: &[u8], load_path: &LoadPath) -> bool {
    let names = NAMES.lock();
    let Some(names) = names.get(stem_of(path)) else {
        return false;
    };
    names.iter().any(|name| {
        let kind = wanted(name).unwrap_or(FeatureKind::Any);
        Matched::of(path, name, kind, load_path).is_some()
    })
}

fn remember(name: &[u8]) {
    let mut names = NAMES.lock();
    let known = names.entry(stem_of(name).to_vec()).or_default();
    if !known.iter().any(|other| other == name) {
        known.push(name.to_vec());
    }
}

/// `Module#autoload` and `Kernel#autoload`.
fn autoload(ruby: &Ruby, rb_self: Value, constant: Value, name: Value) -> Result<Value, Error> {
    let mut name = name;
    if ractor::is_main() {
        // Converted here, once: what comes after gets the String.
        let converted = string::converted(name)?;
        if let Ok(path) = string::path_argument(converted.as_value()) {
            remember(&string::bytes(path));
        }
        name = converted.as_value();
        // Adopt what is in `$:` now, so that an absolute path still leads there after it has left `$:`.
        load_path::current(ruby)?;
    }
    rb_self.funcall("autoload_without_invfs", (constant, name))
}

/// Defines the methods, and remembers what was announced for the top level before.
pub fn init(ruby: &Ruby) -> Result<(), Error> {
    let object = ruby.class_object();
    let constants: RArray = object.funcall("constants", ())?;
    for at in 0..constants.len() {
        let constant: Value = constants.entry(at as isize)?;
        let name: Option<RString> = object.funcall("autoload?", (constant,))?;
        if let Some(name) = name {
            remember(&string::bytes(name));
        }
    }
    let module = ruby.class_module();
    module.funcall::<_, _, Value>("alias_method", ("autoload_without_invfs", "autoload"))?;
    module.define_method("autoload", method!(autoload, 2))?;
    let kernel = ruby.module_kernel();
    kernel.define_private_method("autoload", method!(autoload, 2))?;
    kernel.define_singleton_method("autoload", method!(autoload, 2))
}
