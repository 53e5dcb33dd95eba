//! `generate:` at a variable, and what `set --generate` and `rotate` make of it.

mod commands;
mod diffs;
mod given;
mod pairs;
mod part;

use crate::support::shop::{MANIFEST, TOKEN, changed_lines, shop};
use crate::support::world::World;

/// The shop, with a recipe at its token.
fn with_recipe(recipe: &str) -> World {
    let world = shop();
    world.say_of("API_TOKEN", &[&format!("generate: {recipe}")]);
    world
}

/// Refused, without a trace of a value and of the attempt.
#[track_caller]
fn refuses(world: &World, line: &str, code: i32, why: &[&str]) {
    let before = world.files();
    let run = why
        .iter()
        .fold(world.run(line).exits(code), |run, words| run.says(words))
        .hides("canary");
    assert!(before == world.files(), "`{line}` changed a file");
    assert_eq!(run.stderr.matches("error:").count(), 1, "{}", run.all());
}

#[test]
fn set_and_rotate_go_by_the_recipe() {
    for (recipe, words, length, alphabet) in [
        (
            "hex:40",
            "40 hex digits, by its recipe",
            40,
            "0123456789abcdef",
        ),
        ("{ base64: 33 }", "33 random bytes as base64 text", 44, "+/"),
        (
            "{ alphabet: 0-9, length: 50, prefix: pin- }",
            "50 characters of 0-9, after pin-",
            54,
            "0123456789pin-",
        ),
        (
            "{ alphabet: 'a-z0-9', length: 32, require: [digit, lower] }",
            "32 characters of a-z0-9 with lower and digit",
            32,
            "abcdefghijklmnopqrstuvwxyz0123456789",
        ),
        ("uuid", "a UUID, by its recipe", 36, "0123456789abcdef-"),
    ] {
        let world = with_recipe(recipe);
        let before = world.manifest();
        let run = world
            .run("rotate API_TOKEN")
            .success()
            .says(words)
            .hides(TOKEN);
        let first = world.revealed("API_TOKEN");
        assert_eq!(first.len(), length, "{recipe}");
        let fits = |text: &str| {
            text.chars()
                .all(|one| alphabet.contains(one) || alphabet == "+/")
        };
        assert!(fits(&first), "{recipe}");
        run.hides(&first);
        let changed = changed_lines(&before, &world.manifest());
        assert_eq!(changed.len(), 2, "{changed:#?}");
        world
            .run("set API_TOKEN --generate")
            .success()
            .hides(&first);
        let second = world.revealed("API_TOKEN");
        assert!(
            second.len() == length && fits(&second) && second != first,
            "{recipe}"
        );
    }
}

#[test]
fn the_command_line_comes_before_the_recipe() {
    let world = with_recipe("hex:40");
    world.run("set API_TOKEN --generate=base64url:48").success();
    assert_eq!(world.revealed("API_TOKEN").len(), 64);
    world
        .run("set API_TOKEN --generate=alphabet:a-c0-2:40")
        .success();
    let value = world.revealed("API_TOKEN");
    assert!(value.len() == 40 && value.bytes().all(|one| b"abc012".contains(&one)));
    // the recipe stays
    world
        .run("rotate API_TOKEN")
        .success()
        .says("40 hex digits");
    // a name after it is not its value
    world.run("set --generate API_TOKEN").success();
    assert_eq!(world.revealed("API_TOKEN").len(), 40);
}

#[test]
fn a_recipe_may_be_saved() {
    let world = shop();
    let before = world.manifest();
    world
        .run("set API_TOKEN --generate=hex:48 --save-recipe")
        .success();
    let changed = changed_lines(&before, &world.manifest());
    assert_eq!(changed.len(), 3, "{changed:#?}");
    assert_eq!(changed[2], "+    generate: hex:48");
    world
        .run("rotate API_TOKEN")
        .success()
        .says("48 hex digits");
    // another one takes its place, in any layout
    let before = world.manifest();
    world
        .run("set API_TOKEN --generate=alphabet:!#%:50 --save-recipe")
        .success();
    let changed = changed_lines(&before, &world.manifest());
    assert!(
        changed.contains(&"+    generate: alphabet:!#%:50".to_owned()),
        "{changed:#?}"
    );
    let text = world.manifest();
    let line = text
        .lines()
        .find(|line| line.starts_with("    age: "))
        .unwrap();
    let flow = text.replace(
        &format!("  API_TOKEN:\n{line}\n    generate: alphabet:!#%:50\n"),
        &format!("  API_TOKEN: {{ {}, owner: ops }} # kept\n", line.trim()),
    );
    assert_ne!(flow, text);
    world.write(MANIFEST, flow);
    world
        .run("set API_TOKEN --generate=uuid --save-recipe")
        .success();
    let text = world.manifest();
    assert!(
        text.contains(", generate: uuid, owner: ops } # kept\n"),
        "{text}"
    );
    // a new variable
    world
        .run("set NEW --generate=hex --save-recipe --target local")
        .success();
    assert!(world.manifest().contains("    generate: hex\n"));
    assert_eq!(world.revealed("NEW").len(), 64);
    refuses(
        &world,
        "set NEW --generate --save-recipe",
        64,
        &["needs a recipe"],
    );
    refuses(
        &world,
        "set LOG_LEVEL --generate=hex --save-recipe",
        64,
        &["is in clear", "--secret"],
    );
    refuses(&world, "set NEW --save-recipe", 64, &["--generate"]);
}

#[test]
fn what_is_no_recipe_is_not_repeated() {
    let world = shop();
    for (recipe, why) in [
        ("canary", "takes no recipe like this"),
        ("hex:canary", "the size must be a number"),
        ("hex:12", "only 48 bits"),
        ("hex:1000000000", "from 1 to 4096"),
        ("alphabet:aa:64", "twice"),
        ("alphabet:z-a:64", "upwards"),
        ("alphabet:a:64", "at least 2"),
    ] {
        refuses(
            &world,
            &format!("set API_TOKEN --generate={recipe}"),
            64,
            &[why, "for example `base64url:32`"],
        );
    }
    refuses(&world, "set API_TOKEN --generate --from-file x", 64, &[]);
    refuses(
        &world,
        "set API_TOKEN --generate --yes",
        64,
        &["--yes goes with --apply"],
    );
}

#[test]
fn a_recipe_at_a_clear_variable_needs_a_word_about_it() {
    let world = shop();
    world.write(
        MANIFEST,
        world.manifest().replace(
            "  LOG_LEVEL: info",
            "  LOG_LEVEL: { value: later, generate: hex:64 }",
        ),
    );
    world
        .run("check --strict")
        .exits(2)
        .says("recipe-in-clear")
        .says("driftlock set LOG_LEVEL --secret --generate");
    refuses(
        &world,
        "set LOG_LEVEL --generate",
        3,
        &[
            "is in clear",
            "set LOG_LEVEL --secret --generate",
            "set LOG_LEVEL --clear --generate",
        ],
    );
    refuses(&world, "rotate LOG_LEVEL", 3, &["LOG_LEVEL is clear"]);
    world.run("set LOG_LEVEL --clear --generate").success();
    assert_eq!(world.revealed("LOG_LEVEL").len(), 64);
    world.run("set LOG_LEVEL --secret --generate").success();
    assert_eq!(world.revealed("LOG_LEVEL").len(), 64);
    assert!(world.manifest().contains("generate: hex:64"));
    world.run("check --strict").success();
}

#[test]
fn a_weak_recipe_is_warned_of() {
    let world = with_recipe("hex:20");
    world
        .run("check")
        .says("weak-recipe")
        .says("has only 80 bits; 112 and more are usual");
    world.run("rotate API_TOKEN").success();
}

#[test]
fn a_value_that_a_target_cannot_hold_is_not_written() {
    let world = with_recipe("{ command: 'cat TWO_LINES' }");
    let two = world.write("two-lines", "canary\ntwo");
    // an env file of docker has one line for each value
    world.write(
        MANIFEST,
        world.manifest().replace("TWO_LINES", &two.display().to_string()).replacen(
            "targets:\n",
            "targets:\n  plain: { file: { path: ../two.env, format: docker }, variables: [{ TOKEN: { template: 'x${API_TOKEN}' } }] }\n",
            1,
        ),
    );
    let why = [
        "plain could not hold the new value of TOKEN",
        "line",
        "generate:",
        "nothing was changed",
    ];
    refuses(&world, "rotate API_TOKEN --yes", 3, &why);
    refuses(&world, "set API_TOKEN --generate --yes", 3, &why);
    refuses(&world, "rotate API_TOKEN --from-file two-lines", 3, &why);
    refuses(
        &world,
        "rotate API_TOKEN --from-file two-lines --dry-run",
        3,
        &why,
    );
    // what `set` is given goes in, and the plan refuses it
    world.run("set API_TOKEN --from-file two-lines").success();
    world.run("plan").says("plain");
}

#[test]
fn a_dry_run_changes_nothing() {
    let world = with_recipe("hex:64");
    let text = world.manifest().replace(
        "  LOG_LEVEL: info",
        "  LOG_LEVEL: info\n\n  URL:\n    template: https://x/${API_TOKEN|url}",
    );
    world.write(MANIFEST, text);
    let before = world.files();
    let run = world
        .run("rotate API_TOKEN DB_PASSWORD --dry-run")
        .success()
        .says("API_TOKEN would be rotated in manifests/dev.yaml: 64 hex digits, by its recipe")
        .says(
            "DB_PASSWORD would be rotated in manifests/dev.yaml: 32 random bytes as base64url text",
        )
        .says("used by local")
        .says("made from it: URL")
        .says("nothing was changed: this was a dry run")
        .hides("canary");
    assert!(!run.stderr.contains("next:"));
    assert!(before == world.files());
    refuses(
        &world,
        "rotate API_TOKEN --dry-run --apply",
        64,
        &["--dry-run"],
    );
    refuses(
        &world,
        "rotate LOG_LEVEL --dry-run",
        3,
        &["LOG_LEVEL is clear"],
    );
}
