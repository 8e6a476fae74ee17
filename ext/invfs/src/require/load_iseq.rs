//! `RubyVM::InstructionSequence.load_iseq`: Ruby calls it before it compiles any file.
//!
//! For a file of a mount it applies the load size limit, and takes compiled code if there is some. Otherwise it reads the
//! file: with the GVL, in the thread that loads it, so that an exception of the file system arrives unchanged. Ruby's own
//! opening of the file then gets these contents.

use std::sync::OnceLock;

use invfs_engine::ErrorKind;
use invfs_fs::mounts;
use magnus::{method, prelude::*, Error, RClass, RString, Ruby, TryConvert, Value};
use parking_lot::Mutex;

use super::{
    adopted::{Adopted, Place},
    compiled,
    found::PassedOver,
    library_code,
    load_errors::too_large,
};
use crate::{
    helpers::{gc_root::GcRoot, iseq::instruction_sequence, ractor, string},
    ruby_api::{errors::to_ruby, limits::max_load_size},
};

/// The module in which the method was last put in front.
static FOREMOST: Mutex<Option<GcRoot>> = Mutex::new(None);

/// Defines the method in front of all others of its name, and again if another one came in front of it: bootsnap's does not
/// call `super`.
pub fn define(ruby: &Ruby) -> Result<(), Error> {
    static DEFINED: OnceLock<()> = OnceLock::new();
    let class = instruction_sequence(ruby)?;
    let singleton: Value = class.funcall("singleton_class", ())?;
    if DEFINED.set(()).is_ok() {
        if !class.respond_to("load_iseq", true)? {
            // The last one, for `super`.
            RClass::try_convert(class)?
                .define_singleton_method("load_iseq", method!(nothing, 1))?;
        }
    } else if is_foremost(singleton)? {
        return Ok(());
    }
    let module = ruby.module_new();
    module.define_method("load_iseq", method!(load_iseq, 1))?;
    singleton.funcall::<_, _, Value>("prepend", (module,))?;
    *FOREMOST.lock() = Some(GcRoot::new(module));
    Ok(())
}

fn is_foremost(singleton: Value) -> Result<bool, Error> {
    let method: Value = singleton.funcall("instance_method", ("load_iseq",))?;
    let owner: Value = method.funcall("owner", ())?;
    let foremost = FOREMOST.lock().as_ref().map(GcRoot::get);
    foremost.map_or(Ok(false), |module| module.equal(owner))
}

fn nothing(ruby: &Ruby, _rb_self: Value, _path: Value) -> Value {
    ruby.qnil().as_value()
}

/// The compiled form of the file at `path`; nil to have it compiled.
fn load_iseq(ruby: &Ruby, _rb_self: Value, path: RString) -> Result<Value, Error> {
    invfs_interpose::begins();
    let others = || ruby.call_super::<_, Value>((path,));
    if !ractor::is_main() {
        return others();
    }
    let bytes = string::bytes(path);
    let Some(place) = mounts::find_visible(&bytes) else {
        return match library_code::load(ruby, &bytes)? {
            Some(loaded) => Ok(loaded),
            None => others(),
        };
    };
    if let Some(passed_over) = over_limit(&place) {
        return Err(too_large(ruby, &bytes, &passed_over)?);
    }
    // If the compiled code is broken, read the source.
    let file_system = place.mount.file_system();
    if let Ok(Some(code)) = file_system.compiled(&place.sub, &compiled::key(ruby)?, &bytes) {
        if let Some(loaded) = compiled::from_binary(ruby, &code)? {
            return Ok(loaded);
        }
    }
    let answer = others()?;
    if answer.is_nil() {
        fetch(ruby, &bytes, &place)?;
    }
    Ok(answer)
}

/// The file, if it is too large to load. The limit is for adopted mounts; named mounts have none.
fn over_limit(place: &Place) -> Option<PassedOver> {
    if place.mount.is_named() || !place.mount.vfs().is_independent() {
        return None;
    }
    let size = place.mount.vfs().stat(&place.sub).ok()??.size;
    (size > max_load_size()).then(|| PassedOver {
        path: place.path(),
        size,
    })
}

/// Reads the file for Ruby, which opens it next.
fn fetch(ruby: &Ruby, path: &[u8], place: &Place) -> Result<(), Error> {
    let Some(vfs) = &place.mount.vfs else {
        return Ok(());
    };
    let limit = match place.mount.is_named() {
        true => u64::MAX,
        false => max_load_size(),
    };
    let mut contents = Vec::new();
    match vfs.read(&place.sub, limit, &mut contents) {
        Ok(()) => invfs_interpose::fetched(path, contents),
        // Ruby will report it in its own words.
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) if error.kind() == ErrorKind::TooLarge => {
            let size = vfs
                .stat(&place.sub)
                .ok()
                .flatten()
                .map_or(limit, |stat| stat.size);
            let path = path.to_vec();
            return Err(too_large(ruby, &path.clone(), &PassedOver { path, size })?);
        }
        Err(error) => return Err(to_ruby(ruby, error)),
    }
    Ok(())
}
