//! `RubyVM::InstructionSequence.load_iseq`: Ruby calls it before it compiles any file, and gets what the packer has compiled.

use std::ffi::{c_char, c_int, c_long, c_void, CStr};
use std::ptr::NonNull;
use std::sync::OnceLock;

use invfs_fs::file_system;
use invfs_fs::mounts::{self, Place};

use crate::ruby::{function, symbol};

/// A Ruby object.
type Value = usize;
/// A function that Ruby calls as a method with one argument.
type Method = extern "C" fn(Value, Value) -> Value;

static API: OnceLock<Api> = OnceLock::new();

/// What it takes to hand over compiled code.
struct Api {
    /// Which Ruby the code in the archive is for.
    key: String,
    nil: Value,
    /// The name of `load_from_binary`.
    load_from_binary: usize,
    funcallv: unsafe extern "C" fn(Value, usize, c_int, *const Value) -> Value,
    str_new: unsafe extern "C" fn(*const c_char, c_long) -> Value,
    str_resize: unsafe extern "C" fn(Value, c_long) -> Value,
    string_value_cstr: unsafe extern "C" fn(*mut Value) -> *const c_char,
    protect: unsafe extern "C" fn(extern "C" fn(Value) -> Value, Value, *mut c_int) -> Value,
    jump_tag: unsafe extern "C" fn(c_int) -> !,
    /// Tells whether `Coverage` was set up; not every Ruby exports it.
    coverages: Option<unsafe extern "C" fn() -> Value>,
}

/// Defines the method in the Ruby that was initialised. `key` says which Ruby the compiled code is for.
pub fn define(library: NonNull<c_void>, key: String) -> Result<(), String> {
    let path_to_class: unsafe extern "C" fn(*const c_char) -> Value =
        function!(library, c"rb_path2class");
    let define_method: unsafe extern "C" fn(Value, *const c_char, Method, c_int) =
        function!(library, c"rb_define_singleton_method");
    // There is one Ruby.
    let _ = API.set(Api::load(library, key)?);
    // SAFETY: Ruby was initialised, and this is its thread. The names are NUL-terminated; the class exists in every CRuby.
    // The function takes what its arity says.
    unsafe {
        let class = path_to_class(c"RubyVM::InstructionSequence".as_ptr());
        define_method(class, c"load_iseq".as_ptr(), load_iseq, 1);
    }
    Ok(())
}

impl Api {
    fn load(library: NonNull<c_void>, key: String) -> Result<Api, String> {
        let intern: unsafe extern "C" fn(*const c_char) -> usize = function!(library, c"rb_intern");
        let errinfo: unsafe extern "C" fn() -> Value = function!(library, c"rb_errinfo");
        Ok(Api {
            key,
            // SAFETY: Ruby was initialised, and no exception is being handled: this answers nil, whose number depends on the
            // version.
            nil: unsafe { errinfo() },
            // SAFETY: a NUL-terminated name.
            load_from_binary: unsafe { intern(c"load_from_binary".as_ptr()) },
            funcallv: function!(library, c"rb_funcallv"),
            str_new: function!(library, c"rb_str_new"),
            str_resize: function!(library, c"rb_str_resize"),
            string_value_cstr: function!(library, c"rb_string_value_cstr"),
            protect: function!(library, c"rb_protect"),
            jump_tag: function!(library, c"rb_jump_tag"),
            coverages: match symbol(library, c"rb_get_coverages") {
                Ok(_) => Some(function!(library, c"rb_get_coverages")),
                Err(_) => None,
            },
        })
    }
}

/// The method: the compiled form of the file at `path`; nil to have it compiled.
extern "C" fn load_iseq(class: Value, mut path: Value) -> Value {
    let Some(api) = API.get() else { return path };
    // Lines can only be counted in what Ruby compiles itself. SAFETY: takes nothing, reads what the library has set.
    let counted = api.coverages.map_or(0, |coverages| unsafe { coverages() });
    let counted = counted & !api.nil != 0;
    // SAFETY: `path` is a String of Ruby's without a NUL; the pointer is good as long as `path`, which is on the stack. If
    // it should raise an exception, nothing here needs to be cleaned up.
    let bytes = unsafe { CStr::from_ptr((api.string_value_cstr)(&mut path)) }.to_bytes();
    let Some(place) = mounts::find_visible(bytes) else {
        return api.nil;
    };
    let known = || code(&place, bytes, &api.key);
    let Some(code) = (!counted).then(known).flatten() else {
        fetch(&place, bytes);
        return api.nil;
    };
    let task = Task { class, code: &code };
    let mut state = 0;
    // SAFETY: `load` takes the address of a task, which lives as long as the call. No exception leaves `rb_protect`.
    let loaded = unsafe { (api.protect)(load, (&raw const task) as Value, &mut state) };
    drop(code);
    if state != 0 {
        // SAFETY: what `rb_protect` told, and nothing is left here that must be cleaned up.
        unsafe { (api.jump_tag)(state) }
    }
    loaded
}

/// The compiled code of the file. What is damaged was reported, and the source is read instead.
fn code(place: &Place, path: &[u8], key: &str) -> Option<Vec<u8>> {
    let file_system = place.mount.file_system();
    file_system.compiled(&place.sub, key, path).ok()?
}

/// Reads the source for Ruby, which opens the file next. Where that fails, Ruby says so in its own words.
fn fetch(place: &Place, path: &[u8]) {
    let file_system = place.mount.file_system();
    // What can change has to be read when it is opened.
    if !file_system.is_constant() {
        return;
    }
    if let Ok(source) = file_system::contents(file_system, &place.sub) {
        invfs_interpose::fetched(path, source);
    }
}

struct Task<'a> {
    class: Value,
    code: &'a [u8],
}

/// Runs under `rb_protect`, and owns nothing: an exception may leave it at any call.
extern "C" fn load(task: Value) -> Value {
    let Some(api) = API.get() else { return task };
    // SAFETY: the address that `load_iseq` passed. The string has its own copy of the code; on the stack, it stays until it
    // is emptied, which gives back its memory at once.
    unsafe {
        let task = &*(task as *const Task<'_>);
        let string = (api.str_new)(task.code.as_ptr().cast(), task.code.len() as c_long);
        let loaded = (api.funcallv)(task.class, api.load_from_binary, 1, &string);
        (api.str_resize)(string, 0);
        loaded
    }
}
