//! Alerts in the journal of a world, as scheduled runs leave them there.

use std::collections::BTreeSet;

use driftlock::alert::rules::{Began, Coverage, Look, Patience, Round, advance};
use driftlock::journal::{Authenticator, Journal, Scope, SqliteJournal};
use driftlock::model::{AlertBook, AlertClass, AlertKey, Fingerprinter, Sighting};
use driftlock::reconcile::pass::journal_scope;

use super::world::World;

/// Something that is wrong on `app`; without a variable it is about all of it.
pub fn sighting(class: AlertClass, variable: Option<&str>, what: &str) -> Sighting {
    Sighting {
        key: AlertKey {
            manifest: "dev".parse().unwrap(),
            target: Some("app".parse().unwrap()),
            variable: variable.map(|name| name.parse().unwrap()),
            class,
            observer: None,
        },
        pin: what.to_owned(),
        what: what.to_owned(),
        next: vec!["driftlock plan --target app".to_owned()],
        owner: None,
        who: None,
        urgent: true,
    }
}

pub fn scope(world: &World) -> Scope {
    let path = world.path("manifests/dev.yaml");
    Scope(journal_scope("dev", &path))
}

/// What proves the records of a manifest without recipients.
pub fn auth(journal: &SqliteJournal, scope: &Scope) -> Authenticator {
    let key = journal.existing_local_key(scope).unwrap().unwrap();
    Authenticator::new(&Fingerprinter::new(key, vec![]))
}

/// One pass over `app` that sees this, in the journal of this machine, with the key that it has there.
/// Gives the book afterwards.
pub fn pass(world: &World, at: jiff::Timestamp, sightings: &[Sighting]) -> AlertBook {
    let mut journal = SqliteJournal::new(world.journal());
    let scope = scope(world);
    let auth = auth(&journal, &scope);
    pass_with(&mut journal, &scope, &auth, at, sightings)
}

/// The same in any journal.
pub fn pass_with(
    journal: &mut dyn Journal,
    scope: &Scope,
    auth: &Authenticator,
    at: jiff::Timestamp,
    sightings: &[Sighting],
) -> AlertBook {
    let look = Look::Checked {
        unread: BTreeSet::new(),
        left_out: BTreeSet::new(),
    };
    let coverage = Coverage {
        targets: [("app".parse().unwrap(), look)].into(),
        acted: [("app".parse().unwrap())].into(),
        ..Coverage::default()
    };
    let mut change = |book: &AlertBook| {
        let round = Round {
            at,
            observer: "here",
            began: &Began::with(book),
            revision: "one",
            sightings,
            coverage: &coverage,
            patience: Patience::default(),
            sinks: &BTreeSet::new(),
        };
        advance(book, &round)
    };
    journal.change_alerts(scope, auth, &mut change).unwrap()
}

pub fn now() -> jiff::Timestamp {
    jiff::Timestamp::now()
}
