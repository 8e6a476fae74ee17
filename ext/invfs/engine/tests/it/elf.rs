//! Which libraries a shared object needs, and which versions of their symbols.

use invfs_engine::elf::needed;
#[cfg(all(target_os = "linux", target_env = "gnu"))]
use invfs_engine::elf::versions;
use invfs_engine::libraries::with_needed;
use invfs_engine::path::Subpath;

/// A shared object with nothing but what is looked at: one segment, a dynamic section, a string table.
fn shared_object(wide: bool, little: bool, names: &[&str]) -> Vec<u8> {
    let word = |n: u64| match (wide, little) {
        (true, true) => n.to_le_bytes().to_vec(),
        (true, false) => n.to_be_bytes().to_vec(),
        (false, true) => (n as u32).to_le_bytes().to_vec(),
        (false, false) => (n as u32).to_be_bytes().to_vec(),
    };
    let half = |n: u16| {
        if little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let full = |n: u32| {
        if little {
            n.to_le_bytes()
        } else {
            n.to_be_bytes()
        }
    };
    let (header, segment) = if wide { (64, 56) } else { (52, 32) };
    let vaddr: u64 = 0x1000;

    let mut strings = vec![0];
    let mut dynamic: Vec<u64> = Vec::new();
    for name in names {
        dynamic.extend([1, strings.len() as u64]);
        strings.extend(name.bytes());
        strings.push(0);
    }
    let dynamic_at = header + 2 * segment;
    let dynamic_len = (dynamic.len() + 4) * if wide { 8 } else { 4 };
    dynamic.extend([5, vaddr + (dynamic_at + dynamic_len) as u64, 0, 0]);
    let total = dynamic_at + dynamic_len + strings.len();

    let mut out = b"\x7fELF".to_vec();
    out.extend([if wide { 2 } else { 1 }, if little { 1 } else { 2 }, 1]);
    out.resize(16, 0);
    out.extend(half(3));
    out.extend(half(62));
    out.extend(full(1));
    out.extend(word(0));
    out.extend(word(header as u64));
    out.extend(word(0));
    out.extend(full(0));
    for n in [header as u16, segment as u16, 2, 0, 0, 0] {
        out.extend(half(n));
    }
    for (kind, at, len) in [(1, 0, total), (2, dynamic_at, dynamic_len)] {
        let (at, len) = (at as u64, len as u64);
        out.extend(full(kind));
        if wide {
            out.extend(full(4));
        }
        for n in [at, vaddr + at, vaddr + at, len, len] {
            out.extend(word(n));
        }
        if !wide {
            out.extend(full(4));
        }
        out.extend(word(8));
    }
    for n in dynamic {
        out.extend(word(n));
    }
    out.extend(strings);
    out
}

#[test]
fn needed_libraries_are_found_in_every_kind_of_elf() {
    for wide in [true, false] {
        for little in [true, false] {
            for names in [&["libm.so.6", "libfoo.so"][..], &[]] {
                let object = shared_object(wide, little, names);
                let found = needed(&object).unwrap();
                let expected: Vec<&[u8]> = names.iter().map(|name| name.as_bytes()).collect();
                assert_eq!(found, expected, "{wide} {little}");
            }
        }
    }
}

#[test]
fn the_libraries_of_this_program_are_found() {
    // On Linux this program is itself position independent, and so a shared object.
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    if cfg!(all(target_os = "linux", target_env = "gnu")) {
        let needed = needed(&program).unwrap();
        assert!(needed.contains(&b"libc.so.6".to_vec()), "{needed:?}");
    }
}

#[test]
fn what_is_no_shared_object_is_none() {
    let mut program = shared_object(true, true, &["libm.so.6"]);
    program[16] = 2;
    for bytes in [
        b"".to_vec(),
        b"\x7fELF".to_vec(),
        b"puts 1\n".to_vec(),
        vec![0; 1000],
        program,
    ] {
        assert_eq!(needed(&bytes), None);
    }
}

#[test]
fn damaged_objects_do_no_harm() {
    for wide in [true, false] {
        let object = shared_object(wide, true, &["libm.so.6", "libfoo.so"]);
        for len in 0..object.len() {
            let _ = needed(&object[..len]);
        }
        for at in 0..object.len() {
            for byte in [0, 1, 0x7f, 0x80, 0xff, object[at] ^ 1] {
                let mut object = object.clone();
                object[at] = byte;
                let names = needed(&object).unwrap_or_default();
                assert!(names.len() <= 16 && names.iter().all(|name| name.len() < object.len()));
            }
        }
    }
}

#[test]
fn one_name_needed_very_often_does_not_take_much_memory() {
    let name = "x".repeat(10_000);
    let mut object = shared_object(true, true, &[name.as_str(); 2000]);
    // All of them are the first one.
    for entry in 0..2000 {
        let at = 64 + 2 * 56 + entry * 16 + 8;
        object[at..at + 8].copy_from_slice(&1u64.to_le_bytes());
    }
    let names = needed(&object).unwrap();
    assert!(names.iter().map(Vec::len).sum::<usize>() <= 1024 * 10_000);
}

#[cfg(all(target_os = "linux", target_env = "gnu"))]
#[test]
fn versions_of_symbols_are_found_in_this_very_program() {
    let bytes = std::fs::read("/proc/self/exe").unwrap();
    assert!(versions(&bytes).iter().any(|v| v.starts_with(b"GLIBC_2.")));
    // Cut off anywhere, it has fewer, or none.
    for len in (0..bytes.len()).step_by(bytes.len() / 100 + 1) {
        assert!(versions(&bytes[..len]).len() <= versions(&bytes).len());
    }
}

#[test]
fn an_object_is_gathered_with_all_that_it_needs() {
    let object = |needed: &[&str]| shared_object(true, true, needed);
    let files = [
        ("lib/a.so", object(&["b.so", "libc.so.6"])),
        ("lib/b.so", object(&["c.so", "a.so"])),
        ("lib/c.so", b"no shared object".to_vec()),
        ("lib/d.so", object(&[])),
    ];
    let read = |sub: &Subpath| -> Result<Option<Vec<u8>>, ()> {
        let found = files
            .iter()
            .find(|(name, _)| name.as_bytes() == sub.as_bytes());
        Ok(found.map(|(_, contents)| contents.clone()))
    };
    let sub = Subpath::new(b"lib/a.so").unwrap();
    let gathered = with_needed(sub, files[0].1.clone(), read).unwrap();
    let names: Vec<_> = gathered.keys().map(|sub| sub.as_bytes()).collect();
    assert_eq!(names, [&b"lib/a.so"[..], b"lib/b.so", b"lib/c.so"]);
    assert_eq!(
        with_needed(sub, files[0].1.clone(), |_| Err("lost")),
        Err("lost")
    );
}
