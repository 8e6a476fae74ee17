//! Takes compiled code from an archive instead of compiling the source.

use std::sync::OnceLock;

use invfs_engine::compiled;
use magnus::{
    function, method, prelude::*, Error, RClass, RModule, RString, Ruby, TryConvert, Value,
};
use parking_lot::Mutex;

use super::{adopted::Adopted, found::Hit};
use crate::{
    helpers::{iseq::instruction_sequence, string},
    ruby_api::errors::to_ruby,
};

/// The key of this Ruby, until the compile options change.
static KEY: Mutex<Option<String>> = Mutex::new(None);

/// The compiled file, if its archive has it for just this Ruby and just this source.
pub fn load(ruby: &Ruby, hit: &Hit) -> Result<Option<Value>, Error> {
    let key = key(ruby)?;
    let code = hit.mount.vfs().compiled(&hit.sub, &key, &hit.path);
    let Some(code) = code.map_err(|e| to_ruby(ruby, e))? else {
        return Ok(None);
    };
    from_binary(ruby, &code)
}

/// The compiled file in its binary form; `None` where it cannot be used.
pub fn from_binary(ruby: &Ruby, code: &[u8]) -> Result<Option<Value>, Error> {
    if counts_lines() {
        return Ok(None);
    }
    let code = ruby.str_from_slice(code);
    let loaded = instruction_sequence(ruby)?.funcall("load_from_binary", (code,));
    string::release(code);
    // It was made for this Ruby and checked then, and its checksum is right. If Ruby still refuses it, use the source.
    Ok(loaded.ok())
}

/// Whether `Coverage` was set up, running or not: then sources must be compiled, to count lines. Asks Ruby itself, because
/// a program may have a constant `Coverage` of its own.
pub fn counts_lines() -> bool {
    extern "C" {
        // Exported for Ruby's coverage library, but not declared in a public header.
        fn rb_get_coverages() -> rb_sys::VALUE;
    }
    // SAFETY: reads what the library has set; nil or false where it has not.
    let coverages = unsafe { rb_get_coverages() };
    coverages & !(rb_sys::Qnil as rb_sys::VALUE) != 0
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

/// @def InVFS.link_compiled(entry, source, path)
/// The compiled form in `entry` as Ruby loads it for `path`. For `InVFS::CompiledCode` alone.
/// @api private
/// @return [String, nil] nil if it was not made from `source`
fn link(ruby: &Ruby, entry: RString, source: RString, path: RString) -> Option<RString> {
    let (entry, source) = (string::bytes(entry), string::bytes(source));
    let checksum = compiled::checksum(&source);
    let path = string::bytes(path);
    let linked = compiled::link(entry, checksum, source.len() as u64, &path)?;
    Some(ruby.str_from_slice(&linked))
}

/// Defines what `InVFS::CompiledCode` needs.
pub fn init(_ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("compiled_key", function!(key, 0))?;
    module.define_singleton_method("link_compiled", function!(link, 3))
}
