//! `authority.yaml`: what a machine lets go unattended, and nothing beside it.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::thief::{Victim, target};
use crate::support::world::World;

const AT: &str = "driftlock/authority.yaml";

fn allow(world: &World, entries: &str) {
    let text = format!("driftlock-authority: 1\nallow:\n{entries}");
    write(&world.config(AT), &text);
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    mode(path, 0o600);
}

fn mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Everything below a folder of the working folder, on this machine.
fn paths(victim: &Victim, name: &str) -> String {
    let path = victim.world.path(name).canonicalize().unwrap();
    format!("  - machines: [here]\n    paths: [{}]\n", path.display())
}

fn moved(victim: &Victim) {
    std::fs::create_dir_all(victim.world.path("srv")).unwrap();
    std::fs::create_dir_all(victim.world.path("srv-evil")).unwrap();
    victim.targets(&Victim::app("srv/app.env", "AUTH, PLAIN", ""));
}

#[test]
fn what_it_covers_goes_and_is_told_once() {
    let victim = Victim::new();
    moved(&victim);
    victim.holds("authority");
    allow(&victim.world, &paths(&victim, "srv"));
    let words = "target app goes to file ../srv/app.env (was file ../app.env) (covered by the authority.yaml of this machine)";
    victim.run("plan").says(words);
    victim.apply().success().says(words);
    assert!(victim.world.read("srv/app.env").contains("c4nary-auth"));
    // accepted, and not told again, with the list and without it
    victim.world.in_sync();
    std::fs::remove_file(victim.world.config(AT)).unwrap();
    victim.world.in_sync();
}

#[test]
fn what_is_only_nearly_covered_waits() {
    let victim = Victim::new();
    moved(&victim);
    let srv = paths(&victim, "srv");
    for near in [
        paths(&victim, "srv-evil"),
        srv.replace("[here]", "[there]"),
        srv.replace("machines: [here]", "hosts: [here]"),
        srv.replace("  - ", "  - manifest: other\n    "),
        srv.replace("    paths", "  - paths"),
        "  []\n".to_owned(),
    ] {
        allow(&victim.world, &near);
        victim.holds("authority");
    }
    allow(&victim.world, &srv);
    for file in [
        "srv-evil/app.env",
        "srv/../loot.env",
        "srv/x/../../loot.env",
    ] {
        victim.targets(&Victim::app(file, "AUTH, PLAIN", ""));
        victim.holds("authority");
    }
}

#[test]
fn commands_and_probes_are_compared_whole() {
    let victim = Victim::new();
    let (command, address) = (victim.command(), victim.address());
    let origin = address.trim_end_matches('/');
    let activate = format!("    activate: \"{command}\"\n");
    let probe = format!(
        "    probe: {{ http: \"{address}\", header: {{ X: \"${{AUTH}}\" }}, timeout: 1s }}\n"
    );
    let here = "  - machines: [here]\n";
    for (more, near) in [
        (&activate, format!("{here}    commands: [\"{command} \"]\n")),
        (&activate, format!("{here}    commands: [\"touch\"]\n")),
        (&activate, format!("{here}    units: [\"{command}\"]\n")),
        (&activate, format!("{here}  - commands: [\"{command}\"]\n")),
        (&probe, format!("{here}    probes: [\"{origin}0\"]\n")),
        (
            &probe,
            format!("{here}    probes: [\"http://localhost\"]\n"),
        ),
        (&probe, format!("{here}    commands: [\"{address}\"]\n")),
    ] {
        victim.targets(&Victim::app("app.env", "AUTH, PLAIN", more));
        victim.bait();
        allow(&victim.world, &near);
        victim.holds("authority");
    }
    allow(
        &victim.world,
        &format!("{here}    commands: [\"{command}\"]\n"),
    );
    victim.targets(&Victim::app("app.env", "AUTH, PLAIN", &activate));
    victim.apply().success();
    assert!(victim.world.path("ran").exists());
    victim.world.in_sync();
}

#[test]
fn a_first_apply_is_judged_by_it() {
    for covered in [false, true] {
        let world = World::with_env("AUTH=c4nary-auth\n");
        let folder = world.path("").canonicalize().unwrap();
        let root = if covered {
            folder
        } else {
            folder.join("other")
        };
        allow(
            &world,
            &format!("  - machines: [here]\n    paths: [{}]\n", root.display()),
        );
        crate::hosts::service::retarget(&world, &target("app", "app.env", "AUTH", ""));
        let run = world.run("apply --yes").hides("c4nary");
        if covered {
            run.success();
            world.in_sync();
        } else {
            run.exits(3).says("held by authority:");
            world.run("apply --yes").exits(3);
            assert!(!world.app().exists());
        }
    }
}

#[test]
fn it_never_covers_what_makes_a_secret_public_or_loosens_a_limit() {
    let victim = Victim::new();
    let everything = "  - machines: [here]\n    paths: [/]\n";
    allow(&victim.world, everything);
    let text = victim.manifest();
    let mut lines = text.lines().skip_while(|line| *line != "  AUTH:");
    let sealed = format!("  AUTH:\n{}\n", lines.nth(1).unwrap());
    victim.edit(|text| text.replace(&sealed, "  AUTH: known-to-all\n"));
    victim.holds("authority");
    let world = World::applied_with(&[("A", "1"), ("B", "1")], ", rails: { changes: 1 }");
    allow(&world, everything);
    world.declare_with(&[("A", "2"), ("B", "2")], ", rails: { changes: 2 }");
    for _ in 0..2 {
        world.run("apply --yes").exits(3).says("held by changes:");
    }
}

#[test]
fn one_that_others_could_write_is_refused() {
    let victim = Victim::new();
    moved(&victim);
    let entries = paths(&victim, "srv");
    allow(&victim.world, &entries);
    let file = victim.world.config(AT);
    let stops = |words: &str| {
        for line in ["apply --yes", "plan", "status", "doctor"] {
            victim.run(line).exits(1).says(words);
        }
        victim.nothing_came_out();
    };
    for bits in [0o620, 0o602, 0o666] {
        mode(&file, bits);
        stops("chmod go-w");
    }
    mode(&file, 0o600);
    std::fs::remove_file(&file).unwrap();
    std::fs::create_dir(&file).unwrap();
    stops("authority.yaml");
    std::fs::remove_dir(&file).unwrap();
    std::os::unix::fs::symlink("nowhere", &file).unwrap();
    stops("authority.yaml");
    std::fs::remove_file(&file).unwrap();
    for (text, words) in [
        ("", "this file is empty"),
        ("driftlock-authority: 1\n", "authority.yaml:1:1"),
        (
            "driftlock-authority: 1\nallow:\n  - path: [/]\n",
            "authority.yaml:3:5",
        ),
        ("{", "not valid YAML"),
    ] {
        write(&file, text);
        stops(words);
    }
}

#[test]
fn one_among_the_manifests_is_refused() {
    let victim = Victim::new();
    moved(&victim);
    let text = format!("driftlock-authority: 1\nallow:\n{}", paths(&victim, "srv"));
    write(&victim.world.path("manifests/list"), &text);
    let words = "whoever may edit those could edit it too";
    victim
        .run("apply --yes --authority manifests/list")
        .exits(1)
        .says(words);
    // a link to it is no way around
    let link = victim.world.config(AT);
    std::os::unix::fs::symlink(victim.world.path("manifests/list"), &link).unwrap();
    victim.apply().exits(1).says(words);
    std::fs::remove_file(&link).unwrap();
    // nor is another folder of the same repository
    write(&victim.world.path("ops/list"), &text);
    std::fs::create_dir(victim.world.path(".git")).unwrap();
    victim
        .run("apply --yes --authority ops/list")
        .exits(1)
        .says(words);
    victim.nothing_came_out();
}

#[test]
fn it_is_found_where_it_is_named() {
    let mut victim = Victim::new();
    moved(&victim);
    let file = victim.world.home("list");
    let text = format!("driftlock-authority: 1\nallow:\n{}", paths(&victim, "srv"));
    write(&file, &text);
    victim
        .run("apply --yes --authority /nowhere/list")
        .exits(1)
        .says("there is no such file");
    let named = format!("--authority {}", file.display());
    victim.run(&format!("plan {named}")).says("(covered by");
    victim
        .world
        .variable("DRIFTLOCK_AUTHORITY", &file.display().to_string());
    victim.run("plan").says("(covered by");
    // the flag wins
    let none = victim.world.home("none");
    write(&none, "driftlock-authority: 1\nallow: []\n");
    let named = format!("--authority {}", none.display());
    victim.run(&format!("apply --yes {named}")).exits(3);
    victim.nothing_came_out();
    victim.apply().success();
}
