//! The tests of the writable mount, for the targets that take it by surprise.

#[allow(dead_code, unused_imports)] // The tests use more of it.
#[path = "../../engine/tests/it/support/mod.rs"]
pub mod support;

#[allow(dead_code)] // The tests use more of it.
#[path = "../../fs/tests/it/overlay/control.rs"]
pub mod control;
#[allow(dead_code)] // Each target uses a part of it.
#[path = "../../fs/tests/it/overlay/harness.rs"]
pub mod harness;
