//! Tells the compiler which Ruby this is built for (`cfg(ruby_gte_3_3)` and the like), and whether file operations can
//! be led into mounts on the target (`cfg(mounts)`).
include!("mounts_cfg.rs");

fn main() -> Result<(), Box<dyn std::error::Error>> {
    mounts_cfg();
    rb_sys_env::activate()?;
    Ok(())
}
