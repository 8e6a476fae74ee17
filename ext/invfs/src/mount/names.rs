//! Checks the names that the `list` of a file system written in Ruby has answered.

use invfs_engine::path::Subpath;
use invfs_engine::vfs::Kind;
use invfs_fs::file_system::Names;
use magnus::{prelude::*, rb_sys::AsRawValue, Error, RArray, RString, Ruby, Value};

use super::{gvl_bridge::rooted, ruby_side};

/// The longest name that a file has.
const LONGEST: usize = 255;

/// The names in `answer`: Strings, which end in "/" for directories, or pairs of a name and `:directory`. If one of them
/// says what it is, those that do not are files. What no file can be called is left out, and reported under `-w`.
pub fn checked(ruby: &Ruby, sub: &Subpath, answer: RArray) -> Result<Names, Error> {
    let directory = ruby.to_symbol("directory").as_raw();
    let mut names = Names::with_capacity(answer.len());
    let mut any_says = false;
    let wrong = ruby.ary_new();
    for element in answer {
        let (name, said) = match RArray::from_value(element) {
            Some(pair) => (pair.entry::<Value>(0)?, pair.entry::<Value>(1)?),
            None => (element, ruby.qnil().as_value()),
        };
        let Some(bytes) = RString::from_value(name) else {
            wrong.push(name)?;
            continue;
        };
        // SAFETY: copied before Ruby runs again.
        let bytes = unsafe { bytes.as_slice() };
        let plain = bytes.strip_suffix(b"/");
        let kind = match plain.is_some() || said.as_raw() == directory {
            true => Some(Kind::Directory),
            false => said.to_bool().then_some(Kind::File),
        };
        let bytes = plain.unwrap_or(bytes);
        match usable(bytes) {
            true => {
                any_says |= kind.is_some();
                names.push((bytes.to_vec(), kind));
            }
            false => wrong.push(name)?,
        }
    }
    if !wrong.is_empty() {
        ruby_side::module(ruby)?.funcall::<_, _, Value>("no_names", (rooted(ruby, sub), wrong))?;
    }
    if any_says {
        for (_, kind) in &mut names {
            kind.get_or_insert(Kind::File);
        }
    }
    Ok(names)
}

fn usable(name: &[u8]) -> bool {
    let is_dots = matches!(name, b"." | b"..");
    let fits = (1..=LONGEST).contains(&name.len());
    fits && !is_dots && !name.iter().any(|byte| matches!(byte, b'/' | 0))
}
