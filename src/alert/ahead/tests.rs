use std::collections::BTreeSet;

use jiff::Timestamp;

use super::*;
use crate::alert::rules::{Began, Coverage, Patience, Round, advance};
use crate::model::{AlertClass, AlertKey, Sighting};

fn trouble(manifest: &str) -> Sighting {
    Sighting {
        key: AlertKey {
            manifest: manifest.parse().unwrap(),
            target: None,
            variable: None,
            class: AlertClass::Journal,
            observer: None,
        },
        pin: "away".to_owned(),
        what: "is away".to_owned(),
        next: vec![],
        owner: None,
        who: None,
        urgent: true,
    }
}

/// The next book where these are wrong, and nothing else.
fn seen(book: &AlertBook, wrong: &[&str]) -> AlertBook {
    let sightings: Vec<Sighting> = wrong.iter().map(|one| trouble(one)).collect();
    let next = advance(
        book,
        &Round {
            at: Timestamp::from_second(1_800_000_000).unwrap(),
            observer: "mini",
            began: &Began::with(book),
            revision: "",
            sightings: &sightings,
            coverage: &Coverage {
                classes: BTreeSet::from([AlertClass::Journal]),
                ..Coverage::default()
            },
            patience: Patience::default(),
            sinks: &BTreeSet::from(["ops".to_owned()]),
        },
    );
    let Some(mut next) = next else {
        return book.clone();
    };
    next.generation = book.generation + 1;
    next
}

fn named(id: &str) -> AlertBook {
    AlertBook {
        id: id.to_owned(),
        ..AlertBook::default()
    }
}

fn events(book: &AlertBook) -> Vec<(u64, AlertEventKind, String)> {
    let all = book.events.iter();
    all.map(|one| {
        let of = one.alert.key.manifest.to_string();
        (one.number, one.kind, of)
    })
    .collect()
}

fn event(number: u64, kind: AlertEventKind, of: &str) -> (u64, AlertEventKind, String) {
    (number, kind, of.to_owned())
}

#[test]
fn what_was_opened_in_memory_is_resolved_where_it_is_kept() {
    let kept = seen(&named("kept"), &["first"]);
    let memory = seen(&kept, &["first", "second"]);
    let back = carry(&kept, &memory, kept.generation);
    assert_eq!(
        (back.id.as_str(), back.generation),
        ("kept", kept.generation)
    );
    let over = seen(&back, &[]);
    assert_eq!(
        events(&over),
        [
            event(1, AlertEventKind::Opened, "first"),
            event(2, AlertEventKind::Opened, "second"),
            event(3, AlertEventKind::Resolved, "first"),
            event(4, AlertEventKind::Resolved, "second"),
        ]
    );
    assert!(over.open.is_empty());
}

#[test]
fn what_was_over_in_memory_can_be_opened_again_at_once() {
    let kept = seen(&named("kept"), &["first"]);
    let mut memory = kept.clone();
    for wrong in [&[][..], &["first"], &[]] {
        memory = seen(&memory, wrong);
    }
    assert!(memory.generation > kept.generation + 2);
    let back = carry(&kept, &memory, kept.generation);
    assert!(seen(&back, &["first"]).open.len() == 1);
}

#[test]
fn a_book_that_was_begun_anew_takes_all_of_it() {
    let memory = seen(&seen(&named("old"), &["first"]), &["second"]);
    let back = carry(&named("new"), &memory, 1);
    assert_eq!((back.id.as_str(), back.generation), ("new", 0));
    assert_eq!(back.open, memory.open);
    assert_eq!(events(&back), events(&memory));
}

#[test]
fn what_others_wrote_meanwhile_stays_and_nothing_is_over_in_silence() {
    let kept = seen(&named("kept"), &["first"]);
    let memory = seen(&kept, &["first", "ours"]);
    let others = seen(&kept, &["first", "theirs"]);
    let another = seen(&seen(&named("other"), &[]), &["theirs"]);
    for found in [&others, &another] {
        let back = carry(found, &memory, kept.generation);
        assert_eq!((&back.id, back.generation), (&found.id, found.generation));
        let told = events(&seen(&back, &[]));
        for of in ["first", "ours", "theirs"] {
            for kind in [AlertEventKind::Opened, AlertEventKind::Resolved] {
                let is = |one: &&(u64, AlertEventKind, String)| one.1 == kind && one.2 == of;
                assert_eq!(told.iter().filter(is).count(), 1, "{of} {told:?}");
            }
        }
        let numbers: Vec<u64> = told.iter().map(|one| one.0).collect();
        let rising: Vec<u64> = (1..=found.last_event.max(1) + 5)
            .take(numbers.len())
            .collect();
        assert_eq!(numbers, rising);
    }
}
