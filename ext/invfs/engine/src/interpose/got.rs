//! Rewrites the function addresses through which loaded objects call the C library.
//!
//! Every object that calls `open` has a slot in its global offset table (GOT) that the dynamic linker filled with the
//! address of `open`. The relocations that filled it are still in memory: they say where the slots are. Sources: the
//! System V ABI's chapter on dynamic linking, and the relocation types of the x86-64 and AArch64 supplements.

use std::collections::{HashMap, HashSet};
use std::ffi::{c_int, c_void, CStr};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::hooks::{Hook, HOOKS};

/// How many slots were written, and in how many objects.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Patched {
    /// Slots that lead to a hook now.
    pub slots: usize,
    /// Objects that were looked at.
    pub objects: usize,
    /// Objects whose table could not be made writable.
    pub refused: usize,
}

/// What is known of the objects from the last pass.
#[derive(Default)]
pub struct Scanner {
    seen: HashSet<(usize, usize)>,
    removed: u64,
    targets: HashMap<&'static [u8], Target>,
}

/// A function with its hook.
struct Target {
    hook: usize,
    /// What everybody calls under the name: the C library's own, or that of a preloaded library.
    real: usize,
}

#[cfg(target_arch = "x86_64")]
mod kinds {
    pub const JUMP_SLOT: u32 = 7;
    pub const GLOB_DAT: u32 = 6;
    pub const ABSOLUTE: u32 = 1;
}
#[cfg(target_arch = "aarch64")]
mod kinds {
    pub const JUMP_SLOT: u32 = 1026;
    pub const GLOB_DAT: u32 = 1025;
    pub const ABSOLUTE: u32 = 257;
}

impl Scanner {
    /// Leads the slots of all objects that were loaded since the last pass to the hooks.
    pub fn scan(&mut self) -> Patched {
        if self.targets.is_empty() {
            self.targets = HOOKS.iter().filter_map(target).collect();
        }
        let mut pass = Pass {
            scanner: self,
            present: HashSet::new(),
            patched: Patched::default(),
        };
        // SAFETY: `each` gets back the pointer to `pass`, which outlives the call, and unwinds never.
        unsafe { libc::dl_iterate_phdr(Some(each), (&raw mut pass).cast()) };
        let (present, patched) = (pass.present, pass.patched);
        self.seen = present;
        patched
    }
}

fn target(hook: &Hook) -> Option<(&'static [u8], Target)> {
    // SAFETY: a NUL-terminated name.
    let real = unsafe { libc::dlsym(libc::RTLD_DEFAULT, hook.symbol.as_ptr()) } as usize;
    let target = Target {
        hook: hook.function as usize,
        real,
    };
    (real != 0).then_some((hook.symbol.to_bytes(), target))
}

struct Pass<'a> {
    scanner: &'a mut Scanner,
    present: HashSet<(usize, usize)>,
    patched: Patched,
}

/// Called for each loaded object, with the linker's lock held.
unsafe extern "C" fn each(
    info: *mut libc::dl_phdr_info,
    size: libc::size_t,
    data: *mut c_void,
) -> c_int {
    // SAFETY: the two pointers are those that `scan` and the linker passed.
    let (info, pass) = unsafe { (&*info, &mut *data.cast::<Pass>()) };
    // Unwinding into the linker is undefined; nothing below panics, and if it should, the object stays as it is.
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| pass.object(info, size)));
    0
}

/// The parts of a loaded object that the pass needs.
#[derive(Default)]
struct Object {
    base: usize,
    dynamic: usize,
    relro: (usize, usize),
    /// Address ranges of its segments, and whether they hold code.
    segments: Vec<(usize, usize, bool)>,
}

impl Object {
    fn new(info: &libc::dl_phdr_info) -> Object {
        let mut object = Object {
            base: info.dlpi_addr as usize,
            ..Object::default()
        };
        // SAFETY: the linker's own array of program headers, which stays as long as the object.
        let headers =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        for header in headers {
            let start = object.base.wrapping_add(header.p_vaddr as usize);
            let end = start.wrapping_add(header.p_memsz as usize);
            match header.p_type {
                libc::PT_LOAD => {
                    let code = header.p_flags & libc::PF_X != 0;
                    object.segments.push((start, end, code));
                }
                libc::PT_DYNAMIC => object.dynamic = start,
                libc::PT_GNU_RELRO => object.relro = (start, end),
                _ => {}
            }
        }
        object
    }

    fn holds(&self, address: usize) -> bool {
        self.segments
            .iter()
            .any(|(start, end, _)| (*start..*end).contains(&address))
    }

    /// Whether the address lies in the object's code, as the stub does that binds a function at its first call.
    fn has_code_at(&self, address: usize) -> bool {
        self.segments
            .iter()
            .any(|(start, end, code)| *code && (*start..*end).contains(&address))
    }
}

/// One entry of the dynamic section.
#[repr(C)]
struct Dyn {
    tag: i64,
    value: usize,
}

/// A relocation with an addend, as both architectures have them.
#[repr(C)]
struct Rela {
    offset: usize,
    info: u64,
    addend: i64,
}

/// A symbol of the dynamic symbol table.
#[repr(C)]
struct Sym {
    name: u32,
    info: u8,
    other: u8,
    section: u16,
    value: usize,
    size: u64,
}

/// What the dynamic section tells.
#[derive(Default)]
struct Tables {
    symbols: usize,
    strings: usize,
    relocations: [(usize, usize); 2],
}

const DT_PLTRELSZ: i64 = 2;
const DT_STRTAB: i64 = 5;
const DT_SYMTAB: i64 = 6;
const DT_RELA: i64 = 7;
const DT_RELASZ: i64 = 8;
const DT_JMPREL: i64 = 23;

impl Tables {
    fn of(object: &Object) -> Option<Tables> {
        if object.dynamic == 0 {
            return None;
        }
        let mut tables = Tables::default();
        let mut entry = object.dynamic as *const Dyn;
        loop {
            // SAFETY: the dynamic section of a loaded object is readable and ends with an entry of tag 0.
            let Dyn { tag, value } = unsafe { std::ptr::read(entry) };
            // The GNU C library turns these offsets into addresses when it loads the object, musl does not.
            let address = if object.holds(value) {
                value
            } else {
                object.base.wrapping_add(value)
            };
            match tag {
                0 => break,
                DT_SYMTAB => tables.symbols = address,
                DT_STRTAB => tables.strings = address,
                DT_RELA => tables.relocations[0].0 = address,
                DT_RELASZ => tables.relocations[0].1 = value,
                DT_JMPREL => tables.relocations[1].0 = address,
                DT_PLTRELSZ => tables.relocations[1].1 = value,
                _ => {}
            }
            // SAFETY: not the last entry, so there is one more.
            entry = unsafe { entry.add(1) };
        }
        let sound = [
            tables.symbols,
            tables.strings,
            tables.relocations[0].0,
            tables.relocations[1].0,
        ]
        .iter()
        .all(|at| *at == 0 || object.holds(*at));
        (sound && tables.symbols != 0 && tables.strings != 0).then_some(tables)
    }
}

impl Pass<'_> {
    fn object(&mut self, info: &libc::dl_phdr_info, size: usize) {
        // Older C libraries do not tell how many objects went; then nothing is taken for known.
        let removed = match size >= std::mem::size_of::<libc::dl_phdr_info>() {
            true => info.dlpi_subs,
            false => u64::MAX,
        };
        if removed != self.scanner.removed || removed == u64::MAX {
            self.scanner.removed = removed;
            self.scanner.seen.clear();
        }
        let object = Object::new(info);
        let key = (object.base, object.dynamic);
        if !self.present.insert(key) || self.scanner.seen.contains(&key) {
            return;
        }
        if is_skipped(info, &object) {
            return;
        }
        self.patched.objects += 1;
        let Some(tables) = Tables::of(&object) else {
            return;
        };
        let slots = self.slots(&object, &tables);
        if slots.is_empty() {
            return;
        }
        match write(&object, &slots) {
            true => self.patched.slots += slots.len(),
            false => self.patched.refused += 1,
        }
    }

    /// The slots of the object that hold the address of a function with a hook, and the address of the hook.
    fn slots(&self, object: &Object, tables: &Tables) -> Vec<(usize, usize)> {
        let mut slots = Vec::new();
        for (start, size) in tables.relocations {
            if start == 0 {
                continue;
            }
            // SAFETY: the object's own table of relocations, as long as its dynamic section says.
            let relocations = unsafe {
                std::slice::from_raw_parts(start as *const Rela, size / size_of::<Rela>())
            };
            for relocation in relocations {
                let kind = relocation.info as u32;
                let wanted = matches!(kind, kinds::JUMP_SLOT | kinds::GLOB_DAT)
                    || (kind == kinds::ABSOLUTE && relocation.addend == 0);
                let symbol = (relocation.info >> 32) as usize;
                if !wanted || symbol == 0 {
                    continue;
                }
                // SAFETY: a relocation names a symbol of the object's own table.
                let symbol = unsafe { std::ptr::read((tables.symbols as *const Sym).add(symbol)) };
                // SAFETY: a symbol's name is a NUL-terminated string in the object's own string table.
                let name = unsafe {
                    CStr::from_ptr(
                        (tables.strings as *const libc::c_char).add(symbol.name as usize),
                    )
                };
                let Some(target) = self.scanner.targets.get(name.to_bytes()) else {
                    continue;
                };
                let slot = object.base.wrapping_add(relocation.offset);
                if slot % align_of::<usize>() != 0 || !object.holds(slot) {
                    continue;
                }
                // SAFETY: the slot is aligned and lies in the object's memory.
                let now = unsafe { &*(slot as *const AtomicUsize) }.load(Ordering::Relaxed);
                // Who defines the function itself must go on finding it: it is what the hooks call.
                let own = object.holds(target.real);
                let unbound = kind == kinds::JUMP_SLOT && object.has_code_at(now);
                if !own && (now == target.real || unbound) {
                    slots.push((slot, target.hook));
                }
            }
        }
        slots
    }
}

/// The C library calls itself without a table, and must not be led astray; nor must we.
fn is_skipped(info: &libc::dl_phdr_info, object: &Object) -> bool {
    if object.holds(is_skipped as *const () as usize) {
        return true;
    }
    if info.dlpi_name.is_null() {
        return false;
    }
    // SAFETY: the linker's name of the object, NUL-terminated.
    let path = unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes();
    let name = path.rsplit(|b| *b == b'/').next().unwrap_or(path);
    [
        &b"libc.so"[..],
        b"libc-",
        b"libc.musl",
        b"ld-",
        b"libpthread",
        b"libdl.so",
        b"librt.so",
        b"linux-vdso",
    ]
    .iter()
    .any(|skipped| name.starts_with(skipped))
}

/// Writes the slots; `false` where the memory could not be made writable.
fn write(object: &Object, slots: &[(usize, usize)]) -> bool {
    // SAFETY: asks for a number.
    let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
    // As the linker rounds: what it protected lies in whole pages.
    let (start, end) = (object.relro.0 & !(page - 1), object.relro.1 & !(page - 1));
    let protected = slots.iter().any(|(slot, _)| (start..end).contains(slot));
    // SAFETY: the object's own pages; reading stays allowed all the time.
    let protect = |flags| unsafe {
        libc::mprotect(start as *mut c_void, end.wrapping_sub(start), flags) == 0
    };
    if protected && !protect(libc::PROT_READ | libc::PROT_WRITE) {
        return false;
    }
    for (slot, hook) in slots {
        // SAFETY: an aligned word of the object's data that is writable now; others read it at any time, in one go.
        unsafe { &*(*slot as *const AtomicUsize) }.store(*hook, Ordering::Relaxed);
    }
    if protected {
        // Where that fails the table stays writable, which loses a protection but no function.
        protect(libc::PROT_READ);
    }
    true
}
