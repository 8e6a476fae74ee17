//! Work without the GVL, so that other Ruby threads run meanwhile.

use std::{
    ffi::c_void,
    panic::{catch_unwind, resume_unwind, AssertUnwindSafe},
};

struct Call<F, T> {
    work: Option<F>,
    result: std::thread::Result<T>,
}

/// Runs `work` without the GVL and waits for it. `work` must not touch Ruby in any way. A panic in it continues here.
pub fn without_gvl<T, F: FnOnce() -> T>(work: F) -> T {
    let mut call = Call {
        work: Some(work),
        result: Err(Box::new("not run")),
    };
    // SAFETY: `call` outlives the call and is of the types that `run` takes it for. This variant neither raises nor
    // looks for interrupts afterwards, so nothing jumps over Rust's frames; panics stay inside `run`.
    unsafe {
        rb_sys::rb_thread_call_without_gvl2(
            Some(run::<F, T>),
            (&raw mut call).cast(),
            None,
            std::ptr::null_mut(),
        );
    }
    match (call.work, call.result) {
        // An interrupt was pending, and Ruby did not begin: do the work here, with the GVL.
        (Some(work), _) => work(),
        (None, Ok(value)) => value,
        (None, Err(panic)) => resume_unwind(panic),
    }
}

/// Takes the GVL back for `work`, which must not raise. Only inside [`without_gvl`].
pub fn with_gvl<T, F: FnOnce() -> T>(work: F) -> T {
    let mut call = Call {
        work: Some(work),
        result: Err(Box::new("not run")),
    };
    // SAFETY: `call` outlives the call and is of the types that `run` takes it for; this thread gave the GVL away
    // in `without_gvl`.
    unsafe { rb_sys::rb_thread_call_with_gvl(Some(run::<F, T>), (&raw mut call).cast()) };
    match call.result {
        Ok(value) => value,
        Err(panic) => resume_unwind(panic),
    }
}

/// What Ruby calls back.
///
/// # Safety
/// `call` must point to a `Call` of exactly these types, and nothing else may use it meanwhile.
// SAFETY: `unsafe` because of the pointer; the two callers above pass that of their own `Call`.
unsafe extern "C" fn run<F: FnOnce() -> T, T>(call: *mut c_void) -> *mut c_void {
    // SAFETY: the pointer is that of the `Call` in `without_gvl`, which waits until this function returns.
    let call = unsafe { &mut *call.cast::<Call<F, T>>() };
    if let Some(work) = call.work.take() {
        call.result = catch_unwind(AssertUnwindSafe(work));
    }
    std::ptr::null_mut()
}
