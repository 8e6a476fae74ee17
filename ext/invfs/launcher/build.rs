//! Tells the compiler where the launcher can work (`cfg(mounts)`), makes the shared library a program, too, and keeps it
//! from needing libgcc_s: a machine with nothing but a C library has none.
include!("../mounts_cfg.rs");

fn main() {
    if !mounts_cfg() {
        return;
    }
    println!("cargo::rustc-link-arg-cdylib=-Wl,-e,_start");
    if target("ENV") == "gnu" {
        // rustc asks for the shared library. The linker finds this in its place, which names the static ones.
        let directory = std::env::var("OUT_DIR").unwrap_or_default();
        let script = std::path::Path::new(&directory).join("libgcc_s.so");
        if std::fs::write(script, "INPUT(-lgcc_eh -lgcc)\n").is_ok() {
            println!("cargo::rustc-link-search=native={directory}");
        }
    }
}
