//! `InVFS.shared_object_needs`, for the commands that look into archives.

use invfs_engine::elf;
use magnus::{function, prelude::*, Error, RArray, RModule, RString, Ruby};

use crate::helpers::string;

/// Defines the method, which is not part of the public interface.
pub fn init(_: &Ruby, module: RModule) -> Result<(), Error> {
    module.define_singleton_method("shared_object_needs", function!(needs, 1))
}

/// @def InVFS.shared_object_needs(bytes)
/// The names of the libraries that an ELF shared object needs, and the versions of their symbols, such as `GLIBC_2.34`.
/// @api private
/// @return [Array(Array<String>, Array<String>), nil] nil for what is no ELF shared object
fn needs(ruby: &Ruby, object: RString) -> Option<(RArray, RArray)> {
    let bytes = string::bytes(object);
    let strings = |list: Vec<Vec<u8>>| -> RArray {
        ruby.ary_from_iter(list.iter().map(|text| string::name(ruby, text)))
    };
    let libraries = elf::needed(&bytes)?;
    Some((strings(libraries), strings(elf::versions(&bytes))))
}
