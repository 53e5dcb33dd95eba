//! What the random schedules taught, each as one story.

use driftlock::plan::{has_differences, has_unknown};
use driftlock::reconcile::event::OperationOutcome;

use super::check::lines;
use super::desk::{CANARY, Declared};
use super::lab::{How, Lab, Passed};
use super::schedules::{CALM, HURRIED};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::faults::{Fault, RetryAfter, Rule, Which};
use crate::support::railway::fake;

fn how() -> How {
    How {
        pace: HURRIED,
        overrides: driftlock::model::Overrides::default(),
        unattended: false,
        no_activate: false,
    }
}

/// A secret on `worker` that is to be sealed there, and a plain one.
fn lab(fake: &FakeRailway) -> Lab<'_> {
    let mut lab = Lab::new(fake, "aurora", true);
    wish(&mut lab, "CERT", 1);
    wish(&mut lab, "TOKEN", 1);
    lab
}

fn wish(lab: &mut Lab<'_>, name: &str, sequence: u64) {
    let declared = Declared {
        value: format!("{CANARY}-{name}-{sequence}"),
        secret: true,
        reference: false,
        sequence,
    };
    lab.wishes.add(name, declared, &["worker"]);
}

async fn pass(lab: &mut Lab<'_>) -> (Passed, u8) {
    let passed = lab.pass(&how(), |_| {}).await;
    let code = passed.report.verdict().exit.code();
    (passed, code)
}

async fn settled(lab: &mut Lab<'_>) {
    let calm = How {
        pace: CALM,
        ..how()
    };
    let plan = lab.pass(&calm, |_| {}).await.plan;
    let lines = lines(&plan);
    assert!(!has_differences(&plan) && !has_unknown(&plan), "{lines:?}");
    for (name, value) in lab.wishes.of("worker") {
        assert_eq!(lab.places.all["worker"].value(&name), Some(value));
    }
    assert!(lab.leaks.is_empty(), "{:?}", lab.leaks);
}

/// Nobody can read what is sealed: that Railway took the commit is no proof that it is in force.
#[tokio::test]
async fn a_sealed_value_whose_commit_nobody_could_watch_is_in_doubt() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    assert_eq!(pass(&mut lab).await.1, 0);
    wish(&mut lab, "CERT", 2);
    fake.switches(|switches| {
        switches.unknown_workflow_ids = true;
        switches.applies_late = true;
    });
    let (passed, code) = pass(&mut lab).await;
    assert_eq!(code, 4);
    let outcome = &passed.report.targets[0].results[0].outcome;
    assert!(
        matches!(outcome, OperationOutcome::InDoubt(_)),
        "{outcome:?}"
    );
    fake.switches(|switches| *switches = Default::default());
    let (passed, code) = pass(&mut lab).await;
    assert_eq!(lines(&passed.plan), ["worker/CERT SealedDesiredMoved []"]);
    assert_eq!(code, 0);
    settled(&mut lab).await;
}

/// The same where the commit took effect: what can be read back is done, all the same.
#[tokio::test]
async fn what_arrives_is_done_though_nobody_could_watch() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    fake.switches(|switches| switches.workflow_forbidden = true);
    let (passed, code) = pass(&mut lab).await;
    assert_eq!(code, 0);
    let notes = &passed.report.targets[0].notes;
    assert_eq!(notes, &["the token may not watch Railway's workflow"]);
    assert_eq!(passed.report.targets[0].activated, Some(true));
    settled(&mut lab).await;
}

/// Names and values come in two requests: a lag may end between them.
#[tokio::test]
async fn a_sealed_value_that_is_not_listed_yet_is_waited_for() {
    let Some(fake) = fake() else { return };
    for reads in 1..=4 {
        let mut lab = Lab::new(&fake, &format!("aurora-{reads}"), true);
        wish(&mut lab, "CERT", 1);
        fake.switches(|switches| switches.lag.reads = reads);
        let (_, code) = pass(&mut lab).await;
        assert_eq!(code, 0, "{reads}");
        settled(&mut lab).await;
    }
}

/// A lag must not make a doubt of what is there: an operation in doubt is looked for as long as one
/// that was done.
#[tokio::test]
async fn doubt_waits_for_reads_that_lag() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    fake.fault(Fault::Reset.on(Which::Mutations).after_effect());
    fake.switches(|switches| switches.lag.reads = 4);
    let (passed, code) = pass(&mut lab).await;
    assert_eq!(code, 0, "{:?}", passed.report);
    assert_eq!(lab.places.all["worker"].deploys().len(), 1);
    settled(&mut lab).await;
}

/// A refusal says nothing of the try before it, which nobody answered.
#[tokio::test]
async fn a_refusal_after_a_doubt_is_a_doubt() {
    let Some(fake) = fake() else { return };
    let mut lab = Lab::new(&fake, "aurora", true);
    wish(&mut lab, "TOKEN", 1);
    let unread = || Fault::Reset.on(Which::With("variables".to_owned()));
    fake.fault(Fault::Reset.on(Which::Mutations).after_effect());
    let limited = Fault::Limited(RetryAfter::Seconds(3600));
    fake.fault(limited.on(Which::Mutations).nth(2));
    // plan, apply and the look before the write see it; reading back does not
    fake.fault(Rule {
        times: 1000,
        ..unread().nth(4)
    });
    let quiet = How {
        no_activate: true,
        ..how()
    };
    let report = lab.pass(&quiet, |_| {}).await.report;
    assert_eq!(report.verdict().exit.code(), 4, "{report:?}");
    assert!(lab.places.all["worker"].value("TOKEN").is_some());
    fake.clear_faults();
    assert_eq!(pass(&mut lab).await.1, 0);
    settled(&mut lab).await;
}

/// Deleted between the list of names and the values: not there for sure, and not to be written.
#[tokio::test]
async fn a_sealed_value_that_is_only_listed_is_unknown() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    assert_eq!(pass(&mut lab).await.1, 0);
    wish(&mut lab, "CERT", 2);
    let gone = lab.places.all["worker"].meddling_delete("CERT");
    // the plan's values are the first, those of the apply the second
    fake.fault(gone.on(Which::With("variables".to_owned())).nth(2));
    let (passed, code) = pass(&mut lab).await;
    assert_eq!(code, 3, "{:?}", passed.report);
    assert_eq!(lab.places.all["worker"].value("CERT"), None);
    let plan = pass(&mut lab).await.0.plan;
    assert_eq!(lines(&plan), ["worker/CERT BothMoved [\"conflict\"]"]);
}
