//! Following symbolic links: the one walk for archives, overlays, `realpath` and real directories.
//!
//! [`Walk`] knows what is still ahead and how many links there were. What a name is, and where `..` and an absolute target
//! lead, its user says.

use crate::path::{components, Subpath, SubpathBuf, MAX_LINKS};

/// Why links lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// There are more links than the system follows ([`MAX_LINKS`]): they lead round in circles.
    Loop,
    /// A name on the way is none that a file can have.
    NoName,
}

/// A path that is walked component by component.
///
/// ```
/// use invfs_engine::symlinks::{Step, Walk};
/// let mut walk = Walk::new(b"current/lib");
/// assert_eq!(walk.next(), Some(Step::Name(b"current".to_vec())));
/// walk.follow(b"releases/../v2")?;
/// let rest: Vec<Step> = walk.collect();
/// assert_eq!(rest[..2], [Step::Name(b"releases".to_vec()), Step::Up]);
/// assert_eq!(rest[2..], [Step::Name(b"v2".to_vec()), Step::Name(b"lib".to_vec())]);
/// # Ok::<(), invfs_engine::symlinks::Failure>(())
/// ```
pub struct Walk {
    /// What is still to be walked, the next component last.
    ahead: Vec<Vec<u8>>,
    links: usize,
}

/// One component of a path.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// `..`.
    Up,
    /// The slash at the end of a path: what stands before it must be a directory.
    Here,
    /// Any other name.
    Name(Vec<u8>),
}

impl Walk {
    /// Begins at the first component of `path`.
    pub fn new(path: &[u8]) -> Walk {
        let mut walk = Walk {
            ahead: Vec::new(),
            links: 0,
        };
        walk.push(path);
        walk
    }

    /// The name of the last step is that of a link to `target`: walks that before the rest.
    pub fn follow(&mut self, target: &[u8]) -> Result<(), Failure> {
        self.links += 1;
        if self.links > MAX_LINKS {
            return Err(Failure::Loop);
        }
        self.push(target);
        Ok(())
    }

    /// Whether a link was followed.
    pub fn has_followed(&self) -> bool {
        self.links > 0
    }

    /// Whether there is nothing ahead.
    pub fn is_at_end(&self) -> bool {
        self.ahead.is_empty()
    }

    /// How many components are ahead.
    pub fn ahead(&self) -> usize {
        self.ahead.len()
    }

    /// What is ahead, as a path.
    pub fn rest(&self) -> Vec<u8> {
        let ahead: Vec<&[u8]> = self.ahead.iter().rev().map(Vec::as_slice).collect();
        ahead.join(&b'/')
    }

    fn push(&mut self, path: &[u8]) {
        if path.ends_with(b"/") {
            self.ahead.push(Vec::new());
        }
        self.ahead
            .extend(components(path).map(<[u8]>::to_vec).rev());
    }
}

impl Iterator for Walk {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        let component = self.ahead.pop()?;
        Some(match &component[..] {
            b".." => Step::Up,
            b"" => Step::Here,
            _ => Step::Name(component),
        })
    }
}

/// The name of what `sub` leads to; `target` reads a link. Where a link cannot be followed, the name stays as it is
/// from there on, and looking it up will tell.
pub fn follow(
    sub: &Subpath,
    target: impl Fn(&Subpath) -> Option<Vec<u8>>,
) -> Result<SubpathBuf, Failure> {
    let mut at = SubpathBuf::default();
    let mut walk = Walk::new(sub.as_bytes());
    while let Some(step) = walk.next() {
        let name = match step {
            Step::Up => {
                at = at.parent().to_owned();
                continue;
            }
            Step::Here => continue,
            Step::Name(name) => name,
        };
        let next = at.join(Subpath::new(&name).ok_or(Failure::NoName)?);
        match target(&next) {
            Some(target) if !target.starts_with(b"/") => walk.follow(&target)?,
            _ => at = next,
        }
    }
    Ok(at)
}
