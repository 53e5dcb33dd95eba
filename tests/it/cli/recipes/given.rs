//! `rotate` with a value that somebody else gave out.

use super::refuses;
use crate::support::shop::{PASSWORD, TOKEN, shop};
use crate::support::terminal::{Typed, at_terminal};

#[test]
fn a_person_types_it() {
    let world = shop();
    let typed = [
        Typed::Hidden("API_TOKEN: ", "canary-typed"),
        Typed::Hidden("once more: ", "canary-typed"),
    ];
    let Some(run) = at_terminal(&world, "rotate API_TOKEN --prompt", &typed) else {
        return;
    };
    run.success()
        .says("API_TOKEN rotated in manifests/dev.yaml: the value that was typed")
        .hides("canary");
    assert_eq!(world.revealed("API_TOKEN"), "canary-typed");
    let before = world.files();
    let run = at_terminal(&world, "rotate API_TOKEN --prompt", &typed).unwrap();
    run.exits(3)
        .says("is the one that it has already")
        .hides("canary");
    let differ = [
        Typed::Hidden("API_TOKEN: ", "canary-one"),
        Typed::Hidden("once more: ", "canary-two"),
    ];
    let run = at_terminal(&world, "rotate API_TOKEN --prompt", &differ).unwrap();
    run.exits(1).says("the two values differ").hides("canary");
    assert!(before == world.files());
    refuses(
        &world,
        "rotate API_TOKEN --prompt",
        64,
        &["asks on a terminal", "--from-file -"],
    );
    world
        .run("rotate API_TOKEN --prompt --dry-run")
        .success()
        .says("a value that is asked for");
}

#[test]
fn a_file_holds_it() {
    let world = shop();
    world.write("new", "canary-new\n");
    world
        .run("rotate API_TOKEN --from-file new")
        .success()
        .says("the value that was read")
        .hides("canary");
    assert_eq!(world.revealed("API_TOKEN"), "canary-new\n");
    world
        .run_with("rotate API_TOKEN --from-file -", "canary-piped\n")
        .success()
        .hides("canary");
    assert_eq!(world.revealed("API_TOKEN"), "canary-piped");
    // also what chance could not make
    world.write(
        "key",
        "-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----\n",
    );
    world.run("rotate API_TOKEN --from-file key").success();
    world
        .run("rotate API_TOKEN")
        .exits(3)
        .says("holds a private key")
        .says("`generate:`");
}

#[test]
fn what_is_no_new_value_is_refused() {
    let world = shop();
    for (bytes, code, why) in [
        (&b""[..], 3, "the new value of API_TOKEN is empty"),
        (TOKEN.as_bytes(), 3, "is the one that it has already"),
        (b"canary\0", 1, "NUL"),
        (b"canary\xff", 1, "not UTF-8"),
    ] {
        world.write("new", bytes);
        refuses(&world, "rotate API_TOKEN --from-file new", code, &[why]);
    }
    world.write("new", "x".repeat(1024 * 1024 + 1));
    refuses(
        &world,
        "rotate API_TOKEN --from-file new",
        1,
        &["longer than 1 MiB"],
    );
    refuses(
        &world,
        "rotate API_TOKEN --from-file none",
        1,
        &["there is no such file"],
    );
    refuses(
        &world,
        "rotate API_TOKEN DB_PASSWORD --from-file new",
        64,
        &["for one variable"],
    );
    refuses(&world, "rotate --from-file new", 64, &[]);
    refuses(
        &world,
        "rotate LOG_LEVEL --from-file new",
        3,
        &["LOG_LEVEL is clear"],
    );
    assert_eq!(world.revealed("DB_PASSWORD"), PASSWORD);
}
