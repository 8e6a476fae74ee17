//! Children that are Ruby, and mount what this process has passed on to them through the environment.
//!
//! Ruby opens its script before it loads what mounts. So where the script lies in a mount, the child gets a few lines in its
//! place, in memory, which have the script run once the mounts are there.

use std::ffi::CStr;
use std::os::fd::{IntoRawFd, OwnedFd, RawFd};

use rustix::io::FdFlags;

use crate::hooks::arguments::Strings;
use crate::hooks::descriptor::close_own;
use crate::hooks::{open, ruby_arguments};
use crate::paths::cwd;
use crate::paths::route::{self, PathTarget, Route, Wants};
use crate::paths::stand_in;
use crate::paths::text::Text;
use invfs_engine::vfs::Kind;
use invfs_fs::sys::errno::{Answer, Errno};
use invfs_fs::sys::memfd::{self, ProcPath};

/// The variable of the environment that holds the mounts.
const MOUNTS: &[u8] = b"INVFS_MOUNTS=";

/// The one that holds the working directory, where that is a virtual one.
pub const DIRECTORY: &[u8] = b"INVFS_CWD";

/// How long a path may be that is handed on.
const PATH_MAX: usize = 4096;

/// How much of a script is looked at for its first line.
const LINE: usize = 512;

/// Runs `run`, which starts the program at `path`, with the arguments and the environment that the child needs.
pub fn adapted<R>(
    path: Text<'_>,
    arguments: Strings<'_>,
    environment: Strings<'_>,
    run: impl Fn(Strings<'_>, Strings<'_>) -> R,
) -> R {
    if !is_passed_on(environment) {
        return match is_again(path) {
            true => in_directory(environment, |environment| run(arguments, environment)),
            false => run(arguments, environment),
        };
    }
    let stub = argument(path, arguments)
        .and_then(|(at, target)| Some((at, stub(&target, true).ok().flatten()?)));
    let with_directory = |arguments: Strings<'_>| {
        in_directory(environment, |environment| run(arguments, environment))
    };
    let Some((at, fd)) = stub else {
        return with_directory(arguments);
    };
    let path = ProcPath::new(fd);
    let result = arguments
        .replaced(at..at + 1, &[path.as_c_str()], with_directory)
        .unwrap_or_else(|| with_directory(arguments));
    let errno = Errno::last();
    close_own(fd);
    errno.set();
    result
}

/// Whether a packed program, which makes its mounts whenever it starts, executes itself from a directory that only it has.
fn is_again(path: Text<'_>) -> bool {
    cwd::is_virtual() && path.to_bytes().is_some_and(stand_in::is_program)
}

/// Whether the child gets to know of the mounts.
pub fn is_passed_on(environment: Strings<'_>) -> bool {
    let is_it = |variable: &CStr| variable.to_bytes().starts_with(MOUNTS);
    environment.iter().any(is_it)
}

/// Runs `run` with an environment that tells the virtual working directory, if there is one.
pub fn in_directory<R>(environment: Strings<'_>, run: impl Fn(Strings<'_>) -> R) -> R {
    let mut variable = [0; DIRECTORY.len() + PATH_MAX + 2];
    let string = cwd::handed_on().and_then(|place| {
        let path = place.path();
        let all = DIRECTORY.iter().chain(b"=").chain(&path).chain(&[0]);
        let room = variable.get_mut(..DIRECTORY.len() + path.len() + 2)?;
        room.iter_mut().zip(all).for_each(|(to, from)| *to = *from);
        CStr::from_bytes_with_nul(room).ok()
    });
    let added =
        string.and_then(|string| environment.replaced(usize::MAX..usize::MAX, &[string], &run));
    added.unwrap_or_else(|| run(environment))
}

/// The place of a Ruby's script among the arguments, and where that lies, if it is in a mount.
fn argument(path: Text<'_>, arguments: Strings<'_>) -> Option<(usize, PathTarget)> {
    let program = path.to_bytes()?;
    let at = match ruby_arguments::is_env(program) {
        true => ruby_arguments::script_after_env(arguments.iter()),
        false if ruby_arguments::is_ruby(program) => ruby_arguments::script(arguments.iter()),
        false => None,
    }?;
    let script = arguments.iter().nth(at)?;
    match route::at(libc::AT_FDCWD, Text::from(script), Wants::Anything) {
        Route::Virtual(target) => Some((at, target)),
        _ => None,
    }
}

/// A descriptor that the child inherits of the lines that stand for a program, if that is a script of Ruby.
pub fn script(target: &PathTarget) -> Answer<Option<RawFd>> {
    stub(target, false)
}

/// A descriptor of the lines that stand for a script; `None` if it is no file, or its first line is for another program than
/// Ruby. It may have none for Ruby if it is `named` to Ruby.
fn stub(target: &PathTarget, named: bool) -> Answer<Option<RawFd>> {
    if target.slash || target.place.stat(true)?.kind != Kind::File {
        return Ok(None);
    }
    let flags = libc::O_RDONLY | libc::O_CLOEXEC;
    let opened = open::target(target, flags, 0)?;
    let file = memfd::reopen(&opened, flags);
    close_own(opened);
    let line = match first_line(&file?)? {
        Line::Ruby(line) => line,
        Line::None if named => Vec::new(),
        _ => return Ok(None),
    };
    let path = target.place.path();
    let file = memfd::file(&lines(&line, &path), &path, true)?;
    rustix::io::fcntl_setfd(&file, FdFlags::empty())?;
    Ok(Some(file.into_raw_fd()))
}

/// The first line of a script, by what it says after `#!`.
enum Line {
    /// Nothing.
    None,
    /// That Ruby runs it, and with what options.
    Ruby(Vec<u8>),
    /// That another program runs it.
    Another,
}

fn first_line(file: &OwnedFd) -> Answer<Line> {
    let mut start = [0; LINE];
    let read = rustix::io::pread(file, &mut start, 0)?;
    let start = start.get(..read).unwrap_or_default();
    let line = start.split(|b| *b == b'\n').next().unwrap_or_default();
    Ok(match line.strip_prefix(b"#!") {
        None => Line::None,
        Some(rest) if rest.windows(4).any(|word| word == b"ruby") => Line::Ruby(line.to_vec()),
        Some(_) => Line::Another,
    })
}

/// The lines that stand for the script at `path`.
fn lines(first: &[u8], path: &[u8]) -> Vec<u8> {
    let hex: String = path.iter().map(|byte| format!("{byte:02x}")).collect();
    let lines = format!(
        "\nbegin\n\
         load defined?(InVFS) ? InVFS.const_get(:Children).start(\"{hex}\") : \
         abort(\"ruby: No such file or directory -- #{{[\"{hex}\"].pack(\"H*\")}} (LoadError)\")\n\
         ensure\n\
         InVFS.const_get(:Children).ended($!) if defined?(InVFS)\n\
         end\n"
    );
    [first, lines.as_bytes()].concat()
}
