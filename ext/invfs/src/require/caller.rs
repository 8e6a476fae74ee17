//! Which file calls `require_relative`.

use std::ffi::CStr;

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    Error, RString, Ruby, Value,
};

use crate::helpers::{protected, string};

/// The methods that call another one as if it had been called directly.
const PASSES_ON: [&str; 7] = [
    "call",
    "()",
    "[]",
    "===",
    "public_send",
    "bind_call",
    "yield",
];

/// The caller of a native method, as `require_relative` sees it.
pub enum Caller {
    /// Code in the file at this real path.
    File(RString),
    /// Code that does not come from a file (`eval`), or that Ruby itself has read, with its path if it has one. Only Ruby
    /// can tell what it means.
    Unnamed(Option<RString>),
    /// None: the method was called as a block.
    Nobody,
}

/// A frame of running code that Ruby told of.
#[derive(Clone, Copy)]
struct Frame(rb_sys::VALUE);

impl Frame {
    /// What a function of Ruby's tells about the frame, if that is a String.
    fn told(self, tell: unsafe extern "C" fn(rb_sys::VALUE) -> rb_sys::VALUE) -> Option<RString> {
        // SAFETY: the functions that are passed here take a frame, which is running, and answer with an object.
        RString::from_value(unsafe { Value::from_raw(tell(self.0)) })
    }

    fn path(self) -> Option<RString> {
        self.told(rb_sys::rb_profile_frame_path)
    }

    /// Whether it is that of a method written in C: Ruby has no path for it.
    fn is_native(self) -> bool {
        self.path().is_none_or(|path| is(path, b"<cfunc>"))
    }
}

/// Whether the String has these bytes.
fn is(string: RString, bytes: &[u8]) -> bool {
    // SAFETY: a live String; nothing runs while its bytes are compared.
    unsafe { string.as_slice() == bytes }
}

/// The caller of the running native method. Ruby's own rule is `rb_current_realfilepath` in `vm_eval.c`, which is not
/// exported: the code around the call, or around a native method that only passes the call on.
pub fn find() -> Caller {
    const DEPTH: usize = 3;
    let mut frames = [0; DEPTH];
    let mut lines = [0; DEPTH];
    // SAFETY: room for as many frames as is said.
    let found = unsafe {
        rb_sys::rb_profile_frames(0, DEPTH as i32, frames.as_mut_ptr(), lines.as_mut_ptr())
    };
    let found = usize::try_from(found).unwrap_or(0);
    // The first is the method itself.
    for frame in frames.into_iter().take(found).skip(1).map(Frame) {
        if !frame.is_native() {
            // Of code that is evaluated in a method, the frame is the method.
            if let Some(evaluated) = evaluated_elsewhere(frame) {
                return Caller::Unnamed(Some(evaluated));
            }
            return match frame.told(rb_sys::rb_profile_frame_absolute_path) {
                Some(path) => Caller::File(path),
                None => Caller::Unnamed(frame.path()),
            };
        }
        let name = frame.told(rb_sys::rb_profile_frame_method_name);
        let name = name.and_then(|name| name.to_string().ok());
        if !name.is_some_and(|name| PASSES_ON.contains(&name.as_str())) {
            return Caller::Nobody;
        }
    }
    Caller::Nobody
}

/// The real path of the file that calls, if it is in one.
pub fn file() -> Option<RString> {
    match find() {
        Caller::File(path) => Some(path),
        Caller::Unnamed(_) | Caller::Nobody => None,
    }
}

/// The path that `eval` was given for the running code, where that is another than the path of its frame.
fn evaluated_elsewhere(frame: Frame) -> Option<RString> {
    // SAFETY: NULL if no Ruby code runs, else a string that ends with NUL and lives as long as that code. It is copied
    // before Ruby runs again.
    let source = unsafe {
        let source = rb_sys::rb_sourcefile();
        (!source.is_null()).then(|| CStr::from_ptr(source))?
    };
    let (path, source) = (frame.path()?, source.to_bytes());
    (!is(path, source)).then(|| string::path(&Ruby::get_with(path), source))
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
