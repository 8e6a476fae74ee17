//! The load size limit: the constants of 0.3 and the value in force.

use std::sync::OnceLock;

use invfs_engine::load_size;
use magnus::{prelude::*, Error, RModule, Ruby};

static LIMIT: OnceLock<u64> = OnceLock::new();

/// The environment variable that sets the limit, read once, when the library is loaded.
pub const VARIABLE: &str = "RUBY_REQUIRE_INVFS_MAX_LOADSIZE";

/// Files with more bytes than this are passed over by `require` and `load`.
pub fn max_load_size() -> u64 {
    *LIMIT.get_or_init(|| {
        let value = std::env::var_os(VARIABLE);
        load_size::parse(value.as_ref().map(|v| v.to_string_lossy()).as_deref())
    })
}

/// Defines the constants, in bytes.
pub fn init(ruby: &Ruby, module: RModule) -> Result<(), Error> {
    module.const_set("DEFAULT_MAX_LOADSIZE", load_size::DEFAULT)?;
    module.const_set("MINIMAL_MAX_LOADSIZE", load_size::MINIMUM)?;
    module.const_set("MAXIMAM_MAX_LOADSIZE", load_size::MAXIMUM)?;
    module.const_set("MAX_LOADSIZE", max_load_size())?;
    let prefix = ruby.str_new("");
    prefix.freeze();
    module.const_set("LOADED_PREFIX", prefix)
}
