//! Hands what was written to a file to the methods of its file system: `write`, `write_from` or `append`.

use std::os::fd::{AsRawFd, OwnedFd};

use invfs_engine::path::Subpath;
use invfs_fs::buffered::{Buffered, WriteBack};
use invfs_fs::fingerprint::Fingerprint;
use invfs_fs::sys::errno::{Answer, Errno};
use magnus::{Error, Ruby, Value};
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
    before: Fingerprint,
}

/// What is to be handed over.
struct Plan {
    /// The bytes from here on are added; `None`: the whole is written.
    added_from: Option<u64>,
    /// What the file holds.
    now: Fingerprint,
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
                before: Fingerprint::of(contents),
            }),
        }
    }

    /// What is to be done; `None` if nothing needs writing.
    fn plan(&self, file: &Buffered) -> Answer<Option<Plan>> {
        let (existed, before) = {
            let state = self.state.lock();
            (state.existed, state.before)
        };
        let now = file.fingerprint(u64::MAX)?;
        if existed && before == now {
            return Ok(None);
        }
        // `append` cannot express a change of the old contents.
        let only_added = self.appends && file.fingerprint(before.length)? == before;
        let added_from = only_added.then_some(before.length);
        Ok(Some(Plan { added_from, now }))
    }

    /// Has the file system read what it gets from a descriptor.
    fn hand_over(
        &self,
        ruby: &Ruby,
        sub: &Subpath,
        plan: &Plan,
        (fd, own_offset): &(OwnedFd, bool),
    ) -> Result<(), Error> {
        let more = [
            ruby.into_value(fd.as_raw_fd()),
            ruby.into_value(*own_offset),
            ruby.into_value(plan.added_from),
            ruby.into_value(plan.now.length),
        ];
        self.adapter
            .call::<Value>(ruby, "take", sub, &more)
            .map(|_| ())
    }
}

impl WriteBack for RubyWriteBack {
    fn save(&self, sub: &Subpath, file: &Buffered) -> Answer<()> {
        let Some(plan) = self.plan(file)? else {
            return Ok(());
        };
        let reader = file.reader()?;
        let mut began = false;
        let asked = Question {
            operation: "write",
            sub,
            runs_code: true,
        };
        let answer = gvl_bridge::call(asked, |ruby| {
            began = true;
            self.hand_over(ruby, sub, &plan, &reader)
        });
        match &answer {
            Ok(()) => {
                let mut state = self.state.lock();
                state.existed = true;
                state.before = plan.now;
            }
            // The file system cannot be asked any more, and at the end of a program no caller reads the result of `close`.
            Err(Errno(number)) if !began => eprintln!(
                "invfs: {} bytes for /{} are lost: no Ruby code can run here (errno {number})",
                plan.now.length,
                String::from_utf8_lossy(sub.as_bytes()),
            ),
            Err(_) => {}
        }
        answer
    }

    fn added_to(&self) -> Option<u64> {
        let state = self.state.lock();
        state.only_added.then_some(state.before.length)
    }

    fn completed(&self, base: &[u8]) {
        let mut state = self.state.lock();
        state.only_added = false;
        state.existed = true;
        state.before = Fingerprint::of(base);
    }
}
