//! Two processes that use one upper directory at once, and processes in which something is missing.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::random::Dice;
use super::*;

const MANY: usize = 300;

/// A directory with so many files that not all marks in it are remembered.
fn many() -> Arc<dyn FileSystem> {
    let entries: Vec<Entry> = (0..MANY)
        .map(|n| Entry::stored(&format!("d/e/{n}"), "lower"))
        .collect();
    let archive = open(Zip::of(entries).build()).expect("an archive");
    Arc::new(ReadOnly::new(Arc::new(archive)))
}

fn lower_called(name: &str) -> Arc<dyn FileSystem> {
    match name {
        "many" => many(),
        "without links" => lower_without_links(),
        _ => lower(),
    }
}

/// Another process with a union of its own over the same upper directory.
struct Other {
    process: Child,
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Other {
    fn start(lower: &str, upper: &Path) -> Other {
        let program = std::env::current_exe().expect("a program");
        let mut process = Command::new(program)
            .args(["--exact", "overlay::processes::other", "--ignored"])
            .arg("--nocapture")
            .env("INVFS_TEST_LOWER", lower)
            .env("INVFS_TEST_UPPER", upper)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let commands = process.stdin.take().expect("a pipe");
        let answers = BufReader::new(process.stdout.take().expect("a pipe"));
        Other {
            process,
            commands,
            answers,
        }
    }

    fn tell(&mut self, command: &str) {
        writeln!(self.commands, "{command}").expect("a living process");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        loop {
            line.clear();
            let len = self.answers.read_line(&mut line).expect("an answer");
            assert!(len > 0, "the other process died");
            // What the test harness says comes first.
            if let Some((_, answer)) = line.split_once("=> ") {
                return answer.trim_end().to_owned();
            }
        }
    }

    fn ask(&mut self, command: &str) -> String {
        self.tell(command);
        self.answer()
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Closes everything that is open on directories, as no program should.
fn close_directories(below: &Path) -> usize {
    let mut closed = 0;
    for entry in std::fs::read_dir("/proc/self/fd").expect("/proc").flatten() {
        let number = entry.file_name().to_str().expect("a number").parse();
        if std::fs::read_link(entry.path()).is_ok_and(|target| target.starts_with(below)) {
            // SAFETY: a number of this process, which tests what happens then.
            unsafe { libc::close(number.expect("a number")) };
            closed += 1;
        }
    }
    closed
}

/// From now on `openat2` fails with this number.
fn forbid_openat2(number: i32) {
    let step = |code: u32, jf, k| libc::sock_filter {
        code: code as u16,
        jt: 0,
        jf,
        k,
    };
    let mut steps = [
        // The number of the call; if it is this one, an error; else nothing.
        step(libc::BPF_LD | libc::BPF_W | libc::BPF_ABS, 0, 0),
        step(
            libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K,
            1,
            libc::SYS_openat2 as u32,
        ),
        step(libc::BPF_RET, 0, libc::SECCOMP_RET_ERRNO | number as u32),
        step(libc::BPF_RET, 0, libc::SECCOMP_RET_ALLOW),
    ];
    let program = libc::sock_fprog {
        len: steps.len() as u16,
        filter: steps.as_mut_ptr(),
    };
    // SAFETY: plain numbers, and a program that outlives the call.
    unsafe {
        assert_eq!(libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
        let mode = libc::SECCOMP_MODE_FILTER;
        assert_eq!(
            libc::prctl(libc::PR_SET_SECCOMP, mode, &raw const program),
            0
        );
    }
}

#[test]
#[ignore = "the other process of the tests here"]
fn other() {
    let Some(upper) = std::env::var_os("INVFS_TEST_UPPER") else {
        return;
    };
    let upper = Path::new(&upper);
    let lower = std::env::var("INVFS_TEST_LOWER").expect("a name");
    let union = union_of(lower_called(&lower), upper);
    let mut dice = Dice::new(1);
    for line in std::io::stdin().lines() {
        let line = line.expect("a command");
        let answer = match line.split_whitespace().collect::<Vec<_>>()[..] {
            ["run"] => format!("{:?}", union.run(&dice.op())),
            ["skip"] => format!("{:?}", dice.op()),
            ["snapshot"] => format!("{:?}", snapshot(&union, true)),
            ["close"] => close_directories(upper).to_string(),
            ["forbid", number] => {
                forbid_openat2(number.parse().expect("a number"));
                String::new()
            }
            ["clear"] => {
                for n in 0..MANY {
                    union.run(&Op::Remove(format!("d/e/{n}"))).expect("a file");
                }
                String::new()
            }
            _ => panic!("{line}"),
        };
        println!("=> {answer}");
    }
}

/// Both do something in turn, and each sees at once what the other did.
fn in_turn(name: &str, rounds: usize, prepare: &[&str]) {
    let pair = Pair::of(lower_called(name));
    let mut other = Other::start(name, pair.upper.path());
    for command in prepare {
        assert_ne!(other.ask(command), "0", "{command}");
    }
    let mut dice = Dice::new(1);
    for round in 0..rounds {
        let op = dice.op();
        let expected = pair.control.run(&op);
        let (what, got) = match round % 2 {
            0 => (other.ask("skip"), format!("{:?}", pair.union.run(&op))),
            _ => (format!("{op:?}"), other.ask("run")),
        };
        assert_eq!(what, format!("{op:?}"));
        assert_eq!(got, format!("{expected:?}"), "{round}: {op:?}");
        let expected = snapshot(&pair.control, true);
        assert_eq!(snapshot(&pair.union, true), expected, "{round}: {op:?}");
        assert_eq!(
            other.ask("snapshot"),
            format!("{expected:?}"),
            "{round}: {op:?}"
        );
    }
}

#[test]
fn two_processes_see_at_once_what_the_other_does() {
    in_turn("", 150, &[]);
    in_turn("without links", 150, &[]);
}

#[test]
fn where_openat2_is_missing_everything_is_the_same() {
    for number in [libc::ENOSYS, libc::EPERM] {
        in_turn("", 40, &[&format!("forbid {number}")]);
    }
}

#[test]
fn where_the_descriptors_were_closed_everything_is_the_same() {
    in_turn("", 40, &["close"]);
    in_turn("without links", 40, &["snapshot", "close"]);
}

#[test]
fn what_another_process_removes_never_comes_back() {
    let upper = TempDir::new();
    let union = union_of(many(), upper.path());
    let mut other = Other::start("many", upper.path());
    let names = || -> Vec<String> {
        let names = union.run(&Op::List("d/e".into())).expect("a listing");
        names.split_whitespace().map(String::from).collect()
    };
    let mut left: Vec<String> = (0..MANY).map(|n| n.to_string()).collect();
    left.sort();
    assert_eq!(names(), left);
    other.tell("clear");
    while !left.is_empty() {
        // Not `run`: a name may go between being listed and being looked at.
        let now: Vec<String> = union
            .0
            .list(crate::support::sub("d/e"))
            .expect("a listing")
            .into_iter()
            .map(|(name, _)| String::from_utf8(name).expect("UTF-8"))
            .collect();
        assert!(now.iter().all(|name| left.contains(name)), "came back");
        for name in left.iter().filter(|name| !now.contains(name)) {
            let stat = Op::Stat(format!("d/e/{name}"), false);
            assert_eq!(union.run(&stat), Err(libc::ENOENT), "{name}");
        }
        left = now;
    }
    assert_eq!(other.answer(), "");
}

#[test]
fn an_upper_directory_that_is_replaced_is_found_again() {
    let upper = TempDir::new();
    let union = union(upper.path());
    let stat = |path: &str| union.run(&Op::Stat(path.into(), true)).is_ok();
    union.run(&Op::Remove("a".into())).unwrap();
    assert!(!stat("a") && stat("d/b"));
    std::fs::remove_dir_all(upper.path()).unwrap();
    upper.write("new", "new");
    assert!(stat("new") && stat("a"));
    union.run(&Op::Remove("d/b".into())).unwrap();
    assert!(!stat("d/b") && stat("new"));
}
