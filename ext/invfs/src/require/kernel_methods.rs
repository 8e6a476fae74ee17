//! The patched methods `require`, `require_relative` and `load`.

use invfs_engine::path::clean_absolute;
use magnus::{
    function, method, prelude::*, rb_sys::AsRawValue, scan_args::scan_args, Error, RArray, RModule,
    RString, Ruby, Value,
};

use super::{
    autoload, by_ruby,
    caller::{self, Caller},
    features_index,
    found::Found,
    load_errors::{cannot_load, explain, too_large, unregistered},
    load_path_changes,
    originals::{self, Layer, BELOW_RUBYGEMS},
    own_files, resolve, rubygems, run,
};
use crate::helpers::{module::invfs, ractor, raised::pass_on, string};

/// `Kernel#require`.
fn require(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    require_at(ruby, Layer::Outer, rb_self, name).map_err(pass_on)
}

/// `Kernel#gem_original_require`.
fn require_below_rubygems(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    require_at(ruby, Layer::BelowRubyGems, rb_self, name).map_err(pass_on)
}

fn require_at(ruby: &Ruby, layer: Layer, rb_self: Value, name: Value) -> Result<Value, Error> {
    if !ractor::is_main() || layer.is_searched() {
        return layer.require(ruby, rb_self, name, true);
    }
    if is_remembered(name) {
        return Ok(ruby.qfalse().as_value());
    }
    // Convert it once; the rest gets the String.
    let name = string::converted(name)?;
    let Ok(path) = string::path_argument(name.as_value()) else {
        // The original refuses it in its own words.
        return layer.require(ruby, rb_self, name.as_value(), true);
    };
    let bytes = string::bytes(path);
    if own_files::is_one(&bytes) {
        return own_files::unhidden(&bytes, || originals::require_path(rb_self, path));
    }
    let rubygems = || layer == Layer::Outer && rubygems::may_intervene(ruby, &bytes);
    match resolve::feature(ruby, &bytes)? {
        Found::Virtual(hit) => match by_ruby::require(ruby, rb_self, &hit) {
            Some(answer) => answer,
            None => answer(ruby, run::require(ruby, &hit)?),
        },
        Found::Loaded(remember) if !rubygems() => {
            if let Some(remember) = remember {
                features_index::remember(&bytes, remember.position, &remember.load_path);
            }
            answer(ruby, false)
        }
        Found::Disk(file) if !rubygems() => {
            let file = match layer.takes_paths() {
                true => string::path(ruby, &file),
                false => path,
            };
            layer.require(ruby, rb_self, file.as_value(), true)
        }
        // Ruby's own search would find the file that is too large.
        Found::Elsewhere(Some(large)) if layer.is_last() => Err(too_large(ruby, &bytes, &large)?),
        Found::Elsewhere(passed_over) => {
            if let Some(path) = own_files::hidden(&bytes) {
                return own_files::require(ruby, string::path(ruby, &path));
            }
            let searched = passed_over.is_none();
            let result = match caller::file().map(string::bytes) {
                // A mount may also hide what invfs itself requires.
                Some(file) if own_files::is_one(&file) => own_files::unhidden(&file, || {
                    layer.require(ruby, rb_self, path.as_value(), searched)
                }),
                _ => layer.require(ruby, rb_self, path.as_value(), searched),
            };
            let result = result.map_err(|e| explain(ruby, e, &bytes, passed_over));
            // Where RubyGems has not activated a gem for it either.
            match layer {
                Layer::Outer => result.map_err(|e| {
                    unregistered(ruby, e, &bytes, || resolve::names_in_load_path(&bytes))
                }),
                Layer::BelowRubyGems => result,
            }
        }
        Found::Loaded(_) | Found::Disk(_) | Found::Directory => {
            layer.require(ruby, rb_self, path.as_value(), true)
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
        plain && features_index::remembered(name.as_slice())
    }
}

/// `Kernel#require_relative`.
fn require_relative(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    if !ractor::is_main() {
        return originals::require_relative(ruby, rb_self, name);
    }
    match caller::find() {
        Caller::File(file) => {
            let result = relative(ruby, rb_self, name, file).map_err(pass_on);
            if string::bytes(file).ends_with(b"/bootsnap/load_path_cache.rb") {
                bootsnap_arrived(ruby)?;
            }
            result
        }
        // Ruby cannot find a file that it cannot read.
        Caller::Unnamed(Some(path)) if resolve::is_unreadable(path) => {
            relative(ruby, rb_self, name, path).map_err(pass_on)
        }
        Caller::Unnamed(_) => originals::require_relative(ruby, rb_self, name).map_err(pass_on),
        Caller::Nobody => {
            // In Ruby's words.
            let message = "cannot infer basepath";
            Err(Error::new(ruby.exception_load_error(), message))
        }
    }
}

/// Makes bootsnap, which is being loaded, leave to us the names that it does not know.
fn bootsnap_arrived(ruby: &Ruby) -> Result<(), Error> {
    let fallback: RModule = invfs(ruby)?.const_get("BootsnapFallback")?;
    fallback.funcall::<_, _, Value>("install", ())?;
    Ok(())
}

/// `require_relative` as if called from the file at the real path `file`.
fn relative(ruby: &Ruby, rb_self: Value, name: Value, file: RString) -> Result<Value, Error> {
    // Convert it once; the rest gets the String.
    let name = string::converted(name)?;
    let target = caller::beside(file, name)?;
    let path = clean_absolute(&string::bytes(target));
    if own_files::is_one(&path) {
        return own_files::unhidden(&path, || originals::require_path(rb_self, target));
    }
    match resolve::relative(ruby, &path)? {
        Some(Found::Virtual(hit)) => match by_ruby::require(ruby, rb_self, &hit) {
            Some(answer) => answer,
            None => answer(ruby, run::require(ruby, &hit)?),
        },
        Some(Found::Loaded(_)) => answer(ruby, false),
        // Ruby would find it.
        Some(Found::Elsewhere(Some(large))) => Err(too_large(ruby, &path, &large)?),
        Some(Found::Elsewhere(None) | Found::Disk(_) | Found::Directory) | None => {
            originals::require_path(rb_self, target)
        }
    }
}

/// `Kernel#load`.
fn load(ruby: &Ruby, rb_self: Value, args: &[Value]) -> Result<Value, Error> {
    load_file(ruby, rb_self, args).map_err(pass_on)
}

fn load_file(ruby: &Ruby, rb_self: Value, args: &[Value]) -> Result<Value, Error> {
    let parsed = scan_args::<(Value,), (Option<Value>,), (), (), (), ()>(args)?;
    // Convert it once; the rest gets the String.
    let name = string::converted(parsed.required.0)?;
    let wrap = parsed.optional.0;
    let original = || originals::load(ruby, rb_self, name, wrap);
    if !ractor::is_main() {
        return original();
    }
    let Ok(bytes) = string::path_argument(name.as_value()).map(string::bytes) else {
        // The original refuses it in its own words.
        return original();
    };
    match resolve::file(ruby, &bytes)? {
        Found::Virtual(hit) => match by_ruby::load(ruby, rb_self, &hit, wrap) {
            Some(answer) => answer,
            None => {
                run::load(ruby, rb_self, &hit, wrap)?;
                answer(ruby, true)
            }
        },
        // Ruby's own search would find the file that is too large.
        Found::Elsewhere(Some(large)) if !resolve::is_on_disk(ruby, &bytes)? => {
            Err(too_large(ruby, &bytes, &large)?)
        }
        Found::Directory => Err(cannot_load(ruby, &bytes)?),
        Found::Elsewhere(_) => {
            original().map_err(|e| unregistered(ruby, e, &bytes, || vec![bytes.clone()]))
        }
        Found::Loaded(_) | Found::Disk(_) => original(),
    }
}

fn answer(ruby: &Ruby, loaded: bool) -> Result<Value, Error> {
    Ok(match loaded {
        true => ruby.qtrue().as_value(),
        false => ruby.qfalse().as_value(),
    })
}

/// @def $LOAD_PATH.resolve_feature_path(name)
/// @return [Array(Symbol, String), nil] `[:rb, path]` or `[:so, path]`
fn resolve_feature_path(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    // Convert it once; the rest gets the String.
    let name = string::converted(name)?;
    let path = string::bytes(string::path_argument(name.as_value())?);
    if let Found::Virtual(hit) = resolve::where_is(ruby, &path)? {
        let kind = ruby.to_symbol(if hit.native { "so" } else { "rb" });
        return Ok(ruby
            .ary_new_from_values(&[kind.as_value(), string::path(ruby, &hit.path).as_value()])
            .as_value());
    }
    rb_self.funcall("resolve_feature_path_without_invfs", (name,))
}

/// @def InVFS.require!(name)
/// `require` as it was before invfs, with Ruby's own search. It also finds files of a VFS in `$:` that file operations see.
/// @return [Boolean]
fn require_original(ruby: &Ruby, name: Value) -> Result<Value, Error> {
    // RubyGems may activate a gem for it, as always; what it calls then does not go through invfs.
    Layer::Outer.require(ruby, ruby.module_kernel().as_value(), name, true)
}

/// @def InVFS.require_relative!(name, base = nil)
/// `require_relative` as it was before invfs. It also finds files of a VFS that file operations see.
/// @param base [String, nil] the file that `name` is relative to; nil: the caller's
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
        if originals::keep_below_rubygems(ruby)? {
            // Backtraces call it `require`, like the method that it replaces.
            kernel.define_private_method("require", method!(require_below_rubygems, 1))?;
            kernel.funcall::<_, _, Value>(
                "alias_method",
                (BELOW_RUBYGEMS.0, originals::ALIASES[0].0),
            )?;
        }
        kernel.define_private_method("require", method!(require, 1))?;
        kernel.define_private_method("require_relative", method!(require_relative, 1))?;
        kernel.define_private_method("load", method!(load, -1))?;
        kernel.define_singleton_method("require", method!(require, 1))?;
        kernel.define_singleton_method("require_relative", method!(require_relative, 1))?;
        kernel.define_singleton_method("load", method!(load, -1))?;
        autoload::init(ruby)?;
        let load_path: RArray = ruby.eval("$LOAD_PATH")?;
        let name = "resolve_feature_path";
        let singleton = load_path.singleton_class()?;
        singleton
            .funcall::<_, _, Value>("alias_method", (format!("{name}_without_invfs"), name))?;
        load_path.define_singleton_method(name, method!(resolve_feature_path, 1))?;
        load_path_changes::init(load_path)?;
    }
    // SAFETY: as above.
    unsafe { rb_sys::rb_ext_ractor_safe(false) };
    Ok(())
}
