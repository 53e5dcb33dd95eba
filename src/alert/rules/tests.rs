//! One alert at a time; many at once: `sequences`.

mod limits;
mod mutes;
mod probes;
mod sequences;

use super::*;
use crate::model::{Alert, AlertEventKind, AlertKey, SinkState};

pub(super) fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

pub(super) fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

pub(super) fn target(text: &str) -> TargetName {
    text.parse().unwrap()
}

pub(super) fn key(class: AlertClass, on: &str, variable: Option<&str>) -> AlertKey {
    AlertKey {
        manifest: "production".parse().unwrap(),
        target: (!on.is_empty()).then(|| target(on)),
        variable: variable.map(name),
        class,
        observer: None,
    }
}

pub(super) fn sighting(key: AlertKey, pin: &str) -> Sighting {
    Sighting {
        key,
        pin: pin.to_owned(),
        what: format!("is {pin}"),
        next: vec!["driftlock plan".to_owned()],
        owner: None,
        who: None,
        urgent: true,
    }
}

fn drift(pin: &str) -> Sighting {
    sighting(key(AlertClass::Drift, "api", Some("A")), pin)
}

pub(super) fn checked() -> Look {
    Look::Checked {
        unread: BTreeSet::new(),
        left_out: BTreeSet::new(),
    }
}

/// A reconciler that looks at `api` and `web`.
#[derive(Clone)]
pub(super) struct Looker {
    pub(super) name: &'static str,
    pub(super) revision: &'static str,
    pub(super) coverage: Coverage,
    pub(super) patience: Patience,
}

impl Looker {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            revision: "one",
            coverage: Coverage {
                targets: [(target("api"), checked()), (target("web"), checked())].into(),
                declared: Some([target("api"), target("web")].into()),
                acted: [target("api")].into(),
                probed: BTreeMap::new(),
                classes: [AlertClass::Expiry].into(),
            },
            patience: Patience::default(),
        }
    }

    fn blind(&self) -> (Self, Vec<Sighting>) {
        let mut blind = self.clone();
        let why = "it did not answer".to_owned();
        (blind.coverage.targets).insert(target("api"), Look::Unchecked(why));
        (
            blind,
            vec![sighting(key(AlertClass::Unknown, "api", None), "unknown")],
        )
    }

    /// A pass that began with `began` and ends now.
    pub(super) fn ends(
        &self,
        book: &mut AlertBook,
        began: &Began,
        minutes: i64,
        sightings: &[Sighting],
    ) -> Vec<(AlertEventKind, String)> {
        let round = Round {
            at: at(minutes),
            observer: self.name,
            began,
            revision: self.revision,
            sightings,
            coverage: &self.coverage,
            patience: self.patience,
            sinks: &["slack".to_owned()].into(),
        };
        let before = book.last_event;
        if let Some(mut next) = advance(book, &round) {
            next.generation += 1;
            *book = next;
        }
        let new = book.events.iter().filter(|event| event.number > before);
        new.map(|event| (event.kind, event.alert.pin.clone()))
            .collect()
    }

    /// A pass that nobody disturbs.
    pub(super) fn looks(
        &self,
        book: &mut AlertBook,
        minutes: i64,
        sightings: &[Sighting],
    ) -> Vec<(AlertEventKind, String)> {
        let began = Began::with(book);
        self.ends(book, &began, minutes, sightings)
    }
}

/// With a sink that takes nothing: all events stay.
pub(super) fn book() -> AlertBook {
    AlertBook {
        id: "0123456789ab".to_owned(),
        sinks: [("slack".to_owned(), SinkState::default())].into(),
        ..AlertBook::default()
    }
}

fn told(kind: AlertEventKind, pin: &str) -> Vec<(AlertEventKind, String)> {
    vec![(kind, pin.to_owned())]
}

fn the_only(book: &AlertBook) -> &Alert {
    assert_eq!(book.open.len(), 1);
    book.open.values().next().unwrap()
}

use AlertEventKind::{Changed, CouldNotCheck, Opened, Reminder, Resolved};

#[test]
fn opened_changed_reminded_and_resolved_once_each() {
    let (ours, mut book) = (Looker::new("vps"), book());
    assert_eq!(ours.looks(&mut book, 0, &[drift("x")]), told(Opened, "x"));
    let id = the_only(&book).id.clone();
    assert_eq!(id.len(), 12);
    assert_eq!(ours.looks(&mut book, 5, &[drift("x")]), []);
    assert_eq!(ours.looks(&mut book, 10, &[drift("y")]), told(Changed, "y"));
    assert_eq!(ours.looks(&mut book, 24 * 60, &[drift("y")]), []);
    assert_eq!(
        ours.looks(&mut book, 24 * 60 + 10, &[drift("y")]),
        told(Reminder, "y")
    );
    assert_eq!(ours.looks(&mut book, 24 * 60 + 15, &[drift("y")]), []);
    assert_eq!(the_only(&book).id, id);
    assert_eq!(the_only(&book).opened_at, at(0));
    assert_eq!(
        ours.looks(&mut book, 24 * 60 + 20, &[]),
        told(Resolved, "y")
    );
    assert_eq!(ours.looks(&mut book, 24 * 60 + 25, &[]), []);
    assert_eq!(
        ours.looks(&mut book, 24 * 60 + 30, &[drift("y")]),
        told(Opened, "y")
    );
    assert_ne!(the_only(&book).id, id);
}

#[test]
fn nothing_new_writes_nothing() {
    let (ours, mut book) = (Looker::new("vps"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    let before = book.clone();
    for minutes in 1..100 {
        ours.looks(&mut book, minutes, &[drift("x")]);
    }
    assert_eq!(book, before);
}

#[test]
fn what_the_manifest_changed_waits_for_the_grace_and_a_failed_look_is_told_the_third_time() {
    let (ours, mut book) = (Looker::new("vps"), book());
    let mut pending = sighting(key(AlertClass::Pending, "api", Some("A")), "new");
    pending.urgent = false;
    assert_eq!(ours.looks(&mut book, 0, &[pending.clone()]), []);
    let generation = book.generation;
    assert_eq!(ours.looks(&mut book, 29, &[pending.clone()]), []);
    // waiting writes nothing
    assert_eq!(book.generation, generation);
    assert_eq!(
        ours.looks(&mut book, 30, &[pending.clone()]),
        told(Opened, "new")
    );
    assert_eq!(ours.looks(&mut book, 31, &[]), told(Resolved, "new"));
    // applied in time: never told, and the next one waits as long
    ours.looks(&mut book, 40, &[pending.clone()]);
    ours.looks(&mut book, 45, &[]);
    assert!(book.strikes.is_empty());
    assert_eq!(ours.looks(&mut book, 71, &[pending]), []);

    let (blind, unknown) = ours.blind();
    let mut book = self::book();
    for minutes in [0, 1] {
        assert_eq!(blind.looks(&mut book, minutes, &unknown), []);
    }
    // in a row
    ours.looks(&mut book, 2, &[]);
    for minutes in [3, 4] {
        assert_eq!(blind.looks(&mut book, minutes, &unknown), []);
    }
    assert_eq!(blind.looks(&mut book, 5, &unknown), told(Opened, "unknown"));
    assert_eq!(the_only(&book).key.observer.as_deref(), Some("vps"));
    assert_eq!(ours.looks(&mut book, 6, &[]), told(Resolved, "unknown"));
}

#[test]
fn what_cannot_be_looked_at_is_not_over_and_that_is_told_once() {
    let (ours, mut book) = (Looker::new("vps"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    let (blind, unknown) = ours.blind();
    let mut all = vec![];
    for minutes in 1..20 {
        all.extend(blind.looks(&mut book, minutes, &unknown));
    }
    assert_eq!(
        all,
        [told(Opened, "unknown"), told(CouldNotCheck, "x")].concat()
    );
    let alert = book.open.values().find(|one| one.pin == "x").unwrap();
    let (since, why) = alert.unchecked.clone().unwrap();
    assert_eq!((since, why.as_str()), (at(3), "it did not answer"));
    // it was there all the time
    assert_eq!(
        ours.looks(&mut book, 20, &[drift("x")]),
        told(Resolved, "unknown")
    );
    assert_eq!(the_only(&book).unchecked, None);
    assert_eq!(ours.looks(&mut book, 21, &[]), told(Resolved, "x"));
}

#[test]
fn who_cannot_read_says_nothing_about_what_others_see() {
    let (ours, other, mut book) = (Looker::new("vps"), Looker::new("mini"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    let (blind, unknown) = other.blind();
    let mut all = vec![];
    for minutes in 1..9 {
        all.extend(blind.looks(&mut book, minutes, &unknown));
        all.extend(ours.looks(&mut book, minutes, &[drift("x")]));
    }
    // its own alert, which the one who can read does not resolve
    assert_eq!(all, told(Opened, "unknown"));
    assert_eq!(
        other.looks(&mut book, 10, &[drift("x")]),
        told(Resolved, "unknown")
    );
}

#[test]
fn an_opinion_that_was_formed_before_the_alert_changed_does_not_count() {
    let (ours, other, mut book) = (Looker::new("vps"), Looker::new("mini"), book());
    // both begin; one sees it come, the other looked a moment earlier
    let began = Began::with(&book);
    assert_eq!(
        ours.ends(&mut book, &began, 0, &[drift("x")]),
        told(Opened, "x")
    );
    assert_eq!(other.ends(&mut book, &began, 0, &[]), []);
    assert_eq!(the_only(&book).pin, "x");
    // it is over; who still saw it comes too late
    let began = Began::with(&book);
    assert_eq!(ours.ends(&mut book, &began, 1, &[]), told(Resolved, "x"));
    assert_eq!(other.ends(&mut book, &began, 1, &[drift("x")]), []);
    assert!(book.open.is_empty());
    // the next look counts again
    assert_eq!(other.looks(&mut book, 2, &[drift("x")]), told(Opened, "x"));
    // a move that was seen before another one does not come back
    let began = Began::with(&book);
    assert_eq!(
        ours.ends(&mut book, &began, 3, &[drift("y")]),
        told(Changed, "y")
    );
    assert_eq!(other.ends(&mut book, &began, 3, &[drift("x")]), []);
    assert_eq!(the_only(&book).pin, "y");
}

#[test]
fn a_book_that_was_begun_anew_knows_of_no_former_opinion() {
    let (ours, mut book) = (Looker::new("vps"), book());
    book.generation = 500;
    let began = Began::with(&book);
    let mut anew = self::book();
    anew.id = "ba9876543210".to_owned();
    assert_eq!(ours.looks(&mut anew, 0, &[drift("x")]), told(Opened, "x"));
    assert_eq!(ours.ends(&mut anew, &began, 1, &[]), []);
    assert_eq!(ours.looks(&mut anew, 2, &[]), told(Resolved, "x"));
}

#[test]
fn of_two_checkouts_the_one_that_never_saw_it_must_say_so_three_times() {
    let (ours, mut other, mut book) = (Looker::new("vps"), Looker::new("mini"), book());
    other.revision = "two";
    ours.looks(&mut book, 0, &[drift("x")]);
    // both go on to disagree: it is told once
    for minutes in 1..20 {
        assert_eq!(other.looks(&mut book, minutes, &[]), []);
        assert_eq!(ours.looks(&mut book, minutes, &[drift("x")]), []);
    }
    // the first one is gone
    assert_eq!(other.looks(&mut book, 21, &[]), []);
    assert_eq!(other.looks(&mut book, 22, &[]), []);
    assert_eq!(other.looks(&mut book, 23, &[]), told(Resolved, "x"));
}

#[test]
fn a_target_that_left_the_manifest_takes_its_alerts_along() {
    let (mut ours, mut book) = (Looker::new("vps"), book());
    let stranger = Looker::new("mini");
    let (blind, unknown) = stranger.blind();
    for minutes in 0..3 {
        blind.looks(&mut book, minutes, &unknown);
    }
    ours.looks(&mut book, 3, &[drift("x")]);
    assert_eq!(book.open.len(), 2);
    ours.coverage.targets.remove("api");
    ours.coverage.declared = Some([target("web")].into());
    assert_eq!(ours.looks(&mut book, 4, &[]).len(), 2);
    assert!(book.open.is_empty());
    let event = book.events.last().unwrap();
    assert!(
        event
            .alert
            .what
            .ends_with("api is no longer a target of the manifest")
    );
    // nobody can say where the manifest could not be loaded
    ours.looks(&mut book, 5, &[drift("x")]);
    ours.coverage.declared = None;
    assert_eq!(ours.looks(&mut book, 6, &[]), []);
}

#[test]
fn what_was_not_asked_for_stays() {
    let (ours, mut book) = (Looker::new("vps"), book());
    let seen = [
        drift("x"),
        sighting(key(AlertClass::Held, "web", None), "held"),
        sighting(key(AlertClass::Held, "api", None), "here"),
        sighting(key(AlertClass::Expiry, "", Some("A")), "soon"),
        sighting(key(AlertClass::Rotation, "", Some("A")), "stage"),
    ];
    ours.looks(&mut book, 0, &seen);
    let mut limited = ours.clone();
    limited.coverage.classes.clear();
    limited.coverage.acted.clear();
    limited.coverage.targets = [(
        target("api"),
        Look::Checked {
            unread: BTreeSet::new(),
            left_out: [name("A")].into(),
        },
    )]
    .into();
    assert_eq!(limited.looks(&mut book, 1, &[]), []);
    // `web` is not written to by this one, and rotations it does not look at
    let gone = ours.looks(&mut book, 2, &[]);
    let gone: BTreeSet<_> = gone.into_iter().map(|(_, pin)| pin).collect();
    assert_eq!(gone, ["here", "soon", "x"].map(str::to_owned).into());
}

#[test]
fn clocks_that_jump_neither_repeat_nor_lose() {
    let (ours, mut book) = (Looker::new("vps"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    // a month ahead: one reminder; back again: none, until a day has passed
    assert_eq!(
        ours.looks(&mut book, 43_200, &[drift("x")]),
        told(Reminder, "x")
    );
    assert_eq!(ours.looks(&mut book, 1, &[drift("x")]), []);
    assert_eq!(ours.looks(&mut book, 1000, &[drift("x")]), []);
    assert_eq!(
        ours.looks(&mut book, 1441, &[drift("x")]),
        told(Reminder, "x")
    );
    assert_eq!(ours.looks(&mut book, -50_000, &[]), told(Resolved, "x"));
    let numbers: Vec<u64> = book.events.iter().map(|event| event.number).collect();
    assert_eq!(numbers, [1, 2, 3, 4]);
}

#[test]
fn two_clocks_two_days_apart_remind_as_one() {
    let (ours, other, mut book) = (Looker::new("vps"), Looker::new("mini"), book());
    let ahead = 2 * 24 * 60;
    ours.looks(&mut book, 0, &[drift("x")]);
    let mut reminders = 0;
    for minutes in (0..10 * 24 * 60).step_by(60) {
        reminders += ours.looks(&mut book, minutes, &[drift("x")]).len();
        reminders += other.looks(&mut book, minutes + ahead, &[drift("x")]).len();
    }
    assert!((8..=11).contains(&reminders), "{reminders}");
}
