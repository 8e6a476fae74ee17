//! How long does it take to read every entry, checked, into memory of its own?

mod support;

use std::fs::File;
use std::hint::black_box;
use std::io::{BufReader, Cursor, Read, Seek};

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::SubpathBuf;
use invfs_engine::vfs::Vfs;
use support::{compare, pack, row, sources, tiny, Temporary};
use zip::{CompressionMethod, ZipArchive};

fn main() {
    for (what, files) in [("source files", sources()), ("tiny files", tiny())] {
        let bytes: usize = files.iter().map(|(_, contents)| contents.len()).sum();
        println!("\n{} {what}, {} kB", files.len(), bytes / 1000);
        let names: Vec<SubpathBuf> = files
            .iter()
            .map(|(name, _)| SubpathBuf::clean(name.as_bytes()).expect("a clean name"))
            .collect();
        let tree = Temporary::tree("read", &files[..files.len().min(10_000)]);
        for method in [CompressionMethod::Deflated, CompressionMethod::Stored] {
            let packed = pack(&files, method);
            let file = Temporary::file("read.zip", &packed);
            let options = Options::default();
            let on_disk = Archive::open(&file.0, &options).expect("an archive");
            let in_memory =
                Archive::from_bytes(packed.clone(), "x.zip", &options).expect("an archive");
            let reader = BufReader::new(File::open(&file.0).expect("a file"));
            let mut their_file = ZipArchive::new(reader).expect("an archive");
            let mut their_memory = ZipArchive::new(Cursor::new(&packed)).expect("an archive");
            let mut rows = vec![
                row("invfs, from a file", || read_ours(&on_disk, &names)),
                row("invfs, from memory", || read_ours(&in_memory, &names)),
                row("zip crate (zlib-rs), from a file", || {
                    read_theirs(&mut their_file);
                }),
                row("zip crate (zlib-rs), from memory", || {
                    read_theirs(&mut their_memory);
                }),
            ];
            if files.len() <= 10_000 {
                rows.push(row("the files on disk, warm", || {
                    for (name, _) in &files {
                        black_box(std::fs::read(tree.0.join(name)).expect("contents"));
                    }
                }));
            }
            compare(&format!("read all, {method}"), files.len(), rows);
        }
    }
}

fn read_ours(archive: &Archive, names: &[SubpathBuf]) {
    for name in names {
        let mut contents = Vec::new();
        archive
            .read(name, u64::MAX, &mut contents)
            .expect("contents");
        black_box(contents);
    }
}

fn read_theirs(archive: &mut ZipArchive<impl Read + Seek>) {
    for at in 0..archive.len() {
        let mut entry = archive.by_index(at).expect("an entry");
        let mut contents = Vec::with_capacity(entry.size() as usize);
        entry.read_to_end(&mut contents).expect("contents");
        black_box(contents);
    }
}
