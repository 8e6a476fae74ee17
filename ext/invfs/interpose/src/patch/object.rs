//! What a loaded object tells of itself: where it lies in memory, and the relocations that name functions.

use std::ffi::CStr;
use std::ops::Range;

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

/// A loaded object.
pub struct Object<'a> {
    pub base: usize,
    pub dynamic: usize,
    /// What the linker makes read-only when it has relocated the object, whole pages only.
    pub relro: (usize, usize),
    /// The linker's path of it; empty for the program itself with the GNU C library.
    pub path: &'a [u8],
    segments: Vec<Segment>,
}

struct Segment {
    start: usize,
    end: usize,
    code: bool,
    writable: bool,
}

/// A word of an object that the linker filled with the address of a function.
pub struct GotSlot<'a> {
    /// The function's name.
    pub name: &'a [u8],
    /// Where the word is: aligned, and in memory that is writable, or was before it was protected.
    pub address: usize,
    /// Whether it may lead to a stub that looks the function up at the first call.
    pub lazy: bool,
    /// Whether the object has a function of that name itself.
    pub defined: bool,
    /// The address of the stub that is the function for everybody: a program that is not position-independent has one
    /// for each function whose address it takes. Else 0.
    pub stub: usize,
}

impl<'a> Object<'a> {
    /// Reads the program headers.
    ///
    /// # Safety
    /// `info` is what `dl_iterate_phdr` passed, and its callback has not returned.
    pub unsafe fn new(info: &'a libc::dl_phdr_info) -> Object<'a> {
        let path = match info.dlpi_name.is_null() {
            true => &[],
            // SAFETY: the linker's name of the object, NUL-terminated.
            false => unsafe { CStr::from_ptr(info.dlpi_name) }.to_bytes(),
        };
        let mut object = Object {
            base: info.dlpi_addr as usize,
            dynamic: 0,
            relro: (0, 0),
            path,
            segments: Vec::new(),
        };
        // SAFETY: asks for a number.
        let page = unsafe { libc::sysconf(libc::_SC_PAGESIZE) } as usize;
        // SAFETY: the linker's own array of program headers, which stays as long as the object.
        let headers =
            unsafe { std::slice::from_raw_parts(info.dlpi_phdr, usize::from(info.dlpi_phnum)) };
        for header in headers {
            let start = object.base.wrapping_add(header.p_vaddr as usize);
            let end = start.wrapping_add(header.p_memsz as usize);
            match header.p_type {
                libc::PT_LOAD => object.segments.push(Segment {
                    start,
                    end,
                    code: header.p_flags & libc::PF_X != 0,
                    writable: header.p_flags & libc::PF_W != 0,
                }),
                libc::PT_DYNAMIC => object.dynamic = start,
                // As the linker rounds.
                libc::PT_GNU_RELRO => object.relro = (start & !(page - 1), end & !(page - 1)),
                _ => {}
            }
        }
        object
    }

    fn segment(&self, address: usize) -> Option<&Segment> {
        self.segments
            .iter()
            .find(|segment| (segment.start..segment.end).contains(&address))
    }

    /// Whether the address lies in the object's memory.
    pub fn holds(&self, address: usize) -> bool {
        self.segment(address).is_some()
    }

    /// Whether the address lies in the object's code, as the stub does that binds a function at its first call.
    pub fn has_code_at(&self, address: usize) -> bool {
        self.segment(address).is_some_and(|segment| segment.code)
    }

    /// Where the object's code lies.
    pub fn code(&self) -> Vec<Range<usize>> {
        let code = self.segments.iter().filter(|segment| segment.code);
        code.map(|segment| segment.start..segment.end).collect()
    }

    /// Calls `each` for every slot. What was relocated in code, which an object may ask for, is none: it is not writable.
    pub fn slots(&self, mut each: impl FnMut(GotSlot<'_>)) {
        let Some(tables) = Tables::of(self) else {
            return;
        };
        for (start, size) in tables.relocations {
            if start == 0 {
                continue;
            }
            // SAFETY: the object's own table of relocations, as long as its dynamic section says.
            let relocations = unsafe {
                std::slice::from_raw_parts(start as *const Rela, size / size_of::<Rela>())
            };
            for relocation in relocations {
                if let Some(slot) = self.slot(&tables, relocation) {
                    each(slot);
                }
            }
        }
    }

    fn slot(&self, tables: &Tables, relocation: &Rela) -> Option<GotSlot<'_>> {
        let kind = relocation.info as u32;
        let wanted = matches!(kind, kinds::JUMP_SLOT | kinds::GLOB_DAT)
            || (kind == kinds::ABSOLUTE && relocation.addend == 0);
        let symbol = (relocation.info >> 32) as usize;
        let address = self.base.wrapping_add(relocation.offset);
        if !wanted || symbol == 0 || address % align_of::<usize>() != 0 {
            return None;
        }
        if !self
            .segment(address)
            .is_some_and(|segment| segment.writable)
        {
            return None;
        }
        // SAFETY: a relocation names a symbol of the object's own table.
        let symbol = unsafe { std::ptr::read((tables.symbols as *const Sym).add(symbol)) };
        // SAFETY: a symbol's name is a NUL-terminated string in the object's own string table.
        let name = unsafe {
            CStr::from_ptr((tables.strings as *const libc::c_char).add(symbol.name as usize))
        };
        let defined = symbol.section != 0;
        Some(GotSlot {
            name: name.to_bytes(),
            address,
            lazy: kind == kinds::JUMP_SLOT,
            defined,
            stub: match symbol.value {
                0 => 0,
                _ if defined => 0,
                value => self.base.wrapping_add(value),
            },
        })
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
    fn of(object: &Object<'_>) -> Option<Tables> {
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
