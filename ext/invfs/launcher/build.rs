//! Tells the compiler where the launcher can work (`cfg(mounts)`, as in `fs/build.rs`), and keeps it from needing libgcc_s:
//! a machine with nothing but a C library has none.
fn main() {
    let target = |name: &str| std::env::var(format!("CARGO_CFG_TARGET_{name}")).unwrap_or_default();
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=INVFS_WITHOUT_MOUNTS");
    println!("cargo::rustc-check-cfg=cfg(mounts)");
    let known = target("OS") == "linux" && ["x86_64", "aarch64"].contains(&target("ARCH").as_str());
    if !known || std::env::var_os("INVFS_WITHOUT_MOUNTS").is_some() {
        return;
    }
    println!("cargo::rustc-cfg=mounts");
    if target("ENV") == "gnu" {
        // rustc asks for the shared library. The linker finds this in its place, which names the static ones.
        let directory = std::env::var("OUT_DIR").unwrap_or_default();
        let script = std::path::Path::new(&directory).join("libgcc_s.so");
        if std::fs::write(script, "INPUT(-lgcc_eh -lgcc)\n").is_ok() {
            println!("cargo::rustc-link-search=native={directory}");
        }
    }
}
