//! Builds archives in which every number can be a lie.

use zip::CompressionMethod;

/// One entry. Numbers that are `None` are what they should be.
#[derive(Clone, Default)]
pub struct Entry {
    pub name: Vec<u8>,
    pub local_name: Option<Vec<u8>>,
    /// The contents as they stand in the file, compressed or not.
    pub data: Vec<u8>,
    pub size: u64,
    pub crc: u32,
    pub compressed_size: Option<u64>,
    pub method: u16,
    pub flags: u16,
    pub local_method: Option<u16>,
    pub local_flags: Option<u16>,
    pub local_size: Option<u64>,
    pub local_compressed_size: Option<u64>,
    pub local_crc: Option<u32>,
    pub local_signature: Option<[u8; 4]>,
    /// Unix mode with the type of the file; 0: made by MS-DOS.
    pub mode: u32,
    /// Attributes of MS-DOS.
    pub attributes: u32,
    /// MS-DOS date and time: date in the upper half.
    pub time: u32,
    pub extra: Vec<u8>,
    pub local_extra: Vec<u8>,
    pub comment: Vec<u8>,
    /// Follows the data.
    pub descriptor: Vec<u8>,
    /// Where the central directory says the local header is.
    pub offset: Option<u64>,
    /// Sizes and offset go to a zip64 field, whatever they are.
    pub zip64: bool,
}

impl Entry {
    /// The same entry, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Entry)) -> Entry {
        change(&mut self);
        self
    }

    pub fn stored(name: &str, contents: impl AsRef<[u8]>) -> Entry {
        let contents = contents.as_ref();
        Entry {
            name: name.into(),
            data: contents.to_vec(),
            size: contents.len() as u64,
            crc: crc32(contents),
            ..Entry::default()
        }
    }

    pub fn deflated(name: &str, contents: impl AsRef<[u8]>) -> Entry {
        Entry {
            data: deflate(contents.as_ref()),
            method: 8,
            ..Entry::stored(name, contents)
        }
    }

    pub fn zstd(name: &str, contents: impl AsRef<[u8]>) -> Entry {
        let contents = contents.as_ref();
        let mut data = vec![0; zstd_safe::compress_bound(contents.len())];
        let len = zstd_safe::compress(&mut data[..], contents, 3).expect("zstd");
        data.truncate(len);
        Entry {
            data,
            method: 93,
            ..Entry::stored(name, contents)
        }
    }

    pub fn symlink(name: &str, target: &str) -> Entry {
        Entry {
            mode: 0o120_777,
            ..Entry::stored(name, target)
        }
    }

    /// As written by a program that could not go back: sizes and CRC follow the data.
    pub fn streamed(self) -> Entry {
        let sizes = [self.data.len() as u32, self.size as u32];
        let mut descriptor = b"PK\x07\x08".to_vec();
        for number in [self.crc, sizes[0], sizes[1]] {
            descriptor.extend(number.to_le_bytes());
        }
        Entry {
            flags: self.flags | 8,
            local_size: Some(0),
            local_compressed_size: Some(0),
            local_crc: Some(0),
            descriptor,
            ..self
        }
    }

    fn local(&self, out: &mut Vec<u8>) {
        let name = self.local_name.as_ref().unwrap_or(&self.name);
        let size = self.local_size.unwrap_or(self.size);
        let compressed_size = self
            .local_compressed_size
            .or(self.compressed_size)
            .unwrap_or(self.data.len() as u64);
        let mut extra = self.local_extra.clone();
        if self.zip64 {
            field(
                &mut extra,
                1,
                &[size, compressed_size].map(u64::to_le_bytes).concat(),
            );
        }
        let short = |n: u64| if self.zip64 { u32::MAX } else { n as u32 };
        out.extend(self.local_signature.unwrap_or(*b"PK\x03\x04"));
        put16(out, if self.zip64 { 45 } else { 20 });
        put16(out, self.local_flags.unwrap_or(self.flags));
        put16(out, self.local_method.unwrap_or(self.method));
        put32(out, self.time);
        put32(out, self.local_crc.unwrap_or(self.crc));
        put32(out, short(compressed_size));
        put32(out, short(size));
        put16(out, name.len() as u16);
        put16(out, extra.len() as u16);
        out.extend_from_slice(name);
        out.extend(extra);
        out.extend_from_slice(&self.data);
        out.extend_from_slice(&self.descriptor);
    }

    fn central(&self, offset: u64, out: &mut Vec<u8>) {
        let offset = self.offset.unwrap_or(offset);
        let compressed_size = self.compressed_size.unwrap_or(self.data.len() as u64);
        let mut extra = self.extra.clone();
        if self.zip64 {
            let numbers = [self.size, compressed_size, offset];
            field(&mut extra, 1, &numbers.map(u64::to_le_bytes).concat());
        }
        let short = |n: u64| if self.zip64 { u32::MAX } else { n as u32 };
        out.extend(b"PK\x01\x02");
        put16(out, if self.mode == 0 { 20 } else { 3 << 8 | 20 });
        put16(out, if self.zip64 { 45 } else { 20 });
        put16(out, self.flags);
        put16(out, self.method);
        put32(out, self.time);
        put32(out, self.crc);
        put32(out, short(compressed_size));
        put32(out, short(self.size));
        put16(out, self.name.len() as u16);
        put16(out, extra.len() as u16);
        put16(out, self.comment.len() as u16);
        put16(out, 0);
        put16(out, 0);
        put32(out, self.mode << 16 | self.attributes);
        put32(out, short(offset));
        out.extend_from_slice(&self.name);
        out.extend(extra);
        out.extend_from_slice(&self.comment);
    }
}

/// A whole archive. Numbers that are `None` are what they should be.
#[derive(Clone, Default)]
pub struct Zip {
    pub entries: Vec<Entry>,
    /// Stands before everything else.
    pub prefix: Vec<u8>,
    /// Offsets count from the start of the file, not from the end of the prefix.
    pub absolute: bool,
    pub comment: Vec<u8>,
    /// Stands after the comment.
    pub suffix: Vec<u8>,
    /// Stands between the entries and the central directory.
    pub gap: Vec<u8>,
    pub count: Option<u64>,
    pub count_here: Option<u64>,
    pub directory_size: Option<u64>,
    pub directory_offset: Option<u64>,
    pub comment_len: Option<u16>,
    pub disk: u16,
    pub directory_disk: u16,
    /// With a zip64 end record.
    pub zip64: bool,
    /// With a zip64 end record, but the ordinary one says it all too.
    pub zip64_unneeded: bool,
    pub disks: Option<u32>,
}

impl Zip {
    pub fn of(entries: impl Into<Vec<Entry>>) -> Zip {
        Zip {
            entries: entries.into(),
            ..Zip::default()
        }
    }

    /// The same archive, changed.
    pub fn with(mut self, change: impl FnOnce(&mut Zip)) -> Zip {
        change(&mut self);
        self
    }

    pub fn build(&self) -> Vec<u8> {
        let mut out = self.prefix.clone();
        let base = if self.absolute {
            0
        } else {
            self.prefix.len() as u64
        };
        let mut offsets = Vec::new();
        for entry in &self.entries {
            offsets.push(out.len() as u64 - base);
            entry.local(&mut out);
        }
        out.extend_from_slice(&self.gap);
        let start = out.len() as u64;
        for (entry, offset) in self.entries.iter().zip(offsets) {
            entry.central(offset, &mut out);
        }
        let end = out.len() as u64;
        let count = self.count.unwrap_or(self.entries.len() as u64);
        let count_here = self.count_here.unwrap_or(count);
        let size = self.directory_size.unwrap_or(end - start);
        let offset = self.directory_offset.unwrap_or(start - base);
        let disks = [u32::from(self.disk), u32::from(self.directory_disk)];
        if self.zip64 || self.zip64_unneeded {
            out.extend(b"PK\x06\x06");
            put64(&mut out, 44);
            put16(&mut out, 45);
            put16(&mut out, 45);
            for disk in disks {
                put32(&mut out, disk);
            }
            for number in [count_here, count, size, offset] {
                put64(&mut out, number);
            }
            out.extend(b"PK\x06\x07");
            put32(&mut out, 0);
            put64(&mut out, end - base);
            put32(&mut out, self.disks.unwrap_or(1));
        }
        out.extend(b"PK\x05\x06");
        let short16 = |n: u64| if self.zip64 { u16::MAX } else { n as u16 };
        let short32 = |n: u64| if self.zip64 { u32::MAX } else { n as u32 };
        put16(&mut out, self.disk);
        put16(&mut out, self.directory_disk);
        put16(&mut out, short16(count_here));
        put16(&mut out, short16(count));
        put32(&mut out, short32(size));
        put32(&mut out, short32(offset));
        put16(
            &mut out,
            self.comment_len.unwrap_or(self.comment.len() as u16),
        );
        out.extend_from_slice(&self.comment);
        out.extend_from_slice(&self.suffix);
        out
    }
}

/// A Unicode Path field: it counts for the entry that is called `raw`.
pub fn unicode_path(raw: &[u8], name: &[u8]) -> Vec<u8> {
    let mut extra = Vec::new();
    let crc = crc32(raw).to_le_bytes();
    field(&mut extra, 0x7075, &[&[1], &crc[..], name].concat());
    extra
}

/// Appends an extra field.
pub fn field(extra: &mut Vec<u8>, id: u16, data: &[u8]) {
    put16(extra, id);
    put16(extra, data.len() as u16);
    extra.extend_from_slice(data);
}

pub fn deflate(contents: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::default());
    let mut out = vec![0; compressor.deflate_compress_bound(contents.len())];
    let len = compressor
        .deflate_compress(contents, &mut out)
        .expect("room");
    out.truncate(len);
    out
}

pub fn crc32(contents: &[u8]) -> u32 {
    libdeflater::crc32(contents)
}

/// The method as the `zip` crate names it.
pub fn method(number: u16) -> CompressionMethod {
    match number {
        0 => CompressionMethod::Stored,
        _ => CompressionMethod::Deflated,
    }
}

fn put16(out: &mut Vec<u8>, number: u16) {
    out.extend(number.to_le_bytes());
}

fn put32(out: &mut Vec<u8>, number: u32) {
    out.extend(number.to_le_bytes());
}

fn put64(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_le_bytes());
}
