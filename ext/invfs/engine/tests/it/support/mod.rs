//! What the tests share: building archives byte by byte, reading them, temporary directories.

pub mod builder;
pub mod harness;
pub mod temp;

use std::io::Write;
use std::sync::Arc;

use invfs_engine::archive::{Archive, Options};
use invfs_engine::path::Subpath;
use invfs_engine::vfs::{Kind, Vfs};
use invfs_engine::{ErrorKind, Result};

pub use builder::{deflate, Entry, Zip};
pub use temp::TempDir;

/// A subpath that the test knows to be clean.
pub fn sub(path: &str) -> &Subpath {
    Subpath::new(path.as_bytes()).expect("a clean subpath")
}

/// Opens an archive in memory.
pub fn open(bytes: impl Into<Vec<u8>>) -> Result<Archive> {
    Archive::from_bytes(bytes.into(), "test.zip", &Options::default())
}

/// The kind of error with which opening fails.
pub fn open_error(bytes: impl Into<Vec<u8>>) -> ErrorKind {
    match open(bytes) {
        Ok(_) => panic!("the archive was opened"),
        Err(error) => {
            assert!(error.to_string().contains("test.zip"), "{error}");
            error.kind()
        }
    }
}

/// The contents of a file, read by name alone.
pub fn read_once(vfs: &dyn Vfs, path: &str) -> Result<Vec<u8>> {
    let mut contents = Vec::new();
    vfs.read(sub(path), u64::MAX, &mut contents)?;
    Ok(contents)
}

/// The contents of a file. Opening it must tell and give the same.
pub fn read(vfs: &dyn Vfs, path: &str) -> Result<Vec<u8>> {
    let result = read_once(vfs, path);
    let stat = vfs.stat(sub(path)).map_err(|error| error.kind());
    match vfs.open(sub(path)) {
        Ok(Some((found, opened))) => {
            assert_eq!(Ok(Some(found)), stat, "{path}");
            let mut contents = Vec::new();
            let opened = opened(u64::MAX, &mut contents).map(|()| contents);
            assert_eq!(said(&opened), said(&result), "{path}");
        }
        Ok(None) => assert_eq!(Ok(None), stat, "{path}"),
        Err(error) => assert_eq!(Err(error.kind()), stat, "{path}"),
    }
    result
}

fn said(result: &Result<Vec<u8>>) -> std::result::Result<&[u8], String> {
    result.as_deref().map_err(ToString::to_string)
}

/// The kind of error with which reading fails; the message must name the file.
pub fn read_error(vfs: &dyn Vfs, path: &str) -> ErrorKind {
    match read(vfs, path) {
        Ok(contents) => panic!("{path} was read: {} bytes", contents.len()),
        Err(error) => {
            assert!(error.to_string().contains(path), "{error}");
            error.kind()
        }
    }
}

/// What lies in a directory, with `/` after the names of directories and `@` after those of links.
pub fn list(vfs: &dyn Vfs, path: &str) -> Option<Vec<String>> {
    let names = vfs.list(sub(path)).expect("a listing")?;
    assert!(
        names.is_sorted_by(|a, b| a.0 < b.0),
        "sorted, nothing twice"
    );
    let show = |(name, kind)| {
        let mut name = String::from_utf8(name).expect("UTF-8");
        name.push_str(match kind {
            Kind::File => "",
            Kind::Directory => "/",
            Kind::Symlink => "@",
        });
        name
    };
    Some(names.into_iter().map(show).collect())
}

/// File, directory or nothing.
pub fn kind(vfs: &dyn Vfs, path: &str) -> Option<Kind> {
    vfs.stat(sub(path))
        .expect("an answer")
        .map(|stat| stat.kind)
}

/// An archive that the `zip` crate writes: pairs of names and contents, all deflated.
pub fn written_by_zip_crate(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, contents) in files {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        writer.start_file(*name, options).expect("an entry");
        writer.write_all(contents).expect("contents");
    }
    writer.finish().expect("an archive").into_inner()
}

/// A VFS behind a pointer.
pub fn shared(vfs: impl Vfs + 'static) -> Arc<dyn Vfs> {
    Arc::new(vfs)
}
