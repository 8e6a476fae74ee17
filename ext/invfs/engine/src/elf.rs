//! What must be known of a shared object before it is loaded: whether it is whole, and which libraries it needs.

use elf::abi::{
    DT_NEEDED, DT_RPATH, DT_RUNPATH, DT_STRTAB, DT_VERNEED, DT_VERNEEDNUM, ET_DYN, PT_LOAD,
};
use elf::dynamic::{Dyn, DynamicTable};
use elf::endian::AnyEndian;
use elf::gnu_symver::VerNeedIterator;
use elf::ElfBytes;

/// The names of the libraries that the ELF shared object in `bytes` needs, in its order, or `None` if it is no ELF
/// shared object (of 32 or 64 bits, of either byte order).
///
/// Any bytes may be given; names that are not where the file says are left out.
///
/// ```
/// use invfs_engine::elf;
/// assert_eq!(elf::needed(b"puts 1"), None);
/// ```
pub fn needed(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    dynamic_strings(bytes, &[DT_NEEDED])
}

/// The versions of symbols that the shared object in `bytes` needs of its libraries, such as `GLIBC_2.34`, in its order.
///
/// Any bytes may be given, as for [`needed`].
///
/// ```
/// use invfs_engine::elf;
/// assert!(elf::versions(b"puts 1").is_empty());
/// ```
pub fn versions(bytes: &[u8]) -> Vec<Vec<u8>> {
    Object::parse(bytes)
        .and_then(|object| object.versions())
        .unwrap_or_default()
}

/// Where the shared object in `bytes` has its libraries looked for, of those places that are said from where it lies
/// itself (`$ORIGIN/../lib`): relative paths, such as `../lib`, in its order; the empty one is its own directory.
///
/// Any bytes may be given, as for [`needed`].
///
/// ```
/// use invfs_engine::elf;
/// assert!(elf::origins(b"puts 1").is_empty());
/// ```
pub fn origins(bytes: &[u8]) -> Vec<Vec<u8>> {
    let lists = dynamic_strings(bytes, &[DT_RUNPATH, DT_RPATH]).unwrap_or_default();
    let places = lists.iter().flat_map(|list| list.split(|b| *b == b':'));
    places
        .filter_map(|place| {
            let rest = [&b"$ORIGIN"[..], b"${ORIGIN}"]
                .into_iter()
                .find_map(|origin| place.strip_prefix(origin))?;
            match rest {
                [] => Some(Vec::new()),
                [b'/', rest @ ..] => Some(rest.to_vec()),
                _ => None,
            }
        })
        .take(MAX_NEEDED)
        .collect()
}

/// The strings of the dynamic section under these tags; `None` for what is no ELF shared object.
fn dynamic_strings(bytes: &[u8], tags: &[i64]) -> Option<Vec<Vec<u8>>> {
    let object = Object::parse(bytes)?;
    let strings = object.strings();
    let names = object
        .dynamic()
        .filter(|entry| tags.contains(&entry.d_tag))
        .filter_map(|entry| string(strings, entry.d_val()))
        // One name in a table may be said to be needed any number of times.
        .take(MAX_NEEDED)
        .map(<[u8]>::to_vec);
    Some(names.collect())
}

/// An ELF shared object, seen as the system's loader sees it: without its section headers, which may be missing.
struct Object<'a> {
    bytes: &'a [u8],
    file: ElfBytes<'a, AnyEndian>,
    dynamic: Option<DynamicTable<'a, AnyEndian>>,
}

impl<'a> Object<'a> {
    fn parse(bytes: &'a [u8]) -> Option<Object<'a>> {
        let file = ElfBytes::<AnyEndian>::minimal_parse(bytes).ok()?;
        if file.ehdr.e_type != ET_DYN {
            return None;
        }
        let dynamic = file.dynamic().ok().flatten();
        Some(Object {
            bytes,
            file,
            dynamic,
        })
    }

    fn dynamic(&self) -> impl Iterator<Item = Dyn> + '_ {
        self.dynamic.iter().flat_map(DynamicTable::iter)
    }

    fn entry(&self, tag: i64) -> Option<u64> {
        let found = self.dynamic().find(|entry| entry.d_tag == tag)?;
        Some(found.d_val())
    }

    /// What the tag's address leads to, up to the end of its segment.
    fn table(&self, tag: i64) -> Option<&'a [u8]> {
        at_address(&self.file, self.bytes, self.entry(tag)?)
    }

    fn strings(&self) -> &'a [u8] {
        self.table(DT_STRTAB).unwrap_or_default()
    }

    fn versions(&self) -> Option<Vec<Vec<u8>>> {
        let table = self.table(DT_VERNEED)?;
        let libraries = VerNeedIterator::new(
            self.file.ehdr.endianness,
            self.file.ehdr.class,
            self.entry(DT_VERNEEDNUM)?,
            0,
            table,
        );
        let strings = self.strings();
        let versions = libraries
            .take(MAX_NEEDED)
            .flat_map(|(_, versions)| versions)
            .filter_map(|version| string(strings, u64::from(version.vna_name)))
            .take(MAX_NEEDED)
            .map(<[u8]>::to_vec);
        Some(versions.collect())
    }
}

/// The string at `offset`, which ends in a NUL byte; `None` for an empty one.
fn string(strings: &[u8], offset: u64) -> Option<&[u8]> {
    let string = strings.get(usize::try_from(offset).ok()?..)?;
    let len = string.iter().position(|b| *b == 0)?;
    string.get(..len).filter(|string| !string.is_empty())
}

/// Whether everything that the system's loader would map of the shared object lies inside `bytes`. One that was cut
/// off passes the loader's own checks, and touching what is missing kills the process (`SIGBUS`).
///
/// ```
/// use invfs_engine::elf;
/// assert!(!elf::is_complete(b"\x7fELF"));
/// ```
pub fn is_complete(bytes: &[u8]) -> bool {
    let Ok(file) = ElfBytes::<AnyEndian>::minimal_parse(bytes) else {
        return false;
    };
    file.segments().is_some_and(|segments| {
        segments.iter().all(|segment| {
            let end = segment.p_offset.checked_add(segment.p_filesz);
            segment.p_type != PT_LOAD || end.is_some_and(|end| end <= bytes.len() as u64)
        })
    })
}

/// More libraries than anything needs.
const MAX_NEEDED: usize = 1024;

/// The bytes of the file that are loaded at an address, up to the end of their segment.
fn at_address<'a>(
    file: &ElfBytes<'a, AnyEndian>,
    bytes: &'a [u8],
    address: u64,
) -> Option<&'a [u8]> {
    file.segments()?
        .iter()
        .filter(|segment| segment.p_type == PT_LOAD)
        .find_map(|segment| {
            let inside = address.checked_sub(segment.p_vaddr)?;
            let len = segment
                .p_filesz
                .checked_sub(inside)
                .filter(|len| *len > 0)?;
            let start = usize::try_from(segment.p_offset.checked_add(inside)?).ok()?;
            let rest = bytes.get(start..)?;
            rest.get(..usize::try_from(len).ok()?.min(rest.len()))
        })
}
