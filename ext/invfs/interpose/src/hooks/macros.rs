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
/// The brackets hold the names under which objects call the function. After `=` stands the function to call outside of
/// mounts: the block calls it as `original`, a safe function with the arguments of the hook. The block answers with an
/// [`Answer`](invfs_fs::sys::errno::Answer); an error becomes `errno`, and a panic `EIO`. After `=>` stands the call of
/// another hook that does the same.
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
                // The types are those of the function: the compiler has compared them, but for the last argument of `openat`
                // and `fcntl`, which their files speak of. The arguments are handed on as they came; where one is replaced,
                // its type still says all that the function asks of it.
                // SAFETY: this stands on the C ABI. Only the body below calls it, for a caller that called the function by
                // its name, and so promised what the function asks for: of its caller, and of its arguments.
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
