//! The mount table of the process: what covers what, and who sees it.

use std::sync::Arc;

use invfs_fs::mounts;
use invfs_fs::mounts::{Mount, Origin, Over, Request};

/// Tests run side by side in one process: each has a directory of roots of its own.
fn request(root: &str, origin: Origin, object: usize) -> Request {
    Request {
        root: root.as_bytes().to_vec(),
        origin,
        vfs: None,
        #[cfg(target_os = "linux")]
        file_system: None,
        visible: true,
        file: None,
        object,
        kept: None,
    }
}

fn object_at(path: &str) -> Option<usize> {
    mounts::find(path.as_bytes()).map(|place| place.mount.object)
}

fn visible_at(path: &str) -> Option<usize> {
    mounts::find_visible(path.as_bytes()).map(|place| place.mount.object)
}

#[test]
fn the_newest_covers_and_what_it_covered_comes_back() {
    let path = "/covers/a/b";
    mounts::add(request("/covers/a", Origin::Adopted, 1));
    mounts::add(request("/covers/a", Origin::Named, 2));
    mounts::add(request("/covers/a", Origin::Named, 3));
    let removed = || mounts::remove_named(b"/covers/a").map(|mount| mount.object);
    assert_eq!(object_at(path), Some(3));
    assert_eq!((removed(), object_at(path)), (Some(3), Some(2)));
    assert_eq!((removed(), object_at(path)), (Some(2), Some(1)));
    // What is adopted stays.
    assert_eq!((removed(), object_at(path)), (None, Some(1)));
}

#[test]
fn the_longest_root_wins_also_where_a_shorter_one_is_newer() {
    mounts::add(request("/longest/a/b", Origin::Adopted, 1));
    mounts::add(request("/longest/a", Origin::Named, 2));
    assert_eq!(object_at("/longest/a/b/c"), Some(1));
    assert_eq!(object_at("/longest/a/c"), Some(2));
    assert_eq!(object_at("/longest"), None);
}

#[test]
fn what_is_not_shown_is_found_by_those_alone_who_ask_for_all() {
    mounts::add(request("/shown/a", Origin::Named, 1));
    let hidden = mounts::add(request("/shown/a/b", Origin::Adopted, 2));
    let before = mounts::generation();
    hidden.show(false);
    assert_ne!(mounts::generation(), before);
    assert_eq!(object_at("/shown/a/b/c"), Some(2));
    assert_eq!(visible_at("/shown/a/b/c"), Some(1));
    hidden.show(true);
    assert_eq!(visible_at("/shown/a/b/c"), Some(2));
}

#[test]
fn a_root_that_is_taken_gets_a_number() {
    let root = |mount: Arc<Mount>| String::from_utf8(mount.root.to_vec()).unwrap();
    let add = |object| {
        root(mounts::add_at_free_root(request(
            "/taken/a",
            Origin::Adopted,
            object,
        )))
    };
    assert_eq!(
        [add(1), add(2), add(3)],
        ["/taken/a", "/taken/a@2", "/taken/a@3"]
    );
    // Of the same object nothing is hidden.
    assert_eq!(add(2), "/taken/a@2");
}

#[test]
fn one_takes_the_place_of_another() {
    let old = mounts::add(request("/place/a", Origin::Adopted, 1));
    mounts::add(request("/place/a", Origin::Named, 9));
    mounts::replace(Some(&old), request("/place/a", Origin::Adopted, 2));
    mounts::remove_named(b"/place/a");
    assert_eq!(object_at("/place/a"), Some(2));
    let all = mounts::all();
    assert!(all.iter().all(|mount| mount.id != old.id));
}

#[test]
fn what_lies_beneath_a_root() {
    mounts::add(request("/beneath", Origin::Named, 1));
    mounts::add(request("/beneath/a.zip", Origin::Adopted, 2));
    let table = mounts::current();
    let table = table.as_ref().unwrap();
    let path = b"/beneath/a.zip";
    let beneath = table.beneath(path, path.len()).unwrap();
    assert_eq!(
        (beneath.mount.object, beneath.sub.as_bytes()),
        (1, &b"a.zip"[..])
    );
    assert!(table.beneath(b"/beneath", 8).is_none());
}

#[test]
fn what_the_system_has_at_the_root() {
    let over = |root: &str, origin| mounts::add(request(root, origin, 1)).over;
    let here = env!("CARGO_MANIFEST_DIR");
    let file = format!("{here}/Cargo.toml");
    assert_eq!(over(here, Origin::Adopted), Over::Directory);
    assert_eq!(over(&file, Origin::Adopted), Over::File);
    assert_eq!(over("/no/such/place", Origin::Adopted), Over::Nothing);
    assert_eq!(over(&file, Origin::Named), Over::Nothing);
    mounts::remove_named(file.as_bytes());
}
