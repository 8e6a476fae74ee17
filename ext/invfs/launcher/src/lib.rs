//! The beginning of a packed program. Behind it, in the same file, lies an archive with Ruby, its libraries and the
//! program.
//!
//! What happens in order: the process begins in [`entry`]; [`own_file`] opens the archive; [`description`] says what is in
//! it; [`mounted`] makes it appear at [`PREFIX`]; [`ruby`] loads Ruby from there and runs it, with the packed program or,
//! for child processes, as an ordinary `ruby`; [`compiled`] hands Ruby the compiled code of what it loads. A Ruby that has
//! no shared library is a program: [`program`] executes that, and this library begins again inside of it.
//!
//! [`PREFIX`]: mounted::PREFIX
#![deny(missing_docs, unsafe_op_in_unsafe_fn)]
#![cfg(mounts)]

mod arguments;
mod compiled;
mod description;
mod entry;
mod mounted;
mod own_file;
mod program;
mod provided;
mod ruby;
mod start;
