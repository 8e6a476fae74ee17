//! Which file calls `require_relative`.

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    Error, RString, Symbol, Value,
};

use crate::helpers::protected;

/// The methods that call another one as if it had been called directly.
const PASSES_ON: [&str; 6] = ["call", "()", "[]", "===", "public_send", "bind_call"];

/// The real path of the file whose code called the native method that is running; `None` where Ruby has to find out itself
/// what that is, if it is anything: in `eval`, and where the method was called as a block.
///
/// Ruby's own rule is `rb_current_realfilepath` in `vm_eval.c`, which is not open to others.
pub fn file() -> Option<RString> {
    const DEPTH: usize = 3;
    let mut frames = [0; DEPTH];
    let mut lines = [0; DEPTH];
    // SAFETY: room for as many frames as is said.
    let found = unsafe {
        rb_sys::rb_profile_frames(0, DEPTH as i32, frames.as_mut_ptr(), lines.as_mut_ptr())
    };
    // The first is the method itself; between it and the file there may be one that passes on.
    let frames = frames.iter().take(usize::try_from(found).ok()?).skip(1);
    for (at, frame) in frames.enumerate() {
        // SAFETY: a frame that Ruby told of, which is running.
        let path = unsafe { Value::from_raw(rb_sys::rb_profile_frame_absolute_path(*frame)) };
        if let Some(path) = RString::from_value(path) {
            return Some(path);
        }
        // SAFETY: as above.
        let name = unsafe { Value::from_raw(rb_sys::rb_profile_frame_base_label(*frame)) };
        let passes_on = at == 0 && is_one_of(name, &PASSES_ON);
        if !passes_on {
            return None;
        }
    }
    None
}

fn is_one_of(name: Value, names: &[&str]) -> bool {
    let text = RString::from_value(name).and_then(|name| name.to_string().ok());
    let text = text.or_else(|| Symbol::from_value(name).and_then(|name| name.name().ok().map(Into::into)));
    text.is_some_and(|text| names.contains(&text.as_str()))
}

/// The absolute path of `name` as code in `file` means it.
pub fn beside(file: RString, name: RString) -> Result<RString, Error> {
    // SAFETY: live Strings; what is raised is caught.
    let path = protected(|| unsafe {
        let directory = rb_sys::rb_file_dirname(file.as_raw());
        rb_sys::rb_file_absolute_path(name.as_raw(), directory)
    })?;
    RString::from_value(path).ok_or_else(|| {
        let ruby = magnus::Ruby::get_with(path);
        Error::new(ruby.exception_type_error(), "no path")
    })
}
