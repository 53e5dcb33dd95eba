//! Edits by somebody who may write to the repository and knows the public keys, but holds no key.

use super::Bad;
use crate::support::shop::{MANIFEST, PASSWORD, shop};
use crate::support::world::{Run, World};

fn recipient(text: &str) -> &str {
    text.lines()
        .find(|line| line.starts_with("  - age1"))
        .unwrap()
}

/// 8 hex digits are how a fingerprint is shown.
fn shows_fingerprints(run: &Run) -> bool {
    run.stdout
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .any(|word| word.len() == 8 && word.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[test]
fn a_reader_who_added_himself_gets_nothing_and_holds_everything() {
    let bad = Bad::new();
    let stranger = shop().manifest();
    let own = recipient(&bad.good);
    let added = bad
        .good
        .replace(own, &format!("{own}\n{}", recipient(&stranger)));
    let [plan, apply, check] = bad.runs(&added, [0, 3, 1], &[]);
    for run in [plan, apply] {
        run.says("new recipient age1").says("held by recipients");
    }
    check
        .says("manifests/dev.yaml:5:")
        .says("[recipients-changed]");
}

#[test]
fn a_removed_reader_is_noticed_too() {
    let bad = Bad::new();
    let own = recipient(&bad.good);
    let swapped = bad.good.replace(own, recipient(&shop().manifest()));
    let [plan, _, check] = bad.runs(&swapped, [0, 3, 1], &[]);
    plan.says("held by recipients");
    check.says("[recipients-changed]");
}

#[test]
fn an_edited_header_is_refused() {
    let bad = Bad::new();
    let mac = bad
        .good
        .lines()
        .find(|line| line.starts_with("  --- "))
        .unwrap();
    let first = if mac.starts_with("  --- B") { "C" } else { "B" };
    let other = format!("  --- {first}{}", &mac["  --- .".len()..]);
    bad.runs(
        &bad.good.replace(mac, &other),
        [1, 1, 1],
        &["manifests/dev.yaml", "header", "from git"],
    );
    // a stanza more, as if for somebody else
    let stanza = bad
        .good
        .lines()
        .find(|line| line.starts_with("  -> X25519"))
        .unwrap();
    let twice = bad.good.replace(
        stanza,
        &format!(
            "  -> X25519 {}\n  {}\n{stanza}",
            "A".repeat(43),
            "A".repeat(43)
        ),
    );
    bad.runs(&twice, [1, 1, 1], &["header"]);
    // not a header at all
    let broken = bad
        .good
        .replace("  age-encryption.org/v1\n", "  age-encryption.org/v9\n");
    bad.runs(&broken, [1, 1, 1], &["manifests/dev.yaml", "age"]);
    let gone = bad.good.split("key: ").next().unwrap();
    bad.runs(gone, [1, 1, 1], &["manifests/dev.yaml:", "`key` and `age`"]);
}

#[test]
fn a_key_that_a_stranger_knows_is_held_and_prints_no_fingerprints() {
    let bad = Bad::new();
    // with nothing but the public key: the same targets and names, values of the stranger's choice
    let stranger = World::new();
    let head = format!(
        "driftlock: 1\nname: dev\nrecipients:\n{}\nvariables:\n  LOG_LEVEL: info\n",
        recipient(&bad.good)
    );
    let targets = bad
        .good
        .split("\ntargets:")
        .nth(1)
        .unwrap()
        .split("\nkey:")
        .next()
        .unwrap();
    let bare = targets.replace("      - API_TOKEN\n      - DB_PASSWORD\n", "");
    stranger.write(MANIFEST, format!("{head}\ntargets:{bare}\n"));
    for (name, value) in [("API_TOKEN", "mine"), ("DB_PASSWORD", PASSWORD)] {
        stranger
            .run_with(&format!("set {name} --target local"), value)
            .success();
    }
    let forged = stranger.manifest();
    let [plan, apply, _] = bad.runs(&forged, [0, 3, 0], &[]);
    for run in [&plan, &apply] {
        assert!(!shows_fingerprints(run), "{}", run.all());
    }
    plan.says("held by new-key").says("--allow new-key@local");
    // however often it is tried: what was held does not count as applied
    let [_, again, _] = bad.runs(&forged, [0, 3, 0], &[]);
    again.says("held by new-key");
    for line in ["plan --json", "plan --markdown", "status", "status --json"] {
        let run = bad.world.run(line).hides("canary");
        assert!(!shows_fingerprints(&run), "{line}\n{}", run.all());
    }
}

#[test]
fn a_key_slipped_in_without_any_change_is_held_later() {
    let bad = Bad::new();
    bad.world.write(MANIFEST, &bad.good);
    bad.world.run("apply --yes").success();
    let stranger = World::new();
    let bare = format!(
        "driftlock: 1\nname: dev\nrecipients:\n{}\nvariables:\n  LOG_LEVEL: info\ntargets:\n  local:\n    file: {{ path: ../.env, format: portable }}\n    variables:\n      - LOG_LEVEL\n",
        recipient(&bad.good)
    );
    stranger.write(MANIFEST, bare);
    // first a key that nothing visible depends on
    stranger.run_with("set UNUSED", "x").success();
    bad.world.write(MANIFEST, stranger.manifest());
    bad.world.run("apply --yes");
    bad.world.run("apply --yes");
    // then a value under it
    stranger
        .run_with("set API_TOKEN --target local", "chosen by a stranger")
        .success();
    bad.world.write(MANIFEST, stranger.manifest());
    let env = bad.world.read(".env");
    for _ in 0..2 {
        bad.world
            .run("apply --yes")
            .exits(3)
            .says("held by new-key");
    }
    assert_eq!(bad.world.read(".env"), env);
}
