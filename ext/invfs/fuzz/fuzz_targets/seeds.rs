//! Writes the inputs that fuzzing starts from.

use std::path::Path;

#[allow(dead_code, unused_imports)] // The tests use more of it.
#[path = "../../engine/tests/it/support/mod.rs"]
mod support;

use support::{deflate, Entry, Zip};

fn main() -> std::io::Result<()> {
    let text = b"def hello = puts(:hello) # hello hello hello\n";
    let entries = [
        Entry::deflated("lib/a.rb", text),
        Entry::stored("lib/b.rb", text).streamed(),
        Entry::zstd("z", text),
        Entry::deflated("w", text).with(|e| e.zip64 = true),
        Entry::symlink("link", "lib/b.rb"),
        Entry::stored("dir/", ""),
    ];
    let plain = Zip::of(entries);
    let zip64 = plain.clone().with(|z| z.zip64 = true);
    let prefixed = plain.clone().with(|z| {
        z.prefix = b"#!/bin/sh\n".to_vec();
        z.comment = b"PK\x05\x06".to_vec();
    });
    let ambiguous = plain.clone().with(|z| {
        z.comment = zip64.build();
        z.comment.push(b'x');
    });
    let size = [text.len() as u8, 0, 0];
    let data = |method: u8, data: &[u8]| [&[method], &size[..], data].concat();
    let program = std::fs::read(std::env::current_exe()?)?;
    for (target, seeds) in [
        (
            "open",
            vec![
                plain.build(),
                zip64.build(),
                prefixed.build(),
                Zip::default().build(),
            ],
        ),
        (
            "read",
            vec![
                data(0, text),
                data(1, &deflate(text)),
                data(2, &Entry::zstd("z", text).data),
            ],
        ),
        (
            "path",
            vec![b"./lib//x/../a.rb".to_vec(), b"C:\\x\0".to_vec()],
        ),
        ("copy", vec![plain.build(), prefixed.build()]),
        ("end_record", vec![plain.build(), ambiguous.build()]),
        ("compiled", vec![[&[1, 60, 0, 3][..], &[7; 100]].concat()]),
        ("overlay_operations", vec![(0..200).collect()]),
        ("overlay_upper", vec![(0..200).collect()]),
        ("overlay_answers", vec![(0..200).collect()]),
        ("elf", vec![program.into_iter().take(1 << 16).collect()]),
    ] {
        let directory = Path::new("corpus").join(target);
        std::fs::create_dir_all(&directory)?;
        for (number, seed) in seeds.iter().enumerate() {
            std::fs::write(directory.join(format!("seed{number}")), seed)?;
        }
    }
    Ok(())
}
