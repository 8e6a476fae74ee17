//! Where the process begins, in both forms of this file.
//!
//! It is executed: the kernel starts the loader that [`INTERPRETER`] names, and that jumps to `_start`. Or it is preloaded
//! into a process that executes a Ruby without a shared library: the `_start` of that program calls `__libc_start_main`
//! with its `main`, and finds the function of this library before that of the C library. In both forms, the C library
//! then calls the `main` of this file.

use std::arch::global_asm;
use std::ffi::{c_char, c_int, c_void};

use crate::arguments::Arguments;
use crate::start::{self, Process};

#[cfg(all(target_arch = "x86_64", not(target_env = "musl")))]
const LOADER: &[u8; 28] = b"/lib64/ld-linux-x86-64.so.2\0";
#[cfg(all(target_arch = "aarch64", not(target_env = "musl")))]
const LOADER: &[u8; 27] = b"/lib/ld-linux-aarch64.so.1\0";
#[cfg(all(target_arch = "x86_64", target_env = "musl"))]
const LOADER: &[u8; 25] = b"/lib/ld-musl-x86_64.so.1\0";
#[cfg(all(target_arch = "aarch64", target_env = "musl"))]
const LOADER: &[u8; 26] = b"/lib/ld-musl-aarch64.so.1\0";

/// The loader of the C library, where systems have it. Linkers name it only in programs.
#[used]
#[link_section = ".interp"]
static INTERPRETER: [u8; LOADER.len()] = *LOADER;

/// The exit code where the program could not be started.
const CANNOT_START: c_int = 126;

/// `main`, as the C library calls it.
type Main = unsafe extern "C" fn(c_int, *const *mut c_char, *const *mut c_char) -> c_int;
/// A function that the C library calls before `main`, and is given what that gets.
type Init = unsafe extern "C" fn(c_int, *const *mut c_char, *const *mut c_char);
/// The C library's `__libc_start_main`: the last arguments are functions to be called at the end, and the stack.
type LibcStartMain = unsafe extern "C" fn(
    Main,
    c_int,
    *const *mut c_char,
    Option<Init>,
    *mut c_void,
    *mut c_void,
    *mut c_void,
) -> c_int;

// What the processor has when a program begins: the number of arguments and they themselves on the stack, and a function
// that is to be called at the end. The word after the code keeps the linker from leaving the loader's name out.
#[cfg(target_arch = "x86_64")]
global_asm!(
    ".pushsection .text._start,\"ax\",@progbits",
    ".globl _start",
    ".hidden _start",
    ".type _start,@function",
    "_start:",
    "xor ebp, ebp",
    "mov rcx, rdx",
    "pop rdi",
    "mov rsi, rsp",
    "and rsp, -16",
    "mov rdx, rsp",
    "call {executed}",
    "hlt",
    ".long {interpreter} - .",
    ".size _start, . - _start",
    ".popsection",
    executed = sym executed,
    interpreter = sym INTERPRETER,
);
#[cfg(target_arch = "aarch64")]
global_asm!(
    ".pushsection .text._start,\"ax\",@progbits",
    ".globl _start",
    ".hidden _start",
    ".type _start,@function",
    "_start:",
    "mov x29, #0",
    "mov x30, #0",
    "mov x3, x0",
    "ldr x0, [sp]",
    "add x1, sp, #8",
    "mov x2, sp",
    "bl {executed}",
    "brk #0",
    ".word {interpreter} - .",
    ".size _start, . - _start",
    ".popsection",
    executed = sym executed,
    interpreter = sym INTERPRETER,
);

/// Called by `_start`.
unsafe extern "C" fn executed(
    argc: c_int,
    argv: *const *mut c_char,
    stack: *mut c_void,
    at_end: *mut c_void,
) -> c_int {
    // SAFETY: what a program's `_start` passes on.
    unsafe {
        libc_start_main()(
            main_of_file,
            argc,
            argv,
            Some(construct),
            std::ptr::null_mut(),
            at_end,
            stack,
        )
    }
}

/// Called by the `_start` of the Ruby that this library is preloaded into, in place of the C library's function.
///
/// # Safety
/// For the `_start` of a program alone.
#[no_mangle]
pub unsafe extern "C" fn __libc_start_main(
    _main: Main,
    argc: c_int,
    argv: *const *mut c_char,
    init: Option<Init>,
    fini: *mut c_void,
    at_end: *mut c_void,
    stack: *mut c_void,
) -> c_int {
    // SAFETY: passed on as they are, but for the program's `main`.
    unsafe { libc_start_main()(main_of_ruby, argc, argv, init, fini, at_end, stack) }
}

/// That of the C library.
fn libc_start_main() -> LibcStartMain {
    // SAFETY: a NUL-terminated name; the linker gives the address in the objects after this one, which is the C library's,
    // or NULL.
    let found = unsafe { libc::dlsym(libc::RTLD_NEXT, c"__libc_start_main".as_ptr()) };
    if found.is_null() {
        // There is no C library, so nothing else could be done.
        std::process::abort();
    }
    // SAFETY: the type that the C library's function of this name has on all its systems.
    unsafe { std::mem::transmute::<*mut c_void, LibcStartMain>(found) }
}

/// Replaces the `main` of Rust's library, which would ignore `SIGPIPE`: Ruby decides about signals itself.
unsafe extern "C" fn main_of_file(
    argc: c_int,
    argv: *const *mut c_char,
    _: *const *mut c_char,
) -> c_int {
    // SAFETY: what the C library passes to `main`.
    run(Process::File, unsafe { Arguments::new(argc, argv) })
}

/// Replaces the `main` of a Ruby without a shared library.
unsafe extern "C" fn main_of_ruby(
    argc: c_int,
    argv: *const *mut c_char,
    _: *const *mut c_char,
) -> c_int {
    // SAFETY: as above.
    run(Process::Ruby, unsafe { Arguments::new(argc, argv) })
}

fn run(process: Process, arguments: Arguments) -> c_int {
    match start::start(process, arguments) {
        Ok(status) => status,
        Err(reason) => {
            eprintln!("invfs: {reason}");
            CANNOT_START
        }
    }
}

/// Runs the initialisers of this file where it is the program. The C library leaves that to the program, up to 2.33.
unsafe extern "C" fn construct(argc: c_int, argv: *const *mut c_char, envp: *const *mut c_char) {
    /// An entry of an object's dynamic section: what it tells, and a number or an address.
    #[repr(C)]
    struct Dynamic(usize, usize);
    const INIT_ARRAY: usize = 25;
    const INIT_ARRAY_SIZE: usize = 27;
    // SAFETY: called by the linker for the first object, which is the program; the pointer is the one that is passed below.
    unsafe extern "C" fn first(
        info: *mut libc::dl_phdr_info,
        _: libc::size_t,
        found: *mut c_void,
    ) -> c_int {
        // SAFETY: as above; the program headers are as many as it says, and stay.
        unsafe {
            let headers =
                std::slice::from_raw_parts((*info).dlpi_phdr, usize::from((*info).dlpi_phnum));
            let dynamic = headers
                .iter()
                .find(|header| header.p_type == libc::PT_DYNAMIC);
            let address = dynamic.map_or(0, |header| header.p_vaddr as usize);
            *found.cast::<(usize, usize)>() = ((*info).dlpi_addr as usize, address);
        }
        1
    }
    let mut found = (0_usize, 0_usize);
    // SAFETY: `first` gets the pointer back, and the tuple outlives the call.
    unsafe { libc::dl_iterate_phdr(Some(first), (&raw mut found).cast()) };
    let (base, dynamic) = found;
    if dynamic == 0 {
        return;
    }
    let (mut array, mut size) = (0, 0);
    let mut entry = (base + dynamic) as *const Dynamic;
    // SAFETY: the program's own dynamic section, which ends with an entry that tells nothing; and its own list of
    // functions, which take what `main` takes.
    unsafe {
        while (*entry).0 != 0 {
            match (*entry).0 {
                INIT_ARRAY => array = (*entry).1,
                INIT_ARRAY_SIZE => size = (*entry).1,
                _ => {}
            }
            entry = entry.add(1);
        }
        let functions = (base + array) as *const Init;
        for at in 0..size / size_of::<Init>() {
            (*functions.add(at))(argc, argv, envp);
        }
    }
}
