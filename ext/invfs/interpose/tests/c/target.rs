//! What the programs are built for, and how they are built and run.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A system to run C programs on.
pub struct Target {
    /// The Rust name, or "native".
    pub name: &'static str,
    compiler: String,
    /// What runs its programs, where that is not the system itself.
    runner: &'static [&'static str],
    flags: Vec<String>,
}

impl Target {
    /// This system.
    pub fn native() -> Target {
        Target {
            name: "native",
            compiler: std::env::var("CC").unwrap_or_else(|_| "cc".to_owned()),
            runner: &[],
            flags: Vec::new(),
        }
    }

    /// musl, on a system that has the GNU C library.
    pub fn musl() -> Target {
        Target {
            name: "x86_64-unknown-linux-musl",
            compiler: "musl-gcc".to_owned(),
            runner: &[],
            // Without this the target makes no shared libraries.
            flags: vec![
                "-Ctarget-feature=-crt-static".to_owned(),
                format!("-Lnative={}", unwinder().display()),
            ],
        }
    }

    /// AArch64 with the GNU C library, emulated.
    pub fn aarch64() -> Target {
        Target {
            name: "aarch64-unknown-linux-gnu",
            compiler: "aarch64-linux-gnu-gcc".to_owned(),
            runner: &["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
            flags: Vec::new(),
        }
    }

    fn is_native(&self) -> bool {
        self.name == "native"
    }

    /// Builds the library that mounts, as this test itself was built.
    pub fn engine(&self) -> PathBuf {
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
        let mut directory = target.expect("the target directory").to_owned();
        let mut command = Command::new(env!("CARGO"));
        command
            .args([
                "build",
                "--quiet",
                "--locked",
                "--example",
                "mount_for_test",
            ])
            .args([
                "--manifest-path",
                concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"),
            ])
            .arg("--target-dir")
            .arg(&directory);
        if !self.is_native() {
            let linker = format!(
                "CARGO_TARGET_{}_LINKER",
                self.name.to_uppercase().replace('-', "_")
            );
            command
                .args(["--target", self.name])
                .env(linker, &self.compiler)
                .env("CARGO_ENCODED_RUSTFLAGS", self.flags.join("\x1f"));
            directory.push(self.name);
        }
        succeed(&mut command);
        directory.join("debug/examples/libmount_for_test.so")
    }

    /// Compiles and links sources that lie beside this one.
    pub fn compile(&self, sources: &[&str], flags: &[&str], output: &Path) {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c");
        let mut command = Command::new(&self.compiler);
        command
            .args(["-std=gnu11", "-D_GNU_SOURCE", "-Wall", "-Wno-unused-result"])
            .args(flags)
            .args(sources.iter().map(|source| directory.join(source)))
            .arg("-o")
            .arg(output)
            // Before 2.34 the GNU C library had dlopen in a library of its own.
            .arg("-ldl");
        // Compiling takes most of the time of this test, so what was compiled in just this way before is kept.
        let kept = format!("{}.command", output.display());
        let line = format!("{command:?}");
        if std::fs::read_to_string(&kept).is_ok_and(|old| old == line)
            && is_newer(output, &directory)
        {
            return;
        }
        let _ = std::fs::remove_file(&kept);
        succeed(&mut command);
        std::fs::write(kept, line).expect("the command is written down");
    }

    /// A command that runs a program of the target.
    pub fn command(&self, program: &Path) -> Command {
        match self.runner.split_first() {
            None => Command::new(program),
            Some((runner, arguments)) => {
                let mut command = Command::new(runner);
                command.args(arguments).arg(program);
                command
            }
        }
    }
}

/// Whether the file is newer than every file in the directory.
fn is_newer(file: &Path, directory: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|found| found.modified()).ok();
    let Some(built) = changed(file) else {
        return false;
    };
    let mut sources = std::fs::read_dir(directory).expect("the sources");
    sources.all(|source| {
        source.is_ok_and(|source| changed(&source.path()).is_some_and(|at| at < built))
    })
}

/// A directory whose libgcc_s is the unwinder that comes with Rust: the one of a system with the GNU C library does
/// not work with musl.
fn unwinder() -> PathBuf {
    let (_, sysroot) = run(Command::new("rustc").args(["--print", "sysroot"]));
    let library = "lib/rustlib/x86_64-unknown-linux-musl/lib/self-contained/libunwind.a";
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join("unwinder");
    std::fs::create_dir_all(&directory).expect("a directory");
    let script = format!("INPUT({}/{library})\n", sysroot.trim());
    std::fs::write(directory.join("libgcc_s.so"), script).expect("a linker script");
    directory
}

/// Runs the command; whether it succeeded, and all that it said.
pub fn run(command: &mut Command) -> (bool, String) {
    match command.output() {
        Ok(output) => {
            let said = [output.stdout, output.stderr].concat();
            let mut said = String::from_utf8_lossy(&said).into_owned();
            if !output.status.success() {
                said.push_str(&output.status.to_string());
            }
            (output.status.success(), said)
        }
        Err(error) => (false, format!("{command:?}: {error}")),
    }
}

fn succeed(command: &mut Command) {
    let (passed, output) = run(command);
    assert!(passed, "{command:?}\n{output}");
}
