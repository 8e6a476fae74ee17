//! Tells the compiler whether file operations can be led into mounts on the target (`cfg(mounts)`), as in `fs/build.rs`.
//! `INVFS_WITHOUT_MOUNTS` asks for what other targets get.
fn main() {
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=INVFS_WITHOUT_MOUNTS");
    println!("cargo::rustc-check-cfg=cfg(mounts)");
    let known = target("OS") == "linux" && ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    if known && std::env::var_os("INVFS_WITHOUT_MOUNTS").is_none() {
        println!("cargo::rustc-cfg=mounts");
    }
}
