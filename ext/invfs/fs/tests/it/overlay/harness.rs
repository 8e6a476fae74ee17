//! What must hold for a writable mount whatever the bytes say that choose its operations, what lies in its upper
//! directory, or what the file system below it answers. The fuzz targets call these functions with bytes that libFuzzer
//! found, the tests with bytes of a simple generator.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Listing};
use invfs_fs::file_system::{FileSystem, Node, OpenHow, Opened};
use invfs_fs::overlay::Overlay;
use invfs_fs::read_only::ReadOnly;
use invfs_fs::sys::errno::{Answer, Errno};

use super::control::{copy, snapshot, Files, Op, Real, Union};
use crate::support::{open, Entry, TempDir, Zip};

/// More make no new state, and cost time.
const MOST_OPERATIONS: usize = 48;

const NAMES: [&str; 12] = [
    "a", "b", "d", "e", "f", "up", "to_a", "to_d", "new", "out", "abs", "loop",
];

/// What is below the upper layer.
fn lower() -> Arc<dyn FileSystem> {
    let files = ["a", "b", "d/a", "d/e/a", "f/a", "f/g/b"];
    let mut entries: Vec<Entry> = files
        .iter()
        .map(|name| Entry::deflated(name, format!("lower {name}")).with(|e| e.mode = 0o100_640))
        .collect();
    entries.push(Entry::symlink("to_a", "a"));
    entries.push(Entry::symlink("to_d", "d"));
    // Moved to the top it leads to nothing, also on disk.
    entries.push(Entry::symlink("d/up", "../f/g"));
    let archive = open(Zip::of(entries).build()).expect("an archive");
    Arc::new(ReadOnly::new(Arc::new(archive)))
}

/// Bytes that are taken one after the other; at the end there are only zeros.
struct Choices<'a>(&'a [u8]);

impl Choices<'_> {
    fn byte(&mut self) -> u8 {
        let (first, rest) = self.0.split_first().unwrap_or((&0, &[]));
        self.0 = rest;
        *first
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        items[usize::from(self.byte()) % items.len()]
    }

    fn path(&mut self) -> String {
        let choice = self.byte();
        let parts: Vec<&str> = (0..=choice % 3).map(|_| self.of(&NAMES)).collect();
        parts.join("/")
    }

    fn op(&mut self) -> Op {
        let (kind, path) = (self.byte(), self.path());
        let flag = self.byte() % 2 == 0;
        match kind % 14 {
            0 | 1 => {
                let access = self.of(&[libc::O_RDONLY, libc::O_WRONLY, libc::O_RDWR]);
                let more = [0, libc::O_CREAT, libc::O_TRUNC, libc::O_APPEND];
                let flags = access | self.of(&more) | self.of(&more);
                Op::Open(path, flags, 0o644, format!("text {kind}"))
            }
            2 => Op::MakeDirectory(path, 0o755),
            3 => Op::RemoveDirectory(path),
            4 => Op::Remove(path),
            5 | 6 => Op::Rename(path, self.path(), flag),
            7 => Op::Link(path, self.path()),
            8 => Op::Symlink(self.path(), path),
            9 => Op::Mode(path, self.of(&[0o755, 0o700, 0o644])),
            10 => Op::Truncate(path, u64::from(self.byte())),
            11 => Op::Stat(path, flag),
            12 => Op::List(path),
            _ => Op::ReadLink(path),
        }
    }

    fn ops(&mut self) -> Vec<Op> {
        let mut ops = Vec::new();
        while !self.0.is_empty() && ops.len() < MOST_OPERATIONS {
            ops.push(self.op());
        }
        ops
    }
}

/// Any bytes as operations: a writable mount answers and holds what a real directory does.
pub fn operations(bytes: &[u8]) {
    let (dir, upper) = (TempDir::new(), TempDir::new());
    let root = dir.path().join("control");
    std::fs::create_dir(&root).expect("a new directory");
    let union_of = || Union(Overlay::new(lower(), upper.path().to_owned()).expect("an overlay"));
    let (control, union) = (Real(root), union_of());
    copy(&union, &control);
    for op in Choices(bytes).ops() {
        assert_eq!(union.run(&op), control.run(&op), "{op:?}");
    }
    let expected = snapshot(&control, true);
    assert_eq!(snapshot(&union, true), expected);
    assert_eq!(snapshot(&union_of(), true), expected);
}

/// A place for an upper directory, beside files that nothing may read or change.
struct Surroundings(TempDir);

impl Surroundings {
    fn new() -> Surroundings {
        let dir = TempDir::new();
        dir.write("outside/secret", "secret");
        dir.write("outside/d/a", "secret");
        std::fs::create_dir(dir.path().join("upper")).expect("a new directory");
        Surroundings(dir)
    }

    fn upper(&self) -> std::path::PathBuf {
        self.0.path().join("upper")
    }

    /// Runs the operations. They may fail, but give and change nothing of what is outside.
    fn run(&self, lower: Arc<dyn FileSystem>, ops: &[Op]) {
        let Ok(overlay) = Overlay::new(lower, self.upper()) else {
            return self.check();
        };
        for op in ops {
            match answer(&overlay, op) {
                Ok(text) => assert!(!text.contains("secret"), "{op:?}: {text}"),
                Err(errno) => assert!(errno > 0, "{op:?}"),
            }
        }
        drop(overlay);
        self.check();
    }

    fn check(&self) {
        let outside = Real(self.0.path().join("outside"));
        let files: Vec<String> = snapshot(&outside, false)
            .iter()
            .map(|line| line.split(' ').take(2).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(files, ["d/a: File", "d: Directory", "secret: File"]);
        for name in ["secret", "d/a"] {
            let text = std::fs::read(outside.0.join(name)).expect("a file");
            assert_eq!(text, b"secret");
        }
    }
}

/// What an operation answers, for file systems whose listings need not fit the rest.
fn answer(overlay: &Overlay, op: &Op) -> Result<String, i32> {
    let sub = |path: &str| {
        Subpath::new(path.as_bytes())
            .expect("a clean subpath")
            .to_owned()
    };
    let answer = match op {
        Op::Open(path, flags, mode, text) => {
            let how = OpenHow {
                flags: *flags,
                mode: *mode,
            };
            overlay
                .open(&sub(path), how)
                .and_then(|opened| match opened {
                    Opened::Real(fd) => {
                        use std::io::{Read, Write};
                        let mut file = std::fs::File::from(fd);
                        let mut contents = Vec::new();
                        match flags & libc::O_ACCMODE {
                            libc::O_RDONLY => file.read_to_end(&mut contents).map(drop),
                            _ => file.write_all(text.as_bytes()),
                        }
                        .map_err(|error| Errno(error.raw_os_error().unwrap_or(libc::EIO)))?;
                        Ok(String::from_utf8_lossy(&contents).into_owned())
                    }
                    Opened::Shared(_, contents) | Opened::Parts(_, contents) => {
                        contents().map(|_| String::new())
                    }
                    Opened::Contents(..) | Opened::Memory(..) | Opened::Buffered { .. } => {
                        Ok(String::new())
                    }
                })
        }
        Op::List(path) => overlay.list(&sub(path)).map(|_| String::new()),
        Op::Stat(path, follow) => overlay.stat(&sub(path), *follow).map(|_| String::new()),
        Op::ReadLink(path) => overlay.read_link(&sub(path)).map(|_| String::new()),
        op => return super::control::change(overlay, op).map_err(super::control::number),
    };
    answer.map_err(super::control::number)
}

/// Any bytes as the contents of an upper directory, `.invfs-upper` among them, and as operations on it.
pub fn upper(bytes: &[u8]) {
    let surroundings = Surroundings::new();
    let mut choices = Choices(bytes);
    for _ in 0..choices.byte() % 24 {
        plant(&surroundings.upper(), &mut choices);
    }
    surroundings.run(lower(), &choices.ops());
}

/// Puts something into an upper directory.
fn plant(upper: &Path, choices: &mut Choices<'_>) {
    const OWN: [&str; 8] = [
        ".invfs-upper",
        ".invfs-upper/lock",
        ".invfs-upper/work",
        ".invfs-upper/work/0",
        ".invfs-upper/gone",
        ".invfs-upper/gone/names",
        ".invfs-upper/gone/below",
        ".invfs-upper/gone/below/d",
    ];
    let mut path = upper.to_owned();
    let own = choices.byte();
    if own % 3 > 0 {
        path.push(choices.of(&OWN));
    }
    if own % 3 != 1 {
        path.push(choices.path());
    }
    // Nothing is planted through a link that was planted before, nor where a file is in the way.
    let above: Vec<&Path> = path
        .ancestors()
        .skip(1)
        .take_while(|at| *at != upper)
        .collect();
    for directory in above.iter().rev() {
        if directory.is_symlink() || !(directory.is_dir() || std::fs::create_dir(directory).is_ok())
        {
            return;
        }
    }
    if path == *upper || path.is_symlink() {
        return;
    }
    let targets = [
        "../outside",
        "../../outside",
        "../outside/secret",
        "a",
        "d",
        ".",
        "..",
    ];
    let _ = match choices.byte() % 5 {
        0 => std::fs::create_dir(&path),
        1 => std::fs::write(&path, vec![b'x'; usize::from(choices.byte())]),
        2 => std::os::unix::fs::symlink(choices.of(&targets), &path),
        3 => std::os::unix::fs::symlink(upper.with_file_name("outside"), &path),
        _ => std::fs::write(&path, ""),
    };
}

/// A file system that answers what the bytes say, whatever it is asked.
struct Answers {
    bytes: Vec<u8>,
    at: AtomicUsize,
}

impl Answers {
    fn byte(&self) -> u8 {
        let at = self.at.fetch_add(1, Ordering::Relaxed);
        self.bytes.get(at).copied().unwrap_or_default()
    }

    /// Fails now and then.
    fn answer<T>(&self, value: T) -> Answer<T> {
        const ERRORS: [i32; 6] = [
            libc::ENOENT,
            libc::ENOTDIR,
            libc::EIO,
            libc::ELOOP,
            libc::EACCES,
            libc::EINVAL,
        ];
        let choice = usize::from(self.byte());
        match ERRORS.get(choice % 12) {
            Some(errno) => Err(Errno(*errno)),
            None => Ok(value),
        }
    }

    fn kind(&self) -> Kind {
        [Kind::File, Kind::Directory, Kind::Symlink][usize::from(self.byte()) % 3]
    }

    fn node(&self) -> Node {
        let size = [0, 1, 6, 1 << 40, u64::MAX][usize::from(self.byte()) % 5];
        Node {
            kind: self.kind(),
            size,
            mode: u32::from(self.byte()) << 4,
            mtime: (i64::from(self.byte()) << 56, 999_999_999),
            ino: None,
            real: None,
        }
    }

    fn text(&self) -> Vec<u8> {
        let texts: [&[u8]; 8] = [
            b"",
            b"a",
            b"lower",
            b"../outside",
            b"/etc",
            b"d/../..",
            b".",
            b"loop",
        ];
        texts[usize::from(self.byte()) % 8].to_vec()
    }
}

impl FileSystem for Answers {
    fn stat(&self, sub: &Subpath, _: bool) -> Answer<Node> {
        let mut node = self.node();
        if sub.is_root() {
            node.kind = Kind::Directory;
            return Ok(node);
        }
        self.answer(node)
    }

    fn open(&self, _: &Subpath, _: OpenHow) -> Answer<Opened<'_>> {
        let opened = match self.byte() % 2 {
            0 => Opened::Shared(self.node(), Box::new(|| self.answer(self.text()))),
            _ => Opened::Contents(self.text(), self.node()),
        };
        self.answer(opened)
    }

    fn list(&self, _: &Subpath) -> Answer<Listing> {
        let names = (0..self.byte() % 5).map(|_| {
            let name = NAMES[usize::from(self.byte()) % NAMES.len()];
            (name.as_bytes().to_vec(), self.kind())
        });
        let mut names: Listing = names.collect();
        names.sort_by(|a, b| a.0.cmp(&b.0));
        names.dedup_by(|a, b| a.0 == b.0);
        self.answer(names)
    }

    fn read_link(&self, _: &Subpath) -> Answer<Vec<u8>> {
        self.answer(self.text())
    }
}

/// Any bytes as what a file system below a writable mount answers, and as operations.
pub fn answers(bytes: &[u8]) {
    let (ops, answers) = bytes.split_at(bytes.len() / 2);
    let lower = Answers {
        bytes: answers.to_vec(),
        at: AtomicUsize::new(0),
    };
    Surroundings::new().run(Arc::new(lower), &Choices(ops).ops());
}
