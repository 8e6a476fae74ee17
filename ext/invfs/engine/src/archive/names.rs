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
    check_bytes(raw)?;
    let directory = raw.last() == Some(&b'/');
    let start = blob.len();
    if is_plain(raw) {
        let end = raw.len() - usize::from(directory);
        blob.extend_from_slice(raw.get(..end).unwrap_or_default());
    } else if let Err(reason) = clean_parts(raw, blob) {
        blob.truncate(start);
        return Err(reason);
    }
    match (blob.len() > start, directory) {
        (true, true) => Ok(Name::Directory),
        (true, false) => Ok(Name::File),
        (false, true) => Ok(Name::Root),
        (false, false) => Err("names the root directory as a file"),
    }
}

/// What is forbidden wherever it stands.
fn check_bytes(raw: &[u8]) -> Result<(), &'static str> {
    // One pass without a branch per byte: the compiler makes vector instructions of it.
    let forbidden = raw
        .iter()
        .fold(false, |found, b| found | (*b == 0) | (*b == b'\\'));
    if forbidden {
        return Err(match raw.contains(&0) {
            true => "the name holds a NUL byte",
            false => "the name holds a backslash",
        });
    }
    match raw {
        [] => Err("the name is empty"),
        [b'/', ..] => Err("the name is absolute"),
        [drive, b':', ..] if drive.is_ascii_alphabetic() => Err("the name has a drive letter"),
        _ if raw.len() > MAX_NAME => Err("the name is longer than 4096 bytes"),
        _ => Ok(()),
    }
}

/// Whether the name is clean as it is, apart from a slash at its end. May say no too often.
fn is_plain(raw: &[u8]) -> bool {
    let tail = raw.get(1..).unwrap_or_default();
    // Every `.` and empty component but the first begins with one of these pairs.
    let suspicious = raw.iter().zip(tail).fold(false, |found, (a, b)| {
        found | ((*a == b'/') & ((*b == b'.') | (*b == b'/')))
    });
    !suspicious && raw.first() != Some(&b'.') && raw.len() <= MAX_COMPONENT
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
