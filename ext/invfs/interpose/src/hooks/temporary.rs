//! `mkstemp`, `mkdtemp` and their relatives: new files and directories under names that nobody has.

use std::ffi::{c_char, c_int, CString};

use crate::hooks::arguments::Template;
use crate::hooks::macros::hooks;
use crate::hooks::{change, open};
use crate::paths::dispatch::dispatch_path;
use crate::paths::text::Text;
use invfs_fs::mounts;
use invfs_fs::sys::errno::{Answer, Errno};

/// Does as the C library: so many names are tried.
const TRIES: usize = 1000;
const PLACE: &[u8] = b"XXXXXX";
const LETTERS: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

hooks! {
    [c"mkstemp", c"mkstemp64"] fn mkstemp(template: Template) -> c_int => mkostemps(template, 0, 0);

    [c"mkstemps", c"mkstemps64"] fn mkstemps(template: Template, suffix: c_int) -> c_int
        => mkostemps(template, suffix, 0);

    [c"mkostemp", c"mkostemp64"] fn mkostemp(template: Template, flags: c_int) -> c_int
        => mkostemps(template, 0, flags);

    [c"mkostemps", c"mkostemps64"] fn mkostemps(template: Template, suffix: c_int, flags: c_int) -> c_int
        = libc::mkostemps {
        let Some((name, start)) = place_of_letters(template, suffix) else {
            return Ok(original(template, suffix, flags));
        };
        let how = flags & !libc::O_ACCMODE | libc::O_RDWR | libc::O_CREAT | libc::O_EXCL;
        dispatch_path(
            Text::from(&*name),
            |_| original(template, suffix, flags),
            |_| fill(template, start, |path| open::open(path, how, 0o600)),
        )
    }

    [c"mkdtemp"] fn mkdtemp(template: Template) -> *mut c_char = libc::mkdtemp {
        let Some((name, start)) = place_of_letters(template, 0) else {
            return Ok(original(template));
        };
        dispatch_path(
            Text::from(&*name),
            |_| original(template),
            |_| fill(template, start, |path| change::mkdir(path, 0o700)).map(|_| template.as_ptr()),
        )
    }
}

/// The template, and where its six letters stand; `None` where it is none or nothing is mounted: the C library says so.
fn place_of_letters(template: Template<'_>, suffix: c_int) -> Option<(CString, usize)> {
    if mounts::current().is_none() {
        return None;
    }
    let name = template.copy()?;
    let end = name
        .as_bytes()
        .len()
        .checked_sub(usize::try_from(suffix).ok()?)?;
    let start = end.checked_sub(PLACE.len())?;
    (name.as_bytes().get(start..end)? == PLACE).then_some((name, start))
}

/// Fills in letters until `make` does not find the name taken.
fn fill(template: Template<'_>, start: usize, make: impl Fn(Text<'_>) -> c_int) -> Answer<c_int> {
    for _ in 0..TRIES {
        let letters =
            [(); PLACE.len()].map(|()| *LETTERS.get(random() % LETTERS.len()).unwrap_or(&b'x'));
        template.write(start, &letters);
        let name = template.copy().ok_or(Errno(libc::EINVAL))?;
        match make(Text::from(&*name)) {
            -1 => match Errno::last() {
                Errno(libc::EEXIST) => {}
                errno => return Err(errno),
            },
            made => return Ok(made),
        }
    }
    Err(Errno(libc::EEXIST))
}

/// A number that others cannot guess; where the system has none, one that at least differs: the name is taken only if
/// it is free.
fn random() -> usize {
    let mut number = [0; size_of::<usize>()];
    // SAFETY: room for the bytes.
    if unsafe {
        libc::getrandom(
            number.as_mut_ptr().cast(),
            number.len(),
            libc::GRND_NONBLOCK,
        )
    } < 0
    {
        use std::hash::{BuildHasher, Hasher, RandomState};
        return RandomState::new().build_hasher().finish() as usize;
    }
    usize::from_ne_bytes(number)
}
