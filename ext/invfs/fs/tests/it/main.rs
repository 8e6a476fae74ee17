//! The tests of what mounts serve, as one program: it links once. One module per subject.

#[path = "../../../engine/tests/it/support/mod.rs"]
#[allow(dead_code, unused_imports)]
mod support;

mod mounts;
#[cfg(target_os = "linux")]
mod overlay;
