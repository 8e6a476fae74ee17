//! Whatever lies in the upper layer, nothing outside of it is read or touched.

use std::os::unix::fs::symlink;

use super::*;

fn s(text: &str) -> String {
    text.into()
}

/// Every operation on `path` that would touch what is there; all must fail.
fn attack(union: &Union, path: &str) {
    let create = libc::O_WRONLY | libc::O_CREAT;
    let below = format!("{path}/secret");
    for op in [
        Op::Stat(s(path), true),
        Op::Stat(below.clone(), false),
        Op::List(s(path)),
        Op::Open(below.clone(), libc::O_RDONLY, 0, s("")),
        Op::Open(below.clone(), libc::O_RDWR | libc::O_TRUNC, 0, s("evil")),
        Op::Open(format!("{path}/new"), create, 0o644, s("evil")),
        Op::MakeDirectory(format!("{path}/new"), 0o755),
        Op::Symlink(s("a"), format!("{path}/new")),
        Op::Rename(s("a"), format!("{path}/new"), false),
        Op::Rename(below.clone(), s("stolen"), false),
        Op::Link(below.clone(), s("stolen")),
        Op::Remove(below.clone()),
        Op::Mode(s(path), 0o777),
        Op::Mode(below.clone(), 0o777),
        Op::Owner(s(path), true),
        Op::Times(s(path), 5, true),
        Op::Truncate(below.clone(), 0),
        Op::RemoveDirectory(format!("{path}/directory")),
    ] {
        let result = union.run(&op);
        let numbers = [libc::ENOENT, libc::ENOTDIR, libc::ELOOP];
        assert!(
            matches!(result, Err(n) if numbers.contains(&n)),
            "{op:?}: {result:?}"
        );
    }
}

#[test]
fn no_link_leads_out() {
    let (upper, outside) = (TempDir::new(), TempDir::new());
    let secret = outside.write("secret", "secret");
    std::fs::create_dir(outside.path().join("directory")).unwrap();
    let before = snapshot(&Real(outside.path().into()), true);
    let target = outside.path().to_str().unwrap();
    let relative = format!("../../../../../../..{target}");
    let beside = format!(
        "../{}",
        outside.path().file_name().unwrap().to_str().unwrap()
    );
    std::fs::create_dir_all(upper.path().join("d")).unwrap();
    for (name, target) in [
        ("absolute", target),
        ("relative", &relative),
        ("beside", &beside),
        ("d/up", &format!("../{beside}")),
        ("file", secret.to_str().unwrap()),
        ("by_link", "absolute"),
    ] {
        symlink(target, upper.path().join(name)).unwrap();
    }
    let union = union(upper.path());
    // And one that was made through the mount.
    union.run(&Op::Symlink(s(target), s("made"))).unwrap();
    assert_eq!(union.run(&Op::ReadLink(s("made"))), Ok(s(target)));
    for name in [
        "absolute", "relative", "beside", "d/up", "file", "by_link", "made",
    ] {
        attack(&union, name);
    }
    let create = libc::O_WRONLY | libc::O_CREAT;
    for flags in [libc::O_RDONLY, libc::O_RDWR, create | libc::O_TRUNC] {
        let open = Op::Open(s("file"), flags, 0o644, s("evil"));
        assert_eq!(union.run(&open), Err(libc::ENOENT));
    }
    // The links themselves can be moved and removed.
    let rename = Op::Rename(s("file"), s("d/moved"), false);
    assert_eq!(union.run(&rename), Ok(s("")));
    assert_eq!(union.run(&Op::Remove(s("absolute"))), Ok(s("")));
    assert_eq!(snapshot(&Real(outside.path().into()), true), before);
}

#[test]
fn links_in_our_own_directory_are_not_followed() {
    for name in ["", "/lock", "/work", "/gone", "/gone/names", "/gone/below"] {
        let (upper, outside) = (TempDir::new(), TempDir::new());
        outside.write("a", "outside");
        let before = snapshot(&Real(outside.path().into()), true);
        let link = upper.path().join(format!(".invfs-upper{name}"));
        std::fs::create_dir_all(link.parent().unwrap()).unwrap();
        symlink(outside.path(), &link).unwrap();
        match Overlay::new(lower(), upper.path().into()) {
            Err(_) => assert!(!name.starts_with("/gone/"), "{name} is not looked at yet"),
            Ok(writable) => {
                let union = Union(writable);
                let removed = union.run(&Op::Remove(s("d/a")));
                assert!(removed.is_err(), "{name}: {removed:?}");
            }
        }
        assert_eq!(
            snapshot(&Real(outside.path().into()), true),
            before,
            "{name}"
        );
    }
}

#[test]
fn special_files_are_not_there_and_never_waited_for() {
    let upper = TempDir::new();
    for name in ["pipe", "a"] {
        let path = upper.path().join(name);
        let path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the path is a C string that outlives the call.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o644) }, 0);
    }
    let union = union(upper.path());
    let create = libc::O_WRONLY | libc::O_CREAT;
    for name in ["pipe", "a"] {
        for (op, number) in [
            (Op::Stat(s(name), true), libc::ENOENT),
            (Op::Open(s(name), libc::O_RDONLY, 0, s("")), libc::ENOENT),
            (Op::Open(s(name), create, 0o644, s("")), libc::EEXIST),
            (Op::Remove(s(name)), libc::ENOENT),
            (Op::MakeDirectory(s(name), 0o755), libc::EEXIST),
        ] {
            assert_eq!(union.run(&op), Err(number), "{op:?}");
        }
    }
    let names = union.run(&Op::List(s(""))).unwrap();
    assert!(names.starts_with("b c circle d "), "{names}");
}
