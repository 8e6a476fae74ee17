//! Archives on disk: what is no archive, what changes while it is open.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

use invfs_engine::archive::{Archive, Identity, Options};
use invfs_engine::{ErrorKind, Result};

use crate::support::*;

fn open_file(path: &Path) -> Result<Archive> {
    Archive::open(path, &Options::default())
}

fn error_of(path: &Path) -> Box<invfs_engine::Error> {
    let error = open_file(path).err().expect("an error");
    assert_eq!(error.container(), path.to_string_lossy());
    error
}

/// An archive with a stored, a deflated and a large stored entry.
fn sample(byte: u8) -> Vec<u8> {
    let contents = [byte; 1000];
    Zip::of([
        Entry::stored("stored", contents),
        Entry::deflated("deflated", contents),
        Entry::stored("large", vec![byte; 300_000]),
    ])
    .build()
}

const NAMES: [&str; 3] = ["stored", "deflated", "large"];

#[test]
fn an_archive_on_disk_is_read() {
    let dir = TempDir::new();
    let path = dir.write("app.zip", sample(b'x'));
    assert!(Archive::probe(&path).unwrap());
    let archive = open_file(&path).unwrap();
    assert_eq!(archive.name(), path.to_string_lossy());
    assert_eq!(read(&archive, "stored").unwrap(), [b'x'; 1000]);
    assert_eq!(archive.identity().unwrap(), Identity::of(&path).unwrap());
    assert_eq!(archive.identity().unwrap().size, sample(b'x').len() as u64);
}

#[test]
fn what_is_no_file_is_no_archive() {
    let dir = TempDir::new();
    let error = error_of(&dir.path().join("missing.zip"));
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.io().unwrap().kind(), std::io::ErrorKind::NotFound);
    assert!(Archive::probe(&dir.path().join("missing.zip")).is_err());

    let error = error_of(dir.path());
    assert_eq!(error.kind(), ErrorKind::Io);
    assert_eq!(error.io().unwrap().kind(), std::io::ErrorKind::IsADirectory);
    assert!(!Archive::probe(dir.path()).unwrap());

    let below = dir.write("file", "text").join("x.zip");
    assert_eq!(
        error_of(&below).io().unwrap().kind(),
        std::io::ErrorKind::NotADirectory
    );

    for (name, contents) in [("empty.zip", ""), ("text.zip", "puts 1\n")] {
        let path = dir.write(name, contents);
        assert_eq!(error_of(&path).kind(), ErrorKind::NotAnArchive);
        assert!(!Archive::probe(&path).unwrap());
    }
}

#[cfg(unix)]
#[test]
fn nobody_waits_for_a_fifo() {
    use std::os::unix::fs::symlink;
    let dir = TempDir::new();
    let fifo = dir.path().join("fifo.zip");
    let made = std::process::Command::new("mkfifo")
        .arg(&fifo)
        .status()
        .unwrap();
    assert!(made.success());
    let link = dir.path().join("link.zip");
    symlink(&fifo, &link).unwrap();
    let socket = dir.path().join("socket.zip");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    for path in [
        fifo.as_path(),
        &link,
        &socket,
        Path::new("/dev/null"),
        Path::new("/dev/tty"),
    ] {
        if path.exists() {
            assert_eq!(error_of(path).kind(), ErrorKind::NotAnArchive, "{path:?}");
            assert!(!Archive::probe(path).unwrap(), "{path:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn an_archive_without_permission_is_refused_by_the_system() {
    use std::os::unix::fs::PermissionsExt;
    let dir = TempDir::new();
    let path = dir.write("secret.zip", sample(b'x'));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o0)).unwrap();
    // Root may read everything.
    match File::open(&path) {
        Ok(_) => assert_eq!(open_file(&path).unwrap().len(), 3),
        Err(_) => {
            let error = error_of(&path);
            assert_eq!(
                error.io().unwrap().kind(),
                std::io::ErrorKind::PermissionDenied
            );
            assert!(Archive::probe(&path).is_err());
        }
    }
}

#[test]
fn an_archive_that_was_cut_off_is_probed_as_one() {
    let dir = TempDir::new();
    let bytes = sample(b'x');
    for len in [4, 100, bytes.len() - 1] {
        let path = dir.write("cut.zip", &bytes[..len]);
        assert!(Archive::probe(&path).unwrap(), "{len}");
        assert_eq!(error_of(&path).kind(), ErrorKind::Malformed);
    }
    let path = dir.write("cut.zip", &bytes[..3]);
    assert!(!Archive::probe(&path).unwrap());
}

#[test]
fn an_archive_that_is_replaced_by_rename_keeps_its_contents() {
    let dir = TempDir::new();
    let path = dir.write("app.zip", sample(b'x'));
    let archive = open_file(&path).unwrap();
    let new = dir.write("new.zip", sample(b'y'));
    fs::rename(new, &path).unwrap();
    for name in NAMES {
        assert!(read(&archive, name).unwrap().iter().all(|b| *b == b'x'));
    }
    assert_ne!(archive.identity().unwrap(), Identity::of(&path).unwrap());
    fs::remove_file(&path).unwrap();
    assert_eq!(read(&archive, "stored").unwrap(), [b'x'; 1000]);
}

#[test]
fn an_archive_that_is_truncated_in_place_has_changed() {
    let dir = TempDir::new();
    let path = dir.write("app.zip", sample(b'x'));
    let archive = open_file(&path).unwrap();
    for len in [20_000, 1100, 500, 3, 0] {
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(len)
            .unwrap();
        assert_eq!(read_error(&archive, "large"), ErrorKind::Changed, "{len}");
        if len <= 500 {
            assert_eq!(read_error(&archive, "stored"), ErrorKind::Changed, "{len}");
        }
        if len <= 1100 {
            assert_eq!(
                read_error(&archive, "deflated"),
                ErrorKind::Changed,
                "{len}"
            );
        }
    }
}

#[test]
fn an_archive_that_is_rewritten_in_place_has_changed() {
    let dir = TempDir::new();
    let path = dir.write("app.zip", sample(b'x'));
    let archive = open_file(&path).unwrap();
    let other = Zip::of([Entry::stored("z", vec![1; 400_000])]).with(|z| z.prefix = vec![0; 100]);
    let mut file = File::options()
        .write(true)
        .truncate(true)
        .open(&path)
        .unwrap();
    file.write_all(&other.build()).unwrap();
    for name in NAMES {
        assert_eq!(read_error(&archive, name), ErrorKind::Changed, "{name}");
    }
}

#[test]
fn contents_that_did_not_change_are_read_from_a_file_that_did() {
    let dir = TempDir::new();
    let path = dir.write("app.zip", sample(b'x'));
    let archive = open_file(&path).unwrap();
    File::options()
        .append(true)
        .open(&path)
        .unwrap()
        .write_all(b"more")
        .unwrap();
    assert_eq!(read(&archive, "deflated").unwrap(), [b'x'; 1000]);
}

#[cfg(target_os = "linux")]
#[test]
fn closing_gives_the_descriptor_back() {
    let dir = TempDir::new();
    let path = dir.write("closing.zip", sample(b'x'));
    let open_descriptors = || {
        let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
        links
            .filter(|link| fs::read_link(link.path()).is_ok_and(|to| to == path))
            .count()
    };
    let archive = open_file(&path).unwrap();
    assert_eq!(open_descriptors(), 1);
    archive.close();
    assert_eq!(open_descriptors(), 0);
    let archive = open_file(&path).unwrap();
    drop(archive);
    fs::write(&path, "no archive").unwrap();
    open_file(&path).err().expect("an error");
    assert_eq!(open_descriptors(), 0);
}
