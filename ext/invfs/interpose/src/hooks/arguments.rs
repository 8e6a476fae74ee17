//! The arguments of hooks: what C passes, as types that safe code can use.
//!
//! Each is the pointer itself, so a hook takes from C what the function of its name takes. What the function asks of its
//! caller is part of the type; safe code can make none of these, but for NULL where that has a meaning.

use std::ffi::{c_char, CStr, CString};
use std::marker::PhantomData;
use std::ops::Range;

use crate::paths::text::Text;
use invfs_fs::sys::errno::{Answer, Errno};

/// An argument of a hook.
pub trait Argument {
    /// The type that it has in C.
    type C;

    /// The argument, as C passed it.
    fn raw(self) -> Self::C;
}

macro_rules! numbers {
    ($($kind:ty)*) => {$(
        impl Argument for $kind {
            type C = $kind;

            fn raw(self) -> $kind {
                self
            }
        }
    )*};
}

numbers!(i32 u32 i64 u64 usize);

impl Argument for Text<'_> {
    type C = *const c_char;

    fn raw(self) -> *const c_char {
        self.as_ptr()
    }
}

macro_rules! pointers {
    ($($(#[$about:meta])* $name:ident<$($kind:ident)?>($pointer:ty);)*) => {$(
        $(#[$about])*
        #[repr(transparent)]
        pub struct $name<'a $(, $kind)?>($pointer, PhantomData<&'a ()>);

        impl<$($kind)?> Clone for $name<'_ $(, $kind)?> {
            fn clone(&self) -> Self {
                *self
            }
        }

        impl<$($kind)?> Copy for $name<'_ $(, $kind)?> {}

        impl<$($kind)?> $name<'_ $(, $kind)?> {
            /// The pointer.
            pub fn as_ptr(self) -> $pointer {
                self.0
            }
        }

        impl<$($kind)?> Argument for $name<'_ $(, $kind)?> {
            type C = $pointer;

            fn raw(self) -> $pointer {
                self.0
            }
        }
    )*};
}

pointers! {
    /// What only the original reads or writes: a stream, a structure, an array.
    Given<T>(*mut T);
    /// Room for one value, or NULL.
    Out<T>(*mut T);
    /// Room for bytes, or NULL; how many, the function's manual page says.
    Room<>(*mut c_char);
    /// A string that may be written, or NULL.
    Template<>(*mut c_char);
}

impl<T> Out<'_, T> {
    /// Writes the value; `EFAULT` for NULL, as the system says.
    pub fn set(self, value: T) -> Answer<()> {
        if self.0.is_null() {
            return Err(Errno(libc::EFAULT));
        }
        // SAFETY: not NULL, so there is room for it: see the type.
        unsafe { self.0.write(value) };
        Ok(())
    }
}

/// A pointer to `N` values that are read, or NULL.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct In<'a, T, const N: usize>(*const T, PhantomData<&'a [T; N]>);

impl<T: Copy, const N: usize> In<'_, T, N> {
    /// The values; `None` for NULL.
    pub fn get(self) -> Option<[T; N]> {
        // SAFETY: not NULL, so there are as many of them as the type says.
        (!self.0.is_null()).then(|| unsafe { *self.0.cast::<[T; N]>() })
    }
}

impl<T, const N: usize> Argument for In<'_, T, N> {
    type C = *const T;

    fn raw(self) -> *const T {
        self.0
    }
}

impl Room<'_> {
    /// For functions that then allocate memory for the answer.
    pub const NULL: Room<'static> = Room(std::ptr::null_mut(), PhantomData);

    /// Writes as many of the bytes as there is room for, and tells how many; `EFAULT` for NULL.
    ///
    /// # Safety
    /// There is room for `size` bytes, unless this is NULL.
    pub unsafe fn fill(self, size: usize, bytes: &[u8]) -> Answer<usize> {
        if self.0.is_null() {
            return Err(Errno(libc::EFAULT));
        }
        let length = bytes.len().min(size);
        // SAFETY: not more than there is room for; the bytes are our own, and lie elsewhere.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), self.0, length) };
        Ok(length)
    }
}

/// Memory that the caller of a hook frees: the bytes, in room for at least `size`.
pub fn allocated(bytes: &[u8], size: usize) -> Answer<*mut c_char> {
    // SAFETY: memory is asked for, and written as far as it goes once it is there.
    unsafe {
        let memory = libc::malloc(size.max(bytes.len())).cast::<c_char>();
        if memory.is_null() {
            return Err(Errno(libc::ENOMEM));
        }
        std::ptr::copy_nonoverlapping(bytes.as_ptr().cast(), memory, bytes.len());
        Ok(memory)
    }
}

impl Template<'_> {
    /// What the string is now; `None` for NULL.
    pub fn copy(self) -> Option<CString> {
        // SAFETY: not NULL, so it is NUL-terminated; nothing is written before the copy is made.
        (!self.0.is_null()).then(|| unsafe { CStr::from_ptr(self.0) }.to_owned())
    }

    /// Writes the bytes over those from `at` on, as far as the string goes.
    pub fn write(self, at: usize, bytes: &[u8]) {
        let length = self.copy().map_or(0, |string| string.as_bytes().len());
        for (at, byte) in (at..length).zip(bytes) {
            // SAFETY: before the end of the string, which may be written.
            unsafe { *self.0.add(at) = *byte as c_char };
        }
    }
}

/// An array of strings with NULL at its end, or NULL: arguments, or an environment.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Strings<'a>(*const *const c_char, PhantomData<&'a CStr>);

/// How many strings an array may have to be [`replaced`](Strings::replaced).
const MOST: usize = 2048;

impl<'a> Strings<'a> {
    /// The strings.
    pub fn iter(self) -> impl Iterator<Item = &'a CStr> {
        let mut next = self.0;
        std::iter::from_fn(move || {
            if next.is_null() {
                return None;
            }
            // SAFETY: not beyond the NULL at the end, where this stays. Each string before it is NUL-terminated, and the same
            // for as long as `'a`: see the type.
            let string = unsafe { (*next).as_ref().map(|string| CStr::from_ptr(string)) };
            if string.is_some() {
                next = next.wrapping_add(1);
            }
            string
        })
    }

    /// Runs `run` with other strings in the places `range`; behind the last place, they are added. `None` if there are too many
    /// strings. The copy lies on the stack: nobody would free it after an `exec` in the child of a `vfork`.
    pub fn replaced<R>(
        self,
        range: Range<usize>,
        strings: &[&CStr],
        run: impl FnOnce(Strings<'_>) -> R,
    ) -> Option<R> {
        let before = self.iter().take(range.start);
        let after = self.iter().skip(range.end);
        let mut copy = [std::ptr::null(); MOST];
        let mut count = 0;
        for string in before.chain(strings.iter().copied()).chain(after) {
            *copy.get_mut(count)? = string.as_ptr();
            count += 1;
        }
        // One more place stays NULL.
        copy.get(count)?;
        Some(run(Strings(copy.as_ptr(), PhantomData)))
    }
}

impl Argument for Strings<'_> {
    type C = *const *const c_char;

    fn raw(self) -> *const *const c_char {
        self.0
    }
}

/// The same as `posix_spawn` declares it, which changes none of them either.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct SpawnStrings<'a>(pub Strings<'a>);

impl Argument for SpawnStrings<'_> {
    type C = *const *mut c_char;

    fn raw(self) -> *const *mut c_char {
        self.0.raw().cast()
    }
}

/// The environment of the process, which functions without an argument for it hand over.
pub fn environment() -> Strings<'static> {
    extern "C" {
        static mut environ: *const *const c_char;
    }
    // SAFETY: the C library's own variable; a program that changes it while another thread starts one breaks C's rules.
    Strings(unsafe { environ }, PhantomData)
}
