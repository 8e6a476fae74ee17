//! The macro that hooks are made with.

/// Makes the hooks of a file, and the table `HOOKS` of their names.
///
/// ```text
/// hooks! {
///     [c"chdir"] fn chdir(path: Text) -> c_int = libc::chdir {
///         dispatch_path(path, original, |at| cwd::enter(&at.place).map(|()| 0))
///     }
///
///     [c"creat", c"creat64"] fn creat(path: Text, mode: u32) -> c_int => openat(libc::AT_FDCWD, path, CREATE, mode);
/// }
/// ```
///
/// The brackets hold the names under which objects call the function. The block answers with an `Answer<c_int>`; it calls
/// the original as `original`, a safe function with the arguments of the hook. An error becomes `errno`, and so does a
/// panic. What comes after `=>` is the call of another hook, which does the same.
macro_rules! hooks {
    ($(
        $(#[$about:meta])*
        [$($symbol:literal),+] fn $name:ident $arguments:tt -> $result:ty
        $(= $original:path $body:block)? $($plain:block)? $(=> $same:expr;)?
    )*) => {
        $($crate::hooks::macros::hook! {
            $(#[$about])*
            fn $name $arguments -> $result $(= $original $body)? $($plain)? $(=> $same)?
        })*

        /// The hooks of this file.
        pub const HOOKS: &[$crate::patch::got::Hook] = &[
            $($($crate::patch::got::Hook { symbol: $symbol, address: || $name as *const () as usize },)+)*
        ];
    };
}

/// One hook.
macro_rules! hook {
    ($(#[$about:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty = $original:path $body:block) => {
        $(#[$about])*
        pub extern "C" fn $name($($argument: $kind),*) -> $result {
            #[inline(always)]
            fn original($($argument: $kind),*) -> $result {
                // SAFETY: this stands on the C ABI. The compiler has compared the types with those of the function. Only
                // the body below calls it, for a caller that called the function by its name, and so promised what the
                // function asks for: of the caller, and of the arguments. These are handed on as they came; where one is
                // replaced, its type still says all that the function asks of it.
                let answer = unsafe { $original($($crate::hooks::arguments::Argument::raw($argument)),*) };
                <$result as $crate::paths::dispatch::Returned>::returned(answer)
            }
            $crate::paths::dispatch::guard(|| $body)
        }
    };
    ($(#[$about:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty $body:block) => {
        $(#[$about])*
        pub extern "C" fn $name($($argument: $kind),*) -> $result {
            $crate::paths::dispatch::guard(|| $body)
        }
    };
    ($(#[$about:meta])* fn $name:ident($($argument:ident: $kind:ty),*) -> $result:ty => $same:expr) => {
        $(#[$about])*
        pub extern "C" fn $name($($argument: $kind),*) -> $result {
            $same
        }
    };
}

pub(super) use {hook, hooks};
