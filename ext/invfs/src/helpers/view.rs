//! Looking into Ruby's Arrays and Strings without copying.

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    RString, Value,
};
use rb_sys::VALUE;

/// The elements of `array`.
///
/// # Safety
/// `array` must be a live Array, and no Ruby code may run, nor the Array change, while the slice is used.
pub unsafe fn elements<'a>(array: Value) -> &'a [VALUE] {
    let raw = array.as_raw();
    // SAFETY: length and address belong together as long as the Array does not change, which the caller promises.
    unsafe {
        let len = rb_sys::macros::RARRAY_LEN(raw) as usize;
        if len == 0 {
            return &[];
        }
        std::slice::from_raw_parts(rb_sys::macros::RARRAY_CONST_PTR(raw), len)
    }
}

/// The bytes of `value`, if it is a String.
///
/// # Safety
/// `value` must be a live object, and no Ruby code may run while the bytes are used.
pub unsafe fn text<'a>(value: VALUE) -> Option<&'a [u8]> {
    // SAFETY: the object is alive, and nothing can change its bytes meanwhile, as the caller promises.
    unsafe {
        let string = RString::from_value(Value::from_raw(value))?;
        let bytes = string.as_slice();
        Some(std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()))
    }
}
