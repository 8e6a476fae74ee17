//! Compiled code is that of a file as the lower layer has it, and of no other.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::Listing;
use invfs_fs::file_system::{Change, Node, OpenHow, Opened};
use invfs_fs::sys::errno::Answer;

use super::*;
use crate::support::sub;

/// Has compiled code for every path.
struct Compiling(Arc<dyn FileSystem>);

impl FileSystem for Compiling {
    fn stat(&self, sub: &Subpath, follow: bool) -> Answer<Node> {
        self.0.stat(sub, follow)
    }

    fn open(&self, sub: &Subpath, how: OpenHow) -> Answer<Opened<'_>> {
        self.0.open(sub, how)
    }

    fn list(&self, sub: &Subpath) -> Answer<Listing> {
        self.0.list(sub)
    }

    fn read_link(&self, sub: &Subpath) -> Answer<Vec<u8>> {
        self.0.read_link(sub)
    }

    fn compiled(&self, sub: &Subpath, key: &str, path: &[u8]) -> Answer<Option<Vec<u8>>> {
        let path = std::str::from_utf8(path).expect("UTF-8");
        Ok(Some(format!("{sub:?} {key} {path}").into_bytes()))
    }
}

#[test]
fn compiled_code_is_that_of_the_lower_layers_own_files() {
    let upper = TempDir::new();
    upper.write("upper_only", "");
    std::os::unix::fs::symlink("d/b", upper.path().join("by_upper_link")).unwrap();
    let union = union_of(Arc::new(Compiling(lower())), upper.path()).0;
    let compiled = |path: &str| {
        let code = union.compiled(sub(path), "3.4", b"/mnt/x").unwrap();
        let expected = format!("{:?} 3.4 /mnt/x", sub(path));
        code.map(|code| assert_eq!(String::from_utf8(code).unwrap(), expected))
            .is_some()
    };
    for path in ["a", "d/e/a", "to_a", "to_d/a", "d/up/b"] {
        assert!(compiled(path), "{path}");
    }
    let nothing = [
        "by_upper_link",
        "upper_only",
        "missing",
        "a/b",
        "nowhere",
        "circle",
    ];
    for path in nothing {
        assert!(!compiled(path), "{path}");
    }
    let how = OpenHow {
        flags: libc::O_WRONLY,
        mode: 0,
    };
    drop(union.open(sub("a"), how).unwrap());
    union.change(Change::Remove(sub("d/e/a"))).unwrap();
    let rename = Change::Rename(sub("f/g/b"), sub("d/b"), false);
    union.change(rename).unwrap();
    for path in ["a", "to_a", "d/e/a", "d/b", "f/g/b", "d/up/b"] {
        assert!(!compiled(path), "{path}");
    }
    assert!(compiled("d/a") && compiled("to_d/a"));
}
