//! One reconciler: order, digests, threads, routes and new sinks.

use super::lab::{Clock, Shelf, Tray, alert, deliver, deliver_all, sinks};
use crate::alert::Fault;
use crate::alert::deliver::wants;
use crate::model::AlertEventKind::{Changed, CouldNotCheck, Opened, Reminder, Resolved};
use crate::model::{Alert, Alerting, Pattern, Route};

#[tokio::test(start_paused = true)]
async fn each_event_once_in_order_and_then_silence() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    shelf.knows(&["ops"]);
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    for (kind, name) in [
        (Opened, "A"),
        (Changed, "A"),
        (Opened, "B"),
        (CouldNotCheck, "A"),
        (Reminder, "B"),
        (Resolved, "A"),
    ] {
        shelf.event(kind, name, clock.now());
    }
    assert!(wants(&shelf.book.lock().unwrap(), &ready, clock.now()).is_some());
    let report = deliver(&shelf, &ready, clock).await;
    let lines = [
        "opened A",
        "changed A",
        "opened B",
        "couldnotcheck A",
        "reminder B",
        "resolved A",
    ];
    assert_eq!(tray.lines(), lines);
    let of = &report.sinks["ops"];
    assert_eq!((of.delivered, of.failed), (6, 0));
    assert_eq!((report.next, report.problem), (None, None));
    let state = shelf.state("ops");
    assert_eq!(
        (state.cursor, state.claim.clone(), state.ahead.len()),
        (6, None, 0)
    );
    // B is still open, and this sink knows
    assert_eq!(state.threads.keys().collect::<Vec<_>>(), ["id-B"]);
    let generation = shelf.book.lock().unwrap().generation;
    deliver(&shelf, &ready, clock).await;
    assert_eq!(tray.lines().len(), 6);
    assert_eq!(
        shelf.book.lock().unwrap().generation,
        generation,
        "nothing is written"
    );
}

#[tokio::test(start_paused = true)]
async fn many_at_once_are_one_message() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    shelf.knows(&["bot", "ops"]);
    let bot = Tray {
        threads: true,
        ..Tray::default()
    };
    let alerting = Alerting {
        digest: 3,
        ..Alerting::default()
    };
    let ready = sinks(&[("bot", &bot), ("ops", &tray)], alerting);
    shelf.event(Opened, "A", clock.now());
    shelf.event(Changed, "A", clock.now());
    for name in ["B", "C", "D"] {
        shelf.event(Opened, name, clock.now());
    }
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["digest opened A B C D", "changed A"]);
    for name in ["A", "B", "C"] {
        shelf.event(Resolved, name, clock.now());
    }
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines()[2..], ["digest resolved A B C"]);
    // a bot has a thread for each: only what begins is joined, and the rest goes below that
    let below: Vec<_> = bot.got.lock().unwrap().clone();
    let digest = Some("C/1".to_owned());
    let expected = [
        ("digest opened A B C D".to_owned(), None),
        ("changed A".to_owned(), digest.clone()),
        ("resolved A".to_owned(), digest.clone()),
        ("resolved B".to_owned(), digest.clone()),
        ("resolved C".to_owned(), digest),
    ];
    assert_eq!(below, expected);
    assert_eq!(shelf.state("bot").threads.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_digest_that_arrived_is_not_said_again_after_a_fault_before_it() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    shelf.knows(&["ops"]);
    let alerting = Alerting {
        digest: 2,
        ..Alerting::default()
    };
    let ready = sinks(&[("ops", &tray)], alerting);
    shelf.event(Reminder, "Z", clock.now());
    shelf.event(Opened, "A", clock.now());
    shelf.event(Opened, "B", clock.now());
    // the digest goes first and arrives, the reminder before it fails
    tray.faults
        .lock()
        .unwrap()
        .extend([None, Some(Fault::passes("down"))]);
    let report = deliver(&shelf, &ready, clock).await;
    assert_eq!(report.sinks["ops"].failed, 1);
    let state = shelf.state("ops");
    assert_eq!((state.cursor, state.ahead.len()), (0, 2));
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["digest opened A B", "reminder Z"]);
    assert_eq!(shelf.state("ops").cursor, 3);
}

#[tokio::test(start_paused = true)]
async fn a_new_sink_is_told_what_is_open_and_nothing_old() {
    let (shelf, old, new, clock) = (
        Shelf::new(),
        Tray::default(),
        Tray::default(),
        Clock::start(),
    );
    let ready = sinks(&[("old", &old)], Alerting::default());
    for (kind, name) in [(Opened, "A"), (Opened, "B"), (Opened, "C"), (Resolved, "A")] {
        shelf.event(kind, name, clock.now());
    }
    deliver_all(&shelf, &ready, clock).await;
    let both = sinks(&[("new", &new), ("old", &old)], Alerting::default());
    deliver_all(&shelf, &both, clock).await;
    assert_eq!(new.lines(), ["standing B C"]);
    shelf.event(Resolved, "B", clock.now());
    deliver_all(&shelf, &both, clock).await;
    assert_eq!(new.lines()[1..], ["resolved B"]);
    // with nothing open there is nothing to say
    shelf.event(Resolved, "C", clock.now());
    let third = Tray::default();
    deliver_all(
        &shelf,
        &sinks(&[("third", &third)], Alerting::default()),
        clock,
    )
    .await;
    assert_eq!(third.lines(), [""; 0]);
    assert_eq!(shelf.state("third").cursor, 6);
}

#[tokio::test(start_paused = true)]
async fn events_that_are_gone_are_summed_up() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.event(Opened, "A", clock.now());
    deliver_all(&shelf, &ready, clock).await;
    for name in ["B", "C", "D"] {
        shelf.event(Opened, name, clock.now());
    }
    // the journal keeps so many and no more
    shelf.book.lock().unwrap().events.drain(..3);
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A", "standing A B C D"]);
    assert_eq!(shelf.state("ops").cursor, 4);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_for_a_sink_is_passed_over_and_an_end_follows_its_beginning() {
    let (shelf, ops, pay, clock) = (
        Shelf::new(),
        Tray::default(),
        Tray::default(),
        Clock::start(),
    );
    let to_ops = Alerting {
        routes: vec![Route {
            targets: Some(vec![Pattern::new("a*")]),
            to: vec!["ops".to_owned()],
            ..Route::default()
        }],
        ..Alerting::default()
    };
    let to_pay = Alerting {
        routes: vec![Route {
            to: vec!["pay".to_owned()],
            ..Route::default()
        }],
        ..Alerting::default()
    };
    let trays = [("ops", &ops), ("pay", &pay)];
    shelf.event(Opened, "A", clock.now());
    deliver_all(&shelf, &sinks(&trays, to_ops), clock).await;
    assert_eq!(shelf.state("pay").cursor, 1);
    // the routes have changed since: who was told that it began is told that it ended
    shelf.event(Resolved, "A", clock.now());
    shelf.event(Opened, "B", clock.now());
    deliver_all(&shelf, &sinks(&trays, to_pay), clock).await;
    assert_eq!(ops.lines(), ["opened A", "resolved A"]);
    assert_eq!(pay.lines(), ["opened B"]);
}

/// A shelf of which A and B have begun, and somebody mutes A.
fn muted(clock: Clock) -> (Shelf, Alert) {
    let shelf = Shelf::new();
    shelf.event(Opened, "A", clock.now());
    shelf.event(Opened, "B", clock.now());
    let mut muted = alert("A", clock.now());
    muted.muted = true;
    keep(&shelf, &muted);
    (shelf, muted)
}

/// It is open like this.
fn keep(shelf: &Shelf, alert: &Alert) {
    let mut book = shelf.book.lock().unwrap();
    book.open.insert(alert.key.clone(), alert.clone());
}

#[tokio::test(start_paused = true)]
async fn what_is_muted_is_not_told() {
    let (tray, clock) = (Tray::default(), Clock::start());
    let (shelf, muted) = muted(clock);
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    shelf.book.lock().unwrap().events[0].alert = muted;
    deliver_all(&shelf, &ready, clock).await;
    shelf.event(Resolved, "A", clock.now());
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened B"]);
    assert_eq!(shelf.state("ops").cursor, 3);
}

#[tokio::test(start_paused = true)]
async fn what_is_muted_while_its_message_waits_is_not_told() {
    let (tray, clock) = (Tray::default(), Clock::start());
    let (shelf, mut muted) = muted(clock);
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened B"]);
    // the mute has ended, and it still is so
    muted.muted = false;
    keep(&shelf, &muted);
    shelf.event(Reminder, "A", clock.now());
    shelf.event(Resolved, "A", clock.now());
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened B", "reminder A", "resolved A"]);
}

#[tokio::test(start_paused = true)]
async fn no_sinks_is_nothing_to_do() {
    let (shelf, clock) = (Shelf::new(), Clock::start());
    shelf.event(Opened, "A", clock.now());
    let none = sinks(&[], Alerting::default());
    assert_eq!(deliver(&shelf, &none, clock).await.next, None);
    assert!(shelf.book.lock().unwrap().sinks.is_empty());
}
