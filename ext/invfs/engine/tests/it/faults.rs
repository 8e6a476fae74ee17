//! Every read of the file fails in turn, or gives less than was asked for.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use invfs_engine::archive::{Archive, Identity, Options, Source};
use invfs_engine::{ErrorKind, Result};

use crate::support::*;

/// What happens to one read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    /// `EIO`.
    Error,
    /// The end of the file, too early.
    End,
    /// `EINTR`: no fault, but a reason to ask again.
    Interrupted,
}

/// Gives one byte less than half of what is asked for, and a fault at the read with a certain number.
struct Faulty {
    bytes: Arc<Vec<u8>>,
    reads: AtomicUsize,
    at: usize,
    fault: Fault,
    short: bool,
}

impl Source for Faulty {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        if self.reads.fetch_add(1, Ordering::Relaxed) == self.at {
            match self.fault {
                Fault::Error => return Err(io::Error::other("the disk is on fire")),
                Fault::End => return Ok(0),
                Fault::Interrupted => return Err(io::ErrorKind::Interrupted.into()),
            }
        }
        let len = if self.short {
            buf.len().div_ceil(2)
        } else {
            buf.len()
        };
        self.bytes.read_at(&mut buf[..len], offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.bytes.len() as u64)
    }

    fn identity(&self) -> io::Result<Option<Identity>> {
        Ok(Some(Identity {
            dev: 1,
            ino: 1,
            size: self.bytes.len() as u64,
            mtime_ns: 0,
        }))
    }
}

/// More than is read through the buffer of compressed data.
const CONTENTS: &[u8] = &[b'x'; 70_000];

fn sample(zip64: bool) -> Vec<u8> {
    let entries = [
        Entry::deflated("deflated", CONTENTS),
        Entry::stored("stored", &CONTENTS[..1000]).with(|e| e.local_extra = vec![0; 1000]),
        Entry::stored("large", CONTENTS),
        Entry::symlink("link", "stored"),
    ];
    Zip::of(entries).with(|z| z.zip64 = zip64).build()
}

const NAMES: [&str; 4] = ["deflated", "stored", "large", "link"];

/// Opens and reads everything; gives the first error, and how many reads there were.
fn run(bytes: &Arc<Vec<u8>>, at: usize, fault: Fault, short: bool) -> (Result<()>, usize) {
    let source = Arc::new(Faulty {
        bytes: bytes.clone(),
        reads: AtomicUsize::new(0),
        at,
        fault,
        short,
    });
    let run = || {
        let archive = Archive::from_source(source.clone(), "faulty.zip", &Options::default())?;
        assert_eq!(archive.len(), 4);
        for name in NAMES {
            let found = read_once(&archive, name)?;
            assert!(found == CONTENTS || found == CONTENTS[..1000]);
        }
        Ok(())
    };
    (run(), source.reads.load(Ordering::Relaxed))
}

#[test]
fn every_read_that_fails_is_an_error() {
    for bytes in [sample(false), sample(true)].map(Arc::new) {
        for short in [false, true] {
            let (result, reads) = run(&bytes, usize::MAX, Fault::Error, short);
            result.unwrap();
            assert!(reads > 8);
            let mut unnoticed = 0;
            for at in 0..reads {
                match run(&bytes, at, Fault::Error, short).0 {
                    Ok(()) => unnoticed += 1,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::Io, "{at}: {error}");
                        assert!(error.to_string().contains("faulty.zip"), "{error}");
                        assert!(error.to_string().contains("on fire"), "{error}");
                        assert!(error.io().is_some());
                    }
                }
                if let Err(error) = run(&bytes, at, Fault::End, short).0 {
                    assert_eq!(error.kind(), ErrorKind::Changed, "{at}: {error}");
                }
                let (result, again) = run(&bytes, at, Fault::Interrupted, short);
                result.unwrap();
                assert_eq!(again, reads + 1);
            }
            // Before it walks the directory, rawzip looks at the first header; if it cannot, it goes on.
            let probing = if short { 8 } else { 1 };
            assert!(unnoticed <= probing, "{unnoticed} of {reads}");
        }
    }
}

/// Says that it was written to since it was opened.
struct Rewritten {
    bytes: Vec<u8>,
    asked: AtomicUsize,
    same: bool,
}

impl Source for Rewritten {
    fn read_at(&self, buf: &mut [u8], offset: u64) -> io::Result<usize> {
        self.bytes.read_at(buf, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Source::len(&self.bytes)
    }

    fn identity(&self) -> io::Result<Option<Identity>> {
        let size = Source::len(&self.bytes)?;
        let times = self.asked.fetch_add(1, Ordering::Relaxed);
        let mtime_ns = if self.same { 0 } else { times as i128 };
        Ok(Some(Identity {
            dev: 1,
            ino: 1,
            size,
            mtime_ns,
        }))
    }
}

#[test]
fn damage_in_a_file_that_was_rewritten_is_a_change() {
    for (same, kind) in [(true, ErrorKind::Corrupt), (false, ErrorKind::Changed)] {
        let bytes = Zip::of([
            Entry::stored("bad", "x").with(|e| e.crc = 1),
            Entry::stored("secret", "x").with(|e| e.flags = 1),
            Entry::stored("good", "x"),
        ])
        .build();
        let source = Rewritten {
            bytes,
            asked: AtomicUsize::new(0),
            same,
        };
        let archive =
            Archive::from_source(Arc::new(source), "test.zip", &Options::default()).unwrap();
        assert_eq!(read_error(&archive, "bad"), kind);
        assert_eq!(read_error(&archive, "secret"), ErrorKind::Encrypted);
        assert_eq!(read(&archive, "good").unwrap(), b"x");
    }
}

#[test]
fn a_source_that_cannot_tell_its_length_is_an_error() {
    struct Mute;
    impl Source for Mute {
        fn read_at(&self, _: &mut [u8], _: u64) -> io::Result<usize> {
            Ok(0)
        }
        fn len(&self) -> io::Result<u64> {
            Err(io::Error::other("no idea"))
        }
    }
    let error = Archive::from_source(Arc::new(Mute), "mute.zip", &Options::default())
        .err()
        .unwrap();
    assert_eq!(error.kind(), ErrorKind::Io);
}
