//! A shared object in memory, opened by the system's loader.
//!
//! On Linux a sealed `memfd` under `/proc/self/fd`, elsewhere (or where that fails) a private temporary file.

#[cfg(mounts)]
use invfs_fs::sys::memfd;
use libloading::Library;

/// What must stay as long as the library is open.
pub enum Image {
    /// Nothing: the mapping keeps the memory.
    #[cfg(mounts)]
    Mapped,
    /// Temporary files.
    Files(#[allow(dead_code)] temporary::Directory),
}

/// Opens the shared object `bytes` without a file; `path` names it for debuggers. `global` makes its symbols
/// visible to libraries that are opened later, which is what another library needs of it.
#[cfg(mounts)]
pub fn from_memory(bytes: &[u8], path: &[u8], global: bool) -> Result<(Library, Image), String> {
    let sealed = true;
    let file = memfd::file(bytes, path, sealed)
        .map_err(|errno| std::io::Error::from_raw_os_error(errno.0).to_string())?;
    let library = load(memfd::unused_path(&file).as_ref(), global)?;
    Ok((library, Image::Mapped))
}

/// Other systems load libraries from files only.
#[cfg(not(mounts))]
pub fn from_memory(_: &[u8], _: &[u8], _: bool) -> Result<(Library, Image), String> {
    Err("not on this system".to_owned())
}

/// Opens the shared object `bytes` from a temporary file, with other libraries (names and contents) beside it.
pub fn from_files(
    bytes: &[u8],
    path: &[u8],
    beside: &[(Vec<u8>, Vec<u8>)],
    global: bool,
) -> Result<(Library, Image), String> {
    let write = || -> std::io::Result<temporary::Directory> {
        let mut directory = temporary::Directory::create()?;
        for (name, contents) in beside {
            directory.add(name, contents)?;
        }
        directory.add(path, bytes)?;
        Ok(directory)
    };
    let directory = write().map_err(|e| e.to_string())?;
    let library = load(directory.last(), global)?;
    Ok((library, Image::Files(directory)))
}

/// Opens a library, and lets it see the mounts.
fn load(path: &std::path::Path, global: bool) -> Result<Library, String> {
    let library = open(path, global);
    #[cfg(mounts)]
    invfs_interpose::rescan();
    library
}

#[cfg(unix)]
fn open(path: &std::path::Path, global: bool) -> Result<Library, String> {
    use libloading::os::unix::{Library as Unix, RTLD_GLOBAL, RTLD_LAZY, RTLD_LOCAL};
    let scope = if global { RTLD_GLOBAL } else { RTLD_LOCAL };
    // SAFETY: opening runs the library's initialisers, which is what the program that requires an extension wants.
    let library = unsafe { Unix::open(Some(path), RTLD_LAZY | scope) };
    library.map(Library::from).map_err(reason)
}

#[cfg(not(unix))]
fn open(path: &std::path::Path, _global: bool) -> Result<Library, String> {
    // SAFETY: opening runs the library's initialisers, which is what the program that requires an extension wants.
    unsafe { Library::new(path) }.map_err(reason)
}

/// The loader's own words.
fn reason(error: libloading::Error) -> String {
    use std::error::Error;
    match error.source() {
        Some(source) => source.to_string(),
        None => error.to_string(),
    }
}

mod temporary {
    //! Files in a directory that only this user can enter, gone when the process ends.

    use std::{
        fs,
        io::{self, Write},
        path::{Path, PathBuf},
    };

    use invfs_engine::unused_name::unused;

    /// The directory; dropping it removes it.
    pub struct Directory {
        directory: PathBuf,
        files: Vec<PathBuf>,
    }

    impl Directory {
        /// A new, empty one.
        pub fn create() -> io::Result<Directory> {
            Ok(Directory {
                directory: new_directory()?,
                files: Vec::new(),
            })
        }

        /// Writes a new file named like the last component of `path`.
        pub fn add(&mut self, path: &[u8], contents: &[u8]) -> io::Result<()> {
            let base = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
            let file = self.directory.join(String::from_utf8_lossy(base).as_ref());
            let mut options = fs::OpenOptions::new();
            options
                .write(true)
                .create_new(true)
                .open(&file)?
                .write_all(contents)?;
            self.files.push(file);
            Ok(())
        }

        /// The file that was added last.
        pub fn last(&self) -> &Path {
            self.files.last().unwrap_or(&self.directory)
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            // Nothing depends on them any more: what cannot be removed is left to the system's clean-up.
            for file in &self.files {
                let _ = fs::remove_file(file);
            }
            let _ = fs::remove_dir(&self.directory);
        }
    }

    fn new_directory() -> io::Result<PathBuf> {
        // A leftover, or an attempt to guess the name: take the next.
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        unused(is_taken, |name| {
            let path = std::env::temp_dir().join(format!("invfs-{name}"));
            create_private(&path).map(|()| path)
        })
    }

    #[cfg(unix)]
    fn create_private(path: &Path) -> io::Result<()> {
        use std::os::unix::fs::DirBuilderExt;
        fs::DirBuilder::new().mode(0o700).create(path)
    }

    #[cfg(not(unix))]
    fn create_private(path: &Path) -> io::Result<()> {
        fs::create_dir(path)
    }
}
