//! Passes exceptions on to the caller without raising them again.

use magnus::{prelude::*, rb_sys::AsRawValue, Error, Value};

/// Passes an exception that was raised already to the caller of the running native method. Raising it again would show
/// it twice to `TracePoint`, `ruby -d` and debuggers.
///
/// Returns the error if it was not raised yet, or is not an exception. Otherwise this function does not return, so call
/// it as the last thing that a method does.
pub fn pass_on(error: Error) -> Error {
    let Some(exception) = error.value().filter(|_| was_raised(&error)) else {
        return error;
    };
    let raw = exception.as_raw();
    drop(error);
    /// `TAG_RAISE` of Ruby's `eval_intern.h`.
    const RAISE: i32 = 6;
    // SAFETY: the exception is alive, and a jump with this tag carries an exception. The jump leaves this frame, its
    // caller's and those of magnus's method wrapper; none of them owns anything at this point.
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
