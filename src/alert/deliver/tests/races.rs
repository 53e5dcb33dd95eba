//! Two reconcilers on one book, in many interleavings; and processes that die.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::lab::{Clock, Shelf, Tray, deliver_all, origin, sinks};
use crate::alert::Fault;
use crate::alert::deliver::run;
use crate::model::AlertEventKind::{Opened, Reminder, Resolved};
use crate::model::Alerting;

/// How often each line came, and whether the events of each alert came in order.
fn judged(lines: &[String]) -> (BTreeMap<String, usize>, bool) {
    let mut counts = BTreeMap::new();
    let mut is_open: BTreeMap<String, bool> = BTreeMap::new();
    let mut ordered = true;
    for line in lines {
        let mut words: Vec<&str> = line.split(' ').collect();
        if words[0] == "digest" {
            words.remove(0);
        }
        let kind = words.remove(0);
        for name in words {
            *counts.entry(format!("{kind} {name}")).or_insert(0) += 1;
            let open = is_open.entry(name.to_owned()).or_insert(false);
            ordered &= *open == (kind != "opened");
            *open = kind != "resolved";
        }
    }
    (counts, ordered)
}

/// What one reconciler does: it waits so long between its runs.
async fn keeps_running(shelf: Shelf, tray: Tray, clock: Clock, by: String, waits: Vec<u64>) {
    let alerting = Alerting {
        digest: 3,
        ..Alerting::default()
    };
    let ready = sinks(&[("ops", &tray)], alerting);
    for wait in waits {
        let now = move || clock.now();
        let report = run(&mut shelf.clone(), &ready, &origin(&by), &now).await;
        assert_eq!(report.problem, None);
        tokio::time::sleep(Duration::from_secs(wait)).await;
    }
}

/// Three events for each name, a few at a time.
async fn happens(shelf: Shelf, clock: Clock, names: usize, pauses: Vec<u64>) -> usize {
    let mut pauses = pauses.into_iter().cycle();
    for kind in [Opened, Reminder, Resolved] {
        for number in 0..names {
            shelf.event(kind, &format!("V{number}"), clock.now());
            let pause = pauses.next().unwrap_or(0);
            tokio::time::sleep(Duration::from_secs(pause)).await;
        }
    }
    3 * names
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the order of their steps, how slow the sink is and what fails: each event arrives once,
    /// and the events of each alert in order.
    #[test]
    fn two_reconcilers_never_say_the_same_twice(
        names in 1..6_usize,
        pauses in prop::collection::vec(0..20_u64, 1..8),
        first in prop::collection::vec(0..40_u64, 1..30),
        second in prop::collection::vec(0..40_u64, 1..30),
        takes in prop::collection::vec(0..30_u64, 0..40),
        faults in prop::collection::vec(prop::option::weighted(0.3, 0..3_u8), 0..30),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
            shelf.knows(&["ops"]);
            tray.takes.lock().unwrap().extend(takes);
            tray.faults.lock().unwrap().extend(faults.into_iter().map(|fault| {
                fault.map(|kind| match kind {
                    0 => Fault::passes("down"),
                    1 => Fault::passes("limit").after(Some(Duration::from_secs(3))),
                    _ => Fault::stays("gone"),
                })
            }));
            let one = tokio::spawn(keeps_running(
                shelf.clone(), tray.clone(), clock, "a@x".to_owned(), first,
            ));
            let two = tokio::spawn(keeps_running(
                shelf.clone(), tray.clone(), clock, "b@y".to_owned(), second,
            ));
            let count = happens(shelf.clone(), clock, names, pauses).await;
            one.await.unwrap();
            two.await.unwrap();
            let last = sinks(&[("ops", &tray)], Alerting::default());
            deliver_all(&shelf, &last, clock).await;
            let lines = tray.lines();
            let (counts, ordered) = judged(&lines);
            assert_eq!(counts.len(), count, "{lines:?}");
            assert!(counts.values().all(|count| *count == 1), "{lines:?}");
            assert!(ordered, "{lines:?}");
        });
    }

    /// One that dies, at any moment, loses nothing; what it had sent and not written down comes twice,
    /// and nothing else does.
    #[test]
    fn a_process_that_dies_loses_nothing(
        names in 1..6_usize,
        lives in prop::collection::vec(0..60_u64, 1..6),
        takes in prop::collection::vec(0..30_u64, 0..40),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .unwrap();
        runtime.block_on(async {
            let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
            shelf.knows(&["ops"]);
            tray.takes.lock().unwrap().extend(takes);
            let alerting = || Alerting { digest: 3, ..Alerting::default() };
            let count = happens(shelf.clone(), clock, names, vec![0]).await;
            let mut written = 0;
            let mut most = 0;
            for life in lives {
                let ready = sinks(&[("ops", &tray)], alerting());
                let now = move || clock.now();
                let mut books = shelf.clone();
                let before = tray.lines().len();
                let me = origin("a@x");
                let running = run(&mut books, &ready, &me, &now);
                let ended = tokio::time::timeout(Duration::from_secs(life), running).await;
                if ended.is_err() {
                    // what arrived in this life may come once more
                    most += tray.lines().len() - before;
                } else {
                    written += tray.lines().len() - before;
                }
            }
            let last = sinks(&[("ops", &tray)], alerting());
            deliver_all(&shelf, &last, clock).await;
            let lines = tray.lines();
            let (counts, _) = judged(&lines);
            assert_eq!(counts.len(), count, "{lines:?}");
            assert!(lines.len() >= written);
            let twice = counts.values().filter(|count| **count > 1).count();
            assert!(twice == 0 || most > 0, "{lines:?}");
        });
    }
}

#[tokio::test(start_paused = true)]
async fn a_claim_of_the_dead_runs_out() {
    let (shelf, tray, clock) = (Shelf::new(), Tray::default(), Clock::start());
    shelf.event(Opened, "A", clock.now());
    tray.takes.lock().unwrap().push_back(20);
    // it claims, and dies before its message arrives
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    let now = move || clock.now();
    let (mut books, me) = (shelf.clone(), origin("a@x"));
    let running = run(&mut books, &ready, &me, &now);
    let ended = tokio::time::timeout(Duration::from_secs(10), running).await;
    assert!(ended.is_err());
    assert_eq!(tray.lines(), [""; 0]);
    // another one waits for as long as the claim holds
    let ready = sinks(&[("ops", &tray)], Alerting::default());
    let report = run(&mut shelf.clone(), &ready, &origin("b@y"), &now).await;
    assert_eq!(tray.lines(), [""; 0]);
    assert_eq!(report.next, Some(clock.now() + Duration::from_secs(110)));
    deliver_all(&shelf, &ready, clock).await;
    assert_eq!(tray.lines(), ["opened A"]);
}
