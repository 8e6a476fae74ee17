//! The methods that invfs replaced, kept under other names.

use std::{
    cell::Cell,
    sync::{
        atomic::{AtomicBool, Ordering},
        OnceLock,
    },
};

use magnus::{
    prelude::*, rb_sys::AsRawValue, value::OpaqueId, Error, RArray, RModule, RString, Ruby, Value,
};

use crate::helpers::{protected, string};

/// The methods that are wrapped, each with the alias of what it was before.
pub const ALIASES: [(&str, &str); 4] = [
    ("require", "require_without_invfs"),
    ("require_relative", "require_relative_without_invfs"),
    ("load", "load_without_invfs"),
    ("autoload", "autoload_without_invfs"),
];

/// What RubyGems keeps of Ruby's `require`, and Bundler puts back as `require`: wrapped too, or invfs would
/// be gone after `Bundler.setup`.
pub const BELOW_RUBYGEMS: (&str, &str) =
    ("gem_original_require", "gem_original_require_without_invfs");

struct Ids {
    require: OpaqueId,
    require_below_rubygems: OpaqueId,
    require_relative: OpaqueId,
    load: OpaqueId,
}

static IDS: OnceLock<Ids> = OnceLock::new();

fn ids(ruby: &Ruby) -> &'static Ids {
    IDS.get_or_init(|| Ids {
        require: ruby.intern(ALIASES[0].1).into(),
        require_below_rubygems: ruby.intern(BELOW_RUBYGEMS.1).into(),
        require_relative: ruby.intern(ALIASES[1].1).into(),
        load: ruby.intern(ALIASES[2].1).into(),
    })
}

thread_local! {
    /// Set while the original `require` was called because no VFS has the name: Ruby's own `require`, which
    /// RubyGems may call for it, need not be asked again.
    static SEARCHED: Cell<bool> = const { Cell::new(false) };
}

/// Which of the two layers replaced Ruby's own function, not a method that was written in its place.
static OWN: [AtomicBool; 2] = [const { AtomicBool::new(false) }; 2];
/// Whether `require` was that of RubyGems or bootsnap.
static FINDS_ONLY: AtomicBool = AtomicBool::new(false);
/// Whether `load` was Ruby's own function.
static OWN_LOAD: AtomicBool = AtomicBool::new(false);

/// Which `require` was replaced.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Layer {
    /// `Kernel#require`.
    Outer,
    /// `Kernel#gem_original_require`, which RubyGems calls.
    BelowRubyGems,
}

impl Layer {
    /// Whether the search was done by the outer layer just now.
    pub fn is_searched(self) -> bool {
        self == Layer::BelowRubyGems && SEARCHED.take()
    }

    /// Whether there is nothing below this layer but Ruby's own search of `$:`.
    pub fn is_last(self) -> bool {
        OWN.get(self as usize)
            .is_some_and(|own| own.load(Ordering::Relaxed))
    }

    /// Whether it takes the path of the found file in place of the name: the method below only needs to find the file.
    pub fn takes_paths(self) -> bool {
        self.is_last() || self == Layer::BelowRubyGems || FINDS_ONLY.load(Ordering::Relaxed)
    }

    /// `require` as it was without invfs: `Kernel#require` or `Kernel.require`, depending on `rb_self`. With `searched`, no
    /// VFS has the name.
    pub fn require(
        self,
        ruby: &Ruby,
        rb_self: Value,
        name: Value,
        searched: bool,
    ) -> Result<Value, Error> {
        if self.is_last() {
            // The function, not the method: that would be one more frame in every backtrace.
            // SAFETY: live objects; what is raised is caught.
            return protected(|| unsafe { rb_sys::rb_f_require(rb_self.as_raw(), name.as_raw()) });
        }
        match self {
            Layer::Outer => {
                SEARCHED.set(searched);
                let result = rb_self.funcall(ids(ruby).require, (name,));
                SEARCHED.set(false);
                result
            }
            Layer::BelowRubyGems => rb_self.funcall(ids(ruby).require_below_rubygems, (name,)),
        }
    }
}

/// Has Ruby itself load the file at an absolute path, past all wrappers of `require`.
pub fn require_path(rb_self: Value, path: RString) -> Result<Value, Error> {
    // SAFETY: live objects; what is raised is caught.
    protected(|| unsafe { rb_sys::rb_f_require(rb_self.as_raw(), path.as_raw()) })
}

/// `Kernel#require_relative` without invfs. Native frames are invisible to it, so a relative name still
/// means the Ruby file that called us.
pub fn require_relative(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    rb_self.funcall(ids(ruby).require_relative, (name,))
}

/// `Kernel#load` without invfs.
pub fn load(
    ruby: &Ruby,
    rb_self: Value,
    name: RString,
    wrap: Option<Value>,
) -> Result<Value, Error> {
    let wraps = wrap.is_some_and(|wrap| wrap.to_bool());
    // SAFETY: the String is alive, and nothing runs while its first byte is looked at.
    let absolute = unsafe { name.as_slice().first() == Some(&b'/') };
    if absolute && !wraps && OWN_LOAD.load(Ordering::Relaxed) {
        return load_path(name);
    }
    match wrap {
        Some(wrap) => rb_self.funcall(ids(ruby).load, (name, wrap)),
        None => rb_self.funcall(ids(ruby).load, (name,)),
    }
}

/// Has Ruby itself load the file at an absolute path: by the function, not the method, which would be one more frame in
/// every backtrace.
pub fn load_path(path: RString) -> Result<Value, Error> {
    // SAFETY: a live String; what is raised is caught.
    protected(|| unsafe {
        rb_sys::rb_load(path.as_raw(), 0);
        rb_sys::Qtrue as rb_sys::VALUE
    })
}

/// Keeps the present methods under their aliases; false if that was done before, by another copy of this
/// library.
pub fn keep(ruby: &Ruby) -> Result<bool, Error> {
    let kernel: RModule = ruby.module_kernel();
    if has_private(ruby, kernel, ALIASES[0].1)? {
        return Ok(false);
    }
    let singleton: Value = kernel.singleton_class()?.as_value();
    OWN[0].store(
        is_rubys_own(kernel, ALIASES[0].0, "require")?,
        Ordering::Relaxed,
    );
    FINDS_ONLY.store(only_finds(kernel, ALIASES[0].0)?, Ordering::Relaxed);
    OWN_LOAD.store(
        is_rubys_own(kernel, ALIASES[2].0, "load")?,
        Ordering::Relaxed,
    );
    for owner in [kernel.as_value(), singleton] {
        for (name, alias) in ALIASES {
            keep_one(ruby, owner, name, alias)?;
        }
    }
    Ok(true)
}

/// Keeps the `require` below RubyGems, where there is one.
pub fn keep_below_rubygems(ruby: &Ruby) -> Result<bool, Error> {
    let kernel: RModule = ruby.module_kernel();
    let (name, alias) = BELOW_RUBYGEMS;
    let there = has_private(ruby, kernel, name)?;
    if there {
        OWN[1].store(is_rubys_own(kernel, name, "require")?, Ordering::Relaxed);
        keep_one(ruby, kernel.as_value(), name, alias)?;
    }
    Ok(there)
}

/// Whether the method is the one that Ruby defines as `original`: in no file, and known to it by that name.
fn is_rubys_own(kernel: RModule, name: &str, original: &str) -> Result<bool, Error> {
    let method: Value = kernel.funcall("instance_method", (name,))?;
    let place: Value = method.funcall("source_location", ())?;
    let name: magnus::Symbol = method.funcall("original_name", ())?;
    Ok(place.is_nil() && name.name()? == original)
}

/// Whether the method is written in the file of RubyGems or of bootsnap that wraps `require`.
fn only_finds(kernel: RModule, name: &str) -> Result<bool, Error> {
    let method: Value = kernel.funcall("instance_method", (name,))?;
    let place: Option<RArray> = method.funcall("source_location", ())?;
    let Some(place) = place else {
        return Ok(false);
    };
    let file = string::bytes(place.entry(0)?);
    let file = file.strip_suffix(b">").unwrap_or(&file);
    Ok(file.ends_with(b"/rubygems/core_ext/kernel_require.rb")
        || file.ends_with(b"/bootsnap/load_path_cache/core_ext/kernel_require.rb"))
}

fn has_private(ruby: &Ruby, kernel: RModule, name: &str) -> Result<bool, Error> {
    kernel.funcall("private_method_defined?", (ruby.to_symbol(name),))
}

fn keep_one(ruby: &Ruby, owner: Value, name: &str, alias: &str) -> Result<(), Error> {
    owner.funcall::<_, _, Value>("alias_method", (alias, name))?;
    owner.funcall::<_, _, Value>("private", (ruby.to_symbol(alias),))?;
    Ok(())
}
