//! The contract battery: what reconciling relies on, whatever the platform.
//!
//! A platform joins with a [`Fixture`] and one call of [`battery`]. Every value holds [`CANARY`], and
//! everything that a platform says is searched for it.

use std::collections::BTreeMap;
use std::fmt::Debug;

use driftlock::model::{Completeness, Live, LiveVar, SecretValue, Target, VarName};
use driftlock::platforms::{Ask, Batch, BatchOutcome, Operation, Outcome, Platform, ReadError};

/// A part of every value that the battery writes.
pub(crate) const CANARY: &str = "c4n4ry";

/// What a platform has to offer to be put to the test.
pub(crate) trait Fixture {
    /// For messages.
    fn label(&self) -> String;
    /// The connection under test.
    fn platform(&self) -> &dyn Platform;
    /// A target of that connection that nobody has used yet and that holds nothing.
    fn target(&self) -> Target;
    /// Sets or removes a plain value as a stranger would, past the connection.
    fn tamper(&self, target: &Target, name: &VarName, value: Option<&str>);
    /// A plain value as it truly is, past the connection.
    fn holds(&self, target: &Target, name: &VarName) -> Option<String>;
    /// Arranges for a failure; `false` if this platform knows no such thing.
    fn disturb(&self, target: &Target, disturbance: Disturbance) -> bool;
    /// Ends all failures.
    fn calm(&self, target: &Target);
}

/// What can go wrong.
#[derive(Debug, Clone)]
pub(crate) enum Disturbance {
    /// The next read fails.
    ReadFails,
    /// Reads do not show this variable, and say so.
    Hides(VarName),
    /// Reads cannot tell what this variable is.
    Unreadable(VarName),
    /// A batch ends after so many operations.
    StopsAfter(usize),
    /// The next batch is answered by silence, and has no effect.
    SilentBefore,
    /// The next batch is answered by silence, and has its effect.
    SilentAfter,
    /// Each write is seen so many reads later.
    Lag(u32),
    /// A stranger sets this variable while the next batch is written.
    StrangerWrites(VarName, String),
}

/// Runs all of it.
pub(crate) async fn battery(fixture: &dyn Fixture) {
    let bench = Bench { fixture };
    bench.nothing_is_there_at_first().await;
    bench.what_was_written_is_read().await;
    bench.deleted_is_gone_and_absent_is_done().await;
    bench.empty_is_kept_or_declared().await;
    bench.odd_values_are_exact_or_refused().await;
    bench.limits_are_honest().await;
    bench.one_bad_operation_is_told_apart().await;
    bench.partial_failure_is_told_per_operation().await;
    bench.doubt_is_told().await;
    bench.lag_is_declared().await;
    bench.a_moved_target_is_left_alone().await;
    bench.a_stranger_during_the_write_loses_nothing().await;
    bench.foreign_variables_are_not_touched().await;
    bench.writing_again_changes_nothing().await;
    bench.one_failing_target_hides_no_other().await;
    bench.what_cannot_be_read_is_unknown().await;
    bench.batches_of_one_target_do_not_clobber().await;
    bench.who_it_was_is_said_or_said_to_be_unknown().await;
}

struct Bench<'a> {
    fixture: &'a dyn Fixture,
}

pub(crate) fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

fn set(text: &str, value: &str) -> Operation {
    Operation::Set(name(text), SecretValue::new(value))
}

fn delete(text: &str) -> Operation {
    Operation::Delete(name(text))
}

fn plain(number: u32) -> String {
    format!("{CANARY}{number}")
}

impl Bench<'_> {
    fn platform(&self) -> &dyn Platform {
        self.fixture.platform()
    }

    /// Searches what the platform said for values.
    fn heard<T: Debug>(&self, said: T) -> T {
        let text = format!("{said:?} {said:#?}");
        assert!(!text.contains(CANARY), "{} leaks", self.fixture.label());
        said
    }

    async fn try_read(&self, target: &Target) -> Result<Live, ReadError> {
        let mut outcomes = self.platform().read(std::slice::from_ref(target)).await;
        assert_eq!(outcomes.len(), 1, "one outcome for one target");
        let outcome = self.heard(outcomes.remove(0));
        if let Err(error) = &outcome {
            self.heard(error.to_string());
            assert!(!error.reason.is_empty() && !error.reason.ends_with('.'));
        }
        outcome
    }

    async fn read(&self, target: &Target) -> Live {
        self.try_read(target)
            .await
            .unwrap_or_else(|error| panic!("{}: {error}", self.fixture.label()))
    }

    /// Writes what was planned against `live`.
    async fn write(&self, target: &Target, live: &Live, operations: &[Operation]) -> BatchOutcome {
        let batch = Batch {
            target: target.clone(),
            expected: live.version.clone(),
            exists: live.exists,
            operations: operations.to_vec(),
            activate: true,
            message: "the battery".to_owned(),
        };
        let mut outcomes = self.platform().write(&[batch]).await;
        assert_eq!(outcomes.len(), 1, "one outcome for one batch");
        let outcome = self.heard(outcomes.remove(0));
        assert_eq!(outcome.operations.len(), operations.len());
        if outcome.stale {
            let refused = |outcome: &Outcome| matches!(outcome, Outcome::Refused(_));
            assert!(outcome.operations.iter().all(refused), "stale writes none");
        }
        outcome
    }

    /// Writes what must work.
    async fn done(&self, target: &Target, operations: &[Operation]) {
        let live = self.read(target).await;
        let outcome = self.write(target, &live, operations).await;
        let label = self.fixture.label();
        assert!(
            outcome.operations.iter().all(|one| *one == Outcome::Done),
            "{label}: {outcome:?}"
        );
    }

    async fn value(&self, target: &Target, of: &str) -> Option<String> {
        match self.read(target).await.vars.get(of)? {
            LiveVar::Value(value) => Some(value.expose().to_owned()),
            other => panic!("{}: {of} is {other:?}", self.fixture.label()),
        }
    }

    /// One answer for each question, in order; no value in it, whoever it was.
    async fn who_it_was_is_said_or_said_to_be_unknown(&self) {
        let (one, other) = (self.fixture.target(), self.fixture.target());
        for target in [&one, &other] {
            self.done(target, &[set("A", &plain(1)), set("B", &plain(2))])
                .await;
            self.fixture.tamper(target, &name("A"), Some(&plain(3)));
            self.fixture.tamper(target, &name("B"), None);
            self.read(target).await;
        }
        let names = [name("A"), name("B"), name("NEVER")];
        let asks: Vec<Ask<'_>> = [&one, &other]
            .into_iter()
            .flat_map(|target| names.iter().map(move |name| (target, name)))
            .map(|(target, name)| Ask {
                target,
                name,
                since: None,
                stamp: None,
            })
            .collect();
        let answers = self.heard(self.platform().traces(&asks).await);
        assert_eq!(answers.len(), asks.len(), "{}", self.fixture.label());
        for answer in answers {
            let source = answer.map_or_else(|why| why, |who| who.source);
            assert!(!source.is_empty() && !source.ends_with('.'), "{source}");
        }
        assert!(self.platform().traces(&[]).await.is_empty());
    }

    async fn nothing_is_there_at_first(&self) {
        let target = self.fixture.target();
        let live = self.read(&target).await;
        assert!(live.vars.is_empty(), "{}", self.fixture.label());
        assert_eq!(live.completeness, Completeness::Complete);
    }

    async fn what_was_written_is_read(&self) {
        let target = self.fixture.target();
        self.done(&target, &[set("A", &plain(1)), set("B", &plain(2))])
            .await;
        let live = self.read(&target).await;
        assert!(live.exists && live.vars.len() == 2, "{live:?}");
        assert_eq!(self.value(&target, "A").await, Some(plain(1)));
        assert_eq!(self.fixture.holds(&target, &name("B")), Some(plain(2)));
        self.done(&target, &[set("A", &plain(3))]).await;
        assert_eq!(self.value(&target, "A").await, Some(plain(3)));
        assert_eq!(self.value(&target, "B").await, Some(plain(2)));
    }

    async fn deleted_is_gone_and_absent_is_done(&self) {
        let target = self.fixture.target();
        self.done(&target, &[delete("NEVER")]).await;
        self.done(&target, &[set("A", &plain(1)), set("B", &plain(2))])
            .await;
        self.done(&target, &[delete("A"), delete("NEVER")]).await;
        assert_eq!(self.value(&target, "A").await, None);
        assert_eq!(self.value(&target, "B").await, Some(plain(2)));
        self.done(&target, &[delete("B")]).await;
        assert!(self.read(&target).await.vars.is_empty());
    }

    async fn empty_is_kept_or_declared(&self) {
        let target = self.fixture.target();
        let keeps = self.platform().capabilities(&target).keeps_empty;
        self.done(&target, &[set("A", ""), set("B", &plain(1))])
            .await;
        let read = self.value(&target, "A").await;
        let dropped = read.is_none() && !keeps;
        assert!(
            dropped || read.as_deref() == Some(""),
            "{}",
            self.fixture.label()
        );
        assert_eq!(self.value(&target, "B").await, Some(plain(1)));
    }

    async fn odd_values_are_exact_or_refused(&self) {
        let target = self.fixture.target();
        for (what, value) in odd_values() {
            let secret = SecretValue::new(value.clone());
            let live = self.read(&target).await;
            let operation = Operation::Set(name("ODD"), secret.clone());
            let outcome = self.write(&target, &live, &[operation]).await;
            let case = format!("{}: {what}", self.fixture.label());
            match self.platform().accepts(&target, &name("ODD"), &secret) {
                Ok(()) => {
                    assert_eq!(outcome.operations, [Outcome::Done], "{case}");
                    let read = self.value(&target, "ODD").await;
                    assert!(
                        read.as_ref() == Some(&value),
                        "{case}: reads back otherwise"
                    );
                }
                Err(reason) => {
                    assert!(!self.heard(reason).is_empty(), "{case}");
                    let refused = matches!(outcome.operations[..], [Outcome::Refused(_)]);
                    assert!(
                        refused,
                        "{case}: refused in the plan, {outcome:?} in the write"
                    );
                    assert_eq!(self.read(&target).await.vars, live.vars, "{case}");
                }
            }
        }
    }

    async fn limits_are_honest(&self) {
        let target = self.fixture.target();
        let Some(most) = self.platform().capabilities(&target).max_value_bytes else {
            return;
        };
        let long = SecretValue::new(CANARY.repeat(most / CANARY.len() + 1));
        let refusal = self.platform().accepts(&target, &name("A"), &long);
        self.heard(refusal.expect_err("longer than the limit"));
        let live = self.read(&target).await;
        let operation = Operation::Set(name("A"), long);
        let outcome = self.write(&target, &live, &[operation]).await;
        assert!(matches!(outcome.operations[..], [Outcome::Refused(_)]));
        let kibibyte = SecretValue::new(&*format!("{CANARY:x<1024}"));
        assert!(
            self.platform()
                .accepts(&target, &name("A"), &kibibyte)
                .is_ok()
        );
    }

    async fn one_bad_operation_is_told_apart(&self) {
        let target = self.fixture.target();
        let capabilities = self.platform().capabilities(&target);
        let Some(most) = capabilities.max_value_bytes else {
            return;
        };
        let long = CANARY.repeat(most / CANARY.len() + 1);
        self.done(&target, &[set("OLD", &plain(0))]).await;
        let live = self.read(&target).await;
        let operations = [set("A", &plain(1)), set("B", &long), set("C", &plain(3))];
        let outcome = self.write(&target, &live, &operations).await;
        assert!(matches!(outcome.operations[1], Outcome::Refused(_)));
        if capabilities.atomic {
            let same = self.read(&target).await;
            assert_eq!(same, live, "{}: all or nothing", self.fixture.label());
        }
        self.outcomes_are_true(&target, &operations, &outcome).await;
    }

    /// Done is there, refused is not; for names that were not there before.
    async fn outcomes_are_true(&self, target: &Target, asked: &[Operation], told: &BatchOutcome) {
        for (operation, outcome) in asked.iter().zip(&told.operations) {
            let held = self.fixture.holds(target, operation.name());
            let label = self.fixture.label();
            let case = format!("{label}: {} was {outcome:?}", operation.name());
            match outcome {
                Outcome::Done => assert!(held.is_some(), "{case}"),
                Outcome::Refused(why) => assert!(held.is_none() && !why.is_empty(), "{case}"),
                Outcome::InDoubt(_) => {}
            }
        }
    }

    async fn partial_failure_is_told_per_operation(&self) {
        let target = self.fixture.target();
        if !self.fixture.disturb(&target, Disturbance::StopsAfter(1)) {
            let atomic = self.platform().capabilities(&target).atomic;
            assert!(atomic, "one by one can stop half way: offer `StopsAfter`");
            return;
        }
        let live = self.read(&target).await;
        let operations = [
            set("A", &plain(1)),
            set("B", &plain(2)),
            set("C", &plain(3)),
        ];
        let outcome = self.write(&target, &live, &operations).await;
        assert_eq!(outcome.operations[0], Outcome::Done);
        assert_ne!(outcome.operations[2], Outcome::Done);
        self.outcomes_are_true(&target, &operations, &outcome).await;
        self.fixture.calm(&target);
        self.done(&target, &operations).await;
        assert_eq!(self.value(&target, "C").await, Some(plain(3)));
    }

    async fn doubt_is_told(&self) {
        for (silence, effect) in [
            (Disturbance::SilentBefore, None),
            (Disturbance::SilentAfter, Some(plain(1))),
        ] {
            let target = self.fixture.target();
            if !self.fixture.disturb(&target, silence) {
                continue;
            }
            let live = self.read(&target).await;
            let outcome = self.write(&target, &live, &[set("A", &plain(1))]).await;
            assert!(
                matches!(outcome.operations[..], [Outcome::InDoubt(_)]),
                "{}: {outcome:?}",
                self.fixture.label()
            );
            self.fixture.calm(&target);
            assert_eq!(self.fixture.holds(&target, &name("A")), effect);
            self.done(&target, &[set("A", &plain(1))]).await;
            assert_eq!(self.value(&target, "A").await, Some(plain(1)));
        }
    }

    async fn lag_is_declared(&self) {
        const READS: u32 = 3;
        let target = self.fixture.target();
        let lags = self.fixture.disturb(&target, Disturbance::Lag(READS));
        let declared = self.platform().capabilities(&target).read_lag;
        assert_eq!(lags, !declared.is_zero(), "{}", self.fixture.label());
        self.done(&target, &[set("A", &plain(1))]).await;
        let unseen = if lags { READS } else { 0 };
        for _ in 0..unseen {
            assert_eq!(self.value(&target, "A").await, None, "not seen yet");
        }
        assert_eq!(self.value(&target, "A").await, Some(plain(1)));
        self.fixture.calm(&target);
    }

    async fn a_moved_target_is_left_alone(&self) {
        let target = self.fixture.target();
        if !self.platform().capabilities(&target).compare_and_swap {
            return;
        }
        self.done(&target, &[set("A", &plain(1))]).await;
        let live = self.read(&target).await;
        self.fixture.tamper(&target, &name("A"), Some(&plain(9)));
        let operations = [set("A", &plain(2)), set("B", &plain(3))];
        let outcome = self.write(&target, &live, &operations).await;
        assert!(outcome.stale, "{}: {outcome:?}", self.fixture.label());
        assert_eq!(self.fixture.holds(&target, &name("A")), Some(plain(9)));
        assert_eq!(self.fixture.holds(&target, &name("B")), None);
        self.done(&target, &operations).await;
        assert_eq!(self.value(&target, "A").await, Some(plain(2)));
    }

    async fn a_stranger_during_the_write_loses_nothing(&self) {
        let target = self.fixture.target();
        self.done(&target, &[set("A", &plain(1))]).await;
        let stranger = Disturbance::StrangerWrites(name("THEIRS"), plain(9));
        if !self.fixture.disturb(&target, stranger) {
            return;
        }
        let live = self.read(&target).await;
        let outcome = self.write(&target, &live, &[set("A", &plain(2))]).await;
        assert_eq!(self.fixture.holds(&target, &name("THEIRS")), Some(plain(9)));
        if self.platform().capabilities(&target).compare_and_swap {
            assert!(outcome.stale, "{}: {outcome:?}", self.fixture.label());
            assert_eq!(self.fixture.holds(&target, &name("A")), Some(plain(1)));
        }
        self.fixture.calm(&target);
        self.done(&target, &[set("A", &plain(2))]).await;
        assert_eq!(self.value(&target, "THEIRS").await, Some(plain(9)));
    }

    async fn foreign_variables_are_not_touched(&self) {
        let target = self.fixture.target();
        for (index, foreign) in ["AA", "MM", "ZZ"].into_iter().enumerate() {
            let value = plain(u32::try_from(index).unwrap());
            self.fixture.tamper(&target, &name(foreign), Some(&value));
        }
        self.done(&target, &[set("BB", &plain(7)), set("YY", &plain(8))])
            .await;
        self.done(&target, &[set("BB", &plain(6)), delete("YY")])
            .await;
        for (index, foreign) in ["AA", "MM", "ZZ"].into_iter().enumerate() {
            let value = Some(plain(u32::try_from(index).unwrap()));
            assert_eq!(self.fixture.holds(&target, &name(foreign)), value);
            assert_eq!(self.value(&target, foreign).await, value);
        }
    }

    async fn writing_again_changes_nothing(&self) {
        let target = self.fixture.target();
        let operations = [set("A", &plain(1)), delete("B")];
        self.done(&target, &operations).await;
        let once = self.read(&target).await;
        self.done(&target, &operations).await;
        assert_eq!(self.read(&target).await.vars, once.vars);
    }

    async fn one_failing_target_hides_no_other(&self) {
        let targets = [
            self.fixture.target(),
            self.fixture.target(),
            self.fixture.target(),
        ];
        for (index, target) in targets.iter().enumerate() {
            let value = plain(u32::try_from(index).unwrap());
            self.fixture.tamper(target, &name("A"), Some(&value));
        }
        let fails = self.fixture.disturb(&targets[1], Disturbance::ReadFails);
        let outcomes = self.heard(self.platform().read(&targets).await);
        self.fixture.calm(&targets[1]);
        assert_eq!(outcomes.len(), targets.len());
        for (index, outcome) in outcomes.iter().enumerate() {
            if index == 1 && fails {
                assert!(outcome.is_err(), "{}", self.fixture.label());
                continue;
            }
            let value = plain(u32::try_from(index).unwrap());
            let expected = LiveVar::Value(SecretValue::new(value));
            let vars = &outcome.as_ref().unwrap().vars;
            assert_eq!(*vars, BTreeMap::from([(name("A"), expected)]));
        }
    }

    async fn what_cannot_be_read_is_unknown(&self) {
        let target = self.fixture.target();
        self.fixture.tamper(&target, &name("A"), Some(&plain(1)));
        self.fixture.tamper(&target, &name("B"), Some(&plain(2)));
        if self
            .fixture
            .disturb(&target, Disturbance::Unreadable(name("A")))
        {
            let live = self.read(&target).await;
            let unknown = matches!(live.vars.get("A"), Some(LiveVar::Unknown(_)));
            assert!(unknown, "{}: {live:?}", self.fixture.label());
            assert!(matches!(live.vars.get("B"), Some(LiveVar::Value(_))));
            self.fixture.calm(&target);
        }
        if self.fixture.disturb(&target, Disturbance::Hides(name("B"))) {
            let live = self.read(&target).await;
            assert!(!live.vars.contains_key("B"));
            assert!(matches!(live.completeness, Completeness::Partial(_)));
            self.fixture.calm(&target);
        }
    }

    async fn batches_of_one_target_do_not_clobber(&self) {
        let target = self.fixture.target();
        self.done(&target, &[set("A", &plain(1))]).await;
        let live = self.read(&target).await;
        let batch = |operation| Batch {
            target: target.clone(),
            expected: live.version.clone(),
            exists: live.exists,
            operations: vec![operation],
            activate: true,
            message: "the battery".to_owned(),
        };
        let batches = [
            batch(set("B", &plain(2))),
            batch(set("C", &plain(3))),
            batch(set("B", &plain(4))),
        ];
        let outcomes = self.heard(self.platform().write(&batches).await);
        assert_eq!(outcomes.len(), batches.len());
        let done = |index: usize| outcomes[index].operations == [Outcome::Done];
        assert!(done(0), "{}: {outcomes:?}", self.fixture.label());
        assert!(!done(2), "a second value for one name");
        assert_eq!(self.value(&target, "B").await, Some(plain(2)));
        assert_eq!(self.value(&target, "C").await, done(1).then(|| plain(3)));
        assert_eq!(self.value(&target, "A").await, Some(plain(1)));
    }
}

fn odd_values() -> Vec<(&'static str, String)> {
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{CANARY}MC4CAQAwBQYDK2VwBCIEIA==\n-----END PRIVATE KEY-----\n"
    );
    let mut values = vec![
        ("PEM", pem),
        (
            "JSON",
            format!(r#"{{"key":"{CANARY}","n":[1,2],"s":"a\"b\\c"}}"#),
        ),
        ("32 KiB", format!("{CANARY:z<32768}")),
        ("spaces only around", format!("  {CANARY}  ")),
        ("comment after a space", format!("{CANARY} # not a comment")),
        ("URL", format!("postgres://u:{CANARY}@h:5432/d?a=1&b=%20#f")),
        ("crypt hash", format!("$2b$10${CANARY}.abc/def")),
        ("dollar brace", format!("${{{CANARY}:-x}}")),
        ("command", format!("`{CANARY}` $({CANARY})")),
        ("CRLF", format!("{CANARY}\r\nsecond")),
        ("assignment", format!("A={CANARY}\nB=2")),
        ("export", format!("export {CANARY}")),
    ];
    let characters = [
        ("number sign", "#"),
        ("double quote", "\""),
        ("single quote", "'"),
        ("both quotes", "\"'"),
        ("backtick", "`"),
        ("dollar", "$"),
        ("backslash", "\\"),
        ("two backslashes", "\\\\"),
        ("backslash n", "\\n"),
        ("newline", "\n"),
        ("carriage return", "\r"),
        ("tab", "\t"),
        ("equals", "="),
        ("semicolon", ";"),
        ("exclamation mark", "!"),
        ("percent", "%s"),
        ("unicode", "ß→🔑é"),
        ("no-break space", "\u{a0}"),
        ("byte order mark", "\u{feff}"),
    ];
    for (what, text) in characters {
        values.push((what, format!("{text}{CANARY}")));
        values.push((what, format!("{CANARY}{text}{CANARY}")));
        values.push((what, format!("{CANARY}{text}")));
    }
    values
}
