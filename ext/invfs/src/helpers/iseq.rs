//! `RubyVM::InstructionSequence`, Ruby's class of compiled code.

use std::sync::OnceLock;

use magnus::{Error, Ruby, Value};

use super::gc_root::GcRoot;

/// The class `RubyVM::InstructionSequence`.
pub fn instruction_sequence(ruby: &Ruby) -> Result<Value, Error> {
    static CLASS: OnceLock<GcRoot> = OnceLock::new();
    if let Some(class) = CLASS.get() {
        return Ok(class.get());
    }
    let class: Value = ruby.eval("RubyVM::InstructionSequence")?;
    Ok(CLASS.get_or_init(|| GcRoot::new(class)).get())
}
