//! From the command line to the end of the program.

use std::ffi::{c_int, c_void, CString, OsString};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::Mutex;

use invfs_engine::path::Subpath;
use invfs_fs::mounts;

use crate::arguments::Arguments;
use crate::compiled;
use crate::description::Description;
use crate::mounted::{self, PREFIX};
use crate::own_file::{self, OwnFile};
use crate::program;
use crate::ruby::Ruby;

/// The directory of the archive with the libraries that were packed.
const LIBRARIES: &str = "so";

/// The name of the archive that stands for this program. Called by it, the program is an ordinary `ruby`.
const RUBY: &str = "bin/ruby";

/// Variables of the environment for the Ruby of the machine, not for this one. They are there again when the program runs,
/// for the programs that it starts.
const OTHERS: [&str; 3] = ["RUBYOPT", "RUBYLIB", "RUBYGEMS_GEMDEPS"];

/// What was found to be damaged while the program was being started: that explains all that failed afterwards.
static DAMAGE: Mutex<Option<String>> = Mutex::new(None);
/// Whether the program runs.
static RUNS: AtomicBool = AtomicBool::new(false);

/// What the process executes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Process {
    /// The packed file.
    File,
    /// A Ruby without a shared library, into which this was preloaded.
    Ruby,
}

/// Runs the program and returns its exit code. The error says why it cannot be started, in one line that names the file.
pub fn start(process: Process, arguments: Arguments) -> Result<c_int, String> {
    // SAFETY: asks for a number.
    if unsafe { libc::getauxval(libc::AT_SECURE) } != 0 {
        return Err(
            "packed programs do not run with the rights of another user (setuid)".to_owned(),
        );
    }
    invfs_fs::sys::errno::report_to(report);
    let own = match process {
        Process::File => own_file::open()?,
        Process::Ruby => own_file::adopt(program::arrive()?)?,
    };
    run(process, arguments, &own).map_err(|reason| {
        let damage = DAMAGE.lock().ok().and_then(|mut damage| damage.take());
        within(&own, damage.unwrap_or(reason))
    })
}

/// Is told of damage to the archive.
fn report(reason: &str) {
    if RUNS.load(Ordering::Relaxed) {
        eprintln!("invfs: {reason}");
    } else if let Ok(mut damage) = DAMAGE.lock() {
        damage.get_or_insert_with(|| reason.to_owned());
    }
}

fn run(process: Process, mut arguments: Arguments, own: &OwnFile) -> Result<c_int, String> {
    let description = Description::of(&own.archive)?;
    check_c_library(description.glibc.as_deref())?;
    match process {
        Process::File if description.is_program => {
            match program::execute(own, &description, arguments)? {}
        }
        Process::File => {}
        Process::Ruby => program::call(&own.name),
    }
    mounted::mount(&own.archive, &description)?;
    let ruby = CString::new(format!("{PREFIX}/{RUBY}")).map_err(|error| error.to_string())?;
    let is_child = arguments.name() == ruby.as_bytes();
    if !is_child {
        check(own, &description)?;
        arguments.insert(description.arguments);
    }
    invfs_interpose::stand_in(ruby, own.file.clone());
    invfs_interpose::search_libraries_in(format!("{PREFIX}/{LIBRARIES}").into_bytes());
    let library = match process {
        Process::File => load(own, &description.ruby).map_err(without_proc)?,
        Process::Ruby => program::itself()?,
    };
    invfs_interpose::install().map_err(|reason| reason.0)?;
    invfs_interpose::enter_handed_on();
    let others = if is_child { Vec::new() } else { take_away() };
    let (key, main) = (description.key, mounted::path(&description.main));
    Ruby::load(library)?.run(
        arguments,
        || {
            let Some(key) = key else { return Ok(()) };
            invfs_interpose::seldom_reads(main);
            compiled::define(library, key)
        },
        || RUNS.store(true, Ordering::Relaxed),
        || give_back(others),
    )
}

fn within(own: &OwnFile, reason: String) -> String {
    match reason.starts_with(&own.name) {
        true => reason,
        false => format!("{}: {reason}", own.name),
    }
}

/// Loads Ruby, with the libraries that it needs, for all that is loaded later. Its calls are led to the mounts only afterwards,
/// before any of its code runs that opens files.
fn load(own: &OwnFile, libruby: &Subpath) -> Result<NonNull<c_void>, String> {
    let contents = own.read(libruby)?;
    let path = mounted::path(libruby);
    let place = mounts::find_visible(&path).ok_or("Ruby is not where it was mounted")?;
    invfs_interpose::load_library_at(&place, &contents, libc::RTLD_NOW | libc::RTLD_GLOBAL)
        .map_err(|message| String::from_utf8_lossy(&message).into_owned())
}

/// Names the cause where the loader has only a number: it loads from memory by way of /proc, else from a temporary file.
fn without_proc(reason: String) -> String {
    match std::path::Path::new("/proc/self/fd").exists() {
        true => reason,
        false => format!("{reason}: without /proc, it takes a directory for temporary files that allows executing"),
    }
}

/// Reads what the program starts with: Ruby's own message about a script that cannot be read would not name the file.
fn check(own: &OwnFile, description: &Description) -> Result<(), String> {
    for sub in description.first.iter().chain([&description.main]) {
        own.read(sub)?;
    }
    Ok(())
}

/// Refuses what the loader would refuse with a message about one of the libraries.
fn check_c_library(needed: Option<&str>) -> Result<(), String> {
    let (Some(needed), Some(here)) = (needed, c_library()) else {
        return Ok(());
    };
    let numbers = |version: &str| -> Vec<u32> {
        version
            .split('.')
            .map_while(|part| part.parse().ok())
            .collect()
    };
    match numbers(&here) < numbers(needed) {
        true => Err(format!(
            "it needs the GNU C library {needed} or newer, and this machine has {here}"
        )),
        false => Ok(()),
    }
}

#[cfg(target_env = "gnu")]
fn c_library() -> Option<String> {
    // SAFETY: returns a string that stays.
    let version = unsafe { std::ffi::CStr::from_ptr(libc::gnu_get_libc_version()) };
    Some(version.to_string_lossy().into_owned())
}

#[cfg(not(target_env = "gnu"))]
fn c_library() -> Option<String> {
    None
}

fn take_away() -> Vec<(&'static str, OsString)> {
    let set = OTHERS
        .iter()
        .filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let set: Vec<_> = set.collect();
    set.iter().for_each(|(name, _)| std::env::remove_var(name));
    set
}

fn give_back(variables: Vec<(&'static str, OsString)>) {
    for (name, value) in variables {
        std::env::set_var(name, value);
    }
}
