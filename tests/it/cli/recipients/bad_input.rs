//! What people type, paste and edit by mistake: one clear refusal, nothing changed, nothing repeated.

use std::os::unix::fs::PermissionsExt;

use super::lab::{Person, first_line, listed, put, run};
use crate::support::peers;
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

#[track_caller]
fn refused(world: &World, line: &str, more: &[&str], code: i32, words: &str) -> Run {
    let before = world.files();
    let run = run(world, line, more).exits(code).says(words);
    assert_eq!(world.files(), before, "{line} changed something");
    run
}

#[test]
fn keys_that_are_none() {
    let world = shop();
    let (Some(alice), Some(bob), Some(keygen)) = (
        Person::age(&world, "alice"),
        Person::ssh(&world, "bob", &["ed25519"]),
        peers::program("ssh-keygen"),
    ) else {
        return;
    };
    let short = world.root().join("short");
    let made = std::process::Command::new(keygen)
        .args(["-q", "-t", "rsa", "-b", "1024", "-N", "", "-f"])
        .arg(&short)
        .output()
        .unwrap();
    assert!(made.status.success());
    let short = std::fs::read_to_string(short.with_extension("pub")).unwrap();
    let mut typo = alice.public.clone();
    let last = if typo.ends_with('q') { "p" } else { "q" };
    typo.replace_range(typo.len() - 1.., last);
    let body = bob.key().split(' ').nth(1).unwrap().to_owned();
    for (key, words) in [
        (typo.as_str(), "mistyped or cut off; copy it again"),
        (&alice.public[..30], "mistyped or cut off"),
        (&bob.key()[..50], "copy the line of the .pub file again"),
        (
            &format!("ssh-ed25519 {body}AAAA"),
            "copy the line of the .pub file again",
        ),
        (
            &format!("ecdsa-sha2-nistp256 {body}"),
            "this type of SSH key cannot decrypt",
        ),
        (short.trim(), "too short to be safe"),
        ("", "a recipient is empty"),
        ("hunter2", "this is not a recipient"),
        (&format!("{}\n{}", alice.public, bob.public), "one line"),
        ("ssh-ed25519", "an SSH key is one argument, in quotes"),
        (".env", "driftlock recipients add --file FILE"),
    ] {
        let run = refused(&world, "recipients add", &[key], 64, words);
        run.says("nothing was changed").hides("hunter2");
    }
    refused(&world, "recipients add", &[], 64, "no key was given");
    refused(
        &world,
        "recipients add",
        &[&alice.public, "x"],
        64,
        "key 2: this is not",
    );
}

#[test]
fn private_keys_are_never_repeated() {
    let world = shop();
    let (Some(alice), Some(bob)) = (
        Person::age(&world, "alice"),
        Person::ssh(&world, "bob", &["ed25519"]),
    ) else {
        return;
    };
    let text = std::fs::read_to_string(&alice.file).unwrap();
    let secret = text.lines().last().unwrap();
    let pem = std::fs::read_to_string(&bob.file).unwrap();
    let inner = pem.lines().nth(1).unwrap();
    for command in ["add", "remove", "accept --yes"] {
        for (given, words) in [
            (secret, "private key"),
            (&secret.to_lowercase(), "private key"),
            (&format!("\n{pem}"), "private key"),
            // looks like an option
            (&pem, "What was typed is not repeated here"),
        ] {
            let line = format!("recipients {command}");
            let run = refused(&world, &line, &[given], 64, words);
            run.hides(secret).hides(&secret.to_lowercase()).hides(inner);
        }
    }
    refused(
        &world,
        "recipients add --name",
        &[secret, &alice.public],
        64,
        "the name is a private key",
    )
    .hides(secret);
}

#[test]
fn names_that_would_break_a_line() {
    let world = shop();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    for (name, words) in [
        ("a\nname: evil", "holds line ends"),
        ("a\u{1b}[2J", "characters that nobody sees"),
        ("\u{202e}gpj", "characters that nobody sees"),
        ("  ", "is empty"),
        (&"x".repeat(101), "is longer than 100 characters"),
    ] {
        refused(
            &world,
            "recipients add --name",
            &[name, &alice.public],
            64,
            words,
        );
    }
    refused(
        &world,
        "recipients add --name",
        &["both", &alice.public, &bob.public],
        64,
        "--name is what one reader is called",
    );
    // of a key's own comment, whatever moves a cursor is written out
    let Some(odd) = Person::ssh(&world, "odd", &["ed25519"]) else {
        return;
    };
    world.write(
        "odd",
        format!("{} x\u{1b}[2J \u{2028}name: y # z\n", odd.key()),
    );
    world.run("recipients add --file odd").success();
    let text = world.manifest();
    assert!(
        text.contains(" # x\\u{1b}[2J \\u{2028}name: y # z\n"),
        "{text}"
    );
    assert!(!text.contains('\u{1b}') && !text.contains('\u{2028}'));
    world.run("recipients list").success().says("name: y # z");
    world.run("check --strict").success();
}

#[test]
fn names_that_two_have_and_names_that_nobody_has() {
    let world = shop();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    for who in [&alice, &bob] {
        run(&world, "recipients add --name", &["laptop", &who.public]).success();
    }
    refused(
        &world,
        "recipients remove laptop",
        &[],
        64,
        "2 readers of manifests/dev.yaml are called so",
    )
    .says(&alice.public);
    refused(
        &world,
        "recipients remove hunter2",
        &[],
        1,
        "what was given in place 1 names no reader",
    )
    .hides("hunter2");
    refused(
        &world,
        "recipients remove",
        &[&bob.public, "hunter2"],
        1,
        "in place 2",
    );
    run(&world, "recipients remove", &[&bob.public]).success();
    run(&world, "recipients remove laptop", &[]).success();
    assert_eq!(listed(&world.manifest()).len(), 1);
}

#[test]
fn a_manifest_that_is_not_in_order() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    let good = world.manifest();
    let lines = ["recipients remove alice", "recipients rekey"];
    // a value that was cut, under the right key id
    let cut = good
        .lines()
        .find(|line| line.starts_with("    age: "))
        .unwrap();
    let kept = &cut[..cut.len() - 44];
    put(&world, &good.replace(cut, kept));
    for line in lines {
        refused(&world, line, &[], 1, "does not open")
            .says("restore its line from git")
            .says("nothing of manifests/dev.yaml was changed");
    }
    // a value of another key
    let key = cut
        .trim_start_matches("    age: ")
        .split('.')
        .next()
        .unwrap();
    put(
        &world,
        &good.replacen(&format!("age: {key}."), "age: 000000.", 1),
    );
    for line in lines {
        refused(
            &world,
            line,
            &[],
            1,
            "encrypted to another key than this file's",
        );
    }
    // a header of somebody else
    let other = shop().manifest();
    let (head, tail) = (
        good.split("\nage: |").next().unwrap(),
        other.split("\nage: |").nth(1).unwrap(),
    );
    put(&world, &format!("{head}\nage: |{tail}"));
    for line in lines {
        refused(&world, line, &[], 1, "stays sealed");
    }
    world.run("recipients verify").exits(1);
    // a list that names somebody who is no key
    put(
        &world,
        &good.replacen(first_line(&good), "  - age1nonsense", 1),
    );
    refused(
        &world,
        "recipients add",
        &[&alice.public],
        1,
        "nothing was changed",
    );
}

#[test]
fn too_many_readers() {
    let world = shop();
    let public = || driftlock::crypto::generate_identity().1;
    let many: Vec<String> = (0..256).map(|_| public()).collect();
    world.write("many", many.join("\n"));
    refused(
        &world,
        "recipients add --file many",
        &[],
        3,
        "would have 257 readers, and at most 256 are supported",
    );
    world.write("many", many[..255].join("\n"));
    world.run("recipients add --file many").success();
    world.run("recipients verify").success().says("256 readers");
}

#[test]
fn a_plugin_that_is_not_there() {
    let world = shop();
    // Bech32 of eight bytes 07 under the prefix `age1demo`
    let plugin = "age1demo1qurswpc8qurswr86mpy";
    refused(
        &world,
        "recipients add",
        &[plugin],
        1,
        "age-plugin-demo, which a recipient needs, is not in PATH",
    )
    .says("each plugin that the list needs must be at hand");
}

/// A plugin of our own, in `PATH`.
fn with_plugin() -> Option<World> {
    peers::program("python3")?;
    let mut world = shop();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/support");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(folder.into()).chain(std::env::split_paths(&path));
    let all = std::env::join_paths(all).unwrap();
    world.variable("PATH", all.to_str().unwrap());
    Some(world)
}

#[test]
fn a_plugin_that_will_not() {
    let Some(world) = with_plugin() else {
        return;
    };
    for (key, words) in [
        // its label asks for company of its own kind, as a post-quantum key does
        ("age1drifttest1qgpqyqsgmrppf", "cannot share a file"),
        (
            "age1drifttest1qvpsxqcfdycp3",
            "age-plugin-drifttest did not wrap the key",
        ),
        (
            "age1drifttest1qszqgpqmcz692",
            "age-plugin-drifttest did not wrap the key",
        ),
    ] {
        refused(&world, "recipients add", &[key], 1, words).says("nothing was changed");
    }
}

#[test]
fn a_plugin_is_a_reader_like_any_other() {
    let Some(world) = with_plugin() else {
        return;
    };
    run(
        &world,
        "recipients add --name token",
        &["age1drifttest1qyqszqgm7ws9h"],
    )
    .success()
    .says("token (plugin drifttest age1drifttest1");
    let own = listed(&world.manifest())[0].clone();
    let line = format!("recipients remove {own}");
    // whose it is cannot be seen from a file: it is tried
    refused(&world, &line, &[], 3, "you could not read");
    let list = world.run("recipients list --json").success().stdout;
    let document: serde_json::Value = serde_json::from_str(&list).unwrap();
    let readers = &document["manifests"][0]["readers"];
    assert_eq!(readers.as_array().unwrap().len(), 2);
    assert_eq!(readers[0]["yours"], true);
    assert!(readers[1]["yours"].is_null());
    world.run("recipients verify").success();
}

/// Permissions do not stop root, so a mount of its own is read-only.
#[test]
fn a_folder_that_cannot_be_written() {
    let world = shop();
    let (Some(alice), Some(unshare)) = (Person::age(&world, "alice"), peers::program("unshare"))
    else {
        return;
    };
    run(&world, "recipients add --name", &["alice", &alice.public]).success();
    world.run("apply --yes").success();
    let before = world.files();
    for words in [vec!["remove", "alice"], vec!["rekey"]] {
        let plain = world.command([vec!["recipients"], words].concat());
        let script = "mount --bind manifests manifests && mount -o remount,bind,ro manifests || exit 99; exec \"$@\"";
        let mut command = std::process::Command::new(&unshare);
        command
            .args([
                "--user",
                "--map-root-user",
                "--mount",
                "sh",
                "-c",
                script,
                "sh",
            ])
            .arg(plain.get_program())
            .args(plain.get_args())
            .current_dir(world.path(""))
            .env_clear()
            .envs(
                plain
                    .get_envs()
                    .filter_map(|(name, value)| Some((name, value?))),
            );
        let run = Run::of(command);
        if run.code == 99 {
            peers::missing::<()>("a user namespace with mounts (unshare --user --mount)");
            return;
        }
        run.exits(1)
            .says("cannot write")
            .says("not changed: manifests/dev.yaml");
    }
    let mut after = world.files();
    // what can be undone stays: the file was used, and says the same
    after.retain(|path, _| !path.to_string_lossy().contains("undo.sqlite3"));
    let mut expected = before;
    expected.retain(|path, _| !path.to_string_lossy().contains("undo.sqlite3"));
    assert_eq!(after, expected);
}

#[test]
fn a_file_that_is_marked_read_only() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    let path = world.path(MANIFEST);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).unwrap();
    refused(
        &world,
        "recipients add",
        &[&alice.public],
        1,
        "the file is read-only",
    );
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    run(&world, "recipients add", &[&alice.public]).success();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o640);
}
