//! Names and extensions: what a feature is called, and which files may provide it.
//!
//! The rules are those of `rb_feature_p`, `loaded_feature_path` and `search_required` in Ruby's `load.c`.

use super::load_path::LoadPath;

/// What kind of file a name asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeatureKind {
    /// `"a.rb"`: Ruby source only.
    Source,
    /// `"a.so"`, `"a.o"`, on some systems others: a native extension only.
    Native,
    /// `"a"`: whichever is found.
    Any,
}

/// The extension of native extensions on this system, with the dot: `.so`, `.bundle`.
pub fn native_extension() -> &'static [u8] {
    if cfg!(target_os = "macos") {
        b".bundle"
    } else {
        b".so"
    }
}

/// The name's extension with its dot, if the last component has one.
pub fn extension(name: &[u8]) -> Option<&[u8]> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    let extension = name.get(dot..)?;
    (!extension.contains(&b'/')).then_some(extension)
}

/// Whether Ruby takes the extension for that of a native extension (`IS_SOEXT`, `IS_DLEXT`).
pub fn is_native(extension: &[u8]) -> bool {
    matches!(extension, b".so" | b".o") || extension == native_extension()
}

/// What `require name` asks for; `None` with an extension that Ruby gives no meaning to (`"a.b"`).
pub fn wanted(name: &[u8]) -> Option<FeatureKind> {
    match extension(name) {
        None => Some(FeatureKind::Any),
        Some(b".rb") => Some(FeatureKind::Source),
        Some(other) if is_native(other) => Some(FeatureKind::Native),
        Some(_) => None,
    }
}

/// The last component without its last extension: what features are indexed by.
pub fn stem_of(name: &[u8]) -> &[u8] {
    let start = name.iter().rposition(|b| *b == b'/').map_or(0, |at| at + 1);
    let base = name.get(start..).unwrap_or_default();
    match base.iter().rposition(|b| *b == b'.') {
        Some(dot) => base.get(..dot).unwrap_or_default(),
        None => base,
    }
}

/// How an element of `$"` provides a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched {
    /// Source, native, or (`Any`) a feature that was provided without extension.
    pub kind: FeatureKind,
    /// Whether it will hold as long as `$:` and this element do not change.
    pub lasting: bool,
    /// Where in `$"` it was found.
    pub position: u32,
}

impl Matched {
    /// Whether `feature`, an element of `$"`, provides `name` when `wanted` is asked for.
    pub fn of(
        feature: &[u8],
        name: &[u8],
        wanted: FeatureKind,
        load_path: &LoadPath,
    ) -> Option<Matched> {
        let name = match wanted {
            FeatureKind::Any => name,
            // Ruby compares without the extension and then looks at its kind.
            _ => name.get(..name.len() - extension(name).map_or(0, <[u8]>::len))?,
        };
        let lasting;
        let rest = match feature.strip_prefix(name) {
            Some(rest) if ends_name(rest) => {
                lasting = true;
                rest
            }
            _ => {
                let end = feature.len() - extension(feature).map_or(0, <[u8]>::len);
                let (head, rest) = feature.split_at_checked(end)?;
                let directory = head.strip_suffix(name)?.strip_suffix(b"/")?;
                lasting = load_path.lists(directory)?;
                rest
            }
        };
        let kind = match rest {
            b"" => FeatureKind::Any,
            b".rb" => FeatureKind::Source,
            _ => FeatureKind::Native,
        };
        let fits = match wanted {
            FeatureKind::Any => true,
            exact => kind == exact,
        };
        fits.then_some(Matched {
            kind,
            lasting,
            position: 0,
        })
    }
}

/// Whether what follows the name in a feature is nothing or an extension that can be loaded.
fn ends_name(rest: &[u8]) -> bool {
    rest.is_empty() || rest == b".rb" || is_native(rest)
}
