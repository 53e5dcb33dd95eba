//! The merge driver in real `git merge`: any two edits of different variables join, and open; what
//! cannot be joined stops, and is explained.

use std::collections::BTreeMap;

use rand::Rng;

use super::branch::Author;
use super::draft::{Draft, EDITS, joined, two};
use super::repository::{Merged, Repository};
use super::{pairs, seed};
use crate::support::world::World;

type Case = (Draft, Draft, String);

/// Two edits of different variables; also two additions in one gap. One side at most re-wraps.
fn case(author: &mut Author, base: &Draft) -> Case {
    let random = |author: &mut Author, count| author.random.gen_range(0..count);
    let ours = EDITS[random(author, EDITS.len())];
    let last = if ours == "re-wrap" {
        EDITS.len() - 1
    } else {
        EDITS.len()
    };
    let theirs = EDITS[random(author, last)];
    let adds = |kind: &str| kind.starts_with("add");
    let place = random(author, 3);
    let (at, other) = match (adds(ours) || adds(theirs), place) {
        // the gap behind one variable takes both, or is beside the other's edit
        (true, 0) => {
            let (at, _) = two(author, true);
            (at, at)
        }
        (_, 1) => two(author, false),
        _ => two(author, true),
    };
    let one = base.edited(author, ours, at, "OURS");
    let two = base.edited(author, theirs, other, "THEIRS");
    let what = format!("{ours} / {theirs} at {at} / {other}");
    match author.random.r#gen() {
        true => (one, two, what),
        false => (two, one, what),
    }
}

#[test]
fn any_two_edits_of_different_variables_join_and_open() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 4);
    let base = Draft::base(&mut author);
    let cases: Vec<Case> = (0..pairs()).map(|_| case(&mut author, &base)).collect();
    let world = World::new();
    let plain = Repository::new(&base.text);
    let repository = Repository::with_driver(&base.text, &world);
    let branches: Vec<(&str, &str)> = cases
        .iter()
        .map(|(ours, theirs, _)| (ours.text.as_str(), theirs.text.as_str()))
        .collect();
    let by_lines = plain.merge_all(&branches);
    let merged = repository.merge_each(&branches);
    let (mut helped, mut kinds) = (0, BTreeMap::new());
    for (((ours, theirs, what), (merged, said)), by_lines) in cases.iter().zip(merged).zip(by_lines)
    {
        let Merged::Clean(text) = merged else {
            panic!("{what} conflicts: {said}");
        };
        match by_lines {
            // what git joins by itself stays as git joins it
            Merged::Clean(lines) => assert_eq!(lines, text, "{what}"),
            Merged::Conflict(_) => helped += 1,
        }
        let wanted = joined(&base, ours, theirs, text);
        wanted.assert_said(what);
        for person in 0..wanted.recipients {
            let values = author.opened(person, &wanted.text, what);
            assert_eq!(values, wanted.values, "{what}");
        }
        for kind in what.split(" at ").next().unwrap().split(" / ") {
            *kinds.entry(kind.to_owned()).or_insert(0) += 1;
        }
    }
    assert_eq!(kinds.len(), EDITS.len(), "{kinds:?}");
    println!(
        "{} pairs joined, {helped} of which git alone does not join: {kinds:?}",
        cases.len()
    );
    assert!(helped > pairs() / 50, "{helped}");
}

/// The everyday case: two branches each add a variable, and use it in the same targets.
#[test]
fn two_additions_in_one_gap_join_each_time() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 5);
    let base = Draft::base(&mut author);
    let cases: Vec<(Draft, Draft)> = (0..24)
        .map(|index| {
            let mut add = |side| base.edited(&mut author, "add and use", index % 12, side);
            (add("A"), add("B"))
        })
        .collect();
    let world = World::new();
    let repository = Repository::with_driver(&base.text, &world);
    let branches: Vec<(&str, &str)> = cases
        .iter()
        .map(|(ours, theirs)| (ours.text.as_str(), theirs.text.as_str()))
        .collect();
    for ((ours, theirs), (merged, said)) in cases.iter().zip(repository.merge_each(&branches)) {
        let Merged::Clean(text) = merged else {
            panic!("{said}");
        };
        let wanted = joined(&base, ours, theirs, text);
        wanted.assert_said("one gap");
        assert_eq!(author.opened(0, &wanted.text, "one gap"), wanted.values);
    }
}

/// Edits of one variable: joined where they are of different things, else stopped and explained.
#[test]
fn edits_of_one_variable_stop_and_say_why() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 6);
    let base = Draft::base(&mut author);
    let cases = [
        ("set", "set", "V08: both sides gave it another value"),
        ("set", "unset", "V08: ours changed it, theirs removed it"),
        (
            "unset",
            "metadata",
            "V08: theirs changed it, ours removed it",
        ),
        ("rename", "set", "V08: theirs changed it, ours removed it"),
        ("to clear", "set", "V08: both sides gave it another value"),
        (
            "metadata",
            "metadata",
            "V08: both sides changed its `owner`",
        ),
        (
            "re-wrap",
            "re-wrap",
            "`recipients`: both sides changed the recipients or the header",
        ),
    ];
    let texts: Vec<(String, String)> = cases
        .iter()
        .map(|(ours, theirs, _)| {
            let mut text = |kind, side| base.edited(&mut author, kind, 4, side).text;
            (text(ours, "OURS"), text(theirs, "THEIRS"))
        })
        .collect();
    let branches: Vec<(&str, &str)> = texts
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    let world = World::new();
    author.leave_identities(&world);
    let repository = Repository::with_driver(&base.text, &world);
    for ((ours, theirs, wanted), (merged, said)) in
        cases.iter().zip(repository.merge_each(&branches))
    {
        let Merged::Conflict(text) = merged else {
            panic!("{ours} / {theirs} joins");
        };
        assert!(said.contains(wanted), "{ours} / {theirs}: {said}");
        assert!(
            text.contains("<<<<<<< ours") && text.contains(">>>>>>> theirs"),
            "{text}"
        );
        world.write("manifests/test.yaml", text);
        world.run("check").exits(1);
        world.run("plan").exits(1);
    }
    // a value and what is said about it are different things
    let set = base.edited(&mut author, "set", 4, "OURS");
    let owned = base.edited(&mut author, "metadata", 4, "THEIRS");
    let Merged::Clean(text) = repository.merge(&set.text, &owned.text) else {
        panic!("they conflict");
    };
    let wanted = joined(&base, &set, &owned, text);
    wanted.assert_said("set and metadata");
    assert_eq!(author.opened(0, &wanted.text, "both"), wanted.values);
}

/// The same value, sealed on both sides: nobody who can open both is asked.
#[test]
fn one_value_sealed_twice_is_no_conflict_for_a_reader() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 7);
    let base = author.base();
    let same = |author: &mut Author| {
        let name = super::name(4);
        let payload = author.payload(name.as_str(), "the same");
        let mut editor = driftlock::manifest::Editor::new(&base.text).unwrap();
        let source = driftlock::manifest::Source::Sealed(payload);
        editor.set(&name, &source).unwrap();
        editor.finish().unwrap().0
    };
    let (ours, theirs) = (same(&mut author), same(&mut author));
    assert_ne!(ours, theirs);
    let world = World::new();
    let repository = Repository::with_driver(&base.text, &world);
    assert!(matches!(
        repository.merge(&ours, &theirs),
        Merged::Conflict(_)
    ));
    author.leave_identities(&world);
    let Merged::Clean(text) = repository.merge(&ours, &theirs) else {
        panic!("it conflicts");
    };
    assert_eq!(text, ours);
}

/// It would merge cleanly and no longer open: with the driver it stops.
#[test]
fn a_re_key_and_a_new_value_stop() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut author = Author::new(seed() ^ 8);
    let base = author.base();
    let re_keyed = author.re_key(&base);
    let world = World::new();
    let repository = Repository::with_driver(&base.text, &world);
    for gap in [3, 9] {
        let added = author.set(&base, gap);
        let pair = [
            (re_keyed.text.as_str(), added.text.as_str()),
            (added.text.as_str(), re_keyed.text.as_str()),
        ];
        for ((merged, said), (with, other)) in repository
            .merge_each(&pair)
            .iter()
            .zip([("theirs", "ours"), ("ours", "theirs")])
        {
            assert!(matches!(merged, Merged::Conflict(_)));
            let name = super::name(gap);
            let wanted = format!(
                "{name}: {with} has a new value under the former key, {other} re-keyed the manifest; \
                 keep what {other} has, then run: driftlock set {name}"
            );
            assert!(said.contains(&wanted), "{said}");
        }
    }
}
