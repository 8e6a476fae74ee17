//! The executable of a packed program. Behind it, in the same file, lies an archive with Ruby, its libraries and the
//! program.
//!
//! What happens in order: [`own_file`] opens the archive; [`description`] says what is in it; [`mounted`] makes it appear
//! at [`PREFIX`]; [`ruby`] loads Ruby from there and runs it, with the packed program or, for child processes, as an
//! ordinary `ruby`; [`compiled`] hands Ruby the compiled code of what it loads.
#![cfg_attr(mounts, no_main)]
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]

#[cfg(mounts)]
mod arguments;
#[cfg(mounts)]
mod compiled;
#[cfg(mounts)]
mod description;
#[cfg(mounts)]
mod mounted;
#[cfg(mounts)]
mod own_file;
#[cfg(mounts)]
mod ruby;
#[cfg(mounts)]
mod start;

/// The exit code where the program could not be started.
const CANNOT_START: i32 = 126;

/// Replaces the `main` of Rust's library, which would ignore `SIGPIPE`: Ruby decides about signals itself.
///
/// # Safety
/// For the C library alone.
#[cfg(mounts)]
#[no_mangle]
pub unsafe extern "C" fn main(argc: libc::c_int, argv: *const *mut libc::c_char) -> libc::c_int {
    // SAFETY: what the C library passes to `main`.
    let arguments = unsafe { arguments::Arguments::new(argc, argv) };
    match start::start(arguments) {
        Ok(status) => status,
        Err(reason) => {
            eprintln!("invfs: {reason}");
            CANNOT_START
        }
    }
}

#[cfg(not(mounts))]
fn main() {
    eprintln!("invfs: packed programs run on Linux, on x86-64 and AArch64");
    std::process::exit(CANNOT_START);
}
