//! Remotes that are not there or not what they should be.

use super::lab::{JOURNAL, Team, git, sure};
use crate::support::world::World;

fn applied() -> Option<(Team, World)> {
    let team = Team::new(&[("A", "one")])?;
    let world = team.clone();
    world.run("--journal git apply --yes").success();
    Some((team, world))
}

#[test]
fn an_unreachable_remote_stops_an_apply_and_no_plan() {
    let Some((team, world)) = applied() else {
        return;
    };
    team.edit(&[&world], &[("A", "two")]);
    std::fs::rename(team.remote(), team.folder.path().join("away.git")).unwrap();
    world
        .run("plan")
        .success()
        .says("cannot reach the journal at origin (refs/driftlock/journal)")
        .says("going on from what this machine saw of it at 20")
        .says("change: the manifest has a new value");
    world.run("history").success().says("going on from");
    world
        .run("apply --yes")
        .exits(1)
        .says("there is no such repository")
        .says("nothing was written")
        .says("others may be at work");
    assert_eq!(team.read("app"), "A=one\n");
    std::fs::rename(team.folder.path().join("away.git"), team.remote()).unwrap();
    world.run("apply --yes").success();
    assert_eq!(team.read("app"), "A=two\n");
}

#[test]
fn what_was_never_seen_is_unknown_and_no_first_apply() {
    let Some((team, _)) = applied() else {
        return;
    };
    let fresh = team.clone();
    team.edit(&[&fresh], &[("A", "two")]);
    std::fs::rename(team.remote(), team.folder.path().join("away.git")).unwrap();
    // it is named: its records are unknown, not none
    fresh
        .run("--journal git plan")
        .success()
        .says("nothing is known of what was applied")
        .says("held by new-key");
    fresh
        .run("--journal git apply --yes --take-over app")
        .exits(1);
    // it is not named, and whether there is one is not known
    fresh
        .run("apply --yes")
        .exits(3)
        .says("whether others share a journal there is not known")
        .says("first take-over");
    assert_eq!(team.read("app"), "A=one\n");
}

#[test]
fn a_runner_without_the_right_to_push_reads_and_says_so() {
    let Some((team, _)) = applied() else {
        return;
    };
    let runner = team.clone();
    let hook = team.remote().join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\necho 'token c4nary' >&2; exit 1\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    runner
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    runner.run("history").success().says("1 receipt of dev");
    runner
        .run("apply --yes")
        .exits(1)
        .says("cannot write to the journal at origin (refs/driftlock/journal): a hook of the remote declined it")
        .says("nothing was written")
        .hides("c4nary");
    // a forge that keeps such refs to itself
    std::fs::remove_file(&hook).unwrap();
    sure(
        &team.remote(),
        &["config", "receive.hideRefs", "refs/driftlock"],
    );
    runner
        .run("apply --yes")
        .exits(1)
        .says("the remote takes no refs of this name")
        .says("refs/heads/driftlock-journal");
}

#[test]
fn something_else_in_the_ref() {
    let Some((team, world)) = applied() else {
        return;
    };
    let remote = team.remote();
    let main = sure(&remote, &["rev-parse", "main"]);
    let tree = sure(&remote, &["rev-parse", "main^{tree}"]);
    let blob = sure(&remote, &["rev-parse", "main:manifests/dev.yaml"]);
    for other in [&main, &tree, &blob] {
        sure(&remote, &["update-ref", JOURNAL, other]);
        let words = "what is there is not a driftlock journal";
        world
            .run("plan --detailed-exitcode")
            .exits(0)
            .says(words)
            .says("going on from what this machine saw");
        world
            .run("apply --yes")
            .exits(1)
            .says(words)
            .says("nothing was written");
        // who never saw a journal there has nothing to go on from
        team.clone().run("plan").exits(1).says(words);
        team.clone().run("apply --yes").exits(1).says(words);
        assert_eq!(team.tip().as_ref(), Some(other));
        // who saw one can put it back
        world.run("journal restore --yes").success();
        world
            .run("plan --detailed-exitcode")
            .success()
            .hides("going on from");
        team.clone()
            .run("history")
            .success()
            .says("1 receipt of dev");
    }
}

#[test]
fn a_newer_layout_is_left_alone() {
    let Some((team, world)) = applied() else {
        return;
    };
    let before = |path: &str, text: &str| match path {
        "driftlock-journal" => Some("driftlock journal 2\n".to_owned()),
        _ => Some(text.to_owned()),
    };
    team.tamper(before);
    for line in ["plan", "apply --yes", "history", "journal restore --yes"] {
        world
            .run(line)
            .exits(1)
            .says("written by a newer driftlock (format 2, this one knows 1)")
            .says("upgrade driftlock");
    }
}

#[test]
fn garbage_among_the_files_counts_as_none_and_is_told() {
    let Some((team, world)) = applied() else {
        return;
    };
    let long = "x".repeat(9 * 1024 * 1024);
    team.tamper(|path, text| {
        Some(match path {
            _ if path.contains("/states/") => "{ not json".to_owned(),
            _ if path.contains("/authority") => long.clone(),
            _ => text.to_owned(),
        })
    });
    // who saw better ones before misses them
    world
        .run("plan")
        .success()
        .says("is older than what this machine saw");
    let world = team.clone();
    world
        .run("plan")
        .success()
        .says("2 files of the journal at origin (refs/driftlock/journal) cannot be read, and counts as none")
        .hides("not json");
    // and an apply mends what it records
    world.run("apply --yes --take-over app").success();
    world.run("plan --detailed-exitcode").says("No changes.");
}

#[test]
fn receipts_of_a_newer_version() {
    let Some((team, world)) = applied() else {
        return;
    };
    team.tamper(|path, text| {
        let newer = text.replace("\\\"action\\\":\\\"set\\\"", "\\\"action\\\":\\\"swap\\\"");
        Some(if path.contains("/receipts/") {
            newer
        } else {
            text.to_owned()
        })
    });
    world.run("history").says("receipt 1 of dev is another one");
    team.clone()
        .run("history")
        .success()
        .says("1 receipts of the journal cannot be read");
}

#[test]
fn remotes_and_refs_that_cannot_be() {
    let Some((team, world)) = applied() else {
        return;
    };
    for (journal, words) in [
        ("git:nowhere", "this repository has no remote `nowhere`"),
        ("git:--upload-pack=touch", "this repository has no remote"),
        ("git#journal", "is no name for a ref"),
        ("git#refs/heads/a..b", "is no name for a ref"),
        ("git:/nowhere/at/all", "there is no such repository"),
    ] {
        world
            .run(&format!("--journal {journal} apply --yes"))
            .exits(1)
            .says(words);
    }
    let alone = World::applied(&[("A", "one")]);
    alone
        .run("--journal git plan")
        .exits(1)
        .says("is not in a git repository");
    sure(&alone.path(""), &["init", "--quiet"]);
    alone
        .run("--journal git plan")
        .exits(1)
        .says("has no remote");
    for name in ["one", "two"] {
        sure(&alone.path(""), &["remote", "add", name, "/nowhere"]);
    }
    alone
        .run("--journal git plan")
        .exits(1)
        .says("name one with --journal git:REMOTE");
    // with several and none chosen there is no default either
    alone.run("plan").success().says("No changes.");
    drop(team);
}

#[test]
fn settings_of_the_clone_run_nothing() {
    let Some((team, world)) = applied() else {
        return;
    };
    let marker = team.file("hook-ran");
    for hook in [
        "pre-push",
        "post-checkout",
        "reference-transaction",
        "pre-auto-gc",
    ] {
        let file = world.path(".git/hooks").join(hook);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, format!("#!/bin/sh\ntouch {}\n", marker.display())).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&file, mode).unwrap();
    }
    team.edit(&[], &[("A", "two")]);
    git(
        &world.path(""),
        &["-c", "core.hooksPath=/dev/null", "pull", "--quiet"],
    );
    world.run("apply --yes").success();
    assert!(!marker.exists());
}
