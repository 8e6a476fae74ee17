//! Decompressing a whole entry at once, into a buffer of exactly its size. The only file that names the decompressors.

use std::cell::Cell;
use std::io;
use std::ptr::NonNull;

use libdeflate_sys as deflate;

use crate::vfs::Room;

/// Compressed bytes that a thread keeps room for between two reads; more is given back at once.
const KEPT: usize = 256 * 1024;
const NO_MEMORY: &str = "no memory for the decompressor";

/// What one thread needs to read entries, kept from one read to the next: making it costs more than most reads.
#[derive(Default)]
pub(super) struct Workspace {
    /// The local header and the compressed contents.
    pub input: Input,
    pub codecs: Codecs,
}

thread_local! {
    static WORKSPACE: Cell<Option<Box<Workspace>>> = const { Cell::new(None) };
}

impl Workspace {
    /// Runs `work` with the workspace of this thread.
    ///
    /// It is taken out meanwhile, so that nothing is in an odd state if `work` reads an entry itself, or is left
    /// by a non-local exit of the language that invfs is embedded in.
    pub(super) fn with<T>(work: impl FnOnce(&mut Workspace) -> T) -> T {
        let mut own = WORKSPACE
            .try_with(Cell::take)
            .ok()
            .flatten()
            .unwrap_or_default();
        let result = work(&mut own);
        own.input.reset();
        // Fails only while the thread ends.
        let _ = WORKSPACE.try_with(|kept| kept.set(Some(own)));
        result
    }
}

/// Some bytes of a file.
#[derive(Default)]
pub(super) struct Input {
    /// Longer than what was read: bytes that were zeroed once need not be zeroed again.
    bytes: Vec<u8>,
    read: usize,
}

impl Input {
    /// What was read.
    pub(super) fn read(&self) -> &[u8] {
        self.bytes.get(..self.read).unwrap_or_default()
    }

    /// Room for as many bytes as make `len`, after those that were read.
    pub(super) fn room(&mut self, len: usize) -> io::Result<&mut [u8]> {
        if let Some(more) = len.checked_sub(self.bytes.len()) {
            if self.bytes.try_reserve(more).is_err() {
                return Err(io::ErrorKind::OutOfMemory.into());
            }
            self.bytes.resize(len, 0);
        }
        Ok(self.bytes.get_mut(self.read..len).unwrap_or_default())
    }

    /// Says that `len` bytes of the room were filled.
    pub(super) fn add(&mut self, len: usize) {
        self.read = (self.read + len).min(self.bytes.len());
    }

    fn reset(&mut self) {
        self.read = 0;
        self.bytes.truncate(KEPT);
        self.bytes.shrink_to(KEPT);
    }
}

/// The decompressors of one thread, each made when it is first needed.
#[derive(Default)]
pub(super) struct Codecs {
    deflate: Option<Deflate>,
    zstd: Option<zstd_safe::DCtx<'static>>,
}

impl Codecs {
    /// Decompresses `input`, a deflate stream and nothing else, to all of `output`; fails with the reason.
    pub(super) fn inflate(
        &mut self,
        input: &[u8],
        output: &mut Room<'_>,
    ) -> Result<(), &'static str> {
        let decompressor = match &mut self.deflate {
            Some(decompressor) => decompressor,
            none => none.insert(Deflate::new().ok_or(NO_MEMORY)?),
        };
        decompressor.run(input, output)
    }

    /// Decompresses `input`, zstd frames and nothing else, to all of `output`; fails with the reason.
    pub(super) fn unzstd(
        &mut self,
        input: &[u8],
        output: &mut Room<'_>,
    ) -> Result<(), &'static str> {
        let context = match &mut self.zstd {
            Some(context) => context,
            none => none.insert(zstd_safe::DCtx::try_create().ok_or(NO_MEMORY)?),
        };
        match context.decompress(&mut Zstd(output), input) {
            Ok(_) if output.rest().is_empty() => Ok(()),
            Ok(_) => Err("the contents are shorter than declared"),
            Err(code) => Err(zstd_safe::get_error_name(code)),
        }
    }
}

/// The rest of a room as zstd writes to it.
struct Zstd<'r, 'm>(&'r mut Room<'m>);

// SAFETY: pointer and capacity are those of one piece of memory, borrowed mutably; nothing of it is shown as written.
unsafe impl zstd_safe::WriteBuf for Zstd<'_, '_> {
    fn as_slice(&self) -> &[u8] {
        &[]
    }

    fn capacity(&self) -> usize {
        self.0.room()
    }

    fn as_mut_ptr(&mut self) -> *mut u8 {
        self.0.rest().as_mut_ptr().cast()
    }

    unsafe fn filled_until(&mut self, len: usize) {
        // SAFETY: the caller promises that the first `len` bytes have been written, which are within the capacity.
        unsafe { self.0.add(len) };
    }
}

/// A decompressor of libdeflate. The `libdeflater` crate would hide how much of the input was used.
struct Deflate(NonNull<deflate::libdeflate_decompressor>);

// SAFETY: a decompressor is plain memory that any one thread may use at a time.
unsafe impl Send for Deflate {}

impl Deflate {
    fn new() -> Option<Deflate> {
        // SAFETY: takes nothing; gives null when there is no memory.
        NonNull::new(unsafe { deflate::libdeflate_alloc_decompressor() }).map(Deflate)
    }

    fn run(&mut self, input: &[u8], output: &mut Room<'_>) -> Result<(), &'static str> {
        let (mut used, mut made) = (0, 0);
        let room = output.rest();
        // SAFETY: the decompressor is live and ours alone (`&mut`); each pointer goes with the length of its
        // slice, which libdeflate neither reads nor writes beyond. It reads of the output only what it wrote there.
        let result = unsafe {
            deflate::libdeflate_deflate_decompress_ex(
                self.0.as_ptr(),
                input.as_ptr().cast(),
                input.len(),
                room.as_mut_ptr().cast(),
                room.len(),
                &mut used,
                &mut made,
            )
        };
        match result {
            deflate::libdeflate_result_LIBDEFLATE_SUCCESS if made != room.len() => {
                Err("the contents are shorter than declared")
            }
            deflate::libdeflate_result_LIBDEFLATE_SUCCESS if used != input.len() => {
                Err("there is something after the compressed data")
            }
            deflate::libdeflate_result_LIBDEFLATE_SUCCESS => {
                // SAFETY: libdeflate says that it wrote `made` bytes, and that is all of the rest.
                unsafe { output.add(made) };
                Ok(())
            }
            deflate::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => {
                Err("the contents are longer than declared")
            }
            _ => Err("the compressed data is damaged"),
        }
    }
}

impl Drop for Deflate {
    fn drop(&mut self) {
        // SAFETY: `new` made it, and nobody else has it.
        unsafe { deflate::libdeflate_free_decompressor(self.0.as_ptr()) };
    }
}
