//! Adding: the same key for one reader more.

use super::lab::{Person, opens_for, own, run, run_as, sealed_lines};
use crate::support::shop::{PASSWORD, TOKEN, changed_lines, shop};

#[test]
fn only_list_signature_and_header_change() {
    let world = shop();
    let (Some(alice), Some(bob), Some(carol)) = (
        Person::age(&world, "alice"),
        Person::ssh(&world, "bob@laptop", &["ed25519"]),
        Person::ssh(&world, "carol", &["rsa", "-b", "2048"]),
    ) else {
        return;
    };
    world.run("apply --yes").success();
    let before = world.manifest();
    let said = run(
        &world,
        "recipients add --name",
        &["alice", alice.public.as_str()],
    );
    said.success()
        .says("alice (X25519 age1")
        .says("can read manifests/dev.yaml from now on")
        .says("reads 2 secrets: API_TOKEN, DB_PASSWORD")
        .says("older revision under the same file key")
        .says("others who read it: tester@here")
        .says("next: commit manifests/dev.yaml")
        .hides("canary");
    run(&world, "recipients add", &[&bob.public, &carol.public])
        .success()
        .says("bob@laptop (ssh-ed25519 SHA256:");
    let after = world.manifest();
    assert_eq!(sealed_lines(&before), sealed_lines(&after));
    let changed = changed_lines(&before, &after);
    for line in &changed {
        let line = &line[1..];
        let is_list = line.starts_with("  - ");
        let is_header = line.starts_with("  -> ") || line.starts_with("  --- ");
        let base64 = |c: char| c.is_ascii_alphanumeric() || "+/".contains(c);
        let is_body = line
            .strip_prefix("  ")
            .is_some_and(|text| text.chars().all(base64));
        assert!(
            is_list || is_header || is_body || line.starts_with("key: "),
            "{line}"
        );
    }
    assert!(
        after.contains(&format!("  - {} # alice\n", alice.public)),
        "{after}"
    );
    assert!(
        after.contains(&format!("  - {} # bob@laptop\n", bob.key())),
        "{after}"
    );
    let own = own(&world);
    let all = [&*own, &*alice.file, &*bob.file, &*carol.file];
    opens_for(&world, "API_TOKEN", TOKEN, &all, &[]);
    opens_for(&world, "DB_PASSWORD", PASSWORD, &all, &[]);
    for who in [&alice, &bob, &carol] {
        let run = run_as(&world, who, "reveal API_TOKEN --yes-print-the-secret", &[]);
        assert_eq!(run.success().stdout, TOKEN);
        run_as(&world, who, "recipients verify", &[])
            .success()
            .says("4 readers of 1 manifest, all in order.");
    }
    world.run("check --strict").success();
    world.run("plan").success().says("No changes.");
}

#[test]
fn who_reads_already_is_said_and_nothing_changes() {
    let world = shop();
    let Some(alice) = Person::ssh(&world, "alice", &["ed25519"]) else {
        return;
    };
    run(&world, "recipients add", &[&alice.public]).success();
    let before = world.files();
    let again = format!("{} other comment", alice.key());
    run(&world, "recipients add", &[&again, &alice.public])
        .success()
        .says("is a reader of manifests/dev.yaml already")
        .says("manifests/dev.yaml is unchanged");
    assert_eq!(world.files(), before);
}

#[test]
fn without_an_identity_nobody_is_added() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    world.hide_identity();
    let before = world.files();
    run(&world, "recipients add", &[&alice.public])
        .exits(1)
        .says("stays sealed")
        .says("only who can read a manifest can change who reads it; nothing was changed");
    assert_eq!(world.files(), before);
}

#[test]
fn a_manifest_without_secrets_gets_a_list() {
    let world = crate::support::world::World::new();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    world.declare(&[("LOG", "info")]);
    run(&world, "recipients add --name", &["alice", &alice.public])
        .success()
        .says("nothing in it is encrypted yet");
    let text = world.manifest();
    assert!(
        text.starts_with(&format!(
            "driftlock: 1\nname: dev\nrecipients:\n  - {} # alice\nvariables:",
            alice.public
        )),
        "{text}"
    );
    world
        .run_with("set TOKEN --target app", "canary-first")
        .success();
    let run = run_as(&world, &alice, "reveal TOKEN --yes-print-the-secret", &[]);
    assert_eq!(run.success().stdout, "canary-first");
}

#[test]
fn how_far_back_it_goes_is_said_as_a_commit() {
    let world = shop();
    let (Some(alice), Some(_)) = (
        Person::age(&world, "alice"),
        crate::support::peers::program("git"),
    ) else {
        return;
    };
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    let first = world
        .git("rev-parse --short=12 HEAD")
        .stdout
        .trim()
        .to_owned();
    world.run_with("set API_TOKEN", "canary-two").success();
    world.git("commit -qam second");
    run(&world, "recipients add", &[&alice.public])
        .success()
        .says(&format!("back to {first} of "));
    world.git("commit -qam third");
    world.run("recipients rekey").success();
    world.git("commit -qam fourth");
    let fourth = world
        .git("rev-parse --short=12 HEAD")
        .stdout
        .trim()
        .to_owned();
    run(&world, "recipients list --history", &[])
        .success()
        .says(&format!("({fourth})"))
        .says(&format!("({first})"));
    // an old revision opens for who was added later, and the file says so
    let old = world.git("show HEAD~1:manifests/dev.yaml").stdout;
    assert!(super::lab::recovered(&world, &old, "API_TOKEN", &alice.file).is_some());
}
