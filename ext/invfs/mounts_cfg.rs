// Part of the build scripts of all crates, by `include!`.

/// Tells the compiler whether file operations can be led into mounts on the target (`cfg(mounts)`): `interpose` knows the
/// relocations of these. `INVFS_WITHOUT_MOUNTS` asks for what other targets get.
fn mounts_cfg() -> bool {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=INVFS_WITHOUT_MOUNTS");
    println!("cargo::rustc-check-cfg=cfg(mounts)");
    let known = target("OS") == "linux" && ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    let mounts = known && std::env::var_os("INVFS_WITHOUT_MOUNTS").is_none();
    if mounts {
        println!("cargo::rustc-cfg=mounts");
    }
    mounts
}

/// What cargo says of the target.
fn target(name: &str) -> String {
    std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default()
}
