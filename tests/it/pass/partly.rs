//! Some of it worked: partial failures, partial reads, others who write at the same time.

use driftlock::plan::Class;
use driftlock::platforms::memory::{Entry, Fault};
use driftlock::reconcile::event::OperationOutcome;

use super::lab::{Lab, code, name};

#[tokio::test]
async fn what_was_done_before_a_failure_is_kept_and_the_rest_follows() {
    let all = [("A", "1"), ("B", "2"), ("C", "3")];
    let mut lab = Lab::new(&all, &["api"]);
    lab.store("api").fault(Fault::StopsAfter(1));
    let report = lab.apply().await;
    assert_eq!(code(&report), 4, "{report:?}");
    let good: Vec<bool> = report.targets[0]
        .results
        .iter()
        .map(|result| result.outcome.is_good())
        .collect();
    assert_eq!(good, [true, false, false]);
    lab.store("api").clear_faults();
    let plan = lab.plan().await;
    assert_eq!(
        Lab::lines(&plan),
        ["api/A InSync Equal", "api/B Change New", "api/C Change New"]
    );
    assert_eq!(code(&lab.apply().await), 0);
    lab.settled().await;
}

#[tokio::test]
async fn a_unit_that_ended_half_written_leads_the_report() {
    let mut lab = Lab::new(&[("A", "one")], &["api", "vps"]);
    lab.apply().await;
    lab.declare(&[("A", "two")], &["api", "vps"]);
    lab.store("vps").fault(Fault::StopsAfter(0));
    let report = lab.apply().await;
    assert_eq!(code(&report), 4, "{report:?}");
    let half = report.half_written();
    assert_eq!(half.len(), 1);
    assert!(half[0].written.contains("api") && half[0].missing.contains("vps"));
    lab.store("vps").clear_faults();
    assert_eq!(code(&lab.apply().await), 0);
    lab.settled().await;
}

#[tokio::test]
async fn what_moved_since_the_plan_is_left_alone_everywhere() {
    let mut lab = Lab::new(&[("A", "one"), ("B", "one")], &["api", "vps"]);
    lab.apply().await;
    lab.declare(&[("A", "two"), ("B", "two")], &["api", "vps"]);
    let report = lab.apply_after(|lab| lab.put("vps", "A", "outside")).await;
    assert_eq!(code(&report), 4, "{report:?}");
    // A waits on both sides, B is not concerned
    for (target, a) in [("api", "one"), ("vps", "outside")] {
        let held = lab.holds(target);
        assert_eq!((held["A"].as_str(), held["B"].as_str()), (a, "two"));
    }
    let plan = lab.plan().await;
    assert_eq!(
        Lab::lines(&plan),
        [
            "api/A Change DesiredMoved",
            "api/B InSync Equal",
            "vps/A Conflict BothMoved",
            "vps/B InSync Equal"
        ]
    );
}

#[tokio::test]
async fn what_was_in_sync_for_the_plan_and_is_not_now_holds_its_other_targets() {
    let mut lab = Lab::new(&[("A", "one"), ("B", "one")], &["api", "vps"]);
    lab.apply().await;
    lab.store("vps").remove(&name("A"));
    // the plan would write A on vps alone
    let report = lab.apply_after(|lab| lab.put("api", "A", "outside")).await;
    assert_eq!(code(&report), 3, "{report:?}");
    assert_eq!(lab.holds("api")["A"], "outside");
    assert!(!lab.holds("vps").contains_key("A"));
    assert_eq!(code(&lab.apply().await), 0);
    lab.settled().await;
}

#[tokio::test]
async fn a_plan_that_is_stale_as_a_whole_is_refused() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.apply().await;
    lab.declare(&[("A", "two")], &["api"]);
    let report = lab.apply_after(|lab| lab.put("api", "A", "outside")).await;
    assert_eq!(code(&report), 3, "{report:?}");
    assert_eq!(lab.holds("api")["A"], "outside");
}

#[tokio::test]
async fn a_first_take_over_that_went_stale_is_still_a_first_take_over() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.put("api", "A", "theirs");
    lab.overrides.take_over.insert("api".parse().unwrap());
    let report = lab.apply_after(|lab| lab.put("api", "A", "moved")).await;
    assert_eq!(code(&report), 3, "{report:?}");
    let plan = lab.plan().await;
    assert_eq!(Lab::lines(&plan), ["api/A Change FirstTakeOver"]);
}

#[tokio::test]
async fn a_first_take_over_that_was_refused_is_still_a_first_take_over() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.put("api", "A", "theirs");
    lab.overrides.take_over.insert("api".parse().unwrap());
    lab.store("api").fault(Fault::StopsAfter(0));
    let report = lab.apply().await;
    assert_eq!(code(&report), 3, "{report:?}");
    let plan = lab.plan().await;
    assert_eq!(Lab::lines(&plan), ["api/A Change FirstTakeOver"]);
}

#[tokio::test]
async fn whoever_writes_during_our_write_is_not_overwritten() {
    let mut lab = Lab::new(&[("A", "one")], &["api"]);
    lab.apply().await;
    lab.declare(&[("A", "two")], &["api"]);
    let theirs = Entry::Value(driftlock::model::SecretValue::new("theirs"));
    lab.store("api")
        .fault(Fault::ConcurrentWriter(name("A"), Some(theirs)));
    let report = lab.apply().await;
    assert_eq!(code(&report), 3, "{report:?}");
    assert!(matches!(
        report.targets[0].results[0].outcome,
        OperationOutcome::Refused(_)
    ));
    assert_eq!(lab.holds("api")["A"], "theirs");
    let plan = lab.plan().await;
    assert_eq!(Lab::lines(&plan), ["api/A Conflict BothMoved"]);
}

#[tokio::test]
async fn a_partial_read_never_deletes_and_never_creates() {
    let mut lab = Lab::new(&[("A", "1"), ("B", "2"), ("C", "3")], &["api"]);
    lab.apply().await;
    lab.declare(&[("A", "1"), ("B", "2")], &["api"]);
    lab.store("api")
        .fault(Fault::PartialRead([name("B"), name("C")].into()));
    let plan = lab.plan().await;
    assert_eq!(plan.targets[0].changes[1].class, Class::Unknown);
    lab.apply().await;
    assert_eq!(lab.holds("api").len(), 3, "nothing is deleted");
    lab.store("api").clear_faults();
    assert_eq!(code(&lab.apply().await), 0);
    assert_eq!(lab.holds("api").len(), 2);
    lab.settled().await;
}

#[tokio::test]
async fn an_unreadable_target_does_not_hide_the_other() {
    let mut lab = Lab::new(&[("A", "one")], &["api", "vps"]);
    lab.apply().await;
    lab.put("api", "A", "outside");
    lab.store("vps").fault(Fault::ReadFails {
        times: 9,
        reason: "the store is away".to_owned(),
        retry_after: None,
    });
    let plan = lab.plan().await;
    assert_eq!(
        Lab::lines(&plan),
        ["api/A Drift ChangedOutside", "vps/A Unknown Unreadable"]
    );
    lab.apply().await;
    assert_eq!(lab.holds("api")["A"], "outside", "it waits for the other");
    lab.overrides.partial.insert(name("A"));
    lab.apply().await;
    assert_eq!(lab.holds("api")["A"], "one");
}
