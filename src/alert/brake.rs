//! The brake on healing: what is healed again and again is somebody else's to settle. Pure.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use crate::model::{AlertBook, TargetName, VarName};

/// So many heals of one variable within [`WINDOW`] stop healing it.
pub const HEALS: usize = 3;
/// The window, and how long a variable must then go without a heal.
pub const WINDOW: SignedDuration = SignedDuration::from_hours(24);

/// Notes that these were just healed.
#[must_use]
pub fn note_heals(book: &AlertBook, healed: &[(TargetName, VarName)], at: Timestamp) -> AlertBook {
    let mut next = book.clone();
    for one in healed {
        let times = next.heals.entry(one.clone()).or_default();
        // in the order of events, also where the clock went back
        let at = times.last().map_or(at, |last| at.max(*last));
        times.retain(|time| at.duration_since(*time) <= WINDOW);
        times.push(at);
    }
    next.heals
        .retain(|_, times| (times.last()).is_some_and(|last| at.duration_since(*last) <= WINDOW));
    next.hold_to_limits();
    next
}

/// What is not healed any more: what was healed [`HEALS`] times within [`WINDOW`], until it has gone as
/// long without a heal, and what somebody stopped. A clock that goes back releases nothing.
pub fn braked(book: &AlertBook, at: Timestamp) -> BTreeSet<(TargetName, VarName)> {
    let often = book.heals.iter().filter(|(_, times)| is_braked(times, at));
    let often = often.map(|(one, _)| one.clone());
    often.chain(book.braked.iter().cloned()).collect()
}

fn is_braked(times: &[Timestamp], at: Timestamp) -> bool {
    let quiet = times
        .last()
        .is_none_or(|last| at.duration_since(*last) > WINDOW);
    let mut runs = times.windows(HEALS);
    !quiet && runs.any(|run| run[HEALS - 1].duration_since(run[0]) <= WINDOW)
}

/// Lets healing go on with this one; `None` where nothing holds it.
#[must_use]
pub fn release(book: &AlertBook, one: &(TargetName, VarName)) -> Option<AlertBook> {
    let mut next = book.clone();
    let healed = next.heals.remove(one).is_some();
    let stopped = next.braked.remove(one);
    (healed || stopped).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one() -> (TargetName, VarName) {
        ("api".parse().unwrap(), "A".parse().unwrap())
    }

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }

    fn healed(hours: &[i64]) -> AlertBook {
        let heal = |book: AlertBook, hour: &i64| note_heals(&book, &[one()], at(*hour));
        hours.iter().fold(AlertBook::default(), heal)
    }

    #[test]
    fn the_third_heal_of_a_day_stops_it_until_a_day_went_without() {
        assert!(braked(&healed(&[0, 1]), at(1)).is_empty());
        let book = healed(&[0, 1, 20]);
        assert_eq!(braked(&book, at(20)), BTreeSet::from([one()]));
        // the first one is more than a day ago, the last one is not
        assert_eq!(braked(&book, at(43)), BTreeSet::from([one()]));
        assert!(braked(&book, at(45)).is_empty());
        let again = note_heals(&book, &[one()], at(45));
        assert!(braked(&again, at(45)).is_empty());
    }

    #[test]
    fn heals_far_apart_stop_nothing() {
        assert!(braked(&healed(&[0, 13, 26, 39, 52]), at(52)).is_empty());
    }

    #[test]
    fn a_clock_that_goes_back_releases_nothing_and_one_that_jumps_on_only_by_a_day() {
        let book = healed(&[100, 101, 0]);
        assert_eq!(braked(&book, at(0)), BTreeSet::from([one()]));
        assert_eq!(braked(&book, at(-500)), BTreeSet::from([one()]));
        assert!(braked(&book, at(500)).is_empty());
    }

    #[test]
    fn a_person_releases_it_and_others_stay() {
        let other = ("web".parse().unwrap(), "A".parse().unwrap());
        let mut book = healed(&[0, 1, 2]);
        book.braked.insert(other);
        assert_eq!(braked(&book, at(2)).len(), 2);
        let book = release(&book, &one()).unwrap();
        assert_eq!(braked(&book, at(2)).len(), 1);
        assert_eq!(release(&book, &one()), None);
    }

    #[test]
    fn no_book_grows_with_its_heals() {
        let book = healed(&(0..5000).collect::<Vec<_>>());
        assert!(book.heals[&one()].len() <= AlertBook::MAX_HEALS);
        let elsewhere = ("web".parse().unwrap(), "B".parse().unwrap());
        let book = note_heals(&book, &[elsewhere], at(6000));
        assert_eq!(book.heals.len(), 1);
    }
}
