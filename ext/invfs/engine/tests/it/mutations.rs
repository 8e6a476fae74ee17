//! Damaged archives: every bit of a small one, and many random changes of others.

use crate::support::*;

/// Files of every kind, with every feature of the format that is read.
fn sample() -> (Zip, Vec<(&'static str, Vec<u8>)>) {
    let text = b"def hello = puts(:hello) # hello hello hello\n".to_vec();
    let entries = vec![
        Entry::deflated("lib/a.rb", &text),
        Entry::stored("lib/b.rb", &text),
        Entry::zstd("z", &text),
        Entry::deflated("s", &text)
            .streamed()
            .with(|e| e.mode = 0o100_644),
        Entry::deflated("w", &text).with(|e| e.zip64 = true),
        Entry::stored("dir/", ""),
        Entry::symlink("link", "lib/b.rb"),
        Entry::stored("empty", ""),
    ];
    let files = ["lib/a.rb", "lib/b.rb", "z", "s", "w", "link"]
        .map(|name| (name, text.clone()))
        .into_iter()
        .chain([("empty", vec![])])
        .collect();
    (Zip::of(entries), files)
}

#[test]
fn no_flipped_bit_gives_wrong_contents() {
    let (zip, files) = sample();
    let mut zips = vec![zip.clone()];
    zips.push(zip.clone().with(|z| {
        z.zip64 = true;
        z.comment = b"comment".to_vec();
    }));
    zips.push(zip.with(|z| z.prefix = b"#!/bin/sh\n".to_vec()));
    for zip in zips {
        let bytes = zip.build();
        let whole = open(bytes.clone()).unwrap();
        for (name, contents) in &files {
            assert_eq!(&read(&whole, name).unwrap(), contents, "{name}");
        }
        let (mut opened, mut refused) = (0, 0);
        for at in 0..bytes.len() {
            for bit in 0..8 {
                let mut bytes = bytes.clone();
                bytes[at] ^= 1 << bit;
                let Ok(archive) = open(bytes) else {
                    refused += 1;
                    continue;
                };
                opened += 1;
                for (name, contents) in &files {
                    if let Ok(found) = read(&archive, name) {
                        // A link whose type is damaged is a file that holds its target.
                        let target = *name == "link" && found == b"lib/b.rb";
                        assert!(target || found == *contents, "byte {at}, bit {bit}: {name}");
                    }
                }
            }
        }
        assert!(opened > 1000 && refused > 1000, "{opened} {refused}");
    }
}

/// A generator of numbers that are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % n.max(1)
    }

    /// Changes `bytes` in a way that parsers find hard.
    fn damage(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let rest = bytes.len() - at;
        match self.below(8) {
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = [0, 1, 0x7f, 0x80, 0xfe, 0xff][self.below(6)],
            2 => {
                let numbers = [
                    0,
                    1,
                    22,
                    46,
                    0x7fff_ffff,
                    0xffff_fffe,
                    u32::MAX,
                    bytes.len() as u32,
                ];
                let number = numbers[self.below(8)].to_le_bytes();
                let len = rest.min([2, 4][self.below(2)]);
                bytes[at..at + len].copy_from_slice(&number[..len]);
            }
            3 => bytes.truncate(at),
            4 => {
                let len = self.below(rest.min(100));
                let copy = bytes[at..at + len].to_vec();
                let to = self.below(bytes.len());
                bytes.splice(to..to, copy);
            }
            5 => {
                let len = self.below(rest.min(100));
                bytes.drain(at..at + len);
            }
            6 => {
                let signatures = [
                    b"PK\x01\x02",
                    b"PK\x03\x04",
                    b"PK\x05\x06",
                    b"PK\x06\x06",
                    b"PK\x06\x07",
                ];
                let signature = signatures[self.below(5)];
                let len = rest.min(4);
                bytes[at..at + len].copy_from_slice(&signature[..len]);
            }
            _ => {
                let len = rest.min(self.below(30));
                let from = self.below(bytes.len() - len);
                let copy = bytes[from..from + len].to_vec();
                bytes[at..at + len].copy_from_slice(&copy);
            }
        }
    }
}

/// Runs `check` on many damaged versions of each seed.
fn damaged(seeds: &[Vec<u8>], rounds: usize, check: impl Fn(&[u8])) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        check(seed);
        for _ in 0..rounds {
            let mut bytes = seed.clone();
            for _ in 0..=random.below(4) {
                random.damage(&mut bytes);
                if bytes.is_empty() {
                    break;
                }
            }
            check(&bytes);
        }
    }
}

#[test]
fn damaged_archives_are_refused_or_in_order() {
    let (zip, _) = sample();
    let seeds = [
        zip.build(),
        zip.clone().with(|z| z.zip64 = true).build(),
        zip.clone()
            .with(|z| {
                z.prefix = b"prefix".to_vec();
                z.comment = zip.build();
            })
            .build(),
        written_by_zip_crate(&[("a", b"aaaa"), ("b/c", b"cccc")]),
        Zip::default().build(),
    ];
    damaged(&seeds, 3000, harness::open);
}

#[test]
fn damaged_names_are_refused_or_in_order() {
    let entries = [
        "a\\b", "a/b\\", "c:x", "d/", "d/", "a\\c", "e/f", "./e//g", "C", "x",
    ];
    let entries: Vec<Entry> = entries
        .iter()
        .map(|name| {
            Entry::stored(name, "").with(|e| {
                e.attributes = 0x10 * u32::from(*name == "x");
                e.extra = builder::unicode_path(&e.name, b"uni\\code");
                if *name != "C" {
                    e.extra.truncate(6);
                }
            })
        })
        .collect();
    damaged(&[Zip::of(entries).build()], 3000, harness::open);
}

#[test]
fn the_zip_crate_reads_nothing_else_from_damaged_archives() {
    let (zip, files) = sample();
    let seeds = [
        zip.build(),
        written_by_zip_crate(&[("lib/a.rb", b"aaaa"), ("s", b"cccc")]),
    ];
    damaged(&seeds, 3000, |bytes| {
        let Ok(archive) = open(bytes) else { return };
        for (name, _) in &files {
            let plain = archive
                .entry(sub(name))
                .is_some_and(|e| e.kind == invfs_engine::vfs::Kind::File);
            if let (true, Ok(ours)) = (plain, read(&archive, name)) {
                if let Some(theirs) = harness::second_opinion(bytes, name) {
                    assert!(ours == theirs, "{name}");
                }
            }
        }
    });
}

/// Archives whose comment, prefix or padding is as good as their end.
fn ambiguous() -> Vec<Vec<u8>> {
    let (zip, _) = sample();
    let small = Zip::of([Entry::stored("other", "O")]);
    let inner = small.build();
    let with = |change: &dyn Fn(&mut Zip)| zip.clone().with(change).build();
    let mut seeds = vec![
        zip.build(),
        with(&|z| z.zip64 = true),
        with(&|z| z.zip64_unneeded = true),
        with(&|z| z.prefix = b"prefix".to_vec()),
        with(&|z| z.suffix = vec![0; 30]),
        with(&|z| z.comment = Zip::default().build()),
        with(&|z| z.comment = small.clone().with(|z| z.zip64 = true).build()),
        [inner.clone(), zip.build()].concat(),
    ];
    // A comment that holds another archive, which ends a byte before or behind the file.
    for more in [-1, 0, 1] {
        seeds.push(with(&|z| {
            z.comment = inner.clone();
            z.comment_len = Some((inner.len() as i32 + more) as u16);
        }));
        seeds.push(with(&|z| {
            z.comment = small.clone().with(|z| z.comment = b"x".to_vec()).build();
            let last = z.comment.len() - 3;
            z.comment[last] = (1 + more) as u8;
        }));
    }
    seeds
}

#[test]
fn the_zip_crate_takes_the_same_end_record() {
    let both = std::cell::Cell::new(0);
    damaged(&ambiguous(), 2000, |bytes| {
        both.set(both.get() + u32::from(harness::end_record(bytes)));
    });
    assert!(both.get() > 1000, "{}", both.get());
}

#[test]
fn copies_of_damaged_archives_hold_what_could_be_read() {
    let (zip, _) = sample();
    let odd = Zip::of([
        Entry::stored("a\\b", "refused"),
        Entry::stored("raw", "x").with(|e| {
            e.extra = builder::unicode_path(b"raw", "ü".as_bytes());
            e.local_extra = e.extra.clone();
        }),
        Entry::stored("dos", "").with(|e| e.attributes = 0x10),
        Entry::stored("d/", "").with(|e| e.mode = 0o040_700),
        Entry::stored("d/", ""),
    ]);
    let commented = zip.clone().with(|z| z.comment = b"comment".to_vec());
    let seeds = [zip.build(), commented.build(), odd.build()];
    damaged(&seeds, 400, harness::copy);
}

#[test]
fn damaged_compiled_code_is_linked_or_not() {
    let record = |position: u32, parts: [&[u8]; 3]| {
        let mut record = position.to_le_bytes().to_vec();
        for part in parts {
            record.extend((part.len() as u32).to_le_bytes());
            record.extend_from_slice(part);
        }
        record
    };
    let records = [
        record(20, [b"head", b"before", b"after"]),
        record(32, [b"", b"", b""]),
    ];
    let seed = [&[2, 40, 0, 3][..], &[7; 40], &records.concat()].concat();
    damaged(&[seed, vec![0; 64]], 3000, harness::link);
}

#[test]
fn damaged_data_is_refused_or_reads_as_the_zip_crate_does() {
    let text = b"one two three four one two three four".repeat(20);
    let with_head = |method: u8, data: Vec<u8>| {
        let size = (text.len() as u32).to_le_bytes();
        [vec![method, size[0], size[1], size[2]], data].concat()
    };
    let seeds = [
        with_head(0, text.clone()),
        with_head(1, deflate(&text)),
        with_head(2, Entry::zstd("z", &text).data),
    ];
    damaged(&seeds, 2000, harness::read);
}

#[test]
fn strange_paths_stay_inside() {
    let seeds = [
        "lib/a.rb",
        "../../a",
        "/a//b/./c/..",
        "C:\\x/..\\y",
        "a/./b/../c\0",
        "....//.../x/",
    ]
    .map(|path| path.as_bytes().to_vec());
    damaged(&seeds, 3000, harness::path);
}

#[test]
fn damaged_programs_do_no_harm() {
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    let head = program[..program.len().min(1 << 16)].to_vec();
    damaged(&[head], 2000, harness::elf);
}
