//! Tells the compiler whether file operations can be led into mounts on the target (`cfg(mounts)`).
include!("../mounts_cfg.rs");

fn main() {
    mounts_cfg();
}
