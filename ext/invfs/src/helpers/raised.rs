//! Exceptions that pass through on their way to whoever called.

use magnus::{prelude::*, rb_sys::AsRawValue, Error, Value};

/// Lets an exception that was raised already go on to the caller of the native method that is running, as if the method had
/// not been there. Raised anew, it would be seen twice by `TracePoint`, `ruby -d` and debuggers.
///
/// Gives back what was not raised yet, and what is no exception. Only for the last thing that a method does: does not
/// return otherwise.
pub fn pass_on(error: Error) -> Error {
    let Some(exception) = error.value().filter(|_| was_raised(&error)) else {
        return error;
    };
    let raw = exception.as_raw();
    drop(error);
    /// `TAG_RAISE` of Ruby's `eval_intern.h`.
    const RAISE: i32 = 6;
    // SAFETY: the exception is alive, and is what a jump of this kind carries. The frames that are left in this way are this
    // one and the caller's, which own nothing any more, and those with which magnus calls a method, which own nothing.
    unsafe {
        rb_sys::rb_set_errinfo(raw);
        rb_sys::rb_jump_tag(RAISE);
    }
}

/// Whether it has a backtrace, which it gets when it is raised.
fn was_raised(error: &Error) -> bool {
    let backtrace = error
        .value()
        .and_then(|exception| exception.funcall::<_, _, Value>("backtrace", ()).ok());
    backtrace.is_some_and(|backtrace| !backtrace.is_nil())
}
