//! One reconciler, and each kind of fault: of sinks, of the journal, of clocks.

use std::time::Duration;

use super::lab::{Clock, Shelf, Tray, deliver, deliver_all, origin, sinks};
use crate::alert::deliver::sightings;
use crate::alert::{Fault, FaultKind};
use crate::model::AlertEventKind::Opened;
use crate::model::{AlertBook, Alerting};

fn minutes(count: u64) -> Duration {
    Duration::from_secs(60 * count)
}

#[tokio::test(start_paused = true)]
async fn a_fault_that_passes_is_tried_again_later_and_later() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    tray.fails((0..9).map(|_| Fault::passes("it has trouble (status 503)")));
    let mut waits = vec![];
    let mut told = vec![];
    let report = loop {
        let report = deliver(&shelf, &ready, clock).await;
        told.push(!report.sightings.is_empty());
        let Some(next) = report.next else {
            break report;
        };
        let wait = Duration::try_from(next.duration_since(clock.now())).unwrap();
        waits.push(wait.as_secs());
        // a run that comes earlier sends nothing
        let tries = *tray.tries.lock().unwrap();
        tokio::time::sleep(wait / 2).await;
        deliver(&shelf, &ready, clock).await;
        assert_eq!(*tray.tries.lock().unwrap(), tries);
        tokio::time::sleep(wait / 2).await;
    };
    assert_eq!(waits, [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]);
    // others hear of it once it lasts, and that it is over
    assert_eq!(
        told,
        [
            false, false, false, true, true, true, true, true, true, false
        ]
    );
    assert_eq!(tray.lines(), ["opened A"]);
    assert_eq!(report.sinks["ops"].why, None);
}

#[tokio::test(start_paused = true)]
async fn a_sink_says_itself_how_long_to_wait() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    let asks = |seconds| Fault::passes("slow down").after(Some(Duration::from_secs(seconds)));
    tray.fails([asks(7), asks(10_000_000_000)]);
    let report = deliver(&shelf, &ready, clock).await;
    assert_eq!(report.next, Some(clock.now() + Duration::from_secs(7)));
    tokio::time::sleep(Duration::from_secs(7)).await;
    // nobody is silent for ever because somebody asked for it
    let report = deliver(&shelf, &ready, clock).await;
    assert_eq!(report.next, Some(clock.now() + minutes(24 * 60)));
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A"]);
}

#[tokio::test(start_paused = true)]
async fn a_sink_that_somebody_has_to_mend_rests_and_others_hear_of_it_at_once() {
    let (shelf, dead, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("dead", &dead)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    dead.fails([Fault::stays("nobody is at this address (status 404)").help("check the address")]);
    let report = deliver(&shelf, &ready, clock).await;
    assert_eq!(report.next, Some(clock.now() + minutes(60)));
    let seen = &report.sightings[0];
    assert_eq!(seen.key.observer.as_deref(), Some("me@here/dead"));
    assert_eq!(
        seen.what,
        "alerts do not reach dead: nobody is at this address (status 404); check the address"
    );
    assert_eq!(seen.next, ["driftlock alert test --sink dead"]);
    // it is the same as long as nothing changes, and it is the alert of who saw it first
    tokio::time::sleep(minutes(5)).await;
    let again = deliver(&shelf, &ready, clock).await;
    assert_eq!(again.sightings, report.sightings);
    let book = shelf.book.lock().unwrap().clone();
    assert!(sightings(&book, &ready, &origin("you@there")).is_empty());
    let report = deliver_all(&shelf, &ready, clock).await;
    assert!(report.sightings.is_empty());
    assert_eq!(dead.lines(), ["opened A"]);
}

#[tokio::test(start_paused = true)]
async fn one_message_that_is_refused_does_not_stop_the_rest_for_ever() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    shelf.event(Opened, "B", clock.now());
    tray.fails((0..3).map(|_| Fault::new(FaultKind::Message, "refused")));
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(*tray.tries.lock().unwrap(), 4);
    assert_eq!(tray.lines(), ["opened B"]);
    assert_eq!(shelf.state("ops").cursor, 2);
}

#[tokio::test(start_paused = true)]
async fn one_slow_sink_does_not_hold_up_another_and_a_run_has_an_end() {
    let (shelf, slow, quick, clock) = (
        Shelf::new(),
        Tray::default(),
        Tray::default(),
        Clock::start(),
    );
    let alerting = Alerting {
        digest: 0,
        ..Alerting::default()
    };
    let ready = sinks(&[("quick", &quick), ("slow", &slow)], alerting);
    for number in 0..25 {
        shelf.event(Opened, &format!("V{number}"), clock.now());
    }
    slow.takes.lock().unwrap().extend([29; 25]);
    let began = clock.now();
    let report = deliver(&shelf, &ready, clock).await;
    // three of 29 s each, and no fourth, so that the claim outlives the last
    assert_eq!(clock.now(), began + Duration::from_secs(87));
    assert_eq!(report.sinks["slow"].delivered, 3);
    assert_eq!(report.sinks["quick"].delivered, 20);
    assert_eq!(report.next, Some(clock.now()));
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!((slow.lines().len(), quick.lines().len()), (25, 25));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_written_down_is_not_sent_again() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    // the claim is written; what was delivered is not, twice
    shelf.fate.lock().unwrap().extend([true, false, false]);
    let report = deliver(&shelf, &ready, clock).await;
    assert_eq!(
        report.problem.as_deref(),
        Some("write the journal: it is away")
    );
    assert_eq!(report.sinks["ops"].delivered, 1);
    assert_eq!(shelf.state("ops").cursor, 0);
    shelf.event(Opened, "B", clock.now());
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A", "opened B"]);
    assert_eq!(shelf.state("ops").cursor, 2);
    // without a claim nothing is sent
    shelf.event(Opened, "C", clock.now());
    shelf.fate.lock().unwrap().push_back(false);
    assert!(deliver(&shelf, &ready, clock).await.problem.is_some());
    assert_eq!(tray.lines().len(), 2);
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_book_that_was_begun_anew_takes_nothing_from_the_old_one() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    shelf.fate.lock().unwrap().extend([true, false]);
    deliver(&shelf, &ready, clock).await;
    *shelf.book.lock().unwrap() = AlertBook {
        id: "0ther".to_owned(),
        ..AlertBook::default()
    };
    shelf.event(Opened, "X", clock.now());
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A", "opened X"]);
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_a_clock_that_is_wrong_holds_nothing() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    let far = clock.now() + minutes(60 * 24 * 400);
    shelf.book.lock().unwrap().sinks.insert(
        "ops".to_owned(),
        crate::model::SinkState {
            claim: Some(("gone".to_owned(), far)),
            next_try: Some(far),
            ..crate::model::SinkState::default()
        },
    );
    deliver(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A"]);
}
