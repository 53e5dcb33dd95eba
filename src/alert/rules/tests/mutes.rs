//! Silence, with a reason and an end.

use jiff::SignedDuration;

use super::*;
use crate::alert::mute::{self, Saying, Subject};

fn say<'a>(until: i64) -> Saying<'a> {
    Saying {
        reason: "known",
        until: at(until),
        by: "ops@laptop",
        at: at(0),
    }
}

#[test]
fn a_mute_holds_for_what_it_is_now_until_it_ends() {
    let (ours, mut book) = (Looker::new("vps"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    let subject: Subject = "A@api".parse().unwrap();
    let mut muted = mute::mute(&book, &subject, say(3000)).unwrap();
    // not even a reminder
    assert_eq!(ours.looks(&mut muted, 2000, &[drift("x")]), []);
    let mut moved = muted.clone();
    assert_eq!(
        ours.looks(&mut moved, 2001, &[drift("y")]),
        told(Changed, "y")
    );
    assert!(moved.mutes.is_empty());
    let mut ended = muted.clone();
    assert_eq!(
        ours.looks(&mut ended, 3000, &[drift("x")]),
        told(Reminder, "x")
    );
    assert_eq!(ours.looks(&mut ended, 3001, &[drift("x")]), []);
    // a clock that goes back does not bring an ended mute back
    assert_eq!(ours.looks(&mut ended, 10, &[drift("x")]), []);
    assert_eq!(
        ours.looks(&mut ended, 11, &[drift("y")]),
        told(Changed, "y")
    );
    let mut over = muted.clone();
    assert_eq!(ours.looks(&mut over, 2001, &[]), []);
    assert!(over.open.is_empty());
    // the same again, while the mute holds: silent, and told when it ends
    assert_eq!(ours.looks(&mut over, 2002, &[drift("x")]), []);
    assert_eq!(
        ours.looks(&mut over, 3000, &[drift("x")]),
        told(Opened, "x")
    );
    let mut back = mute::unmute(&muted, &subject).unwrap().unwrap();
    assert_eq!(
        ours.looks(&mut back, 2001, &[drift("x")]),
        told(Reminder, "x")
    );
}

#[test]
fn a_mute_says_who_why_and_until_when_and_no_more_than_that() {
    let (ours, mut book) = (Looker::new("vps"), book());
    ours.looks(&mut book, 0, &[drift("x")]);
    let subject = |text: &str| text.parse::<Subject>();
    let id = the_only(&book).id.clone();
    for good in ["A@api", &id, &id[..4]] {
        let muted = mute::mute(&book, &subject(good).unwrap(), say(10)).unwrap();
        assert_eq!(muted.mutes.len(), 1, "{good}");
        let again = mute::mute(&muted, &subject(good).unwrap(), say(20)).unwrap();
        assert_eq!(again.mutes[0].until, at(20));
        assert_eq!(again.mutes.len(), 1);
    }
    for bad in ["", "A", "abc", "A@", "@api", "0123456789abc", "A B@api"] {
        assert!(subject(bad).is_err(), "{bad}");
    }
    let none = mute::mute(&book, &subject("B@api").unwrap(), say(10));
    assert_eq!(none, Err(mute::MuteError::NoAlert));
    for reason in ["", "  ", "two\nlines", &"x".repeat(201)] {
        let saying = Saying { reason, ..say(10) };
        let refused = mute::mute(&book, &subject("A@api").unwrap(), saying);
        assert_eq!(refused, Err(mute::MuteError::Reason), "{reason}");
    }
    assert_eq!(mute::unmute(&book, &subject("A@api").unwrap()), Ok(None));
    // what somebody wrote past us ends all the same
    let mut wild = mute::mute(&book, &subject("A@api").unwrap(), say(10)).unwrap();
    wild.mutes[0].until = at(1_000_000);
    assert!(wild.mutes[0].holds(at(90 * 24 * 60 - 1)));
    assert!(!wild.mutes[0].holds(at(90 * 24 * 60)));
}

#[test]
fn ends_as_people_write_them() {
    use mute::MuteError::{Past, TooLong, Until};
    let now: Timestamp = "2026-03-01T10:00:00Z".parse().unwrap();
    let until = |text: &str| mute::parse_until(text, now);
    let after = |hours| Ok(now + SignedDuration::from_hours(hours));
    assert_eq!(until("12h"), after(12));
    assert_eq!(until("3d"), after(72));
    assert_eq!(until("2w"), after(14 * 24));
    assert_eq!(until("90d"), after(90 * 24));
    assert_eq!(
        until("2026-03-01").unwrap().to_string(),
        "2026-03-02T00:00:00Z"
    );
    assert_eq!(
        until("2026-03-01T18:00Z").unwrap().to_string(),
        "2026-03-01T18:00:00Z"
    );
    for (text, why) in [
        ("91d", TooLong),
        ("99999d", TooLong),
        ("2027-01-01", TooLong),
        ("2026-02-28", Past),
        ("0d", Past),
        ("", Until),
        ("d", Until),
        ("-3d", Until),
        ("3", Until),
        ("99999999999d", Until),
        ("3ä", Until),
        ("2026-02-30", Until),
        ("tomorrow", Until),
    ] {
        assert_eq!(until(text), Err(why), "{text}");
    }
}
