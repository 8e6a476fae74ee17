//! Structures of the C library with nothing in them yet.

/// A structure for which zeros are a value.
///
/// # Safety
/// All its fields are integers, or arrays and structures of these.
pub unsafe trait Integers: Sized {}

macro_rules! integers {
    ($($structure:ident)*) => {
        // SAFETY: as stat(2), statx(2), statvfs(3), statfs(2) and readdir(3) show them, these are integers, arrays of
        // characters and times; the system's own extra fields are integers, too.
        $(unsafe impl Integers for libc::$structure {})*
    };
}

integers!(stat statx statvfs statfs64 dirent64);

/// The structure, all zeros.
pub fn zeroed<T: Integers>() -> T {
    // SAFETY: zero is a value of every integer, and the structure has nothing else.
    unsafe { std::mem::zeroed() }
}
