//! `reveal`: to a person, or to whoever asked for it in full words; one value, nothing else.

use crate::support::shop::{MANIFEST, PASSWORD, TOKEN, shop};
use crate::support::terminal::at_terminal;

#[test]
fn a_pipe_gets_nothing_unasked() {
    let world = shop();
    let run = world
        .run("reveal API_TOKEN")
        .exits(3)
        .says("--yes-print-the-secret")
        .hides(TOKEN);
    assert_eq!(run.stdout, "");
}

#[test]
fn exactly_the_value_is_printed() {
    let world = shop();
    let run = world
        .run("reveal API_TOKEN --yes-print-the-secret")
        .success();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), (TOKEN, ""));
    let odd = " a\tb\r\n\"$x\" \u{1b}[31m é\n\n";
    world
        .run_with("set API_TOKEN", &format!("{odd}\n"))
        .success();
    assert_eq!(world.revealed("API_TOKEN"), odd);
    assert_eq!(world.revealed("LOG_LEVEL"), "info");
}

#[test]
fn a_person_sees_it_with_a_line_end() {
    let world = shop();
    let Some(run) = at_terminal(&world, "reveal API_TOKEN", &[]) else {
        return;
    };
    assert_eq!(run.success().stdout, format!("{TOKEN}\r\n"));
}

#[test]
fn a_target_may_have_it_under_another_name_or_made_of_others() {
    let world = shop();
    let text = world
        .manifest()
        .replace(
            "      - DB_PASSWORD",
            "      - PGPASSWORD: { from: DB_PASSWORD }",
        )
        .replace(
            "      - LOG_LEVEL",
            "      - LOG_LEVEL\n      - URL: { template: 'https://x/${DB_PASSWORD|url}' }",
        );
    world.write(MANIFEST, &text);
    let reveal = |rest: &str| world.run(&format!("reveal {rest} --yes-print-the-secret"));
    assert_eq!(
        reveal("PGPASSWORD --target local").success().stdout,
        PASSWORD
    );
    assert_eq!(
        reveal("URL --target local").success().stdout,
        "https://x/canary%20password"
    );
    reveal("DB_PASSWORD --target local")
        .exits(1)
        .says("local does not use DB_PASSWORD");
    reveal("URL").exits(1).says("URL is not declared");
    reveal("API_TOKEN --target nowhere")
        .exits(64)
        .says("no target nowhere");
}

#[test]
fn without_an_identity_it_says_where_it_looked() {
    let world = shop();
    world.hide_identity();
    world
        .run("reveal API_TOKEN --yes-print-the-secret")
        .exits(1)
        .says("driftlock/keys.txt")
        .says("--identity");
}
