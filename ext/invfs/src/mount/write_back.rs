//! Hands what was written to a file to the methods `write` or `append` of its file system.

use invfs_engine::path::SubpathBuf;
use invfs_fs::file_system::WriteBack;
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{prelude::*, Error, RString, Ruby, Value};

use super::{
    adapter::Adapter,
    gvl_bridge::{self, Question},
};

/// Hands the contents of one open file over.
pub struct RubyWriteBack {
    adapter: Adapter,
    sub: SubpathBuf,
    /// Whether the file was opened to append: only the added bytes go to the file system.
    appends: bool,
    /// Whether the file was there before: unchanged contents need no writing.
    existed: bool,
    /// Its contents when it was opened.
    before: Vec<u8>,
}

impl RubyWriteBack {
    /// For the file `sub`, which holds `contents` now.
    pub fn new(
        adapter: Adapter,
        sub: SubpathBuf,
        appends: bool,
        existed: bool,
        contents: &[u8],
    ) -> RubyWriteBack {
        RubyWriteBack {
            adapter,
            sub,
            appends,
            existed,
            before: contents.to_vec(),
        }
    }

    fn hand_over(&self, ruby: &Ruby, contents: &[u8]) -> Result<(), Error> {
        // `append` cannot express a change of the old contents.
        let added = match self.appends {
            true => contents.strip_prefix(&*self.before),
            false => None,
        };
        let (method, contents) = match added {
            Some(added) => ("append", added),
            None => ("write", contents),
        };
        let contents: RString = ruby.str_from_slice(contents);
        self.adapter
            .call::<Value>(ruby, method, &self.sub, &[contents.as_value()])
            .map(|_| ())
    }
}

impl WriteBack for RubyWriteBack {
    fn save(&self, contents: &[u8]) -> Answer<()> {
        if self.existed && *self.before == *contents {
            return Ok(());
        }
        let operation = "write";
        let sub = &self.sub;
        let mut began = false;
        let asked = Question {
            operation,
            sub,
            runs_code: true,
        };
        let answer = gvl_bridge::call(asked, |ruby| {
            began = true;
            self.hand_over(ruby, contents)
        });
        if let (Err(Errno(number)), false) = (&answer, began) {
            // The file system cannot be asked any more, and at the end of a program no caller reads the result of `close`.
            eprintln!(
                "invfs: {} bytes for /{} are lost: no Ruby code can run here (errno {number})",
                contents.len(),
                String::from_utf8_lossy(sub.as_bytes()),
            );
        }
        answer
    }
}
