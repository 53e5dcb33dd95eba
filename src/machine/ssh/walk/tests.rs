//! The walk over a far side that is only told of.

use super::*;

const ALICE: u32 = 1000;

/// A far side: path, mode letters, owner, and where a link leads.
struct Tree(Vec<(&'static str, &'static str, u32, &'static str)>);

impl Tree {
    fn new() -> Self {
        let folder = |path| (path, "drwxr-xr-x", 0, "");
        Self(vec![
            folder("/"),
            folder("/srv"),
            folder("/srv/app"),
            ("/srv/app/.env", "-rw-------", ALICE, ""),
            ("/tmp", "drwxrwxrwt", 0, ""),
        ])
    }

    fn with(mut self, path: &'static str, letters: &'static str, uid: u32) -> Self {
        self.0.retain(|(there, ..)| *there != path);
        self.0.push((path, letters, uid, ""));
        self
    }

    fn link(mut self, path: &'static str, to: &'static str) -> Self {
        self.0.push((path, "lrwxrwxrwx", ALICE, to));
        self
    }

    fn seen(&self, path: &Path) -> Seen {
        let found = self.0.iter().find(|(there, ..)| Path::new(there) == path);
        let Some((_, letters, uid, to)) = found else {
            return Seen::Failed(Errno::NOENT);
        };
        let line = format!("7 {letters} 1 {uid} {uid} 5 Jan 1 2026 x");
        let entry = Entry::parse(line.as_bytes()).unwrap();
        Seen::There(entry, (!to.is_empty()).then(|| to.into()))
    }

    /// The outcome, and after how many looks.
    fn walk(&self, path: &str) -> (Result<Place, FileError>, usize) {
        let us = Us {
            uid: ALICE,
            name: "user alice (1000)".to_owned(),
        };
        let (mut known, mut looks) = (Known::default(), 0);
        loop {
            match walk(Path::new(path), &us, &known) {
                Err(error) => return (Err(error), looks),
                Ok(Step::Arrived(place)) => return (Ok(place), looks),
                Ok(Step::Users) => {
                    let passwd = "root:x:0:0:::\nalice:x:1000:1000:::\nbob:x:1001:1001:::\n";
                    let groups = "root:x:0:\nalice:x:1000:\nbob:x:1001:alice\n";
                    known.users = Some((passwd.to_owned(), groups.to_owned()));
                }
                Ok(Step::Look(paths)) => {
                    looks += 1;
                    let seen = paths.into_iter().map(|path| {
                        let seen = self.seen(&path);
                        (path, seen)
                    });
                    known.paths.extend(seen);
                }
            }
        }
    }

    fn place(&self, path: &str) -> (PathBuf, usize) {
        let (place, looks) = self.walk(path);
        (place.unwrap().path(), looks)
    }

    fn error(&self, path: &str) -> String {
        self.walk(path).0.unwrap_err().to_string()
    }
}

#[test]
fn a_plain_path_takes_one_look_and_each_link_one_more() {
    let tree = Tree::new()
        .link("/srv/link", "app/.env")
        .link("/round", "srv")
        .link("/srv/app/up", "../../srv/app/.env");
    let real = || PathBuf::from("/srv/app/.env");
    assert_eq!(tree.place("/srv/app/.env"), (real(), 1));
    assert_eq!(tree.place("/srv/./app//.env"), (real(), 1));
    assert_eq!(tree.place("/srv/../srv/app/.env"), (real(), 2));
    assert_eq!(tree.place("/srv/link"), (real(), 2));
    assert_eq!(tree.place("/round/app/.env"), (real(), 2));
    assert_eq!(tree.place("/srv/app/up"), (real(), 2));
    assert!(tree.walk("/srv/link").0.unwrap().linked);
    let absent = tree.walk("/srv/app/new").0.unwrap();
    assert!(absent.found.is_none() && !absent.linked);
}

#[test]
fn who_may_write_on_the_way_decides() {
    let open = |letters, uid| Tree::new().with("/srv", letters, uid);
    let path = "/srv/app/.env";
    assert!(
        open("drwxrwxrwx", 0)
            .error(path)
            .contains("every user may write")
    );
    assert!(
        open("drwxrwxr-x", 1001)
            .error(path)
            .contains("group 1001 may write")
    );
    assert!(
        open("drwxrwxr-x+", ALICE)
            .error(path)
            .contains("group 1000 may write")
    );
    assert!(
        open("drwxr-xr-x", 1001)
            .error(path)
            .contains("belongs to user bob (1001)")
    );
    assert!(
        open("drwxr-xr-x", 1002)
            .error(path)
            .contains("belongs to user 1002")
    );
    open("drwxrwxr-x", ALICE).place(path);
    open("drwxrwxrwt", 0).place(path);
    let shared = Tree::new().with("/tmp/.env", "-rw-r--r--", 1001);
    assert!(
        shared
            .error("/tmp/.env")
            .contains("where every user may put files")
    );
    Tree::new()
        .with("/tmp/.env", "-rw-------", ALICE)
        .place("/tmp/.env");
}

#[test]
fn links_end_somewhere() {
    let tree = Tree::new()
        .link("/srv/loop", "loop/x")
        .link("/srv/one", "two")
        .link("/srv/two", "app/.env")
        .link("/srv/none", "nothing");
    assert!(tree.error("/srv/loop/x").contains("too many"));
    assert!(tree.error("/srv/one").contains("another symbolic link"));
    assert!(tree.error("/srv/none").contains("does not exist"));
    for path in ["relative", "/", "/srv/..", "/srv/a\0b"] {
        assert!(tree.error(path).contains("not an absolute path"), "{path}");
    }
}
