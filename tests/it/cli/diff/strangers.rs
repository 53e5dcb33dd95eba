//! Revisions by somebody without the key.

use super::{committed, variable};
use crate::support::peers;
use crate::support::rekeyed::{self, FILE, Keys, Reader};
use crate::support::shop::TOKEN;
use crate::support::world::World;

/// Who makes a header over a key of their own must not get fingerprints of our values under it.
#[test]
fn nothing_is_printed_under_a_key_of_the_head() {
    if peers::program("git").is_none() {
        return;
    }
    let reader = Reader::new();
    let name = rekeyed::variable(0);
    let ours = Keys::new(&[&reader], 1);
    let theirs = Keys::new(&[&reader], 77);
    let text = |keys: &Keys, value: &str| {
        let value = keys.value(&name, 1, value);
        keys.manifest(&[(name.clone(), value)].into())
    };
    let world = World::new();
    world.write("../config/driftlock/keys.txt", &reader.identity);
    rekeyed::commit_all(&world, &[text(&ours, "0000"), text(&ours, "1234")]);
    // `0000 -> 1234` under our own key
    let before = world.run("diff HEAD~1..HEAD").success().stdout;
    let print = |text: &str, place: usize| -> String {
        let line = text
            .lines()
            .rfind(|line| line.contains("V000") && line.contains('→'));
        let words: Vec<&str> = line.unwrap().split_whitespace().collect();
        words[words.len() - place].to_owned()
    };
    let own = print(&before, 1);
    world.write(FILE, text(&theirs, "5678"));
    let run = world.run("diff").success();
    assert_eq!(print(&run.stdout, 3), own, "{}", run.stdout);
    let run = run.says("not made by a reader of the former key");
    let review = world.reviewed("");
    assert_eq!(review["keys"][0]["vouched"], false);
    assert_eq!(variable(&review, "V000")["value"], "changed");
    drop(run);
    // one that a reader made is told from it
    world.write(FILE, text(&ours.next(9), "5678"));
    let review = world.reviewed("");
    assert_eq!(review["keys"][0]["vouched"], true);
}

#[test]
fn a_value_written_without_the_key_says_so() {
    let Some(world) = committed() else { return };
    let away = world.hide_identity();
    world.run_with("set API_TOKEN", "by a stranger").success();
    let run = world.run("diff").success();
    run.says("written without the key")
        .says("driftlock accept API_TOKEN");
    let run = world.run(&format!("diff --identity {away}")).success();
    run.says("another value")
        .hides("by a stranger")
        .hides(TOKEN);
}

/// A payload of before is a rollback, wherever it was taken from.
#[test]
fn an_older_payload_is_called_a_rollback() {
    let Some(world) = committed() else { return };
    world.run_with("set API_TOKEN", "a later value").success();
    world.git("commit -qam second");
    world.git("checkout -q HEAD~1 -- manifests");
    let review = world.reviewed("");
    let one = variable(&review, "API_TOKEN");
    assert_eq!(one["sealing"]["is_rollback"], true);
    assert!(one["earlier"]["commit"].is_string(), "{one:#}");
    let comment = world.run("diff --markdown").success().stdout;
    assert!(
        comment.contains("an apply holds it (rollback)"),
        "{comment}"
    );
}
