//! The `to_path` of VFS objects that have no file of their own.

use std::sync::atomic::{AtomicU64, Ordering};

use magnus::{scan_args::get_kwargs, Error, RHash, Value};

use crate::helpers::string;

/// A new default path: `/invfs/<kind>-<number>`.
fn default_path(kind: &str) -> Vec<u8> {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("/invfs/{kind}-{number}").into_bytes()
}

/// The only keyword of two constructors: `to_path:`.
pub fn to_path_keyword(keywords: RHash, kind: &str) -> Result<Vec<u8>, Error> {
    let keywords = get_kwargs::<_, (), (Option<Value>,), ()>(keywords, &[], &["to_path"])?;
    match keywords.optional.0 {
        Some(path) => Ok(string::bytes(string::path_argument(path)?)),
        None => Ok(default_path(kind)),
    }
}
