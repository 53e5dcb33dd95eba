//! Probes: whose silence it is, and what an answer says.

use super::*;
use AlertEventKind::{Changed, CouldNotCheck, Opened, Resolved};

fn refused() -> Sighting {
    sighting(key(AlertClass::Probe, "api", None), "refused")
}

fn otherwise(pin: &str) -> Sighting {
    Sighting {
        urgent: false,
        ..sighting(key(AlertClass::Probe, "api", None), pin)
    }
}

fn silent(name: &str) -> Sighting {
    let mut one = otherwise("silent");
    one.key.observer = Some(name.to_owned());
    one
}

/// One that says this of the probes of `api`.
fn asks(name: &'static str, probed: fn(String) -> Probed) -> Looker {
    let mut looker = Looker::new(name);
    looker.coverage.probed = [(target("api"), probed("m".to_owned()))].into();
    looker
}

fn kinds(told: Vec<(AlertEventKind, String)>) -> Vec<AlertEventKind> {
    told.into_iter().map(|(kind, _)| kind).collect()
}

#[test]
fn a_refusal_is_told_at_once_and_everybody_can_say_that_it_is_over() {
    let mut book = AlertBook::default();
    let [one, other] = ["one", "other"].map(|name| asks(name, Probed::Answered));
    assert_eq!(kinds(one.looks(&mut book, 0, &[refused()])), [Opened]);
    assert_eq!(book.probed[&target("api")].at, at(0));
    // who did not ask has nothing to say
    assert_eq!(Looker::new("one").looks(&mut book, 1, &[]), []);
    assert_eq!(book.probed[&target("api")].at, at(0));
    assert_eq!(kinds(other.looks(&mut book, 60, &[])), [Resolved]);
    assert_eq!(book.probed[&target("api")].at, at(60));
}

#[test]
fn silence_is_not_an_answer() {
    let mut book = AlertBook::default();
    let answered = asks("one", Probed::Answered);
    let nobody = asks("one", Probed::Silent);
    answered.looks(&mut book, 0, &[refused()]);
    let mut told = vec![];
    for minutes in 1..=3 {
        told.extend(kinds(nobody.looks(&mut book, minutes, &[silent("one")])));
    }
    // both are open: what was refused may well be refused still
    assert_eq!(told, [Opened]);
    assert_eq!(book.open.len(), 2);
    // another one that can ask says nothing about who cannot
    let other = asks("other", Probed::Answered);
    assert_eq!(kinds(other.looks(&mut book, 4, &[])), [Resolved]);
    assert!(book.open.contains_key(&silent("one").key));
    assert_eq!(kinds(answered.looks(&mut book, 5, &[])), [Resolved]);
    assert!(book.open.is_empty());
}

#[test]
fn what_may_pass_is_counted_by_looks_that_asked() {
    let mut book = AlertBook::default();
    let one = asks("one", Probed::Answered);
    assert_eq!(one.looks(&mut book, 0, &[otherwise("503")]), []);
    assert_eq!(one.looks(&mut book, 5, &[]), [], "it has passed");
    assert!(book.strikes.is_empty());
    for minutes in [10, 15] {
        assert_eq!(one.looks(&mut book, minutes, &[otherwise("503")]), []);
        assert_eq!(Looker::new("one").looks(&mut book, minutes + 1, &[]), []);
    }
    assert_eq!(
        kinds(one.looks(&mut book, 20, &[otherwise("503")])),
        [Opened]
    );
    assert_eq!(kinds(one.looks(&mut book, 80, &[refused()])), [Changed]);
}

#[test]
fn probes_that_are_not_sent_any_more_say_nothing() {
    let mut book = AlertBook::default();
    let one = asks("one", Probed::Answered);
    one.looks(&mut book, 0, &[refused()]);
    let none = asks("one", |_| Probed::NoMore);
    assert_eq!(kinds(none.looks(&mut book, 1, &[])), [Resolved]);
    let last = &book.events.last().unwrap().alert;
    assert!(last.what.ends_with("its probes are not sent any more"));
    assert!(book.probed.is_empty());
    // nor does a target that is gone
    one.looks(&mut book, 2, &[]);
    let mut gone = Looker::new("one");
    gone.coverage.declared = Some([target("web")].into());
    gone.looks(&mut book, 3, &[]);
    assert!(book.probed.is_empty());
}

#[test]
fn a_target_that_cannot_be_read_is_not_asked_and_not_well() {
    let mut book = AlertBook::default();
    let one = asks("one", Probed::Answered);
    one.looks(&mut book, 0, &[refused()]);
    let (blind, unknown) = Looker::new("one").blind();
    let mut told = vec![];
    for minutes in 1..=4 {
        told.extend(kinds(blind.looks(&mut book, minutes, &unknown)));
    }
    assert_eq!(told, [Opened, CouldNotCheck]);
    assert!(book.open[&refused().key].unchecked.is_some());
    // read again, and not asked yet: still nobody knows
    assert_eq!(
        kinds(Looker::new("one").looks(&mut book, 5, &[])),
        [Resolved]
    );
    assert!(book.open[&refused().key].unchecked.is_some());
    assert_eq!(one.looks(&mut book, 6, &[refused()]), []);
    assert!(book.open[&refused().key].unchecked.is_none());
}
