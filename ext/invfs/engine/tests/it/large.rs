//! 100,000 entries: found, listed, and small in memory.

use invfs_engine::vfs::Kind;

use crate::support::*;

const COUNT: usize = 100_000;

fn name(n: usize) -> String {
    format!("lib/gem{:03}/dir{:02}/file_{n}.rb", n / 1000, n / 100 % 10)
}

fn archive(zip64: bool) -> Vec<u8> {
    let entries: Vec<Entry> = (0..COUNT)
        .map(|n| Entry::stored(&name(n), n.to_string()))
        .collect();
    Zip::of(entries).with(|z| z.zip64 = zip64).build()
}

#[test]
fn a_hundred_thousand_entries_are_found() {
    let mut bytes = archive(true);
    bytes.shrink_to_fit();
    let file_len = bytes.len();
    let archive = open(bytes).unwrap();
    assert_eq!(archive.len(), COUNT);
    for n in (0..COUNT).step_by(997) {
        assert_eq!(read(&archive, &name(n)).unwrap(), n.to_string().as_bytes());
    }
    assert_eq!(kind(&archive, "lib/gem042/dir07"), Some(Kind::Directory));
    assert_eq!(kind(&archive, "lib/gem042/dir07/file_1.rb"), None);

    let names: usize = (0..COUNT).map(|n| name(n).len()).sum();
    let index = archive.memory_usage() - file_len;
    assert!(
        index <= COUNT * 40 + names,
        "{} bytes an entry",
        (index - names) / COUNT
    );

    assert_eq!(list(&archive, "lib").unwrap().len(), 100);
    let listed = list(&archive, "lib/gem042/dir07").unwrap();
    let mut expected: Vec<String> = (42_700..42_800).map(|n| format!("file_{n}.rb")).collect();
    expected.sort();
    assert_eq!(listed, expected);
}

#[test]
fn the_least_favourable_number_of_entries_stays_small_too() {
    // One more than the hash table of 65,536 places takes.
    let count = 65_536 / 8 * 7 + 1;
    let entries: Vec<Entry> = (0..count)
        .map(|n| Entry::stored(&n.to_string(), ""))
        .collect();
    let names: usize = (0..count).map(|n| n.to_string().len()).sum();
    let mut bytes = Zip::of(entries).with(|z| z.zip64 = true).build();
    bytes.shrink_to_fit();
    let file_len = bytes.len();
    let index = open(bytes).unwrap().memory_usage() - file_len;
    assert!(
        index <= count * 40 + names,
        "{} bytes an entry",
        (index - names) / count
    );
}

#[test]
fn too_many_entries_for_the_old_record_are_refused_without_zip64() {
    // The number of entries modulo 65,536: how many there are is not known.
    assert_eq!(
        open_error(archive(false)),
        invfs_engine::ErrorKind::Malformed
    );
}
