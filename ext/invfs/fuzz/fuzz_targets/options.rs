//! Options of AddressSanitizer that hold however a target is started.

/// Asked by AddressSanitizer before anything else runs. It takes the counters of coverage that several crates have
/// under one name for global variables that are defined twice, and would stop at once.
#[no_mangle]
pub extern "C" fn __asan_default_options() -> *const std::ffi::c_char {
    c"detect_odr_violation=0".as_ptr()
}
