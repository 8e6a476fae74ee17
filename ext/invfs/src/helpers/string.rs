//! Ruby Strings from and to bytes.

use std::mem::MaybeUninit;

pub use invfs_engine::os::path as os_path;
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::Sink;
use magnus::{
    prelude::*,
    rb_sys::{AsRawValue, FromRawValue},
    Error, RString, Ruby, TryConvert, Value,
};

use super::protected;

/// A copy of the bytes of `string`.
pub fn bytes(string: RString) -> Vec<u8> {
    // SAFETY: the slice is copied before Ruby runs again.
    unsafe { string.as_slice() }.to_vec()
}

/// A path as Ruby has it: in the file system's encoding, whatever `Encoding.default_internal` is. Without a locale
/// (`LC_ALL=C`) that is US-ASCII; there a path is in the encoding of the source that wrote it down, UTF-8.
pub fn path(ruby: &Ruby, bytes: &[u8]) -> RString {
    // SAFETY: the encoding is one of Ruby's own and lives for ever; the others are constants.
    let encoding = unsafe {
        match rb_sys::rb_enc_to_index(rb_sys::rb_filesystem_encoding()) {
            ascii
                if ascii == rb_sys::rb_usascii_encindex() && std::str::from_utf8(bytes).is_ok() =>
            {
                rb_sys::rb_utf8_encindex()
            }
            other => other,
        }
    };
    let path = ruby.str_from_slice(bytes);
    // SAFETY: a new String and a valid encoding index.
    unsafe { rb_sys::rb_enc_associate_index(path.as_raw(), encoding) };
    path
}

/// The name of an entry: UTF-8 where it is valid UTF-8, else binary.
pub fn name(ruby: &Ruby, bytes: &[u8]) -> RString {
    match std::str::from_utf8(bytes) {
        Ok(text) => ruby.str_new(text),
        Err(_) => ruby.str_from_slice(bytes),
    }
}

/// What `File.open` and `require` make of an argument (`rb_get_path`): a String without NUL, or a
/// `TypeError` or `ArgumentError` in Ruby's words.
pub fn path_argument(value: Value) -> Result<RString, Error> {
    // SAFETY: `rb_get_path` takes any object and may raise, which `protected` catches.
    let path = protected(|| unsafe { rb_sys::rb_get_path(value.as_raw()) })?;
    RString::try_convert(path)
}

/// The first half of [`path_argument`]: asks an object for its path (`rb_get_path_check_to_string` in Ruby's `file.c`).
/// After that the object need not be asked again.
pub fn converted(value: Value) -> Result<RString, Error> {
    if let Some(string) = RString::from_value(value) {
        return Ok(string);
    }
    let path = match value.check_funcall::<_, _, Value>("to_path", ()) {
        Some(path) => path?,
        None => value,
    };
    // SAFETY: takes any object; what it raises is caught.
    let path = protected(|| unsafe { rb_sys::rb_str_to_str(path.as_raw()) })?;
    RString::try_convert(path)
}

/// The bytes of [`path_argument`]. An ordinary String needs no frozen copy, which would be one or two more objects for
/// the collector at each call.
pub fn path_bytes(value: Value) -> Result<Vec<u8>, Error> {
    if let Some(string) = RString::from_value(value) {
        // SAFETY: a live String; the two functions only look something up.
        let ordinary = unsafe {
            let encoding = rb_sys::rb_enc_get_index(string.as_raw());
            encoding == rb_sys::rb_utf8_encindex() || encoding == rb_sys::rb_usascii_encindex()
        };
        let bytes = ordinary.then(|| bytes(string));
        if let Some(bytes) = bytes.filter(|bytes| !bytes.contains(&0)) {
            return Ok(bytes);
        }
    }
    path_argument(value).map(bytes)
}

/// The subpath that a user's argument names; `None` if it cannot name anything in a VFS: an absolute path, or one
/// above the root.
pub fn subpath(path: Value) -> Result<Option<SubpathBuf>, Error> {
    let bytes = path_bytes(path)?;
    Ok(SubpathBuf::clean(&bytes))
}

/// `File.expand_path(path)`: absolute and clean; `~` and the current directory are looked up now.
pub fn expand(path: RString) -> Result<Vec<u8>, Error> {
    let nil = rb_sys::Qnil as rb_sys::VALUE;
    // SAFETY: both arguments are live objects; what is raised is caught.
    let path = protected(|| unsafe { rb_sys::rb_file_expand_path(path.as_raw(), nil) })?;
    Ok(bytes(RString::try_convert(path)?))
}

/// The real path of a directory or file that exists, else the path unchanged: what Ruby does with the
/// entries of its load path.
pub fn real_or_same(path: Vec<u8>) -> Vec<u8> {
    #[cfg(mounts)]
    if invfs_fs::mounts::find_visible(&path).is_some() {
        return invfs_fs::mounts::real::real_path(&path).unwrap_or(path);
    }
    match std::fs::canonicalize(os_path(&path)) {
        Ok(real) => os_bytes(real),
        Err(_) => path,
    }
}

/// Hands the bytes of `contents` to `out`; false, and nothing done, if they are more than `limit`. Fails if there is no
/// memory for them.
pub fn hand_out(contents: RString, limit: u64, out: &mut dyn Sink) -> std::io::Result<bool> {
    if contents.len() as u64 > limit {
        return Ok(false);
    }
    // A copy first: filling `out` may allocate a Ruby String, and so start the collector.
    // SAFETY: nothing of Ruby runs while the bytes are borrowed.
    let copy = copied(unsafe { contents.as_slice() }).ok_or(std::io::ErrorKind::OutOfMemory)?;
    out.put(&copy)?;
    Ok(true)
}

/// A copy of the bytes; `None` if there is no memory for it.
pub fn copied(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut copy = Vec::new();
    copy.try_reserve_exact(bytes.len()).ok()?;
    copy.extend_from_slice(bytes);
    Some(copy)
}

/// Gives the memory of a large String back now: hundreds of them would make the garbage collector run earlier.
/// Only for a String that is not used any more.
pub fn release(string: RString) {
    // SAFETY: a live String that is ours; shrinking allocates nothing and cannot raise.
    unsafe { rb_sys::rb_str_resize(string.as_raw(), 0) };
}

/// The bytes of the operating system's path, with `/` between the components.
#[cfg(unix)]
fn os_bytes(path: std::path::PathBuf) -> Vec<u8> {
    use std::os::unix::ffi::OsStringExt;
    path.into_os_string().into_vec()
}

/// The bytes of the operating system's path, with `/` between the components.
#[cfg(not(unix))]
fn os_bytes(path: std::path::PathBuf) -> Vec<u8> {
    let text = path.to_string_lossy().replace('\\', "/");
    text.strip_prefix("//?/")
        .unwrap_or(&text)
        .as_bytes()
        .to_vec()
}

/// Reads a file into a new binary Ruby String, with no copy between.
#[derive(Default)]
pub struct StringSink {
    string: Option<RString>,
    len: usize,
}

impl StringSink {
    /// The String that was filled: empty if none was.
    pub fn into_string(self, ruby: &Ruby) -> RString {
        let Some(string) = self.string else {
            return ruby.str_buf_new(0);
        };
        // SAFETY: a String of ours with as many bytes that were written, which `filled` was promised.
        unsafe { rb_sys::rb_str_set_len(string.as_raw(), self.len as _) };
        string
    }
}

impl Sink for StringSink {
    fn room(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        // Empty until it is filled: what the memory held before is seen by nobody, not even after a failure.
        self.len = 0;
        // SAFETY: makes a new String; what it raises (no memory) leaves nothing half done.
        let raw = unsafe { rb_sys::rb_str_buf_new(len as _) };
        // SAFETY: the live, new String above.
        self.string = RString::from_value(unsafe { Value::from_raw(raw) });
        // SAFETY: the String is ours alone (never shared, never frozen), so it has room for `len` bytes at that address
        // until somebody resizes it, which needs `self`. Nothing says that they were written: zeroing them would cost as
        // much for small files as reading them.
        unsafe {
            let start = rb_sys::macros::RSTRING_PTR(raw) as *mut MaybeUninit<u8>;
            std::slice::from_raw_parts_mut(start, len)
        }
    }

    unsafe fn filled(&mut self, len: usize) {
        self.len = len;
    }
}

/// A [`StringSink`] for work without the GVL. It takes the GVL back while the String gets its memory.
pub struct UnlockedSink<'a>(pub &'a mut StringSink);

impl Sink for UnlockedSink<'_> {
    fn room(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        // The String is known to nobody else, so it stays in place and as it is while the lock is away again.
        super::nogvl::with_gvl(|| self.0.room(len))
    }

    unsafe fn filled(&mut self, len: usize) {
        // SAFETY: the caller's promise.
        unsafe { self.0.filled(len) };
    }
}
