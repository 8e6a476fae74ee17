//! How long does it take to look a name up?

mod support;

use std::hint::black_box;
use std::io::Cursor;
use std::path::Path;

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::Vfs;
use support::{compare, pack, row, sources, tiny, Temporary};
use zip::{CompressionMethod, ZipArchive};

fn main() {
    for (what, files) in [("source files", sources()), ("tiny files", tiny())] {
        let bytes = pack(&files, CompressionMethod::Stored);
        let mut names: Vec<String> = files.iter().map(|(name, _)| name.clone()).collect();
        shuffle(&mut names);
        // Few, because for a name that is not there the zip crate looks all of them through.
        let missing = names.iter().take(200).map(|name| format!("{name}x"));
        let missing: Vec<String> = missing.collect();
        let archive =
            Archive::from_bytes(bytes.clone(), "x.zip", &Options::default()).expect("an archive");
        let theirs = ZipArchive::new(Cursor::new(&bytes)).expect("an archive");
        let tree = Temporary::tree("lookup", &files[..files.len().min(5000)]);
        for (kind, names) in [("there", &names), ("missing", &missing)] {
            let ours = || {
                for name in names {
                    let sub = Subpath::new(name.as_bytes()).expect("a clean name");
                    black_box(archive.stat(sub).expect("an answer"));
                }
            };
            let zip = || {
                for name in names {
                    black_box(theirs.index_for_name(name));
                }
            };
            let disk = || {
                for name in names {
                    black_box(std::fs::metadata(tree.0.join(Path::new(name))).is_ok());
                }
            };
            let title = format!("look up, {} {what}, {kind}", names.len());
            let mut rows = vec![row("invfs", ours), row("zip crate", zip)];
            if files.len() <= 5000 {
                rows.push(row("stat of the files on disk", disk));
            }
            compare(&title, names.len(), rows);
        }
    }
}

/// Brings the names into an order that has nothing to do with the archive's, the same each time.
fn shuffle(names: &mut [String]) {
    let mut state = 1u64;
    for at in (1..names.len()).rev() {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        names.swap(at, (state >> 33) as usize % (at + 1));
    }
}
