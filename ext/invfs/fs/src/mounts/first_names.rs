//! Answers "surely nothing of a mount" for most paths, without looking at the mount table.

use std::sync::atomic::{AtomicU64, Ordering};

/// For the first name of each root (`app` of `/app/lib`) one bit; all of them for the root `/`.
static NAMES: AtomicU64 = AtomicU64::new(0);

/// Whether the absolute `path`, without `..` in it, may lie in a mount, or have one below it.
#[inline]
pub fn may_concern(path: &[u8]) -> bool {
    NAMES.load(Ordering::Acquire) & bits(path) != 0
}

/// These roots and no others are in the table that `replace` puts in place. Whoever asks meanwhile hears of both the old
/// ones and the new ones.
pub(super) fn while_replaced<'r>(roots: impl Iterator<Item = &'r [u8]>, replace: impl FnOnce()) {
    let names = roots.fold(0, |names, root| names | bits(root));
    NAMES.fetch_or(names, Ordering::AcqRel);
    replace();
    NAMES.store(names, Ordering::Release);
}

/// One bit for the first name of a path; all where there is none.
#[inline]
fn bits(path: &[u8]) -> u64 {
    let rest = path.get(1..).unwrap_or_default();
    let name = rest.iter().take_while(|b| **b != b'/');
    let (hash, len) = name.fold((0u64, 0), |(hash, len), b| {
        (hash.wrapping_mul(31).wrapping_add(u64::from(*b)), len + 1)
    });
    match len {
        0 => u64::MAX,
        _ => 1 << (hash % 64),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_the_first_name_of_a_root_may_concern_it() {
        let bit = |path: &str| bits(path.as_bytes());
        for path in ["/app/lib", "/app", "/app/", "/app/lib/x/y", "/app/other"] {
            assert_eq!(bit(path), bit("/app/lib/deep"), "{path}");
        }
        assert_ne!(bit("/usr/lib"), bit("/app/lib"));
        for path in ["/", "//app"] {
            assert_eq!(bit(path), u64::MAX, "{path}");
        }
    }
}
