//! What the packer says about the archive: the entry `.invfs/standalone`, a line for each fact, `key value`.

use std::ffi::CString;

use invfs_engine::archive::Archive;
use invfs_engine::path::{Subpath, SubpathBuf};
use invfs_engine::vfs::Vfs;

const ENTRY: &[u8] = b".invfs/standalone";

/// More than any description has.
const LONGEST: u64 = 1 << 20;

/// What the packer says.
#[derive(Default)]
pub struct Description {
    /// The library that is Ruby, or the program.
    pub ruby: SubpathBuf,
    /// Whether it is a program, without a shared library.
    pub is_program: bool,
    /// The libraries that the program needs.
    pub preloaded: Vec<SubpathBuf>,
    /// The main script.
    pub main: SubpathBuf,
    /// What is read before the main script.
    pub first: Vec<SubpathBuf>,
    /// Directories of the archive that appear at paths of the system's, too: the path, and the directory.
    pub mounts: Vec<(Vec<u8>, SubpathBuf)>,
    /// Ruby's arguments before those of the user.
    pub arguments: Vec<CString>,
    /// Which Ruby the compiled code is for; `None` where there is none.
    pub key: Option<String>,
    /// The version of the GNU C library that the packed libraries need.
    pub glibc: Option<String>,
    /// The directory that the program writes into.
    pub writable: Option<SubpathBuf>,
    /// The name of the program, for the directory that takes what it writes.
    pub name: String,
}

impl Description {
    /// Reads the entry. The error says what is wrong.
    pub fn of(archive: &Archive) -> Result<Description, String> {
        let mut text = Vec::new();
        let entry = Subpath::new(ENTRY).ok_or("no name")?;
        archive
            .read(entry, LONGEST, &mut text)
            .map_err(|error| error.to_string())?;
        let mut description = Description::default();
        for line in text.split(|byte| *byte == b'\n') {
            let at = line.iter().position(|byte| *byte == b' ');
            let (key, value) = line.split_at(at.unwrap_or(line.len()));
            description.take(key, value.get(1..).unwrap_or_default());
        }
        match description.ruby.is_root() || description.main.is_root() {
            true => Err("the archive does not say what to run".to_owned()),
            false => Ok(description),
        }
    }

    /// Unknown keys are those of a newer packer, which knows that this launcher does not know them.
    fn take(&mut self, key: &[u8], value: &[u8]) {
        let path = || SubpathBuf::clean(value).unwrap_or_default();
        let text = || String::from_utf8_lossy(value).into_owned();
        match key {
            b"libruby" => self.ruby = path(),
            b"program" => (self.ruby, self.is_program) = (path(), true),
            b"preload" => self.preloaded.push(path()),
            b"main" => self.main = path(),
            b"first" => self.first.push(path()),
            b"mount" => self.mounts.extend(mount(value)),
            b"argument" => self.arguments.extend(CString::new(value)),
            b"key" => self.key = Some(text()),
            b"glibc" => self.glibc = Some(text()),
            b"writable" => self.writable = Some(path()),
            b"name" => self.name = text(),
            _ => {}
        }
    }
}

/// `SUB PATH`: the path may have spaces.
fn mount(value: &[u8]) -> Option<(Vec<u8>, SubpathBuf)> {
    let at = value.iter().position(|byte| *byte == b' ')?;
    let (sub, path) = value.split_at(at);
    Some((path.get(1..)?.to_vec(), SubpathBuf::clean(sub)?))
}
