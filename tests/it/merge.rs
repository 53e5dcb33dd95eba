//! Two branches edit one manifest; plain `git merge` joins them, and the result opens.

mod branch;
mod draft;
mod driver;
mod repository;

use std::collections::BTreeMap;

use rand::Rng;
use rand::rngs::StdRng;

use crate::support::world::World;
use branch::{Author, Branch, COUNT, Values, name};
use repository::{Merged, Repository};

fn seed() -> u64 {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

fn pairs() -> usize {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 2_000,
        None => 100,
    }
}

/// One of the base's variables, and one beside it.
fn neighbours(random: &mut StdRng) -> (usize, usize) {
    let at = random.gen_range(0..COUNT);
    let beside = match at {
        0 => 1,
        last if last == COUNT - 1 => last - 1,
        middle if random.r#gen() => middle - 1,
        middle => middle + 1,
    };
    (at * 2, beside * 2)
}

/// One side always sets a value; the other does something beside it, or far from it.
fn sides(author: &mut Author, base: &Branch) -> (Branch, Branch, &'static str) {
    let (at, beside) = neighbours(&mut author.random);
    let ours = author.set(base, at);
    let (kind, theirs) = match author.random.gen_range(0..7) {
        0 => ("neighbour", author.set(base, beside)),
        1 => {
            let far = (at + 2 * author.random.gen_range(2..COUNT - 1)) % (2 * COUNT);
            ("far value", author.set(base, far))
        }
        2 => ("added after", author.set(base, at + 1)),
        3 => ("added before", author.set(base, (at + 17) % 18)),
        4 => ("deleted beside", author.unset(base, beside)),
        5 => ("recipient added", author.add_recipient(base)),
        _ => ("clear beside", author.set_clear(base, at + 1)),
    };
    if author.random.r#gen() {
        (ours, theirs, kind)
    } else {
        (theirs, ours, kind)
    }
}

/// What either side changed, and the rest of the base.
fn joined(base: &Values, ours: &Values, theirs: &Values) -> Values {
    let names = base.keys().chain(ours.keys()).chain(theirs.keys());
    names
        .filter_map(|name| {
            let changed = ours.get(name) != base.get(name);
            let side = if changed { ours } else { theirs };
            Some((name.clone(), side.get(name)?.clone()))
        })
        .collect()
}

#[test]
fn random_pairs_of_edits_merge_and_open() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed());
    let base = author.base();
    let cases: Vec<(Branch, Branch, &str)> =
        (0..pairs()).map(|_| sides(&mut author, &base)).collect();
    let repository = Repository::new(&base.text);
    let branches: Vec<(&str, &str)> = cases
        .iter()
        .map(|(ours, theirs, _)| (ours.text.as_str(), theirs.text.as_str()))
        .collect();
    let merged = repository.merge_all(&branches);
    let world = World::new();
    author.leave_identities(&world);
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for (pair, ((ours, theirs, kind), merged)) in cases.iter().zip(&merged).enumerate() {
        let Merged::Clean(text) = merged else {
            panic!("pair {pair} ({kind}) conflicts");
        };
        let wanted = joined(&base.values, &ours.values, &theirs.values);
        let recipients = ours.recipients.max(theirs.recipients);
        author.assert_opens(text, &wanted, recipients, &format!("pair {pair} ({kind})"));
        if *kinds.entry(kind).or_default() < 3 {
            world.write("manifests/test.yaml", text);
            world.run("check").success();
        }
        *kinds.entry(kind).or_default() += 1;
    }
    assert_eq!(kinds.len(), 7, "{kinds:?}");
    println!("{} pairs joined: {kinds:?}", merged.len());
}

/// The same command that people run, in a work tree, once for each kind of edit.
#[test]
fn git_merge_itself_joins_each_kind() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 1);
    let base = author.base();
    let mut kinds: BTreeMap<&str, (Branch, Branch)> = BTreeMap::new();
    while kinds.len() < 7 {
        let (ours, theirs, kind) = sides(&mut author, &base);
        kinds.entry(kind).or_insert((ours, theirs));
    }
    let repository = Repository::new(&base.text);
    for (kind, (ours, theirs)) in kinds {
        let Merged::Clean(text) = repository.merge(&ours.text, &theirs.text) else {
            panic!("{kind} conflicts");
        };
        let wanted = joined(&base.values, &ours.values, &theirs.values);
        let recipients = ours.recipients.max(theirs.recipients);
        author.assert_opens(&text, &wanted, recipients, kind);
    }
}

/// Whether git joins them or not: nothing of either side is lost silently.
#[test]
fn two_additions_in_one_gap_are_joined_or_seen() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 2);
    let base = author.base();
    let cases: Vec<(Branch, Branch)> = (0..20)
        .map(|gap| {
            let at = name(gap % COUNT * 2 + 1);
            let mut add = |suffix| author.set_named(&base, &format!("{at}_{suffix}"));
            (add("A"), add("B"))
        })
        .collect();
    let repository = Repository::new(&base.text);
    let branches: Vec<(&str, &str)> = cases
        .iter()
        .map(|(ours, theirs)| (ours.text.as_str(), theirs.text.as_str()))
        .collect();
    let world = World::new();
    author.leave_identities(&world);
    let mut conflicts = 0;
    for ((ours, theirs), merged) in cases.iter().zip(repository.merge_all(&branches)) {
        match merged {
            Merged::Clean(text) => {
                let wanted = joined(&base.values, &ours.values, &theirs.values);
                author.assert_opens(&text, &wanted, 1, "one gap");
            }
            Merged::Conflict(text) => {
                assert!(text.contains("<<<<<<<"));
                if conflicts == 0 {
                    world.write("manifests/test.yaml", text);
                    world.run("check").exits(1);
                    world.run("plan").exits(1);
                }
                conflicts += 1;
            }
        }
    }
    println!(
        "two additions in one gap: {conflicts} of {} conflict",
        cases.len()
    );
}

/// It merges cleanly and can no longer be decrypted; `check` says so to a machine without identity.
#[test]
fn a_re_key_and_a_new_value_merge_and_check_finds_it() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 3);
    let base = author.base();
    let re_keyed = author.re_key(&base);
    let repository = Repository::new(&base.text);
    for gap in [3, 9] {
        let added = author.set(&base, gap);
        let Merged::Clean(text) = repository.merge(&re_keyed.text, &added.text) else {
            panic!("it conflicts, which is safe, but not what is documented");
        };
        let world = World::new();
        world.write("manifests/test.yaml", &text);
        let run = world.run("check --json").exits(1).says("key-mismatch");
        assert!(run.stdout.contains(&name(gap).to_string()), "{}", run.all());
        author.leave_identities(&world);
        world.run("check").exits(1).says("merged");
        world.run("plan").exits(1);
    }
}
