//! A process that dies at any call of the kernel: what is left is as before or as after, and can be worked with.

use super::*;

/// How a stopped run ended.
#[derive(PartialEq)]
enum End {
    Killed,
    Finished,
}

/// Whether the stopped child is about to make a call that may change something on disk: dying before any other is
/// the same as dying before the next of these.
fn changes(child: libc::pid_t) -> bool {
    // As `struct ptrace_syscall_info` has it: what kind of stop, then from the fourth number the call's.
    let mut info = [0u64; 16];
    let size = std::mem::size_of_val(&info);
    let request = libc::PTRACE_GET_SYSCALL_INFO;
    // SAFETY: the kernel writes at most `size` bytes.
    let got = unsafe { libc::ptrace(request, child, size, info.as_mut_ptr()) };
    assert!(got > 0, "a kernel that does not tell about calls");
    let harmless = [
        libc::SYS_newfstatat,
        libc::SYS_fstat,
        libc::SYS_statx,
        libc::SYS_close,
        libc::SYS_read,
        libc::SYS_lseek,
        libc::SYS_readlinkat,
        libc::SYS_getdents64,
        libc::SYS_faccessat,
        libc::SYS_faccessat2,
        libc::SYS_fcntl,
        libc::SYS_flock,
        libc::SYS_mmap,
        libc::SYS_munmap,
        libc::SYS_mprotect,
        libc::SYS_brk,
    ];
    let call = info[3] as libc::c_long;
    let reads = call == libc::SYS_openat && info[6] as i32 & libc::O_CREAT == 0;
    info[0] as u8 == libc::PTRACE_SYSCALL_INFO_ENTRY && !reads && !harmless.contains(&call)
}

/// Runs `op` in a child that dies just before its `n`th call of the kernel that may change something.
fn die_at(n: usize, union: &Union, op: &Op) -> End {
    // SAFETY: the child calls nothing but the union, allocates in a C library whose `fork` cares for that, and leaves.
    let child = unsafe { libc::fork() };
    assert!(child >= 0, "fork");
    let nothing = std::ptr::null_mut::<libc::c_void>();
    if child == 0 {
        // SAFETY: asks to be stopped by its parent, does the operation, and leaves without running anything else.
        unsafe {
            libc::ptrace(libc::PTRACE_TRACEME, 0, nothing, nothing);
            libc::raise(libc::SIGSTOP);
            let failed = union.run(op).is_err();
            libc::_exit(i32::from(failed));
        }
    }
    let wait = || {
        let mut status = 0;
        // SAFETY: the status outlives the call.
        assert_eq!(unsafe { libc::waitpid(child, &mut status, 0) }, child);
        status
    };
    let status = wait();
    assert!(libc::WIFSTOPPED(status), "not to be traced: {status:x}");
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_EXITKILL;
    // SAFETY: the child is stopped, and ours to trace.
    unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, child, nothing, options) };
    let mut seen = 0;
    loop {
        // SAFETY: the child is stopped, and ours to trace.
        unsafe { libc::ptrace(libc::PTRACE_SYSCALL, child, nothing, nothing) };
        let status = wait();
        if libc::WIFEXITED(status) {
            assert_eq!(libc::WEXITSTATUS(status), 0, "{op:?} failed");
            return End::Finished;
        }
        if changes(child) {
            if seen == n {
                break;
            }
            seen += 1;
        }
    }
    // SAFETY: a child of ours that was not waited for.
    unsafe { libc::kill(child, libc::SIGKILL) };
    wait();
    End::Killed
}

/// Dies at each call that `op` makes after `before`.
fn each_step(before: &[Op], op: &Op) {
    let prepared = || {
        let upper = TempDir::new();
        let union = union(upper.path());
        for op in before {
            union.run(op).unwrap();
        }
        (upper, union)
    };
    let (_upper, union) = prepared();
    let old = snapshot(&union, false);
    union.run(op).unwrap();
    let new = snapshot(&union, false);
    let (mut saw_old, mut saw_new) = (0, 0);
    for n in 0.. {
        let (upper, union) = prepared();
        let end = die_at(n, &union, op);
        drop(union);
        let union = super::union(upper.path());
        let left = std::fs::read_dir(upper.path().join(".invfs-upper/work")).unwrap();
        assert_eq!(left.count(), 0, "{op:?} step {n}");
        let found = snapshot(&union, false);
        if found == old && old != new {
            saw_old += 1;
            union.run(op).unwrap();
        } else {
            saw_new += 1;
        }
        assert_eq!(snapshot(&union, false), new, "{op:?} step {n}");
        if end == End::Finished {
            break;
        }
        assert!(n < 5000, "{op:?} does not end");
    }
    assert!(
        (saw_old > 2 || old == new) && saw_new > 0,
        "{saw_old} {saw_new}"
    );
}

fn s(text: &str) -> String {
    text.into()
}

fn touch(path: &str) -> Op {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_APPEND;
    Op::Open(s(path), flags, 0o644, s("more"))
}

fn rename(from: &str, to: &str) -> Op {
    Op::Rename(s(from), s(to), false)
}

#[test]
fn opening_and_making() {
    each_step(&[], &Op::Open(s("d/e/a"), libc::O_WRONLY, 0, s("")));
    let truncate = libc::O_WRONLY | libc::O_TRUNC;
    each_step(&[], &Op::Open(s("d/a"), truncate, 0, s("")));
    each_step(&[Op::Remove(s("d/a"))], &Op::MakeDirectory(s("d/a"), 0o755));
    each_step(&[], &Op::Symlink(s("a"), s("d/e/link")));
    each_step(&[], &Op::Link(s("d/a"), s("f/g/link")));
}

#[test]
fn removing() {
    each_step(&[], &Op::Remove(s("d/a")));
    each_step(&[touch("d/a")], &Op::Remove(s("d/a")));
    each_step(&[], &Op::RemoveDirectory(s("empty")));
    let emptied = [
        touch("d/e/c"),
        Op::Remove(s("d/e/a")),
        Op::Remove(s("d/e/b")),
    ];
    let emptied = [&emptied[..], &[Op::Remove(s("d/e/c"))]].concat();
    each_step(&emptied, &Op::RemoveDirectory(s("d/e")));
}

#[test]
fn renaming_a_file() {
    each_step(&[], &rename("d/a", "d/e/b"));
    each_step(&[touch("d/a")], &rename("d/a", "d/e/b"));
    each_step(&[touch("new")], &rename("new", "a"));
    each_step(&[], &rename("to_a", "d/e/to_a"));
}

#[test]
fn renaming_a_directory() {
    each_step(&[], &rename("d/e", "new"));
    each_step(
        &[touch("d/e/a"), Op::Remove(s("d/e/b"))],
        &rename("d/e", "empty"),
    );
    let again = [Op::Remove(s("d/e/a")), Op::Remove(s("d/e/b"))];
    each_step(&again, &rename("f/g/h", "d/e"));
}

#[test]
fn attributes() {
    each_step(&[], &Op::Mode(s("d/a"), 0o600));
    each_step(&[], &Op::Mode(s("d/e"), 0o700));
    each_step(&[], &Op::Times(s("a"), 1_000_000_000, true));
    each_step(&[], &Op::Truncate(s("a"), 2));
}
