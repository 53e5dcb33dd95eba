//! Every command of git that merges: merge, rebase, cherry-pick, stash pop, revert.

use super::lab::{Lab, MANIFEST};

/// Two branches that add variables in one gap, and use them on one line.
fn branches() -> Option<Lab> {
    let lab = Lab::new()?;
    for (branch, name) in [("one", "B_ONE"), ("two", "B_TWO")] {
        lab.git(&format!("checkout -q -B {branch} main"));
        lab.set(name, &format!("value of {name}"));
        let text = lab.manifest();
        let used = text.replacen(
            "      - API_TOKEN\n",
            &format!("      - API_TOKEN\n      - {name}\n"),
            1,
        );
        assert_ne!(text, used, "{text}");
        lab.world.write(MANIFEST, used);
        lab.commit_all(name);
    }
    lab.git("checkout -q one");
    Some(lab)
}

#[track_caller]
fn assert_joined(lab: &Lab) {
    lab.world.run("check").success();
    for name in ["B_ONE", "B_TWO"] {
        assert_eq!(lab.value(name), format!("value of {name}"));
        assert!(lab.manifest().contains(&format!("      - {name}\n")));
    }
    assert_eq!(lab.git("status --porcelain"), "");
}

#[test]
fn merge_and_pull_of_it() {
    let Some(lab) = branches() else { return };
    lab.git("merge -q two");
    assert_joined(&lab);
}

#[test]
fn rebase() {
    let Some(lab) = branches() else { return };
    lab.git("rebase -q two");
    assert_joined(&lab);
    assert_eq!(lab.git("log --format=%s -n 2"), "B_ONE\nB_TWO\n");
}

#[test]
fn cherry_pick_and_revert() {
    let Some(lab) = branches() else { return };
    lab.git("cherry-pick two");
    assert_joined(&lab);
    // the former commit is taken back, the later one stays
    lab.git("revert --no-edit HEAD~1");
    assert!(!lab.manifest().contains("B_ONE"));
    assert_eq!(lab.value("B_TWO"), "value of B_TWO");
}

#[test]
fn stash_pop() {
    let Some(lab) = branches() else { return };
    lab.git("reset -q --soft HEAD~1");
    lab.git("stash -q");
    lab.git("checkout -q two");
    lab.git("stash pop -q");
    assert_eq!(lab.value("B_ONE"), "value of B_ONE");
    assert_eq!(lab.value("B_TWO"), "value of B_TWO");
    lab.world.run("check").success();
}

/// Two branches that merged each other: the base is made by a merge of its own.
#[test]
fn criss_cross() {
    let Some(lab) = branches() else { return };
    lab.git("checkout -q -B left one");
    lab.git("merge -q two");
    lab.git("checkout -q -B right two");
    lab.git("merge -q one");
    lab.set("B_ONE", "from the right");
    lab.commit_all("right");
    lab.git("checkout -q left");
    lab.set("B_TWO", "from the left");
    lab.commit_all("left");
    lab.git("merge -q right");
    assert_eq!(lab.value("B_ONE"), "from the right");
    assert_eq!(lab.value("B_TWO"), "from the left");
}

#[test]
fn both_added_the_manifest() {
    let Some(lab) = Lab::new() else { return };
    for (branch, name) in [("one", "A"), ("two", "B")] {
        lab.git(&format!("checkout -q -B {branch} main"));
        lab.world.write(
            "manifests/new.yaml",
            format!("driftlock: 1\nname: new\nvariables:\n  {name}: x\n"),
        );
        lab.commit_all(name);
    }
    lab.git("merge -q one");
    assert_eq!(
        lab.world.read("manifests/new.yaml"),
        "driftlock: 1\nname: new\nvariables:\n  A: x\n\n  B: x\n"
    );
}

/// One variable on both sides: a conflict of that entry, which git knows as one.
#[test]
fn a_conflict_is_seen_by_git() {
    let Some(lab) = Lab::new() else { return };
    for branch in ["one", "two"] {
        lab.git(&format!("checkout -q -B {branch} main"));
        lab.set("API_TOKEN", &format!("value of {branch}"));
        lab.commit_all(branch);
    }
    lab.git("checkout -q one");
    let run = lab.tries("merge two").exits(1);
    let run = run
        .says("dev.yaml: 1 thing to decide")
        .says("driftlock set API_TOKEN");
    assert!(run.all().contains("CONFLICT"), "{}", run.all());
    assert!(
        lab.git("status --porcelain")
            .contains("UU manifests/dev.yaml")
    );
    // the marks are shown by `git diff` without a value or ciphertext, and refused by the hook
    let diff = lab.git("diff");
    assert!(diff.contains("<<<<<<< ours"), "{diff}");
    lab.git("add -A");
    lab.tries("commit -q --no-edit")
        .exits(1)
        .says("marks of a merge are still in this manifest");
    lab.git("checkout -q two -- manifests/dev.yaml");
    lab.git("add -A");
    lab.git("commit -q --no-edit");
    assert_eq!(lab.value("API_TOKEN"), "value of two");
}

/// Files beside the manifests, and manifests that do not parse: as git does it by itself.
#[test]
fn what_is_no_manifest_is_merged_by_lines() {
    let Some(lab) = Lab::new() else { return };
    let rails = |first: u8, last: u8| {
        format!("driftlock-rails: 1\ndeletes: {first}\n# a\n# b\n# c\nchanges: {last}\n")
    };
    let broken = |first: u8, last: u8| {
        format!("driftlock: 1\nname: [\n# {first}\n# a\n# b\n# c\n# {last}\n")
    };
    let write = |first, last| {
        lab.world.write("manifests/rails.yaml", rails(first, last));
        lab.world.write(
            "manifests/other.yaml",
            rails(first, last).replace("driftlock-rails", "other"),
        );
        lab.world
            .write("manifests/broken.yaml", broken(first, last));
    };
    write(1, 1);
    lab.commit_all("base");
    lab.git("checkout -q -b side");
    write(1, 2);
    lab.commit_all("side");
    lab.git("checkout -q main");
    write(2, 1);
    lab.commit_all("main");
    let run = lab.tries("merge side").exits(1);
    assert!(
        run.all()
            .contains("broken.yaml: not joined by name, because ours is no valid manifest"),
        "{}",
        run.all()
    );
    assert_eq!(lab.world.read("manifests/rails.yaml"), rails(2, 2));
    assert_eq!(
        lab.world.read("manifests/other.yaml"),
        rails(2, 2).replace("driftlock-rails", "other")
    );
    assert_eq!(lab.world.read("manifests/broken.yaml"), broken(2, 2));
    let status = lab.git("status --porcelain");
    assert_eq!(status.matches("UU ").count(), 1, "{status}");
}
