//! Mounts as C programs see them, without Ruby: linked in all ways that matter, and on other systems than this one.
//!
//! `cargo test --test interpose` runs the programs here. The tests of other targets are ignored unless they are asked
//! for, because they need compilers and libraries that few have; docs/mounts.md says which:
//!
//! ```text
//! cargo test --test interpose -- --ignored            # all of them
//! cargo test --test interpose -- --ignored aarch64    # one
//! ```
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

mod target;

use std::path::{Path, PathBuf};

use target::{run, Target};

/// One way to compile and link.
struct Variant {
    name: &'static str,
    flags: &'static [&'static str],
    /// Whether a shared library can be linked in this way, too.
    shared: bool,
}

const fn variant(name: &'static str, flags: &'static [&'static str]) -> Variant {
    Variant {
        name,
        flags,
        shared: true,
    }
}

const VARIANTS: &[Variant] = &[
    variant("now", &["-O0", "-Wl,-z,relro,-z,now"]),
    variant("lazy", &["-O0", "-Wl,-z,relro,-z,lazy"]),
    variant("unprotected", &["-O1", "-Wl,-z,norelro,-z,lazy"]),
    variant("no-plt", &["-O2", "-fno-plt"]),
    variant(
        "fortified",
        &["-O2", "-U_FORTIFY_SOURCE", "-D_FORTIFY_SOURCE=2"],
    ),
    variant("large-files", &["-O2", "-D_FILE_OFFSET_BITS=64"]),
    // Here the address of a function is that of the program's own stub, for everybody.
    Variant {
        name: "fixed-place",
        flags: &["-O0", "-no-pie", "-fno-pic", "-Wl,-z,lazy"],
        shared: false,
    },
    Variant {
        name: "fixed-place-now",
        flags: &["-O2", "-no-pie", "-fno-pic", "-Wl,-z,now"],
        shared: false,
    },
];

#[test]
fn native() {
    check(&Target::native());
}

#[test]
#[ignore = "needs rustup target add x86_64-unknown-linux-musl, and musl-gcc"]
fn musl() {
    check(&Target::musl());
}

#[test]
#[ignore = "needs rustup target add aarch64-unknown-linux-gnu, aarch64-linux-gnu-gcc and qemu-aarch64"]
fn aarch64() {
    check(&Target::aarch64());
}

fn check(target: &Target) {
    let engine = target.engine();
    let directory =
        Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("interpose-{}", target.name));
    std::fs::create_dir_all(&directory).expect("a directory");

    let answer = directory.join("answer.so");
    target.compile(&["answer.c"], &["-shared", "-fPIC"], &answer);
    let loader = directory.join("loader");
    target.compile(&["main.c"], &[], &loader);

    let mut failed = Vec::new();
    let mut use_it = |name: String, program: &Path, checks: Option<&PathBuf>| {
        let scratch = directory.join(&name);
        let (place, upper) = (scratch.join("work"), scratch.join("upper"));
        let _ = std::fs::remove_dir_all(&scratch);
        for new in [&place, &upper] {
            std::fs::create_dir_all(new).expect("a directory");
        }
        let mut command = target.command(program);
        command.args([&engine, &upper, &answer]).args(checks);
        let (passed, output) = run(command.current_dir(&place));
        if !passed {
            let lines: Vec<&str> = output
                .lines()
                .filter(|line| !line.starts_with("ok "))
                .collect();
            failed.push(format!("{name}: {}", lines.join("\n  ")));
        }
    };
    for variant in VARIANTS {
        let program = directory.join(format!("{}.program", variant.name));
        target.compile(&["main.c", "uses.c"], variant.flags, &program);
        use_it(format!("{} program", variant.name), &program, None);
        if variant.shared {
            let library = directory.join(format!("{}.so", variant.name));
            let flags = [variant.flags, &["-shared", "-fPIC"]].concat();
            target.compile(&["uses.c"], &flags, &library);
            use_it(format!("{} library", variant.name), &loader, Some(&library));
        }
    }
    assert!(
        failed.is_empty(),
        "{} on {}:\n{}",
        failed.len(),
        target.name,
        failed.join("\n")
    );
}
