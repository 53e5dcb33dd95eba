//! Remotes that are away, odd or hostile, and machines with settings of their own.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use driftlock::source::{Checkout, CheckoutError, Git};
use jiff::Timestamp;

use super::{Lab, read, refused, updated};
use crate::bad_places::Disk;
use crate::support::world::World;

fn script(lab: &Lab, name: &str, text: &str) -> std::path::PathBuf {
    let path = lab.path(name);
    fs::write(&path, format!("#!/bin/sh\n{text}")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    path
}

#[test]
fn a_branch_that_goes_is_told_and_one_that_comes_back_is_followed() {
    let Some(lab) = Lab::new() else { return };
    lab.remote("branch live");
    let mut checkout = lab.open_as(&format!("{}#live", lab.address())).unwrap();
    let first = updated(&mut checkout).to;
    lab.remote("branch -D live");
    let error = refused(&mut checkout);
    assert!(matches!(error, CheckoutError::NoBranch { .. }), "{error:?}");
    assert!(!error.is_transient());
    assert_eq!(checkout.commit(), Some(first.as_str()));
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n");
    let second = lab.commit("manifests/dev.yaml", "two\n");
    lab.remote("branch live");
    assert_eq!(updated(&mut checkout).to, second);
    // a tag of that name is no branch
    lab.remote("branch -D live");
    lab.remote("tag live");
    assert!(matches!(
        refused(&mut checkout),
        CheckoutError::NoBranch { .. }
    ));
}

#[test]
fn an_empty_repository_has_no_branch() {
    let Some(lab) = Lab::new() else { return };
    fs::remove_dir_all(lab.path("remote")).unwrap();
    fs::create_dir(lab.path("remote")).unwrap();
    lab.remote("init --quiet --initial-branch=main");
    let mut checkout = lab.open();
    assert!(matches!(
        refused(&mut checkout),
        CheckoutError::NoBranch { .. }
    ));
    assert_eq!(checkout.commit(), None);
    lab.commit("manifests/dev.yaml", "one\n");
    updated(&mut checkout);
}

#[test]
fn odd_names_of_branches_are_refused_before_git_goes_anywhere() {
    let Some(lab) = Lab::new() else { return };
    for branch in ["a..b", "a b", "x.lock", "a~1", "@{u}", "a:b", "/a"] {
        let opened = lab.open_as(&format!("{}#{branch}", lab.address()));
        assert!(
            matches!(opened, Err(CheckoutError::BadBranch { .. })),
            "{branch}"
        );
    }
}

#[test]
fn no_program_of_the_user_and_none_of_the_repository_is_run() {
    let Some(mut lab) = Lab::new() else { return };
    let marker = lab.path("ran");
    let run = format!("echo \"$0 $*\" >> {}\ncat\n", marker.display());
    let evil = script(&lab, "evil", &run);
    fs::create_dir(lab.path("hooks")).unwrap();
    for hook in [
        "post-checkout",
        "reference-transaction",
        "post-index-change",
        "pre-auto-gc",
    ] {
        script(&lab, &format!("hooks/{hook}"), &run);
    }
    let settings = format!(
        "[core]\nhooksPath = {hooks}\nfsmonitor = {evil}\nautocrlf = true\n[filter \"evil\"]\nsmudge = {evil}\nclean = {evil}\nrequired = true\n[submodule]\nrecurse = true\n[fetch]\nrecurseSubmodules = true\n",
        hooks = lab.path("hooks").display(),
        evil = evil.display(),
    );
    fs::write(lab.path("home/.gitconfig"), settings).unwrap();
    fs::create_dir_all(lab.path("home/.config/git")).unwrap();
    fs::write(
        lab.path("home/.config/git/attributes"),
        "*.yaml filter=evil\n",
    )
    .unwrap();
    lab.variables.push(("GIT_CONFIG_COUNT".into(), "1".into()));
    lab.variables
        .push(("GIT_CONFIG_KEY_0".into(), "core.hooksPath".into()));
    lab.variables.push((
        "GIT_CONFIG_VALUE_0".into(),
        lab.path("hooks").display().to_string(),
    ));
    lab.commit(".gitattributes", "*.yaml filter=evil\n");
    lab.commit(
        ".gitmodules",
        "[submodule \"x\"]\npath = x\nurl = ext::sh -c id\n",
    );
    let mut checkout = lab.open();
    updated(&mut checkout);
    assert_eq!(
        read(&checkout, "manifests/dev.yaml"),
        "one\n",
        "the bytes of the commit"
    );
    fs::write(checkout.tree().join("manifests/dev.yaml"), "by hand\n").unwrap();
    lab.commit("manifests/prod.yaml", "p\n");
    updated(&mut checkout);
    assert!(
        !marker.exists(),
        "{}",
        fs::read_to_string(&marker).unwrap_or_default()
    );
}

#[test]
fn settings_cannot_lead_to_another_kind_of_address() {
    let Some(lab) = Lab::new() else { return };
    let marker = lab.path("ran");
    let settings = format!(
        "[url \"ext::touch {} \"]\ninsteadOf = {}\n[protocol]\nallow = always\n",
        marker.display(),
        lab.address()
    );
    fs::write(lab.path("home/.gitconfig"), settings).unwrap();
    let error = refused(&mut lab.open());
    let CheckoutError::Unreachable { why, .. } = error else {
        panic!("{error:?}")
    };
    assert!(why.contains("kind of address"), "{why}");
    assert!(!marker.exists());
}

#[test]
fn a_remote_that_holds_a_part_of_its_history_only_is_refused_in_words() {
    let Some(lab) = Lab::new() else { return };
    let second = lab.commit("manifests/dev.yaml", "two\n");
    lab.run_in(
        &lab.path(""),
        &format!("clone --quiet --depth 1 {} shallow", lab.address()),
    );
    let address = format!("file://{}", lab.path("shallow").display());
    let mut checkout = lab.open_as(&address).unwrap();
    let error = refused(&mut checkout);
    let CheckoutError::Unreachable { why, .. } = error else {
        panic!("{error:?}")
    };
    assert!(why.contains("a part of its history"), "{why}");
    assert_eq!(checkout.commit(), None);
    // one that was whole before: what was read then is not taken for what is there now
    let mut checkout = lab.open();
    assert_eq!(updated(&mut checkout).to, second);
    let third = lab.commit("manifests/dev.yaml", "three\n");
    fs::write(lab.path("remote/.git/shallow"), format!("{third}\n")).unwrap();
    let error = refused(&mut checkout);
    assert!(
        matches!(error, CheckoutError::Unreachable { .. }),
        "{error:?}"
    );
    assert_eq!(checkout.commit(), Some(second.as_str()));
}

#[test]
fn nothing_said_has_the_user_of_the_address_in_it() {
    let Some(lab) = Lab::new() else { return };
    let address = "https://ghp_c4nary@127.0.0.1:1/ops/env.git#main";
    let mut checkout = lab.open_as(address).unwrap();
    let error = refused(&mut checkout);
    let said = format!("{error} {error:?} {:?} {checkout:?}", error.help());
    assert!(!said.contains("c4nary"), "{said}");
    assert!(said.contains("127.0.0.1:1/ops/env.git#main"), "{said}");
    let CheckoutError::Unreachable { why, .. } = error else {
        panic!("{error:?}")
    };
    assert_eq!(why, "nothing answers there");
}

#[test]
fn a_fetch_that_is_killed_half_way_changes_nothing() {
    let Some(mut lab) = Lab::new() else { return };
    let mut checkout = lab.open();
    updated(&mut checkout);
    drop(checkout);
    // `ssh` that gives the beginning of the pack and then stands still, until its git is killed
    let pids = lab.path("pids");
    let cut = script(
        &lab,
        "cut",
        &format!(
            "eval \"command=\\${{$#}}\"\nif [ -e {whole} ]; then exec sh -c \"$command\"; fi\nmkfifo {fifo} 2>/dev/null\nsh -c \"$command\" | (exec 4>&1; n=$(dd bs=1 count=20000 status=none | tee /dev/fd/4 | wc -c); [ \"$n\" -lt 20000 ] && exit; echo $PPID > {pids}.new; mv {pids}.new {pids}; cat {fifo})\n",
            pids = pids.display(),
            whole = lab.path("whole").display(),
            fifo = lab.path("fifo").display(),
        ),
    );
    lab.variables
        .push(("GIT_SSH_COMMAND".into(), cut.display().to_string()));
    let address = format!("ssh://host{}", lab.path("remote").display());
    let noise: String = (0..40_000_u32)
        .map(|n| format!("{:08x}\n", n.wrapping_mul(2_654_435_761)))
        .collect();
    let second = lab.commit("manifests/big.txt", &noise);
    let mut checkout = lab.open_as(&address).unwrap();
    let stalled = pids.clone();
    let killer = std::thread::spawn(move || {
        // as soon as the beginning has gone through: git, and all that it started
        while !stalled.exists() {
            std::thread::yield_now();
        }
        let pid: i32 = fs::read_to_string(&stalled)
            .unwrap()
            .trim()
            .parse()
            .unwrap();
        let group = rustix::process::Pid::from_raw(pid).unwrap();
        rustix::process::kill_process_group(group, rustix::process::Signal::KILL).unwrap();
    });
    // the fetch dies under it
    let error = checkout.update(Timestamp::now()).unwrap_err();
    killer.join().unwrap();
    assert!(
        matches!(error, CheckoutError::Unreachable { .. }),
        "{error:?}"
    );
    assert_eq!(checkout.commit(), None);
    drop(checkout);
    fs::write(lab.path("whole"), "").unwrap();
    let mut checkout = loop {
        match lab.open_as(&address) {
            Err(CheckoutError::Busy { .. }) => std::thread::yield_now(),
            other => break other.unwrap(),
        }
    };
    assert_eq!(updated(&mut checkout).to, second);
    assert_eq!(read(&checkout, "manifests/big.txt"), noise);
}

#[test]
fn a_full_disk_leaves_the_last_good_commit() {
    let Some(lab) = Lab::new() else { return };
    let world = World::new();
    let Some(disk) = Disk::mount(&world, "disk", "2m") else {
        return;
    };
    let open = || loop {
        let (origin, state) = (lab.address().parse().unwrap(), world.root().join("disk"));
        match Checkout::open(origin, &state, &lab.git(), Timestamp::now()) {
            Err(CheckoutError::Busy { .. }) => std::thread::yield_now(),
            other => return other,
        }
    };
    let mut checkout = open().unwrap();
    let first = updated(&mut checkout).to;
    disk.fill();
    let large: String = (0..8_000_u32)
        .map(|n| format!("{:08x}\n", n.wrapping_mul(2_654_435_761)))
        .collect();
    let second = lab.commit("manifests/prod.yaml", &large);
    let error = refused(&mut checkout);
    assert!(matches!(error, CheckoutError::Full { .. }), "{error:?}");
    assert!(error.is_transient());
    assert_eq!(checkout.commit(), Some(first.as_str()));
    assert_eq!(read(&checkout, "manifests/dev.yaml"), "one\n");
    drop(checkout);
    fs::remove_file(world.root().join("disk/filler")).unwrap();
    let mut checkout = open().unwrap();
    assert_eq!(updated(&mut checkout).to, second);
    assert_eq!(read(&checkout, "manifests/prod.yaml"), large);
    drop(checkout);
    drop(disk);
}

#[test]
fn a_state_folder_that_cannot_be_written_is_told() {
    let Some(lab) = Lab::new() else { return };
    fs::write(lab.path("state"), "a file").unwrap();
    let error = lab.open_as(&lab.address()).unwrap_err();
    assert!(matches!(error, CheckoutError::Io { .. }), "{error:?}");
}

#[test]
fn a_linked_state_folder_is_named_without_the_link() {
    let Some(lab) = Lab::new() else { return };
    fs::create_dir(lab.path("real")).unwrap();
    std::os::unix::fs::symlink(lab.path("real"), lab.path("state")).unwrap();
    let mut checkout = lab.open();
    updated(&mut checkout);
    assert!(
        checkout.tree().starts_with(lab.path("real")),
        "{:?}",
        checkout.tree()
    );
}

#[test]
fn git_that_is_not_there_is_told() {
    let Some(lab) = Lab::new() else { return };
    let nowhere = Git::new([("PATH".into(), "/nowhere".into())]);
    let origin = lab.address().parse().unwrap();
    let opened = Checkout::open(origin, &lab.path("state"), &nowhere, Timestamp::now());
    let mut checkout = opened.unwrap();
    let error = refused(&mut checkout);
    assert_eq!(
        error.to_string(),
        "run git: the program is not installed or not on PATH"
    );
}
