//! `mkstemp`, `mkdtemp` and their relatives: new files and directories under names that nobody has.

use std::ffi::{c_char, c_int, CStr};

use crate::hooks::{change, open};
use crate::paths::dispatch::dispatch_path;
use invfs_fs::mounts;
use invfs_fs::sys::errno::{Answer, Errno};

/// Does as the C library: so many names are tried.
const TRIES: usize = 1000;
const PLACE: &[u8] = b"XXXXXX";
const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Where the six letters stand; `None` where the template is none or nothing is mounted: the C library says so.
///
/// # Safety
/// `template` is NULL or a NUL-terminated string.
unsafe fn place_of_letters(template: *const c_char, suffix: c_int) -> Option<usize> {
    if template.is_null() || mounts::current().is_none() {
        return None;
    }
    // SAFETY: the caller's promise.
    let bytes = unsafe { CStr::from_ptr(template) }.to_bytes();
    let end = bytes.len().checked_sub(usize::try_from(suffix).ok()?)?;
    let start = end.checked_sub(PLACE.len())?;
    (bytes.get(start..end)? == PLACE).then_some(start)
}

/// Fills in letters until `make` does not find the name taken.
///
/// # Safety
/// `template` can be written at the six bytes after `start`.
unsafe fn fill(template: *mut c_char, start: usize, make: impl Fn() -> c_int) -> Answer<c_int> {
    for _ in 0..TRIES {
        for at in 0..PLACE.len() {
            let letter = LETTERS.get(random() % LETTERS.len()).unwrap_or(&b'x');
            // SAFETY: the caller's promise.
            unsafe { *template.add(start + at) = *letter as c_char };
        }
        match make() {
            -1 => match Errno::last() {
                Errno(libc::EEXIST) => {}
                errno => return Err(errno),
            },
            made => return Ok(made),
        }
    }
    Err(Errno(libc::EEXIST))
}

/// A number that others cannot guess; where the system has none, one that at least differs: the name is taken only if
/// it is free.
fn random() -> usize {
    let mut number = [0; size_of::<usize>()];
    // SAFETY: room for the bytes.
    if unsafe {
        libc::getrandom(
            number.as_mut_ptr().cast(),
            number.len(),
            libc::GRND_NONBLOCK,
        )
    } < 0
    {
        use std::hash::{BuildHasher, Hasher, RandomState};
        return RandomState::new().build_hasher().finish() as usize;
    }
    usize::from_ne_bytes(number)
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkostemps(template: *mut c_char, suffix: c_int, flags: c_int) -> c_int {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        let Some(start) = place_of_letters(template, suffix) else {
            return libc::mkostemps(template, suffix, flags);
        };
        let how = flags & !libc::O_ACCMODE | libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        dispatch_path(
            template,
            -1,
            |_| libc::mkostemps(template, suffix, flags),
            |_| fill(template, start, || open::open(template, how, 0o600)),
        )
    }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkostemp(template: *mut c_char, flags: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { mkostemps(template, 0, flags) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkstemps(template: *mut c_char, suffix: c_int) -> c_int {
    // SAFETY: passed through.
    unsafe { mkostemps(template, suffix, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkstemp(template: *mut c_char) -> c_int {
    // SAFETY: passed through.
    unsafe { mkostemps(template, 0, 0) }
}

// SAFETY: the caller passes what the C library's function of this name takes.
pub unsafe extern "C" fn mkdtemp(template: *mut c_char) -> *mut c_char {
    // SAFETY: the arguments are the caller's own.
    unsafe {
        let Some(start) = place_of_letters(template, 0) else {
            return libc::mkdtemp(template);
        };
        dispatch_path(
            template,
            std::ptr::null_mut(),
            |_| libc::mkdtemp(template),
            |_| fill(template, start, || change::mkdir(template, 0o700)).map(|_| template),
        )
    }
}
