//! The numbers of files and directories in an archive.

/// Marks the numbers of directories in the table; the others are files.
const DIRECTORY: u32 = 1 << 31;

/// What a name is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbered {
    /// The file with this number.
    File(u32),
    /// The directory with this number.
    Directory(u32),
}

impl Numbered {
    /// In one number.
    pub(super) fn pack(self) -> u32 {
        match self {
            Numbered::File(n) => n,
            Numbered::Directory(n) => n | DIRECTORY,
        }
    }

    /// What was packed.
    pub(super) fn unpack(packed: u32) -> Numbered {
        match packed & DIRECTORY {
            0 => Numbered::File(packed),
            _ => Numbered::Directory(packed & !DIRECTORY),
        }
    }
}
