//! No book grows for ever, and what is cut is counted.

use super::*;
use crate::model::Who;

#[test]
fn a_sink_that_is_behind_finds_what_it_needs_and_no_book_grows_for_ever() {
    let (ours, mut book) = (Looker::new("vps"), book());
    for minutes in 0..3000 {
        ours.looks(&mut book, minutes, &[drift(&minutes.to_string())]);
    }
    assert_eq!(book.events.len(), AlertBook::MAX_EVENTS);
    book.sinks.get_mut("slack").unwrap().cursor = 2990;
    let gone = SinkState {
        cursor: 2500,
        ..SinkState::default()
    };
    book.sinks.insert("removed".to_owned(), gone);
    ours.looks(&mut book, 3001, &[drift("last")]);
    // another reconciler's sink keeps what is young, and is forgotten once it is too far behind
    assert_eq!(book.events.first().unwrap().number, 2501);
    ours.looks(&mut book, 3001 + 8 * 24 * 60, &[drift("later")]);
    assert!(!book.sinks.contains_key("removed"));
    assert_eq!(book.events.first().unwrap().number, 2991);
    book.sinks.get_mut("slack").unwrap().threads = [("f".repeat(12), "t".to_owned())].into();
    ours.looks(&mut book, 3002 + 8 * 24 * 60, &[]);
    assert!(book.sinks["slack"].threads.is_empty());
    assert!(serde_json::to_vec(&book).unwrap().len() < 64 * 1024);
}

#[test]
fn texts_from_elsewhere_are_cut_and_halves_of_commands_left_out() {
    let (ours, mut book) = (Looker::new("vps"), book());
    let mut long = drift("x");
    long.what = "ä".repeat(5000);
    long.next = vec!["driftlock ".repeat(500), "driftlock plan".to_owned()];
    long.who = Some(Who {
        by: Some("x".repeat(5000)),
        ..Who::default()
    });
    ours.looks(&mut book, 0, &[long]);
    let alert = the_only(&book);
    assert_eq!(alert.what.chars().count(), 151);
    assert_eq!(alert.next, ["driftlock plan"]);
    let by = alert.who.as_ref().unwrap().by.as_ref().unwrap();
    assert_eq!(by.chars().count(), 301);
}

#[test]
fn more_than_a_book_holds_is_counted() {
    let (ours, mut book) = (Looker::new("vps"), book());
    let seen: Vec<Sighting> = (0..AlertBook::MAX_OPEN + 3)
        .map(|number| {
            sighting(
                key(AlertClass::Drift, "api", Some(&format!("V{number}"))),
                "x",
            )
        })
        .collect();
    ours.looks(&mut book, 0, &seen);
    assert_eq!((book.open.len(), book.left_out), (AlertBook::MAX_OPEN, 3));
    // within what a shared journal takes for a file
    assert!(serde_json::to_vec(&book).unwrap().len() < 7 * 1024 * 1024);
    // all over: a pass that began before that opens none of them again
    let began = Began::with(&book);
    ours.looks(&mut book, 1, &[]);
    assert_eq!(book.closed.len(), AlertBook::MAX_CLOSED);
    assert_eq!(ours.ends(&mut book, &began, 2, &seen), []);
    assert_eq!(ours.looks(&mut book, 3, &seen[..1]), told(Opened, "x"));
}

#[test]
fn the_largest_book_fits_into_a_file_of_a_shared_journal() {
    let (ours, mut book) = (Looker::new("vps"), book());
    let mut worst = |pin: &str, minutes| {
        let seen: Vec<Sighting> = (0..AlertBook::MAX_OPEN)
            .map(|number| {
                let name = format!("{number:0>100}").replace('0', "V");
                let mut one = sighting(key(AlertClass::Drift, "api", Some(&name)), pin);
                one.what = "\"".repeat(400);
                one.next = vec!["x".repeat(300); 9];
                one.owner = Some("o".repeat(400));
                one.who = Some(Who {
                    by: Some("b".repeat(400)),
                    source: "s".repeat(400),
                    ..Who::default()
                });
                one
            })
            .collect();
        ours.looks(&mut book, minutes, &seen);
    };
    worst(&"1".repeat(64), 0);
    worst(&"2".repeat(64), 1);
    assert_eq!(book.events.len(), AlertBook::MAX_EVENTS);
    // as text in the JSON of a file
    let file = serde_json::to_string(&serde_json::to_string(&book).unwrap()).unwrap();
    assert!(file.len() < 8 * 1024 * 1024, "{}", file.len());
}

#[test]
fn what_others_counted_and_left_makes_room() {
    let (ours, mut book) = (Looker::new("vps"), book());
    for number in 0..AlertBook::MAX_STRIKES {
        let mut of = key(AlertClass::Unknown, "api", None);
        of.observer = Some(format!("run-{number:04}"));
        let strike = crate::model::Strike {
            count: 1,
            since: at(number.try_into().unwrap()),
            pin: None,
        };
        book.strikes.insert(of, strike);
    }
    let unknown = sighting(key(AlertClass::Unknown, "api", None), "unknown");
    let mut first = unknown.key.clone();
    first.observer = Some("run-0000".to_owned());
    for minutes in [5000, 5001] {
        assert_eq!(
            ours.looks(&mut book, minutes, std::slice::from_ref(&unknown)),
            []
        );
        assert_eq!(book.left_out, 0);
        assert_eq!(book.strikes.len(), AlertBook::MAX_STRIKES);
        assert!(!book.strikes.contains_key(&first), "the oldest goes");
    }
    assert_eq!(
        ours.looks(&mut book, 5002, &[unknown]),
        told(Opened, "unknown")
    );
}
