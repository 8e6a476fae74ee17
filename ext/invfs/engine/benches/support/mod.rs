//! What the benchmarks share: measuring side by side, and archives to measure.
//!
//! Every row is run in turn, round after round, so that whatever else the machine does hits all of them alike. The
//! ratios are what counts; times are printed to see how large the differences are.
#![allow(dead_code)]

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::time::Instant;

use zip::write::SimpleFileOptions;
use zip::CompressionMethod;

/// How often each row is measured; `INVFS_BENCH_ROUNDS=1` just shows that all of it still runs.
fn rounds() -> usize {
    let rounds = std::env::var("INVFS_BENCH_ROUNDS").ok();
    rounds.and_then(|n| n.parse().ok()).unwrap_or(21)
}

/// One thing to measure, and its name.
pub type Row<'a> = (&'a str, Box<dyn FnMut() + 'a>);

/// A row for [`compare`].
pub fn row<'a>(name: &'a str, run: impl FnMut() + 'a) -> Row<'a> {
    (name, Box::new(run))
}

/// Measures rows that each do `count` things; prints medians, and ratios to the first row.
pub fn compare(title: &str, count: usize, mut rows: Vec<Row>) {
    let mut times = vec![Vec::new(); rows.len()];
    for round in 0..=rounds() {
        for ((_, run), times) in rows.iter_mut().zip(&mut times) {
            let start = Instant::now();
            run();
            // The first round warms up.
            if round > 0 {
                times.push(start.elapsed().as_secs_f64());
            }
        }
    }
    println!("\n{title}");
    let mut first = None;
    for ((name, _), times) in rows.iter().zip(&mut times) {
        times.sort_by(f64::total_cmp);
        let median = times[times.len() / 2];
        let first = *first.get_or_insert(median);
        println!(
            "  {name:<44} {:>9.2} ms {:>9.0} ns each {:>8.2} x",
            median * 1e3,
            median * 1e9 / count as f64,
            median / first
        );
    }
}

/// Names and contents of real source files: those below `INVFS_BENCH_DIR`, else of the installed Ruby, else made up.
pub fn sources() -> Vec<(String, Vec<u8>)> {
    let directory = std::env::var_os("INVFS_BENCH_DIR");
    let directory = directory.map_or_else(|| "/usr/lib/ruby".into(), PathBuf::from);
    let mut found = Vec::new();
    collect(&directory, &directory, &mut found);
    if found.is_empty() {
        let line = b"  def method_name(argument) = other_method(argument, 1) # comment\n";
        found = (0..2000)
            .map(|n| (format!("lib/d{}/f{n}.rb", n / 50), line.repeat(n % 100)))
            .collect();
    }
    found.sort();
    found
}

fn collect(root: &Path, directory: &Path, found: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let path = entry.path();
        let Ok(kind) = entry.file_type() else {
            continue;
        };
        if kind.is_dir() {
            collect(root, &path, found);
        } else if kind.is_file() && path.extension().is_some_and(|extension| extension == "rb") {
            let name = path.strip_prefix(root).ok().and_then(Path::to_str);
            if let (Some(name), Ok(contents)) = (name, std::fs::read(&path)) {
                found.push((name.to_owned(), contents));
            }
        }
    }
}

/// 100,000 tiny files.
pub fn tiny() -> Vec<(String, Vec<u8>)> {
    (0..100_000)
        .map(|n| {
            let name = format!("lib/gem{:03}/dir{:02}/file_{n}.rb", n / 1000, n / 100 % 10);
            (name, format!("X{n} = {n}\n").into_bytes())
        })
        .collect()
}

/// An archive of these files, written by the `zip` crate.
pub fn pack(files: &[(String, Vec<u8>)], method: CompressionMethod) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, contents) in files {
        zip.start_file(name.as_str(), options).expect("an entry");
        zip.write_all(contents).expect("contents");
    }
    zip.finish().expect("an archive").into_inner()
}

/// A file or directory that is removed in the end.
pub struct Temporary(pub PathBuf);

impl Temporary {
    pub fn file(name: &str, contents: &[u8]) -> Temporary {
        let name = format!("invfs-bench-{}-{name}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, contents).expect("a file");
        Temporary(path)
    }

    /// A directory with these files.
    pub fn tree(name: &str, files: &[(String, Vec<u8>)]) -> Temporary {
        let name = format!("invfs-bench-{}-{name}", std::process::id());
        let root = std::env::temp_dir().join(name);
        for (name, contents) in files {
            let path = root.join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, contents).expect("a file");
        }
        Temporary(root)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = match self.0.is_dir() {
            true => std::fs::remove_dir_all(&self.0),
            false => std::fs::remove_file(&self.0),
        };
    }
}
