//! `RubyVM::InstructionSequence`, Ruby's class of compiled code.

use std::sync::OnceLock;

use magnus::{Error, Ruby, Value};

use super::held::Held;

/// The class `RubyVM::InstructionSequence`.
pub fn instruction_sequence(ruby: &Ruby) -> Result<Value, Error> {
    static CLASS: OnceLock<Held> = OnceLock::new();
    if let Some(class) = CLASS.get() {
        return Ok(class.get());
    }
    let class: Value = ruby.eval("RubyVM::InstructionSequence")?;
    Ok(CLASS.get_or_init(|| Held::new(class)).get())
}
