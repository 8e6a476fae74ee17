//! Looking into Ruby's Arrays and the Strings in them without copying.

use magnus::{
    rb_sys::{AsRawValue, FromRawValue},
    RString, Value,
};
use rb_sys::VALUE;

/// The elements of an Array that does not change meanwhile.
#[derive(Clone, Copy)]
pub struct View<'a>(&'a [VALUE]);

/// Whether they have the same elements, by identity.
impl PartialEq for View<'_> {
    fn eq(&self, other: &Self) -> bool {
        // Where Ruby shares one buffer between two Arrays, its address is enough.
        std::ptr::eq(self.0, other.0) || self.0 == other.0
    }
}

impl<'a> View<'a> {
    /// Looks into `array`.
    ///
    /// # Safety
    /// `array` is a live Array, and as long as the view or the bytes of a [`text`](View::text) are used, no Ruby code runs, and
    /// neither the Array nor a String in it changes.
    pub unsafe fn of(array: Value) -> View<'a> {
        let raw = array.as_raw();
        // SAFETY: length and address belong together as long as the Array does not change, which the caller promises.
        unsafe {
            match rb_sys::macros::RARRAY_LEN(raw) as usize {
                0 => View(&[]),
                len => View(std::slice::from_raw_parts(
                    rb_sys::macros::RARRAY_CONST_PTR(raw),
                    len,
                )),
            }
        }
    }

    /// How many elements there are.
    pub fn len(self) -> usize {
        self.0.len()
    }

    /// The first `len` elements.
    pub fn first(self, len: usize) -> Option<View<'a>> {
        self.0.get(..len).map(View)
    }

    /// The elements by their addresses, for comparing identity.
    pub fn raws(self) -> &'a [VALUE] {
        self.0
    }

    fn raw(self, at: usize) -> Option<VALUE> {
        self.0.get(at).copied()
    }

    /// Whether both have an element there, and it is the same.
    pub fn agrees(self, other: View<'_>, at: usize) -> bool {
        self.raw(at).is_some() && self.raw(at) == other.raw(at)
    }

    /// An element.
    pub fn value(self, at: usize) -> Option<Value> {
        // SAFETY: an element of a live Array, see `of`.
        self.raw(at).map(|raw| unsafe { Value::from_raw(raw) })
    }

    /// The bytes of an element that is a String.
    pub fn text(self, at: usize) -> Option<&'a [u8]> {
        let string = RString::from_value(self.value(at)?)?;
        // SAFETY: the Array holds the String, and its bytes stay what they are, see `of`.
        unsafe {
            let bytes = string.as_slice();
            Some(std::slice::from_raw_parts(bytes.as_ptr(), bytes.len()))
        }
    }
}
