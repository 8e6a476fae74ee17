//! The patched methods: an argument comes in, the answer of `require`, `require_relative` or `load` goes out.

use magnus::{
    function, method, prelude::*, rb_sys::AsRawValue, scan_args::scan_args, Error, RArray, RModule,
    RString, Ruby, Value,
};

use super::{
    autoload,
    handlers::{load_error, load_error_path},
    load, loaded, mounts,
    originals::{self, Layer, BELOW_RUBYGEMS},
    resolve::{self, Found, PassedOver},
    rubygems, run,
};
use crate::{
    helpers::{ractor, string},
    ruby_api::{file_system::invfs, limits},
};

/// `Kernel#require`.
fn require(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    require_at(ruby, Layer::Outer, rb_self, name)
}

/// `Kernel#gem_original_require`.
fn require_below_rubygems(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    require_at(ruby, Layer::BelowRubyGems, rb_self, name)
}

fn require_at(ruby: &Ruby, layer: Layer, rb_self: Value, name: Value) -> Result<Value, Error> {
    if !ractor::is_main() || layer.is_searched() {
        return layer.require(ruby, rb_self, name);
    }
    if is_remembered(name) {
        return Ok(ruby.qfalse().as_value());
    }
    let Ok(path) = string::path_argument(name) else {
        // The original refuses it in its own words.
        return layer.require(ruby, rb_self, name);
    };
    let bytes = string::bytes(path);
    let rubygems = || layer == Layer::Outer && rubygems::may_intervene(ruby, &bytes);
    match resolve::feature(ruby, &bytes)? {
        Found::Virtual(hit) => answer(ruby, run::require(ruby, &hit)?),
        Found::Loaded(remember) if !rubygems() => {
            if let Some(remember) = remember {
                loaded::remember(&bytes, remember.position, &remember.load_path);
            }
            answer(ruby, false)
        }
        Found::Disk(file) if !rubygems() => {
            let file = string::path(ruby, &file);
            layer.require(ruby, rb_self, file.as_value())
        }
        Found::Elsewhere(passed_over) => {
            let result = layer.require(ruby, rb_self, path.as_value());
            result.map_err(|e| explain(ruby, e, &bytes, passed_over))
        }
        Found::Loaded(_) | Found::Disk(_) | Found::Directory => {
            layer.require(ruby, rb_self, path.as_value())
        }
    }
}

/// Whether `name` is a String that was answered "loaded" before and still is.
fn is_remembered(name: Value) -> bool {
    let Some(name) = RString::from_value(name) else {
        return false;
    };
    // SAFETY: a live String; no Ruby code runs while its bytes are borrowed.
    unsafe {
        let encoding = rb_sys::rb_enc_get_index(name.as_raw());
        let plain = encoding == rb_sys::rb_utf8_encindex()
            || encoding == rb_sys::rb_usascii_encindex()
            || encoding == rb_sys::rb_ascii8bit_encindex();
        plain && loaded::remembered(name.as_slice())
    }
}

/// `Kernel#require_relative`.
fn require_relative(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    if !ractor::is_main() {
        return originals::require_relative(ruby, rb_self, name);
    }
    match caller_file() {
        Some(caller) => {
            let result = relative(ruby, rb_self, name, &caller);
            if caller.ends_with(b"/bootsnap/load_path_cache.rb") {
                bootsnap_arrived(ruby)?;
            }
            result
        }
        None => originals::require_relative(ruby, rb_self, name),
    }
}

/// Asks bootsnap, which is being loaded, to leave to us what it does not know.
fn bootsnap_arrived(ruby: &Ruby) -> Result<(), Error> {
    let fallback: RModule = invfs(ruby)?.const_get("BootsnapFallback")?;
    fallback.funcall::<_, _, Value>("install", ())?;
    Ok(())
}

/// `require_relative` as if called from the file `caller`, an absolute path.
fn relative(ruby: &Ruby, rb_self: Value, name: Value, caller: &[u8]) -> Result<Value, Error> {
    let Ok(path) = string::path_argument(name).map(string::bytes) else {
        return originals::require_relative(ruby, rb_self, name);
    };
    let target = match path.first() {
        Some(b'/') => invfs_engine::path::clean_absolute(&path),
        _ => {
            let end = caller.iter().rposition(|b| *b == b'/').unwrap_or(0);
            let directory = caller.get(..end).unwrap_or_default();
            invfs_engine::path::clean_absolute(&[directory, b"/", &path].concat())
        }
    };
    match resolve::relative(ruby, &target)? {
        Some(Found::Virtual(hit)) => answer(ruby, run::require(ruby, &hit)?),
        Some(Found::Loaded(_)) => answer(ruby, false),
        Some(Found::Elsewhere(passed_over)) => {
            let absolute = string::path(ruby, &target).as_value();
            let result = originals::require_relative(ruby, rb_self, absolute);
            result.map_err(|e| explain(ruby, e, &target, passed_over))
        }
        // Out of the VFS, to a file on disk.
        Some(Found::Disk(_) | Found::Directory) | None if mounts::find(caller).is_some() => {
            let absolute = string::path(ruby, &target).as_value();
            originals::require_relative(ruby, rb_self, absolute)
        }
        Some(Found::Disk(_) | Found::Directory) | None => {
            originals::require_relative(ruby, rb_self, name)
        }
    }
}

/// The absolute path of the Ruby file that called us; `None` in `eval` and the like.
fn caller_file() -> Option<Vec<u8>> {
    // SAFETY: Ruby's own NUL-terminated path of the current frame, copied before anything else runs.
    let path = unsafe {
        let path = rb_sys::rb_sourcefile();
        if path.is_null() {
            return None;
        }
        std::ffi::CStr::from_ptr(path).to_bytes().to_vec()
    };
    path.starts_with(b"/").then_some(path)
}

/// `Kernel#load`.
fn load(ruby: &Ruby, rb_self: Value, args: &[Value]) -> Result<Value, Error> {
    if !ractor::is_main() {
        return originals::load(ruby, rb_self, args);
    }
    let parsed = scan_args::<(Value,), (Option<Value>,), (), (), (), ()>(args)?;
    let Ok(bytes) = string::path_argument(parsed.required.0).map(string::bytes) else {
        return originals::load(ruby, rb_self, args);
    };
    match resolve::file(ruby, &bytes)? {
        Found::Virtual(hit) => {
            load::load(ruby, rb_self, &hit, parsed.optional.0)?;
            answer(ruby, true)
        }
        Found::Elsewhere(passed_over) => {
            let result = originals::load(ruby, rb_self, args);
            result.map_err(|e| explain(ruby, e, &bytes, passed_over))
        }
        Found::Directory => {
            let message = format!(
                "cannot load such file -- {}",
                String::from_utf8_lossy(&bytes)
            );
            Err(load_error(ruby, &message, &bytes, None)?)
        }
        Found::Loaded(_) | Found::Disk(_) => originals::load(ruby, rb_self, args),
    }
}

fn answer(ruby: &Ruby, loaded: bool) -> Result<Value, Error> {
    Ok(match loaded {
        true => ruby.qtrue().as_value(),
        false => ruby.qfalse().as_value(),
    })
}

/// A `LoadError` about `name` itself tells of the file that was too large, and what to do about it.
fn explain(ruby: &Ruby, error: Error, name: &[u8], passed_over: Option<PassedOver>) -> Error {
    let Some(large) = passed_over else {
        return error;
    };
    let is_load_error = error.is_kind_of(ruby.exception_load_error());
    if !is_load_error || load_error_path(&error).as_deref() != Some(name) {
        return error;
    }
    let Some(exception) = error.value() else {
        return error;
    };
    let attempt = || -> Result<Error, Error> {
        let message: String = exception.funcall("message", ())?;
        let message = format!(
            "{message} ({} has {} bytes, more than the limit of {}; set {} to raise it)",
            String::from_utf8_lossy(&large.path),
            large.size,
            limits::max_load_size(),
            limits::VARIABLE,
        );
        let explained: magnus::Exception = exception.funcall("exception", (message,))?;
        let backtrace: Value = exception.funcall("backtrace", ())?;
        explained.funcall::<_, _, Value>("set_backtrace", (backtrace,))?;
        Ok(explained.into())
    };
    attempt().unwrap_or(error)
}

/// @def $LOAD_PATH.resolve_feature_path(name)
/// @return [Array(Symbol, String), nil] `[:rb, path]` or `[:so, path]`
fn resolve_feature_path(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    let path = string::bytes(string::path_argument(name)?);
    if let Found::Virtual(hit) = resolve::where_is(ruby, &path)? {
        let kind = ruby.to_symbol(if hit.native { "so" } else { "rb" });
        return Ok(ruby
            .ary_new_from_values(&[kind.as_value(), string::path(ruby, &hit.path).as_value()])
            .as_value());
    }
    rb_self.funcall("resolve_feature_path_without_invfs", (name,))
}

/// @def InVFS.require!(name)
/// `require` without invfs: only the operating system's files are searched.
/// @return [Boolean]
fn require_original(ruby: &Ruby, name: Value) -> Result<Value, Error> {
    // RubyGems may activate a gem for it, as always; below that invfs is passed by.
    Layer::Outer.require(ruby, ruby.module_kernel().as_value(), name)
}

/// @def InVFS.require_relative!(name, base = the caller)
/// `require_relative` without invfs.
/// @param base [String] the file that `name` is relative to
/// @return [Boolean]
fn require_relative_original(ruby: &Ruby, args: &[Value]) -> Result<Value, Error> {
    let args = scan_args::<(Value,), (Option<Value>,), (), (), (), ()>(args)?;
    let name = args.required.0;
    let kernel = ruby.module_kernel().as_value();
    let Some(base) = args.optional.0.filter(|base| !base.is_nil()) else {
        return originals::require_relative(ruby, kernel, name);
    };
    // 0.3 took what `caller_locations` gives, or a path.
    let base: Value = match base.respond_to("absolute_path", false)? {
        true => base.funcall("absolute_path", ())?,
        false => base,
    };
    let directory: Value = ruby.class_file().funcall("dirname", (base,))?;
    let absolute: Value = ruby
        .class_file()
        .funcall("expand_path", (name, directory))?;
    originals::require_relative(ruby, kernel, absolute)
}

/// Puts the patched methods in their places, once per process.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    // Any Ractor may call `require`; those that are not the main one get the original.
    // SAFETY: a flag of the library that is being loaded.
    unsafe { rb_sys::rb_ext_ractor_safe(true) };
    module.define_singleton_method("require!", function!(require_original, 1))?;
    module.define_singleton_method(
        "require_relative!",
        function!(require_relative_original, -1),
    )?;
    if originals::keep(ruby)? {
        let kernel = ruby.module_kernel();
        kernel.define_private_method("require", method!(require, 1))?;
        kernel.define_private_method("require_relative", method!(require_relative, 1))?;
        kernel.define_private_method("load", method!(load, -1))?;
        kernel.define_singleton_method("require", method!(require, 1))?;
        kernel.define_singleton_method("require_relative", method!(require_relative, 1))?;
        kernel.define_singleton_method("load", method!(load, -1))?;
        if originals::keep_below_rubygems(ruby)? {
            kernel.define_private_method(BELOW_RUBYGEMS.0, method!(require_below_rubygems, 1))?;
        }
        autoload::init(ruby)?;
        let load_path: RArray = ruby.eval("$LOAD_PATH")?;
        let name = "resolve_feature_path";
        let singleton = load_path.singleton_class()?;
        singleton
            .funcall::<_, _, Value>("alias_method", (format!("{name}_without_invfs"), name))?;
        load_path.define_singleton_method(name, method!(resolve_feature_path, 1))?;
    }
    // SAFETY: as above.
    unsafe { rb_sys::rb_ext_ractor_safe(false) };
    Ok(())
}
