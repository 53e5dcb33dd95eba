//! Machines whose clocks differ by an hour.

use std::sync::Arc;
use std::time::Duration;

use driftlock::git::Program;
use driftlock::journal::{
    GitJournal, GitSettings, Holder, Journal, LeaseError, LeaseRequest, Place, Scope, Standing,
};
use jiff::{SignedDuration, Timestamp};

use super::lab::Team;
use crate::support::world::World;

/// The journal as a machine sees it whose clock is off by so much.
fn journal(world: &World, off: SignedDuration, lease: u64) -> GitJournal {
    let program = Program::new(std::env::vars_os());
    let standing = Standing::find(&program, &world.path(""), &Place::default()).unwrap();
    let settings = GitSettings {
        standing,
        folder: Some(world.path("../state")),
        clock: Arc::new(move || now().checked_add(off).unwrap()),
        lease: Duration::from_secs(lease),
    };
    GitJournal::new(settings).unwrap()
}

#[expect(clippy::disallowed_methods, reason = "the clock that is off")]
fn now() -> Timestamp {
    Timestamp::now()
}

fn request(who: &str) -> LeaseRequest {
    LeaseRequest {
        holder: Holder {
            pid: 1,
            who: who.to_owned(),
            run: None,
            since: now(),
        },
        breaks: None,
    }
}

fn scope(world: &World) -> Scope {
    let folder = world.path("manifests").canonicalize().unwrap();
    Scope(format!("dev@{}", folder.join("dev.yaml").display()))
}

#[test]
fn an_hour_apart_nobody_is_taken_for_dead() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let hour = SignedDuration::from_hours(1);
    for (first, second) in [(hour, -hour), (-hour, hour), (SignedDuration::ZERO, hour)] {
        let (one, two) = (team.clone(), team.clone());
        let held = journal(&one, first, 10)
            .lease(&[&scope(&one)], &request("one"))
            .unwrap();
        let refused = journal(&two, second, 10).lease(&[&scope(&two)], &request("two"));
        let Err(LeaseError::Held { by, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert!(by.contains("process 1 of one since"), "{by}");
        drop(held);
        drop(
            journal(&two, second, 10)
                .lease(&[&scope(&two)], &request("two"))
                .unwrap(),
        );
    }
}

#[test]
fn receipts_keep_their_order_whatever_the_clocks_say() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (ahead, behind) = (team.clone(), team.clone());
    let record = |world: &World, hours| {
        let mut journal = journal(world, SignedDuration::from_hours(hours), 60);
        let at = now()
            .checked_add(SignedDuration::from_hours(hours))
            .unwrap();
        let mut receipt = crate::journal::receipt("app", "plan".to_owned());
        receipt.at = at;
        journal
            .record(&scope(world), &[receipt], &crate::journal::auth())
            .unwrap()
    };
    assert!(record(&ahead, 1).notes.is_empty());
    let kept = record(&behind, 0);
    assert!(
        kept.notes[0].contains("the clock of this machine is behind"),
        "{kept:?}"
    );
    let history = journal(&ahead, SignedDuration::ZERO, 60)
        .history(
            &scope(&ahead),
            &driftlock::journal::HistoryFilter::default(),
            &crate::journal::auth(),
        )
        .unwrap();
    assert_eq!(history.len(), 2);
    assert!(history[0].at >= history[1].at);
}

#[test]
fn a_living_holder_outlives_its_term() {
    let Some(team) = Team::new(&[("A", "one")]) else {
        return;
    };
    let (one, two) = (team.clone(), team.clone());
    let held = journal(&one, SignedDuration::ZERO, 1).lease(&[&scope(&one)], &request("one"));
    let mut other = journal(&two, SignedDuration::ZERO, 1);
    let begun = std::time::Instant::now();
    let mut looks = 0;
    while begun.elapsed() < Duration::from_secs(4) {
        let refused = other.lease(&[&scope(&two)], &request("two"));
        assert!(
            matches!(refused, Err(LeaseError::Held { .. })),
            "{refused:?}"
        );
        looks += 1;
    }
    assert!(looks > 3);
    drop(held.unwrap());
    drop(other.lease(&[&scope(&two)], &request("two")).unwrap());
}
