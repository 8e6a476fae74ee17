//! Ruby, as a library that was loaded from the archive.

use std::ffi::{c_char, c_int, c_void, CStr};
use std::ptr::NonNull;

use crate::arguments::Arguments;

/// The functions of libruby that a program calls which is a `ruby`.
pub struct Ruby {
    sysinit: unsafe extern "C" fn(*mut c_int, *mut *mut *mut c_char),
    init_stack: unsafe extern "C" fn(*mut c_void),
    init: unsafe extern "C" fn(),
    options: unsafe extern "C" fn(c_int, *mut *mut c_char) -> *mut c_void,
    run_node: unsafe extern "C" fn(*mut c_void) -> c_int,
}

/// The address of a function of the library.
pub fn symbol(library: NonNull<c_void>, name: &CStr) -> Result<NonNull<c_void>, String> {
    // SAFETY: a library that is loaded, and a NUL-terminated name.
    let found = unsafe { libc::dlsym(library.as_ptr(), name.as_ptr()) };
    NonNull::new(found).ok_or_else(|| format!("the packed Ruby has no {}", name.to_string_lossy()))
}

/// The function of the library with this name; its type is that of the field or variable that it is assigned to.
macro_rules! function {
    ($library:expr, $name:literal) => {{
        let address = $crate::ruby::symbol($library, $name)?;
        // The type stands where the function is used, once.
        #[allow(clippy::missing_transmute_annotations)]
        // SAFETY: the type is the one that Ruby's headers give the function of this name, in all versions.
        unsafe {
            std::mem::transmute(address.as_ptr())
        }
    }};
}
pub(crate) use function;

impl Ruby {
    /// Finds the functions.
    pub fn load(library: NonNull<c_void>) -> Result<Ruby, String> {
        Ok(Ruby {
            sysinit: function!(library, c"ruby_sysinit"),
            init_stack: function!(library, c"ruby_init_stack"),
            init: function!(library, c"ruby_init"),
            options: function!(library, c"ruby_options"),
            run_node: function!(library, c"ruby_run_node"),
        })
    }

    /// Runs Ruby with a command line and returns its exit code. `initialized` is called before Ruby reads the command line
    /// and any file, `begins` if that went well, `parsed` before the main script runs.
    #[inline(never)]
    pub fn run(
        &self,
        arguments: Arguments,
        initialized: impl FnOnce() -> Result<(), String>,
        begins: impl FnOnce(),
        parsed: impl FnOnce(),
    ) -> Result<c_int, String> {
        let (mut argc, mut argv) = arguments.leak();
        let mut bottom = 0_usize;
        // Ruby takes its default encodings from the locale, which `ruby` sets and its library does not.
        // SAFETY: a NUL-terminated string; no other thread runs.
        unsafe { libc::setlocale(libc::LC_CTYPE, c"".as_ptr()) };
        // SAFETY: in the order of Ruby's own `main`, in its only thread, once. The garbage collector takes the stack for
        // Ruby's from `bottom` on; what this function has there besides is no object.
        unsafe {
            (self.sysinit)(&mut argc, &mut argv);
            (self.init_stack)((&raw mut bottom).cast());
            (self.init)();
            initialized()?;
            begins();
            let node = (self.options)(argc, argv);
            parsed();
            Ok((self.run_node)(node))
        }
    }
}
