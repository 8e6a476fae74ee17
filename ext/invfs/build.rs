//! Tells the compiler which Ruby this is built for (`cfg(ruby_gte_3_3)` and the like), and whether file operations can
//! be led into mounts on the target (`cfg(mounts)`).
fn main() -> Result<(), Box<dyn std::error::Error>> {
    rb_sys_env::activate()?;
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    println!("cargo::rustc-check-cfg=cfg(mounts)");
    println!("cargo::rerun-if-env-changed=INVFS_WITHOUT_MOUNTS");
    // As in `fs/build.rs`.
    let known = target("OS") == "linux" && ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    if known && std::env::var_os("INVFS_WITHOUT_MOUNTS").is_none() {
        println!("cargo::rustc-cfg=mounts");
    }
    Ok(())
}
