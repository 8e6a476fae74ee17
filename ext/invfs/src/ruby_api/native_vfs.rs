//! The one Ruby data type behind all VFS classes of the gem. The classes know it; it knows none of them.

use std::{any::Any, ops::Deref, sync::Arc};

use invfs_engine::vfs::Vfs;
use magnus::{
    gc, prelude::*, rb_sys::AsRawValue, typed_data::Obj, DataTypeFunctions, Error, RArray, RClass,
    Ruby, TryConvert, TypedData, Value,
};

use crate::helpers::module::invfs;

/// What a class keeps in its objects.
pub trait VfsData: Send + Sync {
    /// The file system. Valid only as long as the Ruby object is alive.
    fn vfs(&self) -> Arc<dyn Vfs>;

    /// What `to_path` answers, in bytes.
    fn to_path(&self) -> &[u8];

    /// Marks the Ruby objects that it refers to, without permission to move them.
    fn mark(&self, _marker: &gc::Marker) {}

    /// The memory that it takes, in bytes.
    fn size(&self) -> usize;
}

/// The data of one class.
pub trait VfsClass: VfsData + Any {
    /// The name of the class in `InVFS`.
    const NAME: &'static str;
}

/// What every VFS object of the gem holds.
#[derive(TypedData)]
#[magnus(
    class = "Object",
    name = "InVFS::FileSystem",
    free_immediately,
    mark,
    size
)]
pub struct NativeVfs {
    /// The name of its class in `InVFS`.
    class: &'static str,
    data: Arc<dyn VfsData>,
    /// The same data, for [`Receiver`] to find out of which class they are.
    any: Arc<dyn Any + Send + Sync>,
}

impl DataTypeFunctions for NativeVfs {
    fn mark(&self, marker: &gc::Marker) {
        self.data.mark(marker);
    }

    fn size(&self) -> usize {
        std::mem::size_of::<Self>() + self.data.size()
    }
}

impl NativeVfs {
    /// A new object of `class`.
    pub fn wrap<T: VfsClass>(ruby: &Ruby, class: RClass, data: T) -> Obj<NativeVfs> {
        let data = Arc::new(data);
        let native = NativeVfs {
            class: T::NAME,
            data: data.clone(),
            any: data,
        };
        ruby.obj_wrap_as(native, class)
    }

    /// The data of `value`, if it is an object of a VFS class of the gem, or of a subclass. Raises nothing for others.
    pub fn of(value: Value) -> Option<Obj<NativeVfs>> {
        let data_type = std::ptr::from_ref(NativeVfs::data_type()).cast();
        // SAFETY: a live object, and the description that magnus registered for this type: its `DataType` is a transparent
        // wrapper of Ruby's structure. The function compares pointers.
        let is_one = unsafe { rb_sys::rb_typeddata_is_kind_of(value.as_raw(), data_type) } != 0;
        is_one.then(|| Obj::try_convert(value).ok()).flatten()
    }

    /// The file system. Valid only as long as the Ruby object is alive.
    pub fn vfs(&self) -> Arc<dyn Vfs> {
        self.data.vfs()
    }

    /// What `to_path` answers, in bytes.
    pub fn to_path(&self) -> &[u8] {
        self.data.to_path()
    }

    /// Whether `value`, which holds this, answers as its class does: it is of no subclass, and has no methods of its own.
    pub fn is_plain(&self, ruby: &Ruby, value: Value) -> Result<bool, Error> {
        let class: RClass = invfs(ruby)?.const_get(self.class)?;
        if !value.class().equal(class)? {
            return Ok(false);
        }
        let own: RArray = value.funcall("singleton_methods", ())?;
        Ok(own.is_empty())
    }
}

/// An argument, or the receiver of a method, that must be an object of the class that keeps a `T`.
pub struct Receiver<T>(Arc<T>);

impl<T: VfsClass> Receiver<T> {
    /// The data of `value`, if it is an object of that class.
    pub fn of(value: Value) -> Option<Receiver<T>> {
        let native = NativeVfs::of(value)?;
        native.any.clone().downcast().ok().map(Receiver)
    }
}

impl<T: VfsClass> TryConvert for Receiver<T> {
    fn try_convert(value: Value) -> Result<Self, Error> {
        Receiver::of(value).ok_or_else(|| {
            // SAFETY: the class name is copied into the message at once.
            let class = unsafe { value.classname() }.into_owned();
            let message = format!("no implicit conversion of {class} into InVFS::{}", T::NAME);
            Error::new(Ruby::get_with(value).exception_type_error(), message)
        })
    }
}

impl<T> Deref for Receiver<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}
