//! What it costs: bytes and lines are counted, times are printed (`--nocapture` shows them).

use std::time::Instant;

use super::lab::{listed, sealed_lines};
use crate::support::shop::changed_lines;
use crate::support::world::World;

/// So many secrets for twenty readers.
fn large(values: usize) -> World {
    let text: String = (0..values)
        .map(|number| format!("V{number:05}=canary-{number:05}-0123456789abcdef\n"))
        .collect();
    let world = World::new();
    world.write(".env", text);
    world.run("init --yes --name dev").success();
    let keys: Vec<String> = (0..19)
        .map(|_| driftlock::crypto::generate_identity().1)
        .collect();
    world.write("team", keys.join("\n"));
    world.run("recipients add --file team").success();
    world
}

fn measured(values: usize) {
    let world = large(values);
    let before = world.manifest();
    assert_eq!(listed(&before).len(), 20);
    let one = driftlock::crypto::generate_identity().1;
    let begin = Instant::now();
    world.run(&format!("recipients add {one}")).success();
    let added = begin.elapsed();
    let after = world.manifest();
    let changed = changed_lines(&before, &after);
    // a reader more, the signature, two lines of each stanza, and the header's MAC
    let come = changed.iter().filter(|line| line.starts_with('+')).count();
    assert_eq!(come, 1 + 1 + 2 * 21 + 1);
    let bytes: usize = changed.iter().map(|line| line.len()).sum();
    assert_eq!(sealed_lines(&before), sealed_lines(&after));
    let begin = Instant::now();
    world.run(&format!("recipients remove {one}")).success();
    let removed = begin.elapsed();
    let last = world.manifest();
    let (old, new) = (sealed_lines(&after), sealed_lines(&last));
    assert_eq!((old.len(), new.len()), (values, values));
    assert!(old.iter().zip(&new).all(|(old, new)| old != new));
    // sealed with the same padding, whatever the key: only the former fingerprint key is longer
    let lines = |text: &str| text.lines().count();
    assert_eq!(lines(&last), lines(&before) + 2);
    let begin = Instant::now();
    world.run("recipients verify").success();
    println!(
        "{values} values, 20 readers: add {added:?} ({bytes} bytes of {} changed), remove {removed:?}, verify {:?}",
        before.len(),
        begin.elapsed()
    );
}

#[test]
fn a_thousand_values() {
    measured(1_000);
}

#[test]
#[ignore = "takes a while without optimisation; run by hand for its figures"]
fn ten_thousand_values() {
    measured(10_000);
}
