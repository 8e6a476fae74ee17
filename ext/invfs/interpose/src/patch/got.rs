//! Rewrites the function addresses through which loaded objects call the C library.
//!
//! Every object that calls `open` has a slot in its global offset table (GOT) that the dynamic linker filled with the
//! address of `open`. The relocations that filled it are still in memory: they say where the slots are. Sources: the
//! System V ABI's chapter on dynamic linking, and the relocation types of the x86-64 and AArch64 supplements.

use std::collections::{HashMap, HashSet};
use std::ffi::{c_int, c_void, CStr, CString};
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};

use foldhash::fast::RandomState;

use crate::patch::object::Object;

/// A function with its replacement.
pub struct Hook {
    /// The name under which objects ask for it.
    pub symbol: &'static std::ffi::CStr,
    /// Tells the address of the replacement, a function with the same signature.
    pub address: fn() -> usize,
}

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
    removed: Option<u64>,
    targets: HashMap<&'static [u8], HookedFunction, RandomState>,
    below: Option<Below>,
}

/// The object whose hooks our own calls were led to before ours were put in.
struct Below {
    dynamic: usize,
    code: Vec<Range<usize>>,
}

/// A function with its hook.
struct HookedFunction {
    hook: usize,
    /// What everybody finds under the name: the C library's own, that of a preloaded library, or a stub.
    real: usize,
    /// The C library's own.
    own: usize,
}

impl Scanner {
    /// Leads the slots of all objects that were loaded since the last pass to the hooks.
    pub fn scan(&mut self, hooks: &[&[Hook]]) -> Patched {
        if self.targets.is_empty() {
            let library = c_library();
            self.targets = hooks
                .iter()
                .copied()
                .flatten()
                .filter_map(|hook| target(hook, library))
                .collect();
            self.keep_out_of_stubs();
            self.below = self.who_is_below();
        }
        let mut pass = Pass {
            scanner: self,
            present: HashSet::new(),
            patched: Patched::default(),
        };
        iterate(&mut |object, removed| pass.object(object, removed));
        let (present, patched) = (pass.present, pass.patched);
        self.seen = present;
        patched
    }

    /// A program that is not position-independent and takes the address of a function makes a stub of its own the
    /// function for everybody, us too. The stub will lead to the hook, so our own calls must not go through it.
    fn keep_out_of_stubs(&self) {
        let mut stubs = HashSet::new();
        let mut first = true;
        iterate(&mut |object, _| {
            // The first is the program.
            if std::mem::take(&mut first) {
                object.slots(|slot| {
                    if let Some(target) = self.targets.get(slot.name) {
                        if target.real == slot.stub && target.own != 0 {
                            stubs.insert(slot.stub);
                        }
                    }
                });
            }
            if stubs.is_empty() || !is_ours(object) {
                return;
            }
            let mut slots = Vec::new();
            object.slots(|slot| {
                if let Some(target) = self.targets.get(slot.name) {
                    if stubs.contains(&target.real) && load(slot.address) == target.real {
                        slots.push((slot.address, target.own));
                    }
                }
            });
            write(object, &slots);
        });
    }
}

impl Scanner {
    fn leads_below(&self, address: usize) -> bool {
        let below = self.below.iter();
        below
            .flat_map(|below| &below.code)
            .any(|code| code.contains(&address))
    }

    /// The object, other than the C library, whose functions our own calls of the C library lead to: that of somebody who had
    /// hooks before us, such as the launcher of a packed program. Its hooks stay the functions that ours call, so its calls
    /// are left alone, and all that was led to it is led to us.
    fn who_is_below(&self) -> Option<Below> {
        let mut strange = Vec::new();
        iterate(&mut |object, _| {
            if is_ours(object) {
                object.slots(|slot| {
                    let now = load(slot.address);
                    let known =
                        |target: &HookedFunction| [target.real, target.own, 0].contains(&now);
                    let unbound = object.has_code_at(now);
                    if !unbound
                        && self
                            .targets
                            .get(slot.name)
                            .is_some_and(|target| !known(target))
                    {
                        strange.push(now);
                    }
                });
            }
        });
        let mut below = None;
        iterate(&mut |object, _| {
            if !is_ours(object)
                && !is_system(object)
                && strange.iter().any(|at| object.has_code_at(*at))
            {
                below = Some(Below {
                    dynamic: object.dynamic,
                    code: object.code(),
                });
            }
        });
        below
    }
}

/// Calls `each` for all loaded objects, with the linker's lock held, and tells it how many objects went until now.
pub fn iterate(each: &mut dyn FnMut(&Object<'_>, Option<u64>)) {
    type Each<'a> = &'a mut dyn FnMut(&Object<'_>, Option<u64>);
    // SAFETY: called by the linker, with the pointer that it was given below.
    unsafe extern "C" fn call(
        info: *mut libc::dl_phdr_info,
        size: libc::size_t,
        data: *mut c_void,
    ) -> c_int {
        // SAFETY: the two pointers are those that `iterate` and the linker passed.
        let (info, each) = unsafe { (&*info, &mut *data.cast::<Each<'_>>()) };
        // Older C libraries do not tell.
        let removed = (size >= size_of::<libc::dl_phdr_info>()).then_some(info.dlpi_subs);
        // Unwinding into the linker is undefined; nothing in there panics, and if it should, the object stays as it is.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // SAFETY: what the linker passed, just now.
            each(&unsafe { Object::new(info) }, removed);
        }));
        0
    }
    let mut each: Each<'_> = each;
    // SAFETY: `call` gets back the pointer to `each`, which outlives the call, and unwinds never.
    unsafe { libc::dl_iterate_phdr(Some(call), (&raw mut each).cast()) };
}

/// The C library, which is loaded already; NULL where it cannot be told.
fn c_library() -> *mut c_void {
    let name = match cfg!(target_env = "musl") {
        true => c"libc.so",
        false => c"libc.so.6",
    };
    // SAFETY: a NUL-terminated name; nothing is loaded that is not there.
    unsafe { libc::dlopen(name.as_ptr(), libc::RTLD_LAZY | libc::RTLD_NOLOAD) }
}

fn target(hook: &Hook, library: *mut c_void) -> Option<(&'static [u8], HookedFunction)> {
    let real = find(libc::RTLD_DEFAULT, hook.symbol);
    let target = HookedFunction {
        hook: (hook.address)(),
        real,
        own: match library.is_null() {
            true => 0,
            false => find(library, hook.symbol),
        },
    };
    (real != 0).then_some((hook.symbol.to_bytes(), target))
}

/// The address of a function; 0 where there is none.
fn find(library: *mut c_void, name: &CStr) -> usize {
    // SAFETY: a NUL-terminated name, and a library that is loaded.
    let look = |name: &CStr| unsafe { libc::dlsym(library, name.as_ptr()) as usize };
    let address = look(name);
    if address != 0 || cfg!(not(target_env = "musl")) {
        return address;
    }
    // Since 1.2.4 musl resolves names such as `open64` in objects that were linked before, but not for others who ask.
    match name.to_str().ok().filter(|name| name.contains("64")) {
        Some(name) => match CString::new(name.replace("64", "")) {
            Ok(name) => look(&name),
            Err(_) => 0,
        },
        None => 0,
    }
}

struct Pass<'a> {
    scanner: &'a mut Scanner,
    present: HashSet<(usize, usize)>,
    patched: Patched,
}

impl Pass<'_> {
    fn object(&mut self, object: &Object<'_>, removed: Option<u64>) {
        // Where that is not told, nothing is taken for known.
        if removed != self.scanner.removed || removed.is_none() {
            self.scanner.removed = removed;
            self.scanner.seen.clear();
        }
        let key = (object.base, object.dynamic);
        if !self.present.insert(key) || self.scanner.seen.contains(&key) {
            return;
        }
        let below = self.scanner.below.as_ref();
        let is_below = below.is_some_and(|below| below.dynamic == object.dynamic);
        if is_ours(object) || is_system(object) || is_below {
            return;
        }
        self.patched.objects += 1;
        let slots = self.slots(object);
        if slots.is_empty() {
            return;
        }
        match write(object, &slots) {
            true => self.patched.slots += slots.len(),
            false => self.patched.refused += 1,
        }
    }

    /// The slots of the object that hold the address of a function with a hook, and the address of the hook.
    fn slots(&self, object: &Object<'_>) -> Vec<(usize, usize)> {
        let mut slots = Vec::new();
        object.slots(|slot| {
            let Some(target) = self.scanner.targets.get(slot.name) else {
                return;
            };
            // The object that defines the function must go on finding it: it is what the hooks call.
            if slot.defined && object.holds(target.real) {
                return;
            }
            let now = load(slot.address);
            let bound = now == target.real || (now == target.own && now != 0);
            let bound = bound || self.scanner.leads_below(now);
            if bound || (slot.lazy && object.has_code_at(now)) {
                slots.push((slot.address, target.hook));
            }
        });
        slots
    }
}

/// The hooks call the C library through our own table.
fn is_ours(object: &Object<'_>) -> bool {
    object.holds(is_ours as *const () as usize)
}

/// The C library calls itself without a table, and must not be led astray.
fn is_system(object: &Object<'_>) -> bool {
    let path = object.path;
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

/// The word at an address that [`Object::slots`] found.
fn load(slot: usize) -> usize {
    // SAFETY: the slot is aligned and lies in the object's memory.
    unsafe { &*(slot as *const AtomicUsize) }.load(Ordering::Relaxed)
}

/// Writes the slots; `false` where the memory could not be made writable.
fn write(object: &Object<'_>, slots: &[(usize, usize)]) -> bool {
    let (start, end) = object.relro;
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
