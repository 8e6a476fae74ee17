//! The loader of invfs: loads a file that was found, once for `require`, each time for `load`.

use std::sync::OnceLock;

use magnus::{prelude::*, Error, RModule, RString, Ruby, Value};

use super::{
    adopted::Adopted,
    autoload, autoload_order, compiled, features_index,
    found::Hit,
    load_lock::{self, Turn},
    load_path, native_ext, originals,
};
use crate::{
    helpers::{gc_root::GcRoot, iseq::instruction_sequence, module::invfs, string},
    ruby_api::{limits::max_load_size, read::read_sized},
};

/// Loads the file, unless it is loaded. Returns whether it was loaded now.
pub fn require(ruby: &Ruby, hit: &Hit) -> Result<bool, Error> {
    loop {
        let claim = match load_lock::begin(ruby, &hit.path)? {
            Turn::Yours(claim) => claim,
            Turn::Loaded => return Ok(false),
            Turn::Circular => {
                warn_circular(ruby, &hit.path)?;
                return Ok(false);
            }
            Turn::Again => match features_index::holds(&hit.path)? {
                true => return Ok(false),
                false => continue,
            },
        };
        let outcome = load_once(ruby, hit);
        claim.finish(outcome.is_ok())?;
        autoload_order::settle(ruby)?;
        return outcome;
    }
}

fn load_once(ruby: &Ruby, hit: &Hit) -> Result<bool, Error> {
    if features_index::holds(&hit.path)? {
        return Ok(false);
    }
    if !autoload::announces(&hit.path, &*load_path::current(ruby)?) {
        run(ruby, hit)?;
        features_index::provide(ruby, &hit.path)?;
        return Ok(true);
    }
    features_index::provide(ruby, &hit.path)?;
    let outcome = run(ruby, hit);
    match outcome {
        // The features that it required are behind it now; a file on disk would come last.
        Ok(()) => autoload_order::later(&hit.path),
        // A failed file leaves no trace.
        Err(_) => features_index::withdraw(ruby, &hit.path)?,
    }
    outcome.map(|()| true)
}

fn run(ruby: &Ruby, hit: &Hit) -> Result<(), Error> {
    match hit.native {
        true => native_ext::load(ruby, hit),
        false => source(ruby, hit),
    }
}

/// Runs the file; `wrap` is the second argument of `Kernel#load`.
pub fn load(ruby: &Ruby, rb_self: Value, hit: &Hit, wrap: Option<Value>) -> Result<(), Error> {
    match wrap.filter(|wrap| wrap.to_bool()) {
        None => source(ruby, hit),
        Some(wrap) => wrapped(ruby, rb_self, hit, wrap),
    }
}

/// Only Ruby's own `load` can run code inside a wrapping module, and it needs a file. So it loads a file of invfs, and
/// `InVFS::LoadWrapped` replaces that file's code by the compiled code of `hit`.
fn wrapped(ruby: &Ruby, rb_self: Value, hit: &Hit, wrap: Value) -> Result<(), Error> {
    let compiled = compile(ruby, hit)?;
    let path: RString = helper(ruby)?.funcall("prepare", (compiled,))?;
    originals::load(ruby, rb_self, path, Some(wrap))?;
    Ok(())
}

/// Compiles and runs the Ruby source of `hit` at top level.
fn source(ruby: &Ruby, hit: &Hit) -> Result<(), Error> {
    compile(ruby, hit)?.funcall::<_, _, Value>("eval", ())?;
    Ok(())
}

/// The compiled file, a `RubyVM::InstructionSequence`: out of the archive, or compiled now.
fn compile(ruby: &Ruby, hit: &Hit) -> Result<Value, Error> {
    if let Some(compiled) = compiled::load(ruby, hit)? {
        return Ok(compiled);
    }
    let code = read_sized(ruby, hit.mount.vfs(), &hit.sub, hit.size, max_load_size())?;
    // The parser starts from the String's encoding; a magic comment may change it.
    let code: RString = code.funcall("force_encoding", (source_encoding(ruby)?,))?;
    let path = string::path(ruby, &hit.path);
    path.freeze();
    let compiled = instruction_sequence(ruby)?.funcall("compile", (code, path, path, 1));
    string::release(code);
    compiled
}

/// `InVFS::LoadWrapped`, loaded when it is first needed.
fn helper(ruby: &Ruby) -> Result<RModule, Error> {
    invfs(ruby)?.const_get("LoadWrapped")
}

/// The encoding of source without a magic comment: UTF-8, unless Ruby's option `-K` says otherwise. That one
/// also sets the external encoding; the rest only a file can tell.
fn source_encoding(ruby: &Ruby) -> Result<Value, Error> {
    static ENCODING: OnceLock<GcRoot> = OnceLock::new();
    if let Some(encoding) = ENCODING.get() {
        return Ok(encoding.get());
    }
    let utf8: Value = ruby.class_encoding().const_get("UTF_8")?;
    let external: Value = ruby.class_encoding().funcall("default_external", ())?;
    let encoding = match external.equal(utf8)? {
        true => utf8,
        false => {
            let stub: RString = helper(ruby)?.const_get("STUB")?;
            let probe: Value = instruction_sequence(ruby)?.funcall("compile_file", (stub,))?;
            probe.funcall("eval", ())?
        }
    };
    Ok(ENCODING.get_or_init(|| GcRoot::new(encoding)).get())
}

/// Ruby's own words, and only under `-w`, as `load_lock` says them.
fn warn_circular(ruby: &Ruby, path: &[u8]) -> Result<(), Error> {
    if !ruby.eval::<Value>("$VERBOSE")?.to_bool() {
        return Ok(());
    }
    let mut message = format!(
        "loading in progress, circular require considered harmful - {}\n",
        String::from_utf8_lossy(path)
    );
    let frames: Vec<String> = ruby.module_kernel().funcall("caller", (0,))?;
    for frame in frames {
        message.push_str("\tfrom ");
        message.push_str(&frame);
        message.push('\n');
    }
    ruby.warning(&message);
    Ok(())
}
