//! Options of AddressSanitizer that hold however a target is started.

/// AddressSanitizer asks for this before anything else runs. Some builds were stopped at once by its check for global
/// variables that are defined twice (the ODR report). cargo-fuzz turns the check off too; this also holds without it.
#[no_mangle]
pub extern "C" fn __asan_default_options() -> *const std::ffi::c_char {
    c"detect_odr_violation=0".as_ptr()
}
