//! The file that an archive is written to: without a name until it is whole, then in the place of the old one.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{Error, ErrorKind, Result};
use crate::unused_name::unused;

/// Where the archive goes. What was not published is gone when this is dropped.
pub(super) struct Target {
    /// The path, links followed, so that a link to an archive stays one.
    path: PathBuf,
    /// The name of the file until then; `None` where it has none, or has got its own.
    temporary: Option<PathBuf>,
}

impl Target {
    /// An empty file that can take the place of `path`.
    ///
    /// Fails as [`super::Writer::create`] does.
    pub(super) fn create(path: &Path) -> Result<(Target, File)> {
        let name = path.to_string_lossy();
        let io = |error| Error::from_io(&*name, error);
        let path = match fs::symlink_metadata(path) {
            Ok(_) => fs::canonicalize(path).map_err(io)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
            Err(error) => return Err(io(error)),
        };
        match fs::metadata(&path) {
            Ok(old) if old.is_dir() => return Err(io(crate::os::eisdir())),
            // To replace /dev/null or a pipe with a file is not what anybody wants.
            Ok(old) if !old.is_file() => {
                let detail = "it is there, and no regular file";
                return Err(Error::new(ErrorKind::NotAnArchive, name, detail));
            }
            _ => {}
        }
        let mut target = Target {
            path,
            temporary: None,
        };
        if let Some(file) = nameless(target.directory()) {
            return Ok((target, file));
        }
        let (file, temporary) = target.named().map_err(io)?;
        target.temporary = Some(temporary);
        Ok((target, file))
    }

    fn directory(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        }
    }

    /// A new file beside the target.
    fn named(&self) -> io::Result<(File, PathBuf)> {
        self.unused_path(|path| {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create_new(true);
            options.open(path)
        })
    }

    /// Runs `make` with paths beside the target until one is new. They are short, whatever the archive is called.
    fn unused_path<T>(&self, make: impl Fn(&Path) -> io::Result<T>) -> io::Result<(T, PathBuf)> {
        let is_taken = |error: &io::Error| error.kind() == io::ErrorKind::AlreadyExists;
        unused(is_taken, |name| {
            let path = self.directory().join(format!(".invfs-{name}.tmp"));
            make(&path).map(|made| (made, path))
        })
    }

    /// Puts `file`, which is whole, in the place of the old one. Either is there at any moment, also if the machine
    /// stops.
    pub(super) fn publish(&mut self, file: File) -> io::Result<()> {
        if let Ok(old) = fs::metadata(&self.path) {
            keep_owner(&file, &old);
            file.set_permissions(old.permissions())?;
        }
        file.sync_all()?;
        let temporary = match &self.temporary {
            Some(temporary) => temporary.clone(),
            None => {
                let ((), path) = self.unused_path(|path| give_name(&file, path))?;
                self.temporary = Some(path.clone());
                path
            }
        };
        // Windows renames no file that is open.
        drop(file);
        fs::rename(temporary, &self.path)?;
        self.temporary = None;
        sync_directory(self.directory());
        Ok(())
    }
}

impl Drop for Target {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nobody is there to hear of it.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// A file without a name, of which nothing is left however this process ends. `None` where the system, or the file
/// system, has no such thing.
#[cfg(target_os = "linux")]
fn nameless(directory: &Path) -> Option<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).write(true).custom_flags(libc::O_TMPFILE);
    let file = options.open(directory).ok()?;
    // Only by way of /proc can it be given a name later.
    fs::metadata(by_descriptor(&file)).ok().map(|_| file)
}

#[cfg(not(target_os = "linux"))]
fn nameless(_directory: &Path) -> Option<File> {
    None
}

#[cfg(target_os = "linux")]
fn by_descriptor(file: &File) -> PathBuf {
    use std::os::fd::AsRawFd;
    format!("/proc/self/fd/{}", file.as_raw_fd()).into()
}

/// Gives a nameless file a name.
#[cfg(target_os = "linux")]
fn give_name(file: &File, path: &Path) -> io::Result<()> {
    use rustix::fs::{linkat, AtFlags, CWD};
    Ok(linkat(
        CWD,
        by_descriptor(file),
        CWD,
        path,
        AtFlags::SYMLINK_FOLLOW,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn give_name(_file: &File, _path: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

/// Leaves the archive to whom it belonged, where that is allowed.
#[cfg(unix)]
fn keep_owner(file: &File, old: &fs::Metadata) {
    use std::os::unix::fs::{fchown, MetadataExt};
    let Ok(new) = file.metadata() else { return };
    if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
        // Only root may give files away; others own what they make.
        let _ = fchown(file, Some(old.uid()), Some(old.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_file: &File, _old: &fs::Metadata) {}

/// Makes the new name last. The archive is in its place already, so a file system that cannot do this is no reason
/// to fail.
fn sync_directory(directory: &Path) {
    #[cfg(unix)]
    if let Ok(directory) = File::open(directory) {
        let _ = directory.sync_all();
    }
    #[cfg(not(unix))]
    let _ = directory;
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    struct Dir(PathBuf);

    impl Dir {
        fn new(name: &str) -> Dir {
            let path = std::env::temp_dir().join(format!("invfs-{name}-{}", std::process::id()));
            fs::create_dir(&path).unwrap();
            Dir(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            let mut names: Vec<_> = entries
                .map(|entry| name(entry).into_string().unwrap())
                .collect();
            names.sort();
            names
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    /// The way that other systems go, taken here too.
    fn create_named(path: &Path) -> (Target, File) {
        let mut target = Target {
            path: path.to_owned(),
            temporary: None,
        };
        let (file, temporary) = target.named().unwrap();
        target.temporary = Some(temporary);
        (target, file)
    }

    #[test]
    fn with_a_temporary_name_and_without() {
        let dir = Dir::new("target");
        let path = dir.0.join("x.zip");
        fs::write(&path, "old").unwrap();
        for named in [false, true] {
            let make = || match named {
                true => create_named(&path),
                false => Target::create(&path).unwrap(),
            };
            let (target, mut file) = make();
            file.write_all(b"dropped").unwrap();
            drop((target, file));
            assert_eq!(dir.names(), ["x.zip"], "named: {named}");

            let (mut target, mut file) = make();
            write!(file, "new {named}").unwrap();
            target.publish(file).unwrap();
            assert_eq!(dir.names(), ["x.zip"], "named: {named}");
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("new {named}"));
        }
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let dir = Dir::new("spare");
        let (mut target, file) = Target::create(&dir.0.join("x.zip")).unwrap();
        let ((), next) = target.unused_path(|_| Ok(())).unwrap();
        let next = next.file_name().unwrap().to_str().unwrap();
        let (prefix, number) = next.trim_end_matches(".tmp").rsplit_once('-').unwrap();
        for ahead in 1..100 {
            let number: u32 = number.parse().unwrap();
            fs::write(dir.0.join(format!("{prefix}-{}.tmp", number + ahead)), "").unwrap();
        }
        target.publish(file).unwrap();
        assert!(dir.0.join("x.zip").exists());
        assert_eq!(dir.names().len(), 100);
    }
}
