//! Platforms that do not answer, answer late, or keep something else than what was written.

use driftlock::plan::{Class, Reason, has_unknown};
use driftlock::platforms::memory::Fault;
use driftlock::reconcile::event::{OperationOutcome, ReadBack};

use super::lab::{Lab, code, name};

#[tokio::test]
async fn silence_after_the_effect_is_settled_by_reading_back() {
    let mut lab = Lab::new(&[("A", "one"), ("B", "two")], &["api"]);
    lab.store("api").fault(Fault::TimesOutAfter(1));
    let report = lab.apply().await;
    assert_eq!(code(&report), 0, "{report:?}");
    assert_eq!(report.targets[0].read_back, ReadBack::Verified);
    lab.settled().await;
}

#[tokio::test]
async fn silence_before_the_effect_stays_in_doubt_and_is_tried_again() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.apply().await;
    lab.declare(&[("A", "two")], &["api"]);
    lab.store("api").fault(Fault::TimesOutBefore(1));
    let report = lab.apply().await;
    assert_eq!(code(&report), 4, "{report:?}");
    assert!(matches!(
        report.targets[0].results[0].outcome,
        OperationOutcome::InDoubt(_)
    ));
    assert_eq!(lab.holds("api")["A"], "one");
    let plan = lab.plan().await;
    assert_eq!(Lab::lines(&plan), ["api/A Change DesiredMoved"]);
    assert!(
        !plan.targets[0].notes.is_empty(),
        "says that there is a doubt"
    );
    assert_eq!(code(&lab.apply().await), 0);
    lab.settled().await;
    assert!(lab.plan().await.targets[0].notes.is_empty());
}

#[tokio::test]
async fn doubt_over_a_restored_drift_is_settled() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.apply().await;
    lab.put("api", "A", "outside");
    lab.store("api").fault(Fault::TimesOutAfter(1));
    // even the read back fails
    lab.meanwhile = Some(Box::new({
        let store = lab.store("api");
        move || {
            store.fault(Fault::ReadFails {
                times: 1,
                reason: "the store is away".to_owned(),
                retry_after: None,
            });
        }
    }));
    let report = lab.apply().await;
    assert_eq!(code(&report), 4, "{report:?}");
    lab.apply().await;
    lab.settled().await;
    assert!(lab.plan().await.targets[0].notes.is_empty());
}

#[tokio::test]
async fn a_read_that_lags_is_waited_for() {
    let mut lab = Lab::new(&[("A", "one"), ("B", "two")], &["api", "vps"]);
    lab.store("api").fault(Fault::ReadLag(2));
    let report = lab.apply().await;
    assert_eq!(code(&report), 0, "{report:?}");
    lab.store("api").clear_faults();
    lab.settled().await;
}

#[tokio::test]
async fn a_platform_that_drops_empty_values_is_reported_and_not_fought() {
    let mut lab = Lab::new(&[("A", "''"), ("B", "two")], &["api"]);
    lab.store("api").fault(Fault::DropsEmpty);
    let report = lab.apply().await;
    assert_eq!(code(&report), 0, "{report:?}");
    assert!(report.targets[0].notes[0].starts_with("A was written empty"));
    // it stays visible, and is not written for ever
    let plan = lab.plan().await;
    let a = &plan.targets[0].changes[0];
    assert_eq!((a.class, a.reason), (Class::InSync, Reason::EmptyNotKept));
    assert!(plan.targets[0].notes[0].starts_with("A is to be empty"));
    lab.settled().await;
}

#[tokio::test]
async fn a_variable_that_is_sealed_after_our_write_is_known_by_its_date() {
    let mut lab = Lab::new(&[("A", "one"), ("B", "two")], &["api"]);
    lab.store("api").fault(Fault::Seals(name("A"), None));
    let report = lab.apply().await;
    assert_eq!(code(&report), 0, "{report:?}");
    assert_eq!(lab.holds("api")["A"], "one");
    // no date: nobody can say whether it is still ours, and nothing claims that it is
    let plan = lab.plan().await;
    assert!(has_unknown(&plan));
    assert_eq!(
        Lab::lines(&plan),
        ["api/A Unknown VariableUnreadable", "api/B InSync Equal"]
    );
    // a new value is written blind, and said so
    lab.declare(&[("A", "three"), ("B", "two")], &["api"]);
    let plan = lab.plan().await;
    assert_eq!(Lab::lines(&plan)[0], "api/A Change SealedDesiredMoved");
    assert_eq!(code(&lab.apply().await), 0);
    assert_eq!(lab.holds("api")["A"], "three");
}
