//! The methods that were there before ours, under the names that they were kept.

use std::sync::OnceLock;

use magnus::{prelude::*, value::OpaqueId, Error, RModule, RString, Ruby, Value};

/// The methods that are wrapped, each with the alias of what it was before.
pub const ALIASES: [(&str, &str); 4] = [
    ("require", "require_without_invfs"),
    ("require_relative", "require_relative_without_invfs"),
    ("load", "load_without_invfs"),
    ("autoload", "autoload_without_invfs"),
];

struct Ids {
    require: OpaqueId,
    require_relative: OpaqueId,
    load: OpaqueId,
}

static IDS: OnceLock<Ids> = OnceLock::new();

fn ids(ruby: &Ruby) -> &'static Ids {
    IDS.get_or_init(|| Ids {
        require: ruby.intern(ALIASES[0].1).into(),
        require_relative: ruby.intern(ALIASES[1].1).into(),
        load: ruby.intern(ALIASES[2].1).into(),
    })
}

/// `Kernel#require` (or `Kernel.require`, as `rb_self` is) without invfs.
pub fn require(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    rb_self.funcall(ids(ruby).require, (name,))
}

/// `Kernel#require_relative` without invfs. Native frames are invisible to it, so a relative name still
/// means the Ruby file that called us.
pub fn require_relative(ruby: &Ruby, rb_self: Value, name: Value) -> Result<Value, Error> {
    rb_self.funcall(ids(ruby).require_relative, (name,))
}

/// `Kernel#load` without invfs.
pub fn load(ruby: &Ruby, rb_self: Value, arguments: &[Value]) -> Result<Value, Error> {
    rb_self.funcall(ids(ruby).load, arguments)
}

/// Keeps the present methods under their aliases; false if that was done before, by another copy of this
/// library.
pub fn keep(ruby: &Ruby) -> Result<bool, Error> {
    let kernel: RModule = ruby.module_kernel();
    let probe = ruby.to_symbol(ALIASES[0].1);
    if kernel.funcall("private_method_defined?", (probe,))? {
        return Ok(false);
    }
    let singleton: Value = kernel.singleton_class()?.as_value();
    for owner in [kernel.as_value(), singleton] {
        for (name, alias) in ALIASES {
            owner.funcall::<_, _, Value>("alias_method", (alias, name))?;
            owner.funcall::<_, _, Value>("private", (ruby.to_symbol(alias),))?;
        }
    }
    Ok(true)
}

/// The name of a feature as Ruby would have it in an argument.
pub fn name_value(ruby: &Ruby, name: &[u8]) -> RString {
    crate::helpers::string::path(ruby, name)
}
