//! Which argument of a Ruby is its script.

use std::ffi::CStr;

/// Options that take the next argument, if nothing is joined to them by `=`.
const LONG: [&[u8]; 6] = [
    b"--encoding",
    b"--external-encoding",
    b"--internal-encoding",
    b"--enable",
    b"--disable",
    b"--backtrace-limit",
];

/// Whether a program is called as Ruby is: `ruby`, `ruby3.1`, `ruby-3.4`.
pub fn is_ruby(path: &[u8]) -> bool {
    let in_version = |byte: &u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let rest = name(path).strip_prefix(b"ruby");
    rest.is_some_and(|rest| rest.iter().all(in_version))
}

/// Whether a program starts the one in its arguments: `env`.
pub fn is_env(path: &[u8]) -> bool {
    name(path) == b"env"
}

fn name(path: &[u8]) -> &[u8] {
    path.rsplit(|b| *b == b'/').next().unwrap_or_default()
}

/// The place of the script among the arguments of `env`, if that starts Ruby: `env NAME=value ruby script`.
pub fn script_after_env<'a>(arguments: impl Iterator<Item = &'a CStr>) -> Option<usize> {
    let mut arguments = arguments.enumerate().skip(1);
    let (at, program) = arguments.find(|(_, argument)| !argument.to_bytes().contains(&b'='))?;
    if !is_ruby(program.to_bytes()) {
        return None;
    }
    let rest = arguments.map(|(_, argument)| argument);
    script(std::iter::once(program).chain(rest)).map(|script| at + script)
}

/// The place of the script among the arguments of Ruby, of which the first is its own name. `None` where there is no script,
/// or where an option makes more of it than a file that is run: `-e`, `-n`, `-p`, `-c`, `-x`, `-S`, `-y`, `-C`.
pub fn script<'a>(arguments: impl Iterator<Item = &'a CStr>) -> Option<usize> {
    let mut arguments = arguments.map(CStr::to_bytes).enumerate().skip(1).peekable();
    loop {
        let (at, argument) = arguments.next()?;
        match argument {
            b"-" => return None,
            b"--" => return arguments.peek().map(|(at, _)| *at),
            [b'-', b'-', ..] if LONG.contains(&argument) => drop(arguments.next()),
            [b'-', b'-', ..] => {}
            [b'-', letters @ ..] => match after(letters)? {
                Next::Same => {}
                Next::Taken => drop(arguments.next()),
            },
            _ => return Some(at),
        }
    }
}

/// What becomes of the argument after some letters.
enum Next {
    Same,
    /// It belongs to the last of them.
    Taken,
}

fn after(letters: &[u8]) -> Option<Next> {
    let mut rest = letters;
    while let [letter, more @ ..] = rest {
        rest = match letter {
            b'r' | b'I' | b'E' if more.is_empty() => return Some(Next::Taken),
            b'r' | b'I' | b'E' | b'F' | b'i' => return Some(Next::Same),
            // A category, or a level.
            b'W' if more.first() == Some(&b':') => return Some(Next::Same),
            b'W' | b'0' | b'K' | b'T' => match more {
                [next, more @ ..]
                    if next.is_ascii_alphanumeric()
                        && (*letter == b'K' || next.is_ascii_digit()) =>
                {
                    more
                }
                more => more,
            },
            b'e' | b'n' | b'p' | b'c' | b'x' | b'S' | b'y' | b'C' | b'X' | b'h' => return None,
            _ => more,
        };
    }
    Some(Next::Same)
}

#[cfg(test)]
mod tests {
    use super::{is_env, is_ruby, script, script_after_env};
    use std::ffi::{CStr, CString};

    fn strings(line: &str) -> Vec<CString> {
        let words = line.split(' ').map(|word| CString::new(word).unwrap());
        words.collect()
    }

    fn refs(strings: &[CString]) -> impl Iterator<Item = &CStr> {
        strings.iter().map(CString::as_c_str)
    }

    #[test]
    fn scripts() {
        let found = |line: &str| script(refs(&strings(line)));
        for line in ["ruby a.rb x", "ruby a.rb -e x"] {
            assert_eq!(found(line), Some(1), "{line}");
        }
        for line in [
            "ruby -w a.rb",
            "ruby -W0 a.rb",
            "ruby -W:no-deprecated a.rb",
            "ruby -Ilib a.rb",
            "ruby -rset a.rb",
            "ruby -- a.rb",
            "ruby --disable=gems a.rb",
            "ruby --yjit a.rb",
            "ruby -Ku a.rb",
            "ruby -F: a.rb",
            "ruby -07l a.rb",
        ] {
            assert_eq!(found(line), Some(2), "{line}");
        }
        for line in [
            "ruby -I lib a.rb",
            "ruby -wr set a.rb",
            "ruby --disable gems a.rb",
            "ruby -E UTF-8 a.rb",
        ] {
            assert_eq!(found(line), Some(3), "{line}");
        }
        for line in [
            "ruby",
            "ruby -",
            "ruby -e code a.rb",
            "ruby -ne code",
            "ruby -wc a.rb",
            "ruby -x a.rb",
            "ruby -S a.rb",
            "ruby -C dir a.rb",
            "ruby -I",
        ] {
            assert_eq!(found(line), None, "{line}");
        }
    }

    #[test]
    fn programs() {
        for path in ["ruby", "/usr/bin/ruby", "/usr/bin/ruby3.1", "/opt/ruby-3.4"] {
            assert!(is_ruby(path.as_bytes()), "{path}");
        }
        for path in ["/usr/bin/rubocop", "ruby-lsp", "/ruby/sh", ""] {
            assert!(!is_ruby(path.as_bytes()), "{path}");
        }
        assert!(is_env(b"/usr/bin/env"));
        let found = |line: &str| script_after_env(refs(&strings(line)));
        assert_eq!(found("env ruby -w a.rb"), Some(3));
        assert_eq!(found("env A=1 ruby a.rb"), Some(3));
        assert_eq!(found("env sh a.rb"), None);
        assert_eq!(found("env -i ruby a.rb"), None);
    }
}
