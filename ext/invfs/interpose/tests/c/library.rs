//! A library for the C programs beside it: puts the hooks in and mounts an archive, with no Ruby anywhere.
#![cfg(all(
    target_os = "linux",
    any(target_arch = "x86_64", target_arch = "aarch64")
))]

use std::error::Error;
use std::ffi::{c_char, c_int, CStr, OsStr};
use std::io::{Cursor, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::Arc;

use invfs_engine::archive::{Archive, Options};
use invfs_fs::file_system::FileSystem;
use invfs_fs::mounts::{self, Origin, Request};
use invfs_fs::overlay::Overlay;
use invfs_fs::read_only::ReadOnly;
use zip::write::{SimpleFileOptions, ZipWriter};

/// Mounts an archive at `/app`, and the same with changes going to the directory `upper` at `/app/changed`. The archive
/// holds the shared library `shared`, too. Answers how many slots lead to hooks; -1 after saying what went wrong.
///
/// # Safety
/// Both are NUL-terminated strings.
#[no_mangle]
pub unsafe extern "C" fn mount_for_test(upper: *const c_char, shared: *const c_char) -> c_int {
    // SAFETY: the caller's promise.
    let (upper, shared) = unsafe { (CStr::from_ptr(upper), CStr::from_ptr(shared)) };
    let path = |path: &CStr| Path::new(OsStr::from_bytes(path.to_bytes())).to_owned();
    match mount(&path(upper), &path(shared)) {
        Ok(slots) => slots as c_int,
        Err(error) => {
            eprintln!("mount_for_test: {error}");
            -1
        }
    }
}

fn mount(upper: &Path, shared: &Path) -> Result<usize, Box<dyn Error>> {
    let installed = invfs_interpose::install().map_err(|unsupported| unsupported.0)?;
    let bytes = archive(&std::fs::read(shared)?)?;
    let archive = Archive::from_bytes(bytes, "app.zip", &Options::default())?;
    let file_system = Arc::new(ReadOnly::new(Arc::new(archive)));
    mounts::add(request("/app", file_system.clone()));
    let changed = Overlay::new(file_system, upper.into())?;
    mounts::add(request("/app/changed", Arc::new(changed)));
    Ok(installed.slots)
}

fn request(root: &str, file_system: Arc<dyn FileSystem>) -> Request {
    Request {
        root: root.as_bytes().to_vec(),
        origin: Origin::Named,
        vfs: None,
        file_system: Some(file_system),
        visible: true,
        file: None,
        object: 0,
        kept: None,
    }
}

fn archive(shared: &[u8]) -> Result<Vec<u8>, Box<dyn Error>> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mode = |mode| SimpleFileOptions::default().unix_permissions(mode);
    let script = b"#!/bin/sh\ntest \"$1\" = argument && exit 7\n";
    let files: [(&str, u32, &[u8]); 5] = [
        ("hello.txt", 0o644, b"hello\n"),
        ("dir/a.txt", 0o644, b"a\n"),
        ("dir/b.txt", 0o644, b"bb\n"),
        ("run.sh", 0o755, script),
        ("answer.so", 0o755, shared),
    ];
    for (name, permissions, contents) in files {
        zip.start_file(name, mode(permissions))?;
        zip.write_all(contents)?;
    }
    zip.add_symlink("link", "dir/a.txt", mode(0o777))?;
    Ok(zip.finish()?.into_inner())
}
