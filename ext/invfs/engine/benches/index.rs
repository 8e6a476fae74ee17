//! How long does it take to open an archive, and how large is its index?

mod support;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Cursor};

use invfs_engine::archive::{Archive, Options};
use support::{compare, pack, row, sources, tiny, Temporary};
use zip::{CompressionMethod, ZipArchive};

fn main() {
    for (what, files) in [("source files", sources()), ("tiny files", tiny())] {
        let count = files.len();
        let bytes = pack(&files, CompressionMethod::Stored);
        let names: usize = files.iter().map(|(name, _)| name.len()).sum();
        drop(files);
        let file = Temporary::file("index.zip", &bytes);
        let open = || Archive::open(&file.0, &Options::default()).expect("an archive");
        let title = format!("open, {count} {what}");
        let rows = vec![
            row("invfs", || {
                black_box(open());
            }),
            row("zip crate, from a file", || {
                let reader = BufReader::new(File::open(&file.0).expect("a file"));
                black_box(ZipArchive::new(reader).expect("an archive"));
            }),
            row("zip crate, from memory", || {
                black_box(ZipArchive::new(Cursor::new(&bytes)).expect("an archive"));
            }),
        ];
        compare(&title, count, rows);
        let index = open().memory_usage();
        let each = (index - names) as f64 / count as f64;
        println!("  index: {index} bytes, {each:.1} an entry beside its name");
    }
}
