//! Which names of entries are safe, and how they are cleaned.

use std::borrow::Cow;

/// The longest component of a name, as on most file systems.
const MAX_COMPONENT: usize = 255;
/// The longest name, as `PATH_MAX` has it. A [`super::slot::Slot`] has 13 bits for it.
pub(super) const MAX_NAME: usize = 4096;

/// What an entry's name says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Name {
    /// A file: the clean name was appended.
    File,
    /// A directory (the name ends in `/`): the clean name, without that slash, was appended.
    Directory,
    /// The root directory itself, such as `./`: nothing was appended.
    Root,
}

/// Why a name is not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// No reader should touch the archive: the name leads out of it, or names nothing.
    Archive(&'static str),
    /// Systems differ about the name, or have no such names, but it stays inside: only the entry is refused. The clean
    /// name was appended.
    Entry(&'static str),
}

impl Refusal {
    /// What is wrong.
    pub(super) fn reason(self) -> &'static str {
        match self {
            Refusal::Archive(reason) | Refusal::Entry(reason) => reason,
        }
    }
}

/// Appends the clean form of `raw` to `blob`: without `.` and empty components.
///
/// Fails with the reason if no file may have this name; `blob` is then as it was where the archive is refused.
pub(super) fn clean(raw: &[u8], blob: &mut Vec<u8>) -> Result<Name, Refusal> {
    let start = blob.len();
    let directory = raw.last() == Some(&b'/');
    if is_plain(raw) {
        let end = raw.len() - usize::from(directory);
        blob.extend_from_slice(raw.get(..end).unwrap_or_default());
    } else {
        check_whole(raw)?;
        append_parts(raw, blob);
        check_entry(raw, blob.get(start..).unwrap_or_default())?;
    }
    match (blob.len() > start, directory) {
        (true, true) => Ok(Name::Directory),
        (true, false) => Ok(Name::File),
        (false, true) => Ok(Name::Root),
        (false, false) => Err(Refusal::Archive("names the root directory as a file")),
    }
}

/// How a reader on Windows, where backslashes separate components, takes a clean name: clean, with slashes.
pub(super) fn windows_form(name: &[u8]) -> Cow<'_, [u8]> {
    if !name.contains(&b'\\') {
        return Cow::Borrowed(name);
    }
    let mut form = Vec::with_capacity(name.len());
    for part in name.split(|b| is_separator(*b)) {
        push_part(part, &mut form, 0);
    }
    Cow::Owned(form)
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'/' | b'\\')
}

/// Whether the name is safe and clean as it is, apart from a slash at its end. May say no too often: then the name
/// is looked at byte by byte. Most names are plain, and an archive may have very many.
fn is_plain(raw: &[u8]) -> bool {
    let start = match raw {
        [first, second, ..] => !matches!(first, b'.' | b'/') && *second != b':',
        [only] => !matches!(only, b'.' | b'/'),
        [] => false,
    };
    start && raw.len() <= MAX_COMPONENT && !has_suspicious_pair(raw)
}

/// Whether there is a NUL or a backslash, or a slash that a dot or another slash follows: every `.`, `..` and empty
/// component but the first starts like that.
fn has_suspicious_pair(raw: &[u8]) -> bool {
    // Each step looks at 16 bytes and their successors; the compiler makes a few vector instructions of it.
    const STEP: usize = 16;
    let mut found = [0; STEP];
    let mut look = |bytes: &[u8; STEP + 1]| {
        for ((found, byte), next) in found.iter_mut().zip(bytes).zip(&bytes[1..]) {
            // A dot is one less than a slash, which is odd.
            let pair = (*byte == b'/') & (*next | 1 == b'/');
            *found |= u8::from((*byte == 0) | (*byte == b'\\') | pair);
        }
    };
    let mut rest = raw;
    while let Some(bytes) = rest.first_chunk() {
        look(bytes);
        rest = rest.get(STEP..).unwrap_or_default();
    }
    // What is left is shorter, and its last byte has no successor.
    let mut padded = [b'x'; STEP + 1];
    if let Some(part) = padded.get_mut(..rest.len()) {
        part.copy_from_slice(rest);
    }
    look(&padded);
    u128::from_ne_bytes(found) != 0
}

/// Refuses the names that lead out of the archive on any system, and those that are no names.
fn check_whole(raw: &[u8]) -> Result<(), Refusal> {
    let local = match raw {
        [drive, b':', rest @ ..] if drive.is_ascii_alphabetic() => rest,
        _ => raw,
    };
    let refuse = |reason| Err(Refusal::Archive(reason));
    match local {
        _ if raw.is_empty() => refuse("the name is empty"),
        _ if raw.contains(&0) => refuse("the name holds a NUL byte"),
        [first, ..] if is_separator(*first) => refuse("the name is absolute"),
        _ if local.split(|b| is_separator(*b)).any(|part| part == b"..") => {
            refuse("the name has a \"..\" component")
        }
        _ => Ok(()),
    }
}

/// Refuses the names that only some systems have. `clean` is the clean form of `raw`.
fn check_entry(raw: &[u8], clean: &[u8]) -> Result<(), Refusal> {
    let refuse = |reason| Err(Refusal::Entry(reason));
    match clean {
        _ if clean.contains(&b'\\') => refuse("the name holds a backslash"),
        [drive, b':', ..] if drive.is_ascii_alphabetic() => refuse("the name has a drive letter"),
        _ if raw.len() > MAX_NAME => refuse("the name is longer than 4096 bytes"),
        _ if clean.split(|b| *b == b'/').any(|p| p.len() > MAX_COMPONENT) => {
            refuse("a component of the name is longer than 255 bytes")
        }
        _ => Ok(()),
    }
}

fn append_parts(raw: &[u8], blob: &mut Vec<u8>) {
    let start = blob.len();
    for part in raw.split(|b| *b == b'/') {
        push_part(part, blob, start);
    }
}

/// Appends a component, if it names something, to a name that starts at `start`.
fn push_part(part: &[u8], blob: &mut Vec<u8>, start: usize) {
    if matches!(part, b"" | b".") {
        return;
    }
    if blob.len() > start {
        blob.push(b'/');
    }
    blob.extend_from_slice(part);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cleaned() {
        for (raw, clean_name, kind) in [
            ("a", "a", Name::File),
            ("lib/a.rb", "lib/a.rb", Name::File),
            ("./lib//a.rb", "lib/a.rb", Name::File),
            ("lib/./a.rb", "lib/a.rb", Name::File),
            ("lib/", "lib", Name::Directory),
            ("./lib//", "lib", Name::Directory),
            ("lib/.", "lib", Name::File),
            (".hidden/.x", ".hidden/.x", Name::File),
            ("...", "...", Name::File),
            ("a..b/..c", "a..b/..c", Name::File),
            ("ab:c", "ab:c", Name::File),
            ("./", "", Name::Root),
            ("./././/", "", Name::Root),
        ] {
            let mut blob = b"before".to_vec();
            assert_eq!(clean(raw.as_bytes(), &mut blob), Ok(kind), "{raw:?}");
            assert_eq!(blob, [b"before", clean_name.as_bytes()].concat(), "{raw:?}");
        }
    }

    #[test]
    fn names_that_lead_out_or_name_nothing_refuse_the_archive() {
        for (raw, word) in [
            ("", "empty"),
            (".", "root"),
            ("./.", "root"),
            ("..", "\"..\""),
            ("../a", "\"..\""),
            ("a/../b", "\"..\""),
            ("a/..", "\"..\""),
            ("a/../", "\"..\""),
            ("..\\a", "\"..\""),
            ("a\\..\\b", "\"..\""),
            ("a/..\\b", "\"..\""),
            ("C:..\\a", "\"..\""),
            ("C:..", "\"..\""),
            ("/a", "absolute"),
            ("//a", "absolute"),
            ("/", "absolute"),
            ("\\a", "absolute"),
            ("\\\\server\\a", "absolute"),
            ("C:/a", "absolute"),
            ("c:\\a", "absolute"),
            ("a\0b", "NUL"),
        ] {
            let mut blob = b"before".to_vec();
            match clean(raw.as_bytes(), &mut blob) {
                Err(Refusal::Archive(reason)) => {
                    assert!(reason.contains(word), "{raw:?}: {reason}")
                }
                other => panic!("{raw:?}: {other:?}"),
            }
            assert_eq!(blob, b"before", "{raw:?}");
        }
    }

    #[test]
    fn names_that_only_some_systems_have_refuse_the_entry() {
        let long_component = format!("lib/{}", "x".repeat(256));
        let long_name = "x/".repeat(2048) + "x";
        for (raw, clean_name, word) in [
            ("a\\b", "a\\b", "backslash"),
            ("./a//b\\", "a/b\\", "backslash"),
            ("a\\b/", "a\\b", "backslash"),
            ("c:a", "c:a", "drive"),
            ("c:", "c:", "drive"),
            ("./c:/a", "c:/a", "drive"),
            (&*long_component, &*long_component, "255"),
            (&*long_name, &*long_name, "4096"),
        ] {
            let mut blob = b"before".to_vec();
            match clean(raw.as_bytes(), &mut blob) {
                Err(Refusal::Entry(reason)) => assert!(reason.contains(word), "{raw:?}: {reason}"),
                other => panic!("{raw:?}: {other:?}"),
            }
            assert_eq!(blob, [b"before", clean_name.as_bytes()].concat(), "{raw:?}");
        }
    }

    #[test]
    fn windows_has_other_separators() {
        for (name, form) in [
            ("a\\b", "a/b"),
            ("a\\.\\b/c", "a/b/c"),
            ("a\\", "a"),
            (".\\", ""),
            ("a:b", "a:b"),
        ] {
            assert_eq!(&*windows_form(name.as_bytes()), form.as_bytes());
        }
    }

    /// The fast look at a name must never let through what the slow one refuses or changes.
    #[test]
    fn plain_names_are_clean() {
        let alphabet = [b'a', b'.', b'/', b'\\', 0, b':', 0xff];
        for len in 1..=5 {
            for mut number in 0..alphabet.len().pow(len) {
                let mut part = Vec::new();
                for _ in 0..len {
                    part.push(alphabet[number % alphabet.len()]);
                    number /= alphabet.len();
                }
                for (before, after) in [(0, 0), (3, 0), (7, 1), (0, 4), (6, 9), (17, 0)] {
                    let raw = [vec![b'x'; before], part.clone(), vec![b'y'; after]].concat();
                    let body = raw.strip_suffix(b"/").unwrap_or(&raw);
                    let mut blob = Vec::new();
                    append_parts(&raw, &mut blob);
                    let slow = check_whole(&raw).and_then(|()| check_entry(&raw, &blob));
                    if is_plain(&raw) {
                        assert!(slow.is_ok() && blob == body, "{raw:x?}");
                    }
                    if slow.is_ok() && blob == body && raw.iter().all(u8::is_ascii_lowercase) {
                        assert!(is_plain(&raw), "{raw:x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_longest_names_are_accepted() {
        let component = "x".repeat(255);
        let name = [component.as_str(); 16].join("/") + "/";
        assert_eq!(name.len(), 4096);
        for raw in [component.as_str(), &name] {
            assert!(clean(raw.as_bytes(), &mut Vec::new()).is_ok());
        }
    }
}
