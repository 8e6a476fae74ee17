//! Compiled code out of an archive, in the place of compiling the source.

use std::sync::OnceLock;

use invfs_engine::compiled;
use magnus::{
    function, method, prelude::*, Error, RClass, RModule, RString, Ruby, TryConvert, Value,
};
use parking_lot::Mutex;

use super::{resolve::Hit, run::instruction_sequence};
use crate::{helpers::string, ruby_api::errors::to_ruby};

/// The key of this Ruby, until the compile options change.
static KEY: Mutex<Option<String>> = Mutex::new(None);

/// The compiled file, if its archive has it for just this Ruby and just this source.
pub fn load(ruby: &Ruby, hit: &Hit) -> Result<Option<Value>, Error> {
    let key = key(ruby)?;
    let code = hit.mount.vfs.compiled(&hit.sub, &key, &hit.path);
    let Some(code) = code.map_err(|e| to_ruby(ruby, e))? else {
        return Ok(None);
    };
    from_binary(ruby, &code)
}

/// The compiled file in its binary form; `None` where it cannot be used.
fn from_binary(ruby: &Ruby, code: &[u8]) -> Result<Option<Value>, Error> {
    if coverage_runs(ruby)? {
        return Ok(None);
    }
    let code = ruby.str_from_slice(code);
    let loaded = instruction_sequence(ruby)?.funcall("load_from_binary", (code,));
    string::release(code);
    // Made for this Ruby, checked when it was made, and read with its checksum: what is wrong with it now is a
    // reason to use the source, not to fail.
    Ok(loaded.ok())
}

/// Whether lines are being counted: only compiling prepares for that.
fn coverage_runs(ruby: &Ruby) -> Result<bool, Error> {
    let object = ruby.class_object();
    if !object.funcall::<_, _, bool>("const_defined?", ("Coverage",))? {
        return Ok(false);
    }
    object
        .const_get::<_, RModule>("Coverage")?
        .funcall("running?", ())
}

/// @def InVFS.compiled_key
/// Names this exact Ruby, as archives name it that hold compiled code for it: version, patch level and platform,
/// and a checksum of what else compiled code depends on (revision, size of a word, compile options).
/// @return [String]
/// @example
///   InVFS.compiled_key #=> "3.1.2p20-x86_64-linux-gnu-8c5b1a7e"
pub fn key(ruby: &Ruby) -> Result<String, Error> {
    if let Some(key) = KEY.lock().as_ref() {
        return Ok(key.clone());
    }
    watch_options(ruby)?;
    let constant = |name: &str| -> Result<String, Error> {
        ruby.class_object()
            .const_get::<_, Value>(name)
            .map(|value| value.to_string())
    };
    let options: Value = instruction_sequence(ruby)?.funcall("compile_option", ())?;
    let rest = format!(
        "{} {} {}",
        constant("RUBY_REVISION")?,
        std::mem::size_of::<rb_sys::VALUE>(),
        options.inspect()
    );
    let key = format!(
        "{}p{}-{}-{:08x}",
        constant("RUBY_VERSION")?,
        constant("RUBY_PATCHLEVEL")?,
        constant("RUBY_PLATFORM")?,
        compiled::checksum(rest.as_bytes())
    );
    *KEY.lock() = Some(key.clone());
    Ok(key)
}

/// Forgets the key whenever `RubyVM::InstructionSequence.compile_option=` is called.
fn watch_options(ruby: &Ruby) -> Result<(), Error> {
    static WATCHED: OnceLock<()> = OnceLock::new();
    if WATCHED.set(()).is_err() {
        return Ok(());
    }
    let class = instruction_sequence(ruby)?;
    let singleton: Value = class.funcall("singleton_class", ())?;
    let original = "compile_option_without_invfs=";
    singleton.funcall::<_, _, Value>("alias_method", (original, "compile_option="))?;
    RClass::try_convert(class)?.define_singleton_method("compile_option=", method!(set_options, 1))
}

fn set_options(rb_self: Value, options: Value) -> Result<Value, Error> {
    *KEY.lock() = None;
    rb_self.funcall("compile_option_without_invfs=", (options,))
}

/// Makes Ruby's own loading take compiled code out of mounts: `RubyVM::InstructionSequence.load_iseq` is what it asks
/// before it compiles a file. Whoever defined that before is asked for everything else.
#[cfg(mounts)]
pub fn serve_mounts(ruby: &Ruby) -> Result<(), Error> {
    static DEFINED: OnceLock<()> = OnceLock::new();
    if DEFINED.set(()).is_err() {
        return Ok(());
    }
    let class = instruction_sequence(ruby)?;
    if class.respond_to("load_iseq", true)? {
        let singleton: Value = class.funcall("singleton_class", ())?;
        singleton.funcall::<_, _, Value>("alias_method", (PREVIOUS, "load_iseq"))?;
    }
    RClass::try_convert(class)?.define_singleton_method("load_iseq", method!(load_iseq, 1))
}

/// What others defined as `load_iseq`.
#[cfg(mounts)]
const PREVIOUS: &str = "load_iseq_without_invfs";

/// The compiled form of the file at `path`; nil to have it compiled.
#[cfg(mounts)]
fn load_iseq(ruby: &Ruby, rb_self: Value, path: RString) -> Result<Value, Error> {
    if crate::helpers::ractor::is_main() {
        let bytes = string::bytes(path);
        if let Some(place) = invfs_engine::interpose::find(&bytes) {
            let served = &place.mount.served;
            // What is wrong with it is a reason to read the source.
            if let Ok(Some(code)) = served.compiled(&place.sub, &key(ruby)?, &bytes) {
                if let Some(loaded) = from_binary(ruby, &code)? {
                    return Ok(loaded);
                }
            }
        }
    }
    match rb_self.respond_to(PREVIOUS, true)? {
        true => rb_self.funcall(PREVIOUS, (path,)),
        false => Ok(ruby.qnil().as_value()),
    }
}

/// `InVFS.link_compiled(entry, source, path)`: the compiled form in `entry` as Ruby loads it for `path`; nil if it was
/// not made from `source`. For `InVFS::CompiledCode` alone.
fn link(ruby: &Ruby, entry: RString, source: RString, path: RString) -> Option<RString> {
    let (entry, source) = (string::bytes(entry), string::bytes(source));
    let checksum = compiled::checksum(&source);
    let path = string::bytes(path);
    let linked = compiled::link(&entry, checksum, source.len() as u64, &path)?;
    Some(ruby.str_from_slice(&linked))
}

/// Defines what `InVFS::CompiledCode` needs.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("compiled_key", function!(key, 0))?;
    module.define_singleton_method("link_compiled", function!(link, 3))
}
