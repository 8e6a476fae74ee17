//! Asks whether RubyGems would do more for a name than search `$:`.

use magnus::{prelude::*, Error, Ruby, Value};

use crate::helpers::{answers, string};

/// Whether the `require` of RubyGems may activate a gem for `name`: then it must see the name.
///
/// It does so for a file of a default gem that is not active yet, and for any file while dependencies of
/// active gems are unresolved. At any doubt the answer is yes.
pub fn may_intervene(ruby: &Ruby, name: &[u8]) -> bool {
    // A program may have a constant of that name for something else.
    let object = ruby.class_object();
    let defined = object.funcall::<_, _, bool>("const_defined?", ("Gem",));
    if !defined.unwrap_or(false) {
        return false;
    }
    // A constant that is still to be loaded intervenes in nothing, and asking for it would load it.
    let autoload = object.funcall::<_, _, Value>("autoload?", ("Gem",));
    if autoload.is_ok_and(|path| !path.is_nil()) {
        return false;
    }
    let Ok(gem) = object.const_get::<_, Value>("Gem") else {
        return false;
    };
    if !answers(gem, "find_unresolved_default_spec") {
        return false;
    }
    let ask = || -> Result<bool, Error> {
        let name = string::path(ruby, name);
        let spec: Value = gem.funcall("find_unresolved_default_spec", (name,))?;
        if !spec.is_nil() {
            return Ok(true);
        }
        let specification: Value = gem.funcall("const_get", ("Specification",))?;
        let unresolved: Value = specification.funcall("unresolved_deps", ())?;
        let empty: bool = unresolved.funcall("empty?", ())?;
        Ok(!empty)
    };
    ask().unwrap_or(true)
}
