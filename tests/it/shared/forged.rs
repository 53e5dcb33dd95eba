//! Whoever may push to the ref and cannot read the secrets: what they write counts as no record.

use super::lab::Team;
use crate::support::world::World;

/// An encrypted manifest that was applied; only the first clone has the identity.
fn applied() -> Option<(Team, World)> {
    let team = Team::new(&[("A", "one")])?;
    let world = team.clone();
    std::fs::remove_file(world.path("manifests/dev.yaml")).unwrap();
    world.write(".env", "TOKEN=abc123old\n");
    world.run("init --yes --name dev").success();
    world.run("--journal git apply --yes").success();
    world.run_with("set TOKEN", "abc123new").success();
    world.run("apply --yes").success();
    Some((team, world))
}

/// Another fingerprint in a body, which is JSON inside JSON.
fn other_print(text: &str, field: &str) -> String {
    let key = format!("\\\"{field}\\\":\\\"");
    let Some(at) = text.find(&key).map(|at| at + key.len()) else {
        return text.to_owned();
    };
    let flipped = if &text[at..=at] == "0" { "1" } else { "0" };
    format!("{}{flipped}{}", &text[..at], &text[at + 1..])
}

#[test]
fn an_edited_state_is_no_record() {
    let Some((team, world)) = applied() else {
        return;
    };
    team.tamper(|path, text| {
        Some(if path.contains("/states/") {
            other_print(text, "fingerprint")
        } else {
            text.to_owned()
        })
    });
    world
        .run("plan")
        .success()
        .says("1 of the journal's records do not verify and count as none");
    // with a new value it would be a first take-over, which nobody does unasked
    world.run_with("set TOKEN", "abc123newer").success();
    world.run("apply --yes").exits(3).says("take-over");
    assert_eq!(world.read(".env"), "TOKEN=abc123new\n");
}

#[test]
fn an_edited_receipt_is_told_in_the_history() {
    let Some((team, world)) = applied() else {
        return;
    };
    world.run("history").success().hides("not verified");
    team.tamper(|path, text| {
        Some(if path.ends_with("/1.json") {
            other_print(text, "after")
        } else {
            text.to_owned()
        })
    });
    // on a machine that saw nothing: only the proof can tell
    let other = fresh(&team, &world);
    other.run("history").success().says("not verified");
    other
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
}

#[test]
fn a_state_of_another_target_or_time_does_not_pass() {
    let Some((team, world)) = applied() else {
        return;
    };
    let mut old = String::new();
    let remote = team.remote();
    let commits = super::lab::sure(&remote, &["rev-list", super::lab::JOURNAL]);
    for commit in commits.lines() {
        let paths = super::lab::sure(&remote, &["ls-tree", "-r", "--name-only", commit]);
        for path in paths.lines().filter(|path| path.contains("/states/")) {
            old = super::lab::sure(&remote, &["cat-file", "blob", &format!("{commit}:{path}")]);
        }
    }
    // the oldest one, genuine, in the place of the newest
    team.tamper(|path, text| {
        Some(if path.contains("/states/") {
            old.clone()
        } else {
            text.to_owned()
        })
    });
    world
        .run("plan")
        .says("1 of the journal's records do not verify and count as none");
}

#[test]
fn an_edited_authority_holds_everything() {
    let Some((team, world)) = applied() else {
        return;
    };
    team.tamper(|path, text| {
        let wider = text.replace("\\\"targets\\\":{", "\\\"targets\\\":{ ");
        Some(if path.ends_with("authority.json") {
            wider
        } else {
            text.to_owned()
        })
    });
    world.run_with("set TOKEN", "abc123newer").success();
    world
        .run("apply --yes")
        .exits(3)
        .says("record of the last applied revision does not verify")
        .says("new-key");
}

/// The same checkout and identity on a machine that never saw the journal.
fn fresh(team: &Team, world: &World) -> World {
    let other = team.clone();
    let copy = |from: std::path::PathBuf, to: std::path::PathBuf| {
        std::fs::create_dir_all(to.parent().unwrap()).unwrap();
        std::fs::copy(from, to).unwrap();
    };
    for path in ["manifests/dev.yaml", ".env"] {
        copy(world.path(path), other.path(path));
    }
    copy(
        world.config("driftlock/keys.txt"),
        other.config("driftlock/keys.txt"),
    );
    other
}
