//! What does a writable mount cost, compared with the same calls on a plain directory?

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
#[path = "../../engine/benches/support/mod.rs"]
mod support;

#[cfg(not(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
fn main() {
    println!("there are no mounts on this system");
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
fn main() {
    linux::main();
}

#[cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod linux {
    use std::hint::black_box;
    use std::sync::Arc;

    use invfs_engine::archive::{Archive, Options};
    use invfs_engine::path::Subpath;
    use invfs_fs::file_system::{Change, FileSystem, OpenHow, Opened};
    use invfs_fs::overlay::Overlay;
    use invfs_fs::read_only::ReadOnly;
    use zip::CompressionMethod;

    use super::support::{compare, pack, row, Temporary};

    const FILES: usize = 500;
    const DIRECTORIES: usize = 50;

    fn files(top: &str) -> Vec<(String, Vec<u8>)> {
        (0..FILES)
            .map(|n| {
                let name = format!("{top}/lib/d{}/f{n}.rb", n % DIRECTORIES);
                (name, format!("X{n} = {n}\n").into_bytes())
            })
            .collect()
    }

    fn sub(name: &str) -> &Subpath {
        Subpath::new(name.as_bytes()).expect("a clean name")
    }

    pub fn main() {
        for (what, marks) in [("nothing is hidden", false), ("names are hidden", true)] {
            measure(what, marks);
        }
    }

    fn measure(what: &str, marks: bool) {
        let (lower, upper, gone) = (files("lower"), files("upper"), files("gone"));
        let both = [&files("both")[..], &gone[..]].concat();
        let bytes = pack(&[&lower[..], &both[..]].concat(), CompressionMethod::Stored);
        let archive = Archive::from_bytes(bytes, "x.zip", &Options::default()).expect("an archive");
        let plain = Temporary::tree("plain", &[&lower[..], &upper[..], &both[..]].concat());
        let tree = Temporary::tree("upper", &[&upper[..], &both[..FILES]].concat());
        let union = Overlay::new(Arc::new(ReadOnly::new(Arc::new(archive))), tree.0.clone());
        let union = union.expect("an upper directory");
        if marks {
            for (name, _) in gone.iter().chain(lower.iter().step_by(100)) {
                union.change(Change::Remove(sub(name))).expect("it goes");
            }
        }
        for (layer, missing) in [
            ("upper", false),
            ("lower", false),
            ("both", false),
            ("lower", true),
        ] {
            let end = if missing { "x" } else { "" };
            let names = files(layer).into_iter().enumerate();
            let names: Vec<String> = names
                .filter(|(n, _)| n % 100 != 0)
                .map(|(_, (name, _))| format!("{name}{end}"))
                .collect();
            let paths: Vec<_> = names.iter().map(|name| plain.0.join(name)).collect();
            let kind = if missing { "missing" } else { "there" };
            let title = |call| format!("{call}, in {layer}, {kind}, {what}");
            let real = || {
                for path in &paths {
                    black_box(std::fs::metadata(path).is_ok());
                }
            };
            let ours = || {
                for name in &names {
                    black_box(union.stat(sub(name), true).is_ok());
                }
            };
            let rows = vec![row("plain directory", real), row("writable", ours)];
            compare(&title("stat"), names.len(), rows);
            let real = || {
                for path in &paths {
                    black_box(std::fs::File::open(path).is_ok());
                }
            };
            let how = OpenHow {
                flags: libc::O_RDONLY | libc::O_CLOEXEC,
                mode: 0,
            };
            let ours = || {
                for name in &names {
                    match union.open(sub(name), how) {
                        Ok(Opened::Shared(_, contents)) => drop(contents().expect("contents")),
                        opened => drop(opened),
                    }
                }
            };
            let rows = vec![row("plain directory", real), row("writable", ours)];
            compare(&title("open"), names.len(), rows);
        }
        for layer in ["upper", "lower", "both"] {
            let names: Vec<String> = (0..DIRECTORIES)
                .map(|n| format!("{layer}/lib/d{n}"))
                .collect();
            let real = || {
                for name in &names {
                    let names = std::fs::read_dir(plain.0.join(name)).expect("a directory");
                    black_box(names.count());
                }
            };
            let ours = || {
                for name in &names {
                    black_box(union.list(sub(name)).expect("a directory").len());
                }
            };
            let rows = vec![row("plain directory", real), row("writable", ours)];
            compare(&format!("list, in {layer}, {what}"), names.len(), rows);
        }
    }
}
