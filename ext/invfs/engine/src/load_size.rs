//! The setting for the largest file that may be loaded: `RUBY_REQUIRE_INVFS_MAX_LOADSIZE`.

/// What holds when nothing is set: 2 MiB.
pub const DEFAULT: u64 = 2 << 20;
/// The least that can be set: 256 KiB.
pub const MINIMUM: u64 = 256 << 10;
/// The most that can be set: 64 MiB.
pub const MAXIMUM: u64 = 64 << 20;

/// The limit in bytes that a user's setting means, between [`MINIMUM`] and [`MAXIMUM`]; `None` (not set) is
/// [`DEFAULT`].
///
/// A number, with a fraction if need be, and one of `k`, `m`, `g`, each of them alone or with `i`, `b` or `ib`, in
/// any case; anything after that is ignored. What starts with no such number counts as the integer that Ruby's
/// `String#to_i` sees, which is mostly 0 and so the minimum.
///
/// ```
/// use invfs_engine::load_size::{parse, DEFAULT, MAXIMUM, MINIMUM};
/// assert_eq!(parse(None), DEFAULT);
/// assert_eq!(parse(Some("1.5M")), 3 << 19);
/// assert_eq!(parse(Some(" 300 kb ")), MINIMUM); // 300: the blank ends the number
/// assert_eq!(parse(Some("1g")), MAXIMUM);
/// ```
pub fn parse(setting: Option<&str>) -> u64 {
    let Some(setting) = setting else {
        return DEFAULT;
    };
    // What Ruby's String#strip takes off.
    let setting = setting.trim_matches(['\0', '\t', '\n', '\x0b', '\x0c', '\r', ' ']);
    // Where there are several lines, the first that starts with a number counts: 0.3 looked for `^\d`.
    let number = setting.split('\n').find_map(split_number);
    let bytes = match number {
        Some((number, rest)) => number.parse::<f64>().unwrap_or(0.0) * unit(rest),
        None => to_i(setting),
    };
    // Rounded half away from zero, as in Ruby. The cast saturates.
    (bytes.round() as u64).clamp(MINIMUM, MAXIMUM)
}

/// What the letter after the number multiplies it with.
fn unit(rest: &str) -> f64 {
    match rest.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'k') => 1024.0,
        Some(b'm') => 1_048_576.0,
        Some(b'g') => 1_073_741_824.0,
        _ => 1.0,
    }
}

/// Splits a leading `\d+(\.\d+)?` off.
fn split_number(text: &str) -> Option<(&str, &str)> {
    let digits = digits(text);
    let fraction = text
        .get(digits..)
        .and_then(|rest| rest.strip_prefix('.'))
        .map_or(0, self::digits);
    let len = match fraction {
        0 => digits,
        _ => digits + 1 + fraction,
    };
    (digits > 0).then(|| text.split_at(len))
}

/// How many digits `text` starts with.
fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Ruby's `String#to_i` for what does not start with a digit: only a plus sign leads to more than 0, and the digits
/// may be grouped by single underscores.
fn to_i(text: &str) -> f64 {
    let Some(text) = text.strip_prefix('+') else {
        return 0.0;
    };
    let mut number = 0.0;
    let mut last = b'_';
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' => number = number * 10.0 + f64::from(byte - b'0'),
            b'_' if last != b'_' => {}
            _ => break,
        }
        last = byte;
    }
    number
}
