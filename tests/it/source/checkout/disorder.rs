//! What people and killed processes leave in a checkout.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use driftlock::source::CheckoutError;
use jiff::Timestamp;

use super::{Lab, read, refused, updated};

fn touch(path: &std::path::Path, age: u64) {
    let file = fs::File::create(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(age))
        .unwrap();
}

#[test]
fn what_was_changed_by_hand_is_as_in_the_commit_again() {
    let Some(lab) = Lab::new() else { return };
    lab.commit("manifests/prod.yaml", "p\n");
    lab.commit(".gitignore", "*.env\nlocal.yaml\n");
    let mut checkout = lab.open();
    updated(&mut checkout);
    let at = |name: &str| checkout.tree().join(name);
    let spoil = || {
        fs::write(at("manifests/dev.yaml"), "by hand\n").unwrap();
        fs::remove_file(at("manifests/prod.yaml")).unwrap();
        // would be read as manifests of this folder; one of them is ignored by git
        fs::write(at("manifests/extra.yaml"), "x\n").unwrap();
        fs::write(at("manifests/local.yaml"), "x\n").unwrap();
        // may be what a target is, and is nobody's manifest
        fs::write(at("manifests/dev.env"), "A=1\n").unwrap();
        fs::write(at("notes.txt"), "n\n").unwrap();
    };
    let expected = ["dev", "prod", "extra", "local"]
        .map(|name| PathBuf::from(format!("manifests/{name}.yaml")));
    spoil();
    let mut update = checkout.update(Timestamp::now()).unwrap();
    assert_eq!(update.from.as_ref(), Some(&update.to));
    assert!(update.is_another(), "what was read of it may be wrong");
    update.restored.sort();
    let mut sorted = expected.clone();
    sorted.sort();
    assert_eq!(update.restored, sorted);
    let is_in_order = |checkout: &driftlock::source::Checkout| {
        assert_eq!(read(checkout, "manifests/dev.yaml"), "one\n");
        assert_eq!(read(checkout, "manifests/prod.yaml"), "p\n");
        assert_eq!(read(checkout, "manifests/dev.env"), "A=1\n");
        assert_eq!(read(checkout, "notes.txt"), "n\n");
        for gone in ["extra", "local"] {
            assert!(
                !checkout
                    .tree()
                    .join(format!("manifests/{gone}.yaml"))
                    .exists()
            );
        }
    };
    is_in_order(&checkout);
    assert!(!updated(&mut checkout).is_another());

    // and where the commit is another one in the same moment, or it happened while nobody ran
    let at = |name: &str| checkout.tree().join(name);
    fs::write(at("manifests/dev.yaml"), "by hand\n").unwrap();
    lab.commit("manifests/new.yaml", "n\n");
    let update = updated(&mut checkout);
    assert_eq!(update.restored, [PathBuf::from("manifests/dev.yaml")]);
    is_in_order(&checkout);
    fs::write(checkout.tree().join("manifests/dev.yaml"), "by hand\n").unwrap();
    drop(checkout);
    is_in_order(&lab.open());
}

#[test]
fn a_touched_file_is_the_same_file() {
    let Some(lab) = Lab::new() else { return };
    let mut checkout = lab.open();
    updated(&mut checkout);
    fs::write(checkout.tree().join("manifests/dev.yaml"), "one\n").unwrap();
    assert!(!updated(&mut checkout).is_another());
}

#[test]
fn a_folder_in_the_place_of_a_file_is_said_and_not_followed() {
    let Some(lab) = Lab::new() else { return };
    let mut checkout = lab.open();
    let first = updated(&mut checkout).to;
    let stray = checkout.tree().join("manifests/prod.yaml");
    fs::create_dir(&stray).unwrap();
    fs::write(stray.join("mine"), "m\n").unwrap();
    let second = lab.commit("manifests/prod.yaml", "p\n");
    match checkout.update(Timestamp::now()) {
        // git may take it away: it is ours
        Ok(update) => assert_eq!(update.to, second),
        Err(error) => {
            assert!(matches!(error, CheckoutError::Git { .. }), "{error:?}");
            assert_eq!(checkout.commit(), Some(first.as_str()));
            fs::remove_dir_all(&stray).unwrap();
            assert_eq!(updated(&mut checkout).to, second);
        }
    }
    assert_eq!(read(&checkout, "manifests/prod.yaml"), "p\n");
}

#[test]
fn one_process_keeps_it() {
    let Some(lab) = Lab::new() else { return };
    let checkout = lab.open();
    let error = lab.open_as(&lab.address()).unwrap_err();
    let CheckoutError::Busy { by, .. } = &error else {
        panic!("{error:?}")
    };
    assert_eq!(by, &format!("the process {}", std::process::id()));
    assert!(error.help().is_some());
    // with another user in the address it is the same one
    let other = lab.address().replace("file://", "file://somebody@");
    assert!(matches!(
        lab.open_as(&other),
        Err(CheckoutError::Busy { .. })
    ));
    drop(checkout);
    lab.open();
}

#[test]
fn many_at_once_and_one_gets_it() {
    let Some(lab) = Lab::new() else { return };
    let kept: Vec<_> = std::thread::scope(|scope| {
        let all: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| lab.open_as(&lab.address()).ok()))
            .collect();
        all.into_iter()
            .filter_map(|one| one.join().unwrap())
            .collect()
    });
    assert_eq!(kept.len(), 1);
}

/// Killed between the files and the note, in the middle of the files, and in the middle of everything
/// that git does for it.
#[test]
fn what_a_killed_run_left_is_put_in_order() {
    let Some(lab) = Lab::new() else { return };
    let mut checkout = lab.open();
    let first = updated(&mut checkout).to;
    let tree = checkout.tree().to_path_buf();
    drop(checkout);
    let second = lab.commit("manifests/dev.yaml", "two\n");
    let git = |line: &str| lab.run_in(&tree, line);
    let heard = format!("+refs/heads/main:refs/driftlock/checkout/heard {second}");
    git(&format!(
        "fetch --quiet {} {}",
        lab.address(),
        heard.split(' ').next().unwrap()
    ));
    // the files are the new ones, the note is of the old one
    git(&format!("checkout --quiet --force --detach {second}"));
    let opened = lab.open();
    assert_eq!(opened.commit(), Some(first.as_str()));
    assert_eq!(read(&opened, "manifests/dev.yaml"), "one\n");
    drop(opened);
    // half of the files
    fs::write(tree.join("manifests/dev.yaml"), "tw").unwrap();
    let mut opened = lab.open();
    assert_eq!(read(&opened, "manifests/dev.yaml"), "one\n");
    assert_eq!(updated(&mut opened).to, second);
    drop(opened);
    // locks of a git that was ended, some time ago and a moment ago
    let locks = [
        "index.lock",
        "HEAD.lock",
        "refs/driftlock/checkout/good.lock",
        "packed-refs.lock",
    ];
    for lock in locks {
        touch(&tree.join(".git").join(lock), 600);
    }
    let third = lab.commit("manifests/dev.yaml", "three\n");
    let mut opened = lab.open();
    assert_eq!(updated(&mut opened).to, third);
    touch(&tree.join(".git/index.lock"), 5);
    let error = refused(&mut opened);
    assert!(matches!(error, CheckoutError::Working { .. }), "{error:?}");
    assert!(error.is_transient() && tree.join(".git/index.lock").exists());
    drop(opened);
    assert!(matches!(lab.reopen(), Err(CheckoutError::Working { .. })));
    fs::remove_file(tree.join(".git/index.lock")).unwrap();
    assert_eq!(lab.open().commit(), Some(third.as_str()));
}

#[test]
fn a_first_clone_that_was_killed_is_begun_again() {
    let Some(lab) = Lab::new() else { return };
    let tree = lab.open().tree().to_path_buf();
    let first = lab.remote("rev-parse HEAD");
    for half in ["", ".git", ".git/objects/pack", ".git/refs"] {
        let _nothing_there = fs::remove_dir_all(&tree);
        fs::create_dir_all(tree.join(half)).unwrap();
        if half == ".git/objects/pack" {
            fs::write(tree.join(half).join("tmp_pack_x"), "half").unwrap();
        }
        if half == ".git/refs" {
            fs::write(tree.join(".git/HEAD"), "").unwrap();
        }
        let mut checkout = lab.open();
        assert_eq!(checkout.commit(), None, "{half}");
        assert_eq!(updated(&mut checkout).to, first, "{half}");
        assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n");
    }
}

/// Where ours is damaged, git must not find the repository around it.
#[test]
fn a_repository_around_the_state_folder_is_left_alone() {
    let Some(lab) = Lab::new() else { return };
    let outer = lab.path("");
    lab.run_in(&outer, "init --quiet --initial-branch=home");
    fs::create_dir(outer.join("manifests")).unwrap();
    fs::write(outer.join("manifests/dev.yaml"), "of home\n").unwrap();
    fs::write(outer.join("mine.yaml"), "of home\n").unwrap();
    lab.run_in(&outer, "add manifests");
    lab.run_in(&outer, "commit --quiet -m home");
    fs::write(outer.join("manifests/dev.yaml"), "edited\n").unwrap();
    let before = lab.run_in(&outer, "rev-parse HEAD home");
    let mut checkout = lab.open();
    updated(&mut checkout);
    let tree = checkout.tree().to_path_buf();
    drop(checkout);
    for damage in ["HEAD", "objects", ""] {
        let path = tree.join(".git").join(damage);
        if path.is_dir() {
            fs::remove_dir_all(&path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        // refused or begun again, but not there
        if let Ok(mut checkout) = lab.reopen() {
            let _whatever = checkout.update(Timestamp::now());
        }
        assert_eq!(
            lab.run_in(&outer, "rev-parse HEAD home"),
            before,
            "{damage}"
        );
        assert_eq!(
            fs::read_to_string(outer.join("manifests/dev.yaml")).unwrap(),
            "edited\n"
        );
        assert_eq!(
            fs::read_to_string(outer.join("mine.yaml")).unwrap(),
            "of home\n"
        );
    }
    let mut checkout = lab.open();
    updated(&mut checkout);
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n", "made again");
}

#[test]
fn a_clone_that_is_made_again_goes_on_from_the_commit_that_was_followed() {
    let Some(lab) = Lab::new() else { return };
    let second = lab.commit("manifests/dev.yaml", "two\n");
    let mut checkout = lab.open();
    updated(&mut checkout);
    let tree = checkout.tree().to_path_buf();
    drop(checkout);
    fs::remove_dir_all(&tree).unwrap();
    lab.remote("reset --quiet --hard HEAD~1");
    let other = lab.commit("manifests/dev.yaml", "other\n");
    let mut checkout = lab.open();
    assert_eq!(checkout.commit(), None, "no files");
    let error = refused(&mut checkout);
    let CheckoutError::Rewound { from, to, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!((&from, &to), (&second, &other));
    lab.remote(&format!("reset --quiet --hard {second}"));
    let third = lab.commit("manifests/dev.yaml", "three\n");
    let update = updated(&mut checkout);
    assert_eq!((update.from, update.to), (Some(second), third));
    // removed under a process that has it open
    fs::remove_dir_all(&tree).unwrap();
    assert!(!tree.exists());
    updated(&mut checkout);
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "three\n");
    drop(checkout);
    // a note that is none is not taken for "never followed"
    fs::write(tree.with_file_name("commit"), "").unwrap();
    assert!(matches!(lab.reopen(), Err(CheckoutError::Io { .. })));
}
