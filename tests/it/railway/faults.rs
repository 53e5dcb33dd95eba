//! What the random schedules taught, each as one story.

use driftlock::plan::{Plan, has_differences, has_unknown};
use driftlock::reconcile::event::OperationOutcome;
use serde_json::json;

use super::schedules::{CALM, CANARY, Declared, HURRIED, How, Lab, Passed, lines};
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

fn limited_once(which: Which) -> Rule {
    Fault::Limited(RetryAfter::Seconds(0)).on(which)
}

fn quiet() -> How {
    How {
        no_activate: true,
        ..how()
    }
}

/// What the next passes sent to change something, by its first root field.
fn mutations(lab: &Lab<'_>) -> Vec<String> {
    let requests = lab.fake.requests().into_iter();
    let ours = requests.filter(|request| request.mutation);
    ours.map(|request| request.roots[0].name.clone()).collect()
}

#[tokio::test]
async fn a_commit_that_has_to_wait_is_sent_again() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    fake.fault(limited_once(Which::Mutations).times(3));
    assert_eq!(pass(&mut lab).await.1, 0);
    assert_eq!(mutations(&lab), ["environmentPatchCommit"; 4]);
    assert_eq!(lab.places.all["worker"].deploys().len(), 1);
    settled(&mut lab).await;
}

/// While a commit has to wait, others go on: what they did is seen before it is sent again.
#[tokio::test]
async fn a_commit_that_had_to_wait_overwrites_no_stranger() {
    let Some(fake) = fake() else { return };
    for activate in [true, false] {
        let mut lab = Lab::new(&fake, &format!("aurora-{activate}"), true);
        wish(&mut lab, "TOKEN", 1);
        assert_eq!(pass(&mut lab).await.1, 0);
        wish(&mut lab, "TOKEN", 2);
        fake.clear_record();
        let theirs = lab.places.all["worker"].meddling("TOKEN", "theirs");
        fake.fault(theirs.on(Which::Mutations));
        fake.fault(limited_once(Which::Mutations));
        let how = if activate { how() } else { quiet() };
        let report = lab.pass(&how, |_| {}).await.report;
        assert_eq!(report.verdict().exit.code(), 3, "{report:?}");
        assert_eq!(mutations(&lab).len(), 1, "{:?}", mutations(&lab));
        let worker = &lab.places.all["worker"];
        assert_eq!(worker.value("TOKEN").as_deref(), Some("theirs"));
    }
}

/// The dates of what is sealed are in the environment's lists, which are read again, too.
#[tokio::test]
async fn a_commit_that_had_to_wait_overwrites_no_sealed_value_of_a_stranger() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    assert_eq!(pass(&mut lab).await.1, 0);
    wish(&mut lab, "CERT", 2);
    fake.world(|world| world.clock.advance(600));
    let theirs = lab.places.all["worker"].meddling("CERT", "theirs");
    fake.fault(theirs.on(Which::Mutations));
    fake.fault(limited_once(Which::Mutations));
    assert_eq!(pass(&mut lab).await.1, 3);
    let worker = &lab.places.all["worker"];
    assert_eq!(worker.value("CERT").as_deref(), Some("theirs"));
}

#[tokio::test]
async fn a_commit_that_had_to_wait_takes_no_draft_along() {
    let Some(fake) = fake() else { return };
    for (number, how) in [how(), quiet()].into_iter().enumerate() {
        let mut lab = Lab::new(&fake, &format!("aurora-{number}"), true);
        wish(&mut lab, "CERT", 1);
        assert_eq!(pass(&mut lab).await.1, 0);
        wish(&mut lab, "CERT", 2);
        fake.switches(|switches| switches.commit_swallows_staged = true);
        let draft = json!({ "sharedVariables": { "THEIRS": { "value": "draft" } } });
        let draft = lab.places.environment.draft(draft);
        fake.fault(draft.on(Which::Mutations));
        fake.fault(limited_once(Which::Mutations));
        let report = lab.pass(&how, |_| {}).await.report;
        assert_eq!(report.verdict().exit.code(), 3, "{report:?}");
        assert!(lab.places.environment.staged().is_some());
        assert_eq!(lab.places.all["shared"].value("THEIRS"), None);
        fake.switches(|switches| *switches = Default::default());
    }
}

/// What an apply staged and could not commit yet is its own draft, and no reason to stop.
#[tokio::test]
async fn a_staged_commit_that_has_to_wait_knows_its_own_draft() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    let commit = || Which::With("environmentPatchCommitStaged".to_owned());
    fake.fault(limited_once(commit()).times(2));
    let report = lab.pass(&quiet(), |_| {}).await.report;
    assert_eq!(report.verdict().exit.code(), 0, "{report:?}");
    assert_eq!(lab.places.environment.staged(), None);
    assert_eq!(lab.places.all["worker"].deploys().len(), 0);
    settled(&mut lab).await;
}

/// Staged, and then others came: nothing is committed, and nobody says that nothing was done.
#[tokio::test]
async fn a_staged_commit_that_had_to_wait_takes_nothing_along() {
    let Some(fake) = fake() else { return };
    let commit = || Which::With("environmentPatchCommitStaged".to_owned());
    for drafts in [true, false] {
        let mut lab = Lab::new(&fake, &format!("aurora-{drafts}"), true);
        wish(&mut lab, "CERT", 1);
        wish(&mut lab, "TOKEN", 1);
        assert_eq!(pass(&mut lab).await.1, 0);
        wish(&mut lab, "CERT", 2);
        wish(&mut lab, "TOKEN", 2);
        let patch = json!({ "sharedVariables": { "THEIRS": { "value": "draft" } } });
        let theirs = match drafts {
            true => lab.places.environment.draft(patch),
            false => lab.places.all["worker"].meddling("TOKEN", "theirs"),
        };
        fake.fault(theirs.on(commit()));
        fake.fault(limited_once(commit()));
        let report = lab.pass(&quiet(), |_| {}).await.report;
        assert_eq!(report.verdict().exit.code(), 4, "{report:?}");
        let (worker, shared) = (&lab.places.all["worker"], &lab.places.all["shared"]);
        assert!(lab.places.environment.staged().is_some());
        assert_eq!(shared.value("THEIRS"), None);
        let wanted = lab.wishes.of("worker").remove("TOKEN");
        assert_ne!(worker.value("TOKEN"), wanted);
    }
}

/// In no record and in no manifest: left alone, and said.
#[tokio::test]
async fn what_a_doubtful_apply_left_and_no_manifest_names_is_told() {
    let Some(fake) = fake() else { return };
    let mut lab = lab(&fake);
    assert_eq!(pass(&mut lab).await.1, 0);
    wish(&mut lab, "EXTRA", 1);
    fake.fault(Fault::Reset.on(Which::Mutations).after_effect());
    let unread = Fault::Reset.on(Which::With("variables".to_owned()));
    fake.fault(Rule {
        times: 1000,
        ..unread.nth(4)
    });
    assert_eq!(pass(&mut lab).await.1, 4);
    fake.clear_faults();
    let told = |plan: &Plan| {
        let worker = plan
            .targets
            .iter()
            .find(|one| one.target.as_str() == "worker");
        let notes = worker.unwrap().notes.iter();
        notes
            .filter(|note| note.starts_with("EXTRA may be ours: "))
            .count()
    };
    let before = lab.wishes.clone();
    lab.wishes.uses.get_mut("worker").unwrap().remove("EXTRA");
    lab.wishes.tidy();
    for _ in 0..2 {
        let (passed, code) = pass(&mut lab).await;
        assert_eq!((told(&passed.plan), code), (1, 0));
        assert!(lab.places.all["worker"].value("EXTRA").is_some());
    }
    // named again, it is known again
    lab.wishes = before;
    assert_eq!(pass(&mut lab).await.1, 0);
    lab.wishes.uses.get_mut("worker").unwrap().remove("EXTRA");
    lab.wishes.tidy();
    let (passed, code) = pass(&mut lab).await;
    assert_eq!((told(&passed.plan), code), (0, 0));
    assert_eq!(lab.places.all["worker"].value("EXTRA"), None, "pruned");
}
