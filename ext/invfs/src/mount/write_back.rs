//! Hands what was written to a file to the methods `write` or `append` of its file system.

use invfs_engine::path::Subpath;
use invfs_fs::buffered::WriteBack;
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{prelude::*, Error, RString, Ruby, Value};
use parking_lot::Mutex;

use super::{
    adapter::Adapter,
    gvl_bridge::{self, Question},
};

/// Hands the contents of one open file over.
pub struct RubyWriteBack {
    adapter: Adapter,
    /// Whether the file was opened to append: only the added bytes go to the file system.
    appends: bool,
    state: Mutex<State>,
}

/// Never locked while Ruby code runs.
struct State {
    /// Whether the file holds only what is added, not what was there before.
    only_added: bool,
    /// Whether the file system has the file: unchanged contents need no writing.
    existed: bool,
    /// What the file held when it was opened, or handed over.
    before: Vec<u8>,
}

impl RubyWriteBack {
    /// For a file that holds `contents` now.
    pub fn new(adapter: Adapter, appends: bool, existed: bool, contents: &[u8]) -> RubyWriteBack {
        RubyWriteBack {
            adapter,
            appends,
            state: Mutex::new(State {
                only_added: appends && !existed,
                existed,
                before: contents.to_vec(),
            }),
        }
    }

    /// The method to call, and where what it gets begins; `None` if nothing needs writing.
    fn plan(&self, contents: &[u8]) -> Option<(&'static str, usize)> {
        let state = self.state.lock();
        if state.existed && *state.before == *contents {
            return None;
        }
        // `append` cannot express a change of the old contents.
        match self.appends && contents.starts_with(&state.before) {
            true => Some(("append", state.before.len())),
            false => Some(("write", 0)),
        }
    }

    fn hand_over(
        &self,
        ruby: &Ruby,
        sub: &Subpath,
        method: &str,
        contents: &[u8],
    ) -> Result<(), Error> {
        let contents: RString = ruby.str_from_slice(contents);
        self.adapter
            .call::<Value>(ruby, method, sub, &[contents.as_value()])
            .map(|_| ())
    }
}

impl WriteBack for RubyWriteBack {
    fn save(&self, sub: &Subpath, contents: &[u8]) -> Answer<()> {
        let Some((method, start)) = self.plan(contents) else {
            return Ok(());
        };
        let added = contents.get(start..).unwrap_or_default();
        let mut began = false;
        let asked = Question {
            operation: "write",
            sub,
            runs_code: true,
        };
        let answer = gvl_bridge::call(asked, |ruby| {
            began = true;
            self.hand_over(ruby, sub, method, added)
        });
        match &answer {
            Ok(()) => {
                let mut state = self.state.lock();
                state.existed = true;
                state.before = contents.to_vec();
            }
            // The file system cannot be asked any more, and at the end of a program no caller reads the result of `close`.
            Err(Errno(number)) if !began => eprintln!(
                "invfs: {} bytes for /{} are lost: no Ruby code can run here (errno {number})",
                contents.len(),
                String::from_utf8_lossy(sub.as_bytes()),
            ),
            Err(_) => {}
        }
        answer
    }

    fn added_to(&self) -> Option<u64> {
        let state = self.state.lock();
        state.only_added.then_some(state.before.len() as u64)
    }

    fn completed(&self, base: &[u8]) {
        let mut state = self.state.lock();
        state.only_added = false;
        state.existed = true;
        state.before = base.to_vec();
    }
}
