//! `set`: where a value may come from, what becomes of the manifest, and what is never shown.

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, changed_lines, shop};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

#[test]
fn one_line_end_is_not_part_of_a_piped_value() {
    let world = shop();
    for (input, value) in [
        ("v", "v"),
        ("v\n", "v"),
        ("v\r\n", "v"),
        ("v\n\n", "v\n"),
        (" v ", " v "),
        ("a\nb\n", "a\nb"),
        ("\n", ""),
        ("", ""),
    ] {
        world.run_with("set API_TOKEN", input).success();
        assert_eq!(world.revealed("API_TOKEN"), value, "{input:?}");
    }
}

#[test]
fn a_file_is_taken_exactly() {
    let world = shop();
    let pem = "-----BEGIN PRIVATE KEY-----\r\n canary\t\n\n";
    world.write("key.pem", pem);
    world
        .run("set TLS_KEY --from-file key.pem")
        .success()
        .says("no target uses it yet")
        .hides("canary");
    assert_eq!(world.revealed("TLS_KEY"), pem);
    world
        .run("set TLS_KEY --from-file none.pem")
        .exits(1)
        .says("there is no such file");
    world
        .run("set TLS_KEY --from-file .")
        .exits(1)
        .says("is a directory");
}

#[test]
fn a_generated_value_is_long_and_new_each_time() {
    let world = shop();
    world.run("set API_TOKEN --generate").success();
    let first = world.revealed("API_TOKEN");
    let run = world.run("set API_TOKEN --generate").success();
    let second = world.revealed("API_TOKEN");
    assert_eq!((first.len(), second.len()), (43, 43));
    assert_ne!(first, second);
    run.hides(&second);
}

#[test]
fn only_its_own_line_changes() {
    let world = shop();
    let before = world.manifest();
    world.run_with("set API_TOKEN", "another").success();
    let changed = changed_lines(&before, &world.manifest());
    assert_eq!(changed.len(), 2, "{changed:#?}");
    assert!(
        changed
            .iter()
            .all(|line| line[1..].starts_with("    age: "))
    );

    let before = world.manifest();
    world.run("set LOG_LEVEL=debug").success().says("in clear");
    let changed = changed_lines(&before, &world.manifest());
    assert_eq!(changed, ["-  LOG_LEVEL: info", "+  LOG_LEVEL: debug"]);
}

#[test]
fn the_same_value_changes_nothing() {
    let world = shop();
    let before = world.files();
    for (line, input) in [
        ("set API_TOKEN", TOKEN),
        ("set DB_PASSWORD", PASSWORD),
        ("set LOG_LEVEL=info", ""),
        ("set LOG_LEVEL", "info\n"),
        ("set API_TOKEN --target local", TOKEN),
    ] {
        world
            .run_with(line, input)
            .success()
            .says("has this value already")
            .says("is unchanged");
        assert_eq!(world.files(), before, "{line}");
    }
}

#[test]
fn a_secret_on_the_command_line_is_refused_and_not_repeated() {
    let world = shop();
    let before = world.files();
    for arguments in [
        vec!["set", "API_TOKEN=canary-typed"],
        vec!["set", "NEW=canary-typed"],
        vec!["set", "LOG_LEVEL=canary-typed", "--secret"],
        vec!["set", "API_TOKEN", "canary-typed"],
        vec!["set", "API_TOKEN", "--value", "canary-typed"],
        vec!["set", "API_TOKEN", "--value=canary-typed"],
        vec!["set", "API TOKEN=canary-typed"],
        vec!["set", "API_TOKEN", "--target=canary typed"],
        vec!["set", "API_TOKEN", "-pcanary-typed"],
        vec!["set", "API_TOKEN=canary-typed", "--generate"],
        vec!["unset", "API_TOKEN=canary-typed"],
        vec!["reveal", "canary-typed"],
        vec!["history", "--limit", "canary-typed"],
        vec!["canary-typed"],
        vec!["plan", "--allow", "canary-typed"],
        vec!["plan", "--overwrite", "canary-typed"],
        vec!["man", "canary-typed"],
        vec!["schema", "canary-typed"],
        vec!["init", "--format", "canary-typed"],
        vec![
            "init",
            "--recipient",
            "canary-typed",
            "--name",
            "x",
            "--env-file",
            "none",
        ],
    ] {
        let run = Run::of(world.command(&arguments)).hides("canary");
        assert!([1, 64].contains(&run.code), "{}", run.all());
    }
    world
        .run("set API_TOKEN=canary-typed")
        .exits(64)
        .says("driftlock set API_TOKEN asks for it");
    assert_eq!(world.files(), before);
}

#[test]
fn a_variable_keeps_its_kind() {
    let world = shop();
    let before = world.files();
    world
        .run_with("set API_TOKEN --clear", "x")
        .exits(3)
        .says("in git for everyone to read");
    assert_eq!(world.files(), before);

    world
        .run_with("set LOG_LEVEL", "warn")
        .success()
        .says("in clear");
    world
        .run_with("set LOG_LEVEL --secret", "warn")
        .success()
        .says("encrypted");
    assert!(!world.manifest().contains("warn"));
    assert_eq!(world.revealed("LOG_LEVEL"), "warn");
    // and a new one is secret
    world
        .run_with("set NEW --target local", "n")
        .success()
        .says("encrypted");
}

#[test]
fn a_private_key_does_not_get_into_clear_text() {
    let world = shop();
    let before = world.files();
    world
        .run_with("set K --clear", "-----BEGIN PRIVATE KEY-----\ncanary\n")
        .exits(3)
        .says("driftlock set K --secret")
        .hides("canary");
    assert_eq!(world.files(), before);
}

#[test]
fn a_target_gets_a_use() {
    let world = shop();
    let before = world.manifest();
    world
        .run_with("set NEW --target local", "n")
        .success()
        .says("next: driftlock plan");
    let changed = changed_lines(&before, &world.manifest());
    assert!(changed.contains(&"+      - NEW".to_owned()), "{changed:#?}");
    world.run("plan").success().says("+ NEW");

    let before = world.files();
    world
        .run_with("set OTHER --target nowhere", "n")
        .exits(1)
        .says("there is no target nowhere in this manifest");
    assert_eq!(world.files(), before);

    world
        .run_with("set LONELY", "l")
        .success()
        .says("driftlock set LONELY --target TARGET");
    world
        .run_with("set LONELY --target local", "l")
        .success()
        .says("it has a target more");
}

#[test]
fn it_may_be_applied_at_once() {
    let world = shop();
    world.run("apply --yes").success();
    let before = world.files();
    // nobody is there to say yes: nothing may change, not even the manifest
    world
        .run_with("set API_TOKEN --apply", "next")
        .exits(64)
        .says("nothing was changed")
        .says("--apply --yes");
    assert_eq!(world.files(), before);
    world
        .run_with("set API_TOKEN --apply --yes", "next")
        .success()
        .hides("next\n");
    assert!(world.read(".env").starts_with("API_TOKEN=next\n"));
    world.run("plan --detailed-exitcode").success();
}

#[test]
fn templates_of_it_are_applied_with_it() {
    let world = shop();
    world.run("apply --yes").success();
    let text = world.manifest().replace(
        "      - DB_PASSWORD\n",
        "      - DB_PASSWORD\n      - DSN: { template: 'db://${DB_PASSWORD|url}@x' }\n",
    );
    world.write(MANIFEST, text);
    world.run("apply --yes --allow authority@local").success();
    world.run_with("set API_TOKEN", "waits").success();
    world
        .run_with("set DB_PASSWORD --apply --yes", "next one")
        .success();
    let env = world.read(".env");
    assert!(env.contains("next one") && env.contains("DSN=db://next%20one@x"));
    // and nothing else is
    assert!(env.starts_with(&format!("API_TOKEN={TOKEN}\n")));
}

#[test]
fn values_that_no_variable_can_hold_are_refused_without_a_copy() {
    let world = shop();
    let before = world.files();
    let long = vec![b'x'; 1024 * 1024 + 1];
    for (bytes, why) in [
        (b"canary\0".as_slice(), "NUL byte"),
        (b"canary\xff\xfe", "not UTF-8 at byte 6"),
        (&long, "longer than 1 MiB"),
    ] {
        world.write("value", bytes);
        for run in [
            world.run_bytes("set API_TOKEN", bytes),
            world.run("set API_TOKEN --from-file value"),
        ] {
            run.exits(1).says(why).hides("canary");
        }
    }
    std::fs::remove_file(world.path("value")).unwrap();
    assert_eq!(world.files(), before);
    world.run_bytes("set API_TOKEN", &long[1..]).success();
    assert_eq!(world.revealed("API_TOKEN").len(), 1024 * 1024);
}

#[test]
fn a_prompt_does_not_echo() {
    let world = shop();
    let typed = [
        Typed::Hidden("API_TOKEN: ", "canary-typed"),
        Typed::Hidden("once more: ", "canary-typed"),
    ];
    let Some(run) = at_terminal(&world, "set API_TOKEN", &typed) else {
        return;
    };
    run.success()
        .says("API_TOKEN set encrypted")
        .hides("canary");
    assert_eq!(world.revealed("API_TOKEN"), "canary-typed");

    let before = world.files();
    let slip = [
        Typed::Hidden("API_TOKEN: ", "canary-one"),
        Typed::Hidden("once more: ", "canary-two"),
    ];
    at_terminal(&world, "set API_TOKEN", &slip)
        .unwrap()
        .exits(1)
        .says("the two values differ; nothing was changed")
        .hides("canary");
    assert_eq!(world.files(), before);
}

#[test]
fn a_writer_without_identity_leaves_a_value_that_waits() {
    let world = shop();
    let key = world.hide_identity();
    world
        .run_with("set API_TOKEN", "canary-held")
        .success()
        .says("waits until a reader runs `driftlock accept API_TOKEN`")
        .hides("canary");
    assert!(
        world
            .manifest()
            .contains("-----BEGIN AGE ENCRYPTED FILE-----")
    );
    world
        .run(&format!("plan --identity {key}"))
        .says("held by unauthenticated")
        .says("driftlock accept API_TOKEN");
}

#[test]
fn the_first_secret_brings_the_key() {
    let clear = "driftlock: 1\nname: dev\nvariables:\n  PORT: \"80\"\ntargets:\n  local:\n    file: { path: ../.env, machine: any }\n    variables: [PORT]\n";
    let world = World::new();
    world.write(MANIFEST, clear);
    world
        .run_with("set TOKEN --target local", "canary")
        .exits(1)
        .says("names no recipients")
        .says("recipients:")
        .hides("canary");
    assert_eq!(world.manifest(), clear);

    let other = shop();
    let manifest = other.manifest();
    let recipient = manifest
        .lines()
        .find(|line| line.starts_with("  - age1"))
        .unwrap();
    world.write(
        MANIFEST,
        clear.replace(
            "variables:\n  P",
            &format!("recipients:\n{recipient}\nvariables:\n  P"),
        ),
    );
    world
        .run_with("set TOKEN --target local", "canary")
        .success()
        .hides("canary");
    let key = other.hide_identity();
    world
        .run(&format!("check --strict --skip lint --identity {key}"))
        .success();
    let run = world.run(&format!(
        "reveal TOKEN --yes-print-the-secret --identity {key}"
    ));
    assert_eq!(run.success().stdout, "canary");
}

#[test]
fn a_variable_that_comes_back_is_no_rollback() {
    let world = shop();
    for value in ["two", "three"] {
        world.run_with("set API_TOKEN", value).success();
    }
    world.run("apply --yes --take-over local").success();
    world.run("unset API_TOKEN --with-uses").success();
    world
        .run_with("set API_TOKEN --target local", "four")
        .success();
    let plan = world.run("plan");
    assert!(!plan.stdout.contains("rollback"), "{}", plan.all());
}

#[test]
fn a_template_is_left_to_an_editor() {
    let world = shop();
    let text = world.manifest().replace(
        "  LOG_LEVEL: info",
        "  LOG_LEVEL: info\n\n  URL:\n    template: https://x/${API_TOKEN|url}",
    );
    world.write(MANIFEST, &text);
    world
        .run_with("set URL", "x")
        .exits(1)
        .says("URL is a template");
    assert_eq!(world.manifest(), text);
}
