//! Which names of entries are safe, and how they are cleaned.

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

/// Appends the clean form of `raw` to `blob`: without `.` and empty components.
///
/// Fails with the reason if no file may have this name; `blob` is then as it was.
pub(super) fn clean(raw: &[u8], blob: &mut Vec<u8>) -> Result<Name, &'static str> {
    let start = blob.len();
    let directory = raw.last() == Some(&b'/');
    if is_plain(raw) {
        let end = raw.len() - usize::from(directory);
        blob.extend_from_slice(raw.get(..end).unwrap_or_default());
    } else {
        check_bytes(raw)?;
        clean_parts(raw, blob).inspect_err(|_| blob.truncate(start))?;
    }
    match (blob.len() > start, directory) {
        (true, true) => Ok(Name::Directory),
        (true, false) => Ok(Name::File),
        (false, true) => Ok(Name::Root),
        (false, false) => Err("names the root directory as a file"),
    }
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

/// What is forbidden wherever it stands.
fn check_bytes(raw: &[u8]) -> Result<(), &'static str> {
    match raw {
        [] => Err("the name is empty"),
        _ if raw.contains(&0) => Err("the name holds a NUL byte"),
        _ if raw.contains(&b'\\') => Err("the name holds a backslash"),
        [b'/', ..] => Err("the name is absolute"),
        [drive, b':', ..] if drive.is_ascii_alphabetic() => Err("the name has a drive letter"),
        _ if raw.len() > MAX_NAME => Err("the name is longer than 4096 bytes"),
        _ => Ok(()),
    }
}

fn clean_parts(raw: &[u8], blob: &mut Vec<u8>) -> Result<(), &'static str> {
    let start = blob.len();
    for part in raw.split(|b| *b == b'/') {
        match part {
            b"" | b"." => continue,
            b".." => return Err("the name has a \"..\" component"),
            _ if part.len() > MAX_COMPONENT => {
                return Err("a component of the name is longer than 255 bytes")
            }
            _ => {}
        }
        if blob.len() > start {
            blob.push(b'/');
        }
        blob.extend_from_slice(part);
    }
    Ok(())
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
    fn names_are_refused() {
        let long_component = format!("lib/{}", "x".repeat(256));
        let long_name = "x/".repeat(2048) + "x";
        for (raw, word) in [
            ("", "empty"),
            (".", "root"),
            ("./.", "root"),
            ("..", "\"..\""),
            ("../a", "\"..\""),
            ("a/../b", "\"..\""),
            ("a/..", "\"..\""),
            ("a/../", "\"..\""),
            ("/a", "absolute"),
            ("//a", "absolute"),
            ("/", "absolute"),
            ("C:/a", "drive"),
            ("c:a", "drive"),
            ("a\0b", "NUL"),
            ("a\\b", "backslash"),
            ("\\\\server\\a", "backslash"),
            ("..\\a", "backslash"),
            (long_component.as_str(), "255"),
            (long_name.as_str(), "4096"),
        ] {
            let mut blob = b"before".to_vec();
            let reason = clean(raw.as_bytes(), &mut blob).unwrap_err();
            assert!(reason.contains(word), "{raw:?}: {reason}");
            assert_eq!(blob, b"before", "{raw:?}");
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
                    let slow = check_bytes(&raw).and_then(|()| clean_parts(&raw, &mut blob));
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
