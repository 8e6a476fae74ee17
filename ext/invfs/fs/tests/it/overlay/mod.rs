//! A writable mount: the same operations on a real directory show what each must do.

mod compiled;
mod control;
#[cfg(target_env = "gnu")]
mod crash;
mod escapes;
mod fuzzed;
mod harness;
mod operations;
mod order;
mod persistence;
mod processes;
mod random;
mod threads;

use std::path::Path;
use std::sync::Arc;

use invfs_engine::archive::Archive;
use invfs_fs::file_system::FileSystem;
use invfs_fs::overlay::Overlay;
use invfs_fs::read_only::ReadOnly;

use crate::support::{open, Entry, TempDir, Zip};
pub use control::{snapshot, Files, Op, Real, Union};

/// What the lower layer holds.
fn archive() -> Archive {
    let mut entries: Vec<Entry> = [
        "a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b", "f/a", "f/g/h/a", "f/g/b",
    ]
    .iter()
    .map(|name| Entry::deflated(name, format!("lower {name}")).with(|e| e.mode = 0o100_640))
    .collect();
    entries.push(Entry::symlink("to_a", "a"));
    entries.push(Entry::symlink("to_d", "d"));
    entries.push(Entry::symlink("d/up", "../f/g"));
    entries.push(Entry::symlink("nowhere", "missing"));
    entries.push(Entry::symlink("circle", "circle"));
    entries.push(Entry::stored("sealed/", "").with(|e| e.mode = 0o040_555));
    entries.push(Entry::stored("sealed/a", "sealed").with(|e| e.mode = 0o100_644));
    entries.push(Entry::stored("sealed/in/b", "sealed").with(|e| e.mode = 0o100_444));
    entries.push(Entry::stored("empty/", "").with(|e| e.mode = 0o040_711));
    open(Zip::of(entries).build()).expect("an archive")
}

fn lower() -> Arc<dyn FileSystem> {
    Arc::new(ReadOnly::new(Arc::new(archive())))
}

/// The same without a link.
fn lower_without_links() -> Arc<dyn FileSystem> {
    let names = ["a", "d/a", "d/e/a", "d/e/b", "f/g/a", "g", "in/a", "up/b"];
    let entries = names
        .map(|name| Entry::deflated(name, format!("lower {name}")).with(|e| e.mode = 0o100_640));
    let archive = open(Zip::of(entries).build()).expect("an archive");
    Arc::new(ReadOnly::new(Arc::new(archive)))
}

fn union(upper: &Path) -> Union {
    union_of(lower(), upper)
}

fn union_of(lower: Arc<dyn FileSystem>, upper: &Path) -> Union {
    // Tests fork while other tests hold locks.
    static INSTALLED: std::sync::Once = std::sync::Once::new();
    INSTALLED.call_once(|| invfs_fs::sys::fork::install().expect("a place for the functions"));
    Union(Overlay::new(lower, upper.to_owned()).expect("an upper directory"))
}

/// A real directory with the contents of the lower layer, and a union with nothing in its upper layer yet.
struct Pair {
    control: Real,
    union: Union,
    upper: TempDir,
    lower: Arc<dyn FileSystem>,
    _control: TempDir,
}

impl Pair {
    fn new() -> Pair {
        Pair::of(lower())
    }

    fn of(lower: Arc<dyn FileSystem>) -> Pair {
        let (dir, upper) = (TempDir::new(), TempDir::new());
        // A directory of its own, so that `..` leads to nothing.
        let root = dir.path().join("control");
        std::fs::create_dir(&root).expect("a new directory");
        let union = union_of(lower.clone(), upper.path());
        let control = Real(root);
        control::copy(&union, &control);
        Pair {
            control,
            union,
            upper,
            lower,
            _control: dir,
        }
    }

    /// Both must answer the same.
    fn run(&self, op: &Op) -> Result<String, i32> {
        let expected = self.control.run(op);
        let got = self.union.run(op);
        assert_eq!(got, expected, "{op:?}: left the union, right the control");
        got
    }

    /// Both must hold the same, also for whoever opens the upper layer anew.
    fn check(&self) {
        let expected = snapshot(&self.control, true);
        assert_eq!(snapshot(&self.union, true), expected);
        let again = union_of(self.lower.clone(), self.upper.path());
        assert_eq!(snapshot(&again, true), expected);
    }
}
