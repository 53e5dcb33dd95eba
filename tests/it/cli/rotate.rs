//! `rotate`: a new value of the same form, in one edit; and what is left to others.

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::terminal::{Typed, at_terminal};
use crate::support::world::{Run, World};

const HEX: &str = "c4a2100f5e77aa31c4a2100f5e77aa31c4a2100f5e77aa31c4a2100f5e77aa31";
const UUID: &str = "1B4E28BA-2FA1-11D2-883F-0016D3CCA427";
const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.Y2FuYXJ5";

/// The shop, whose token is hex and used by three more targets: by itself, under another name, and
/// in a template of a template. Everything is applied.
fn gateways() -> World {
    let world = shop();
    world.run_with("set API_TOKEN", HEX).success();
    let text = world
        .manifest()
        .replace(
            "  LOG_LEVEL: info",
            "  LOG_LEVEL: info\n\n  URL:\n    template: https://x/${API_TOKEN|url}\n\n  URLS:\n    template: ${URL},${URL}",
        )
        .replace(
            "targets:\n",
            "targets:\n  \
             two: { file: { path: ../two.env }, variables: [API_TOKEN, LOG_LEVEL] }\n  \
             three: { file: { path: ../three.env }, variables: [{ GATEWAY: { from: API_TOKEN } }] }\n  \
             four: { file: { path: ../four.env }, variables: [URLS, { AUTH: { template: 'x ${API_TOKEN}' } }] }\n",
        );
    world.write(MANIFEST, text);
    world.run("apply --yes --take-over local").success();
    world.in_sync();
    world
}

/// The numbers of the lines that differ; there are as many lines as before.
fn differing(before: &str, after: &str) -> Vec<usize> {
    assert_eq!(before.lines().count(), after.lines().count());
    assert_eq!(before.ends_with('\n'), after.ends_with('\n'));
    (before.split('\n').zip(after.split('\n')).enumerate())
        .filter(|(_, (old, new))| old != new)
        .map(|(number, _)| number)
        .collect()
}

/// The number of the line that holds this variable's value.
fn line_of(manifest: &str, name: &str) -> usize {
    let key = format!("  {name}:");
    let at = manifest.lines().position(|line| line == key).unwrap() + 1;
    assert!(manifest.lines().nth(at).unwrap().starts_with("    age: "));
    at
}

/// Refused, without a trace of the value and of the attempt.
#[track_caller]
fn refuses(world: &World, line: &str, code: i32, why: &[&str]) {
    let before = world.files();
    let run = why
        .iter()
        .fold(world.run(line).exits(code), |run, words| run.says(words))
        .hides("canary");
    assert!(before == world.files(), "`{line}` changed a file");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.all());
    assert!(run.stdout.is_empty(), "{}", run.all());
}

fn is_hex(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'a'..=b'f'))
}

#[test]
fn one_line_gets_a_new_value_of_the_same_form() {
    let world = gateways();
    let before = world.manifest();
    let files = world.files();
    let run = world
        .run("rotate API_TOKEN")
        .success()
        .says("API_TOKEN rotated in manifests/dev.yaml: hex digits, as many as before")
        .says("used by two, three, four, local")
        .hides(HEX);
    let after = world.manifest();
    assert_eq!(differing(&before, &after), [line_of(&before, "API_TOKEN")]);
    let mut others = world.files();
    others.insert(world.path(MANIFEST), before.into_bytes());
    assert!(others == files, "another file than the manifest changed");

    let value = world.revealed("API_TOKEN");
    assert_ne!(value, HEX);
    assert!(value.len() == 64 && is_hex(&value));
    run.hides(&value);
    world.run("check --strict").success();

    // the line it gives applies it, and it alone, wherever it is used
    world.run("set LOG_LEVEL=debug").success();
    let run = world.run("rotate API_TOKEN").success();
    let next = run.stderr.lines().last().unwrap().trim();
    let line = "driftlock apply --only API_TOKEN --only AUTH --only URLS";
    assert_eq!(next, format!("next: {line}"));
    let value = world.revealed("API_TOKEN");
    world
        .paste(&format!("{line} --yes"))
        .success()
        .hides(&value);
    assert_eq!(
        world.read("two.env"),
        format!("API_TOKEN={value}\nLOG_LEVEL=info\n")
    );
    assert_eq!(world.read("three.env"), format!("GATEWAY={value}\n"));
    let url = format!("https://x/{value}");
    assert_eq!(
        world.read("four.env"),
        format!("AUTH='x {value}'\nURLS={url},{url}\n")
    );
    world.run("plan").success().says("2 to change");
}

#[test]
fn several_change_in_one_edit() {
    let world = gateways();
    world.run_with("set DB_PASSWORD", UUID).success();
    world.run("apply --yes").success();
    let before = world.manifest();
    world
        .run("rotate DB_PASSWORD API_TOKEN --manifest manifests/dev.yaml")
        .success()
        .says("DB_PASSWORD rotated in manifests/dev.yaml: a UUID, as before")
        .says("API_TOKEN rotated in manifests/dev.yaml: hex digits")
        .says("next: driftlock apply manifests/dev.yaml --only API_TOKEN --only AUTH --only DB_PASSWORD --only URLS");
    let lines = ["API_TOKEN", "DB_PASSWORD"].map(|name| line_of(&before, name));
    assert_eq!(differing(&before, &world.manifest()), lines);

    let uuid = world.revealed("DB_PASSWORD");
    assert_ne!(uuid, UUID);
    assert_eq!((uuid.len(), &uuid[14..15]), (36, "4"));
    assert_eq!(uuid, uuid.to_uppercase());
    let hex = world.revealed("API_TOKEN");
    assert!(hex != HEX && hex.len() == 64 && is_hex(&hex));
    // a later value than the one that was applied, not an older one put back
    let plan = world.run("plan").success().hides(&uuid).hides(&hex);
    assert!(!plan.stdout.contains("rollback"), "{}", plan.all());
}

#[test]
fn anything_else_becomes_what_generate_makes() {
    let world = shop();
    for name in ["API_TOKEN", "DB_PASSWORD"] {
        let run = world
            .run(&format!("rotate {name}"))
            .success()
            .says("32 random bytes as base64url text")
            .hides(TOKEN)
            .hides(PASSWORD);
        let first = world.revealed(name);
        assert_eq!(first.len(), 43);
        run.hides(&first);
        world.run(&format!("rotate {name}")).success();
        assert_ne!(world.revealed(name), first);
    }
}

#[test]
fn one_that_no_target_uses_is_rotated_with_a_hint() {
    let world = shop();
    world.run_with("set LONELY", "canary").success();
    let run = world
        .run("rotate LONELY")
        .success()
        .says("no target uses it")
        .hides("canary");
    assert!(!run.stderr.contains("next:"), "{}", run.all());
    assert_ne!(world.revealed("LONELY"), "canary");
}

#[test]
fn a_target_of_another_machine_is_told_apart() {
    let world = shop();
    let text = world.manifest().replace(
        "targets:\n",
        "targets:\n  far: { file: { machine: mini, path: /x.env }, variables: [API_TOKEN] }\n",
    );
    world.write(MANIFEST, text);
    let words = "far is written by an apply on the machine mini, not by one here";
    world
        .run("rotate API_TOKEN")
        .success()
        .says("used by far, local")
        .says(words);
    let run = world.run("rotate DB_PASSWORD").success();
    assert!(!run.stderr.contains("far"), "{}", run.all());
}

#[test]
fn it_may_be_applied_at_once() {
    let world = gateways();
    refuses(
        &world,
        "rotate API_TOKEN --apply",
        64,
        &["nothing was changed", "--apply --yes"],
    );
    refuses(&world, "rotate API_TOKEN --yes", 64, &["--apply"]);
    world.run("set LOG_LEVEL=debug").success();
    let run = world.run("rotate API_TOKEN --apply --yes").success();
    let value = world.revealed("API_TOKEN");
    run.hides(&value).hides(HEX);
    for (file, count) in [
        (".env", 1),
        ("two.env", 1),
        ("three.env", 1),
        ("four.env", 3),
    ] {
        let text = world.read(file);
        assert_eq!(text.matches(&value).count(), count, "{file}");
        assert!(!text.contains(HEX) && !text.contains("debug"), "{file}");
    }
    world.run("apply --yes").success();
    world.in_sync();

    let before = world.manifest();
    world
        .run("rotate API_TOKEN DB_PASSWORD --apply --yes")
        .success();
    assert_ne!(world.revealed("API_TOKEN"), value);
    world.in_sync();

    // the former values are known to be older ones
    world.write(MANIFEST, before);
    let run = world.run("plan").success();
    for name in ["API_TOKEN", "DB_PASSWORD"] {
        let held = format!("held by rollback: {name}");
        assert!(run.stdout.contains(&held), "{}", run.all());
    }
}

#[test]
fn an_apply_that_waits_says_how_to_go_on() {
    let world = gateways();
    world.write("two.env", "API_TOKEN=outside\nLOG_LEVEL=info\n");
    let run = world.run("rotate API_TOKEN --apply --yes");
    assert_ne!(run.code, 0);
    let next = "driftlock apply manifests/dev.yaml --only API_TOKEN --only AUTH --only URLS";
    let next = run
        .says("the manifest has the new values")
        .says(next)
        .release("conflict");
    let value = world.revealed("API_TOKEN");
    world.paste(&next).success().hides(&value);
    assert!(world.read("two.env").contains(&value) && world.read("three.env").contains(&value));
    world.in_sync();
}

#[test]
fn a_person_may_decline_the_apply() {
    let world = gateways();
    let two = world.read("two.env");
    let no = [Typed::Shown("[y/N]", "n")];
    let Some(run) = at_terminal(&world, "rotate API_TOKEN --apply", &no) else {
        return;
    };
    run.exits(3)
        .says("nothing was written")
        .says("the manifest has the new values")
        .hides(HEX);
    assert_eq!(world.read("two.env"), two);
    let value = world.revealed("API_TOKEN");
    assert_ne!(value, HEX);
    let yes = [Typed::Shown("[y/N]", "y")];
    at_terminal(&world, "rotate API_TOKEN --apply", &yes)
        .unwrap()
        .success();
    world.in_sync();
    assert_ne!(world.revealed("API_TOKEN"), value);
}

#[test]
fn names_that_hold_no_secret_of_their_own_are_refused() {
    let world = gateways();
    refuses(
        &world,
        "rotate NOPE",
        1,
        &[
            "NOPE is not declared",
            "nothing was changed",
            "driftlock status",
        ],
    );
    refuses(
        &world,
        "rotate LOG_LEVEL",
        3,
        &[
            "LOG_LEVEL is clear",
            "driftlock set LOG_LEVEL --secret --generate",
        ],
    );
    refuses(
        &world,
        "rotate URLS",
        1,
        &[
            "URLS is a template, made from API_TOKEN",
            "driftlock rotate API_TOKEN",
        ],
    );
    refuses(
        &world,
        "rotate API_TOKEN DB_PASSWORD API_TOKEN",
        64,
        &["API_TOKEN is named twice"],
    );
    refuses(&world, "rotate", 64, &["NAME"]);
    // one that cannot be rotated stops all
    refuses(
        &world,
        "rotate API_TOKEN NOPE",
        1,
        &["NOPE is not declared"],
    );
    refuses(
        &world,
        "rotate API_TOKEN URL --apply --yes",
        1,
        &["URL is a template"],
    );
    let text = world.manifest().replace(
        "template: https://x/${API_TOKEN|url}",
        "template: https://${LOG_LEVEL}",
    );
    world.write(MANIFEST, text);
    refuses(
        &world,
        "rotate URL",
        1,
        &["URL is a template without a secret in it"],
    );
}

#[test]
fn what_was_given_or_made_by_rule_is_refused() {
    let world = gateways();
    let pem = "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n";
    for (value, why, next) in [
        (
            pem,
            "holds a private key",
            "driftlock set DB_PASSWORD --from-file FILE",
        ),
        (
            "canary\ntwo",
            "holds more than one line",
            "--from-file FILE",
        ),
        (r#"{"user":"canary"}"#, "holds JSON", "--from-file FILE"),
        (
            JWT,
            "is a JWT",
            "where it comes from, then driftlock set DB_PASSWORD",
        ),
        (
            "https://canary.example.com/hook",
            "is a URL",
            "where it comes from, then driftlock set DB_PASSWORD",
        ),
        (
            "postgres://app:canary@db/app",
            "is a URL",
            "driftlock set DB_PASSWORD",
        ),
        (
            "${{canary.TOKEN}}",
            "refers to another variable",
            "on the platform",
        ),
        (
            "ghp_canary0123456789",
            "a service gives out",
            "set DB_PASSWORD --generate",
        ),
    ] {
        world.write("value", value);
        world.run("set DB_PASSWORD --from-file value").success();
        refuses(
            &world,
            "rotate DB_PASSWORD",
            3,
            &[why, next, "nothing was changed"],
        );
        refuses(
            &world,
            "rotate API_TOKEN DB_PASSWORD --apply --yes",
            3,
            &[why],
        );
    }
}

#[test]
fn a_value_that_does_not_open_is_refused() {
    let world = gateways();
    let text = world.manifest();
    let line = text.lines().nth(line_of(&text, "DB_PASSWORD")).unwrap();
    let (rest, last) = line.split_at(60);
    let other = if last.starts_with('A') { "B" } else { "A" };
    world.write(
        MANIFEST,
        text.replace(line, &format!("{rest}{other}{}", &last[1..])),
    );
    refuses(
        &world,
        "rotate API_TOKEN DB_PASSWORD",
        1,
        &["DB_PASSWORD does not open", "driftlock set DB_PASSWORD"],
    );
    world.run("rotate API_TOKEN").success();
}

#[test]
fn without_an_identity_nothing_is_written() {
    let world = gateways();
    let key = world.hide_identity();
    let why = ["stays sealed", "whose form the new one keeps", "--identity"];
    refuses(&world, "rotate API_TOKEN", 1, &why);
    refuses(&world, "rotate API_TOKEN --apply --yes", 1, &why);
    world
        .run(&format!("rotate API_TOKEN --identity {key}"))
        .success();

    // what somebody wrote without the key is not thrown away
    world.run_with("set API_TOKEN", "canary-held").success();
    let line = format!("rotate API_TOKEN --identity {key}");
    refuses(
        &world,
        &line,
        3,
        &[
            "API_TOKEN has a new value already",
            "driftlock accept API_TOKEN",
        ],
    );
    world
        .run(&format!("accept API_TOKEN --identity {key}"))
        .success();
    world.run(&line).success().hides("canary");
}

#[test]
fn it_fits_into_any_layout() {
    let world = shop();
    let text = world.manifest();
    let line = text.lines().nth(line_of(&text, "API_TOKEN")).unwrap();
    let age = line.trim();
    let odd = text.replace(
        &format!("  API_TOKEN:\n{line}\n"),
        &format!("  # the gateway's\n  API_TOKEN: {{ rotate: 90d, {age} }} # shared\n"),
    );
    assert_ne!(odd, text);
    world.write(MANIFEST, &odd);
    world.run("rotate API_TOKEN").success();
    let after = world.manifest();
    let at = odd.lines().position(|line| line.contains("API_TOKEN: {"));
    assert_eq!(differing(&odd, &after), [at.unwrap()]);
    let new = after.lines().nth(at.unwrap()).unwrap();
    assert!(new.starts_with("  API_TOKEN: { rotate: 90d, age: ") && new.ends_with(" } # shared"));
    assert_eq!(world.revealed("API_TOKEN").len(), 43);
}

#[test]
fn a_value_in_place_of_a_name_is_not_repeated() {
    let world = shop();
    let before = world.files();
    for arguments in [
        vec!["rotate", "canary-typed"],
        vec!["rotate", "API_TOKEN", "canary-typed"],
        vec!["rotate", "API_TOKEN=canary-typed"],
        vec!["rotate", "API_TOKEN", "--yes=canary-typed"],
    ] {
        Run::of(world.command(&arguments)).exits(64).hides("canary");
    }
    assert!(world.files() == before);
}
