//! A scheduled run's eyes: looks at every target of a world's clear manifest, and keeps what it saw in
//! the world's journal.

use std::collections::BTreeMap;
use std::sync::Arc;

use driftlock::crypto::{IdentityRequest, Keyring, NoPrompt};
use driftlock::journal::{Authenticator, Journal, Scope as JournalScope, SqliteJournal};
use driftlock::machine::LocalHost;
use driftlock::model::{Alert, AlertBook, AlertClass, AlertKey, Fingerprinter};
use driftlock::reconcile::connect::Connections;
use driftlock::reconcile::desired::Values;
use driftlock::reconcile::load::{self, Opener, Opening};
use driftlock::reconcile::machines::{Machines, SshOptions};
use driftlock::reconcile::observe::{Keeping, Keeps, observe};
use driftlock::reconcile::pass::{Memory, Pass, Scope, journal_scope};
use driftlock::reconcile::remember::recall;
use driftlock::reconcile::targets::{Surroundings, locate};
use jiff::{SignedDuration, Timestamp};

use super::shop::MANIFEST;
use super::world::World;

fn scope(world: &World) -> JournalScope {
    let folder = std::fs::canonicalize(world.path("manifests")).unwrap();
    let path = folder.join(MANIFEST.rsplit('/').next().unwrap());
    let manifest = load::load(&world.manifest()).unwrap().manifest;
    JournalScope(journal_scope(manifest.name.as_str(), &path))
}

/// Puts alerts into the world's journal: of each target's name, whether it is urgent, and whether it is
/// muted.
pub fn alerts(world: &World, open: &[(&str, bool, bool)]) {
    let (scope, mut journal) = (scope(world), SqliteJournal::new(world.journal()));
    let with = Fingerprinter::new(journal.local_key(&scope).unwrap(), vec![]);
    let alert = |target: &str, urgent, muted| Alert {
        key: AlertKey {
            manifest: "dev".parse().unwrap(),
            target: Some(target.parse().unwrap()),
            variable: None,
            class: AlertClass::Drift,
            observer: None,
        },
        id: "0123456789ab".to_owned(),
        pin: "x".to_owned(),
        what: "changed outside".to_owned(),
        next: vec![],
        owner: None,
        who: None,
        urgent,
        opened_at: Timestamp::UNIX_EPOCH,
        told_at: Timestamp::UNIX_EPOCH,
        unchecked: None,
        muted,
    };
    let open = open
        .iter()
        .map(|(target, urgent, muted)| alert(target, *urgent, *muted));
    let open: BTreeMap<_, _> = open.map(|alert| (alert.key.clone(), alert)).collect();
    let mut change = |book: &AlertBook| {
        Some(AlertBook {
            open: open.clone(),
            ..book.clone()
        })
    };
    journal
        .change_alerts(&scope, &Authenticator::new(&with), &mut change)
        .unwrap();
}

/// Looks as `machine` does, at this time; says whether anything was kept.
pub fn look(world: &World, machine: &str, now: Timestamp, refresh: SignedDuration) -> bool {
    let loaded = load::load(&world.manifest()).unwrap();
    let folder = std::fs::canonicalize(world.path("manifests")).unwrap();
    let surroundings = Surroundings {
        machine: machine.to_owned(),
        home: Some(world.home("")),
    };
    let manifest = &loaded.manifest;
    let targets = manifest.targets.iter();
    let located: Vec<_> = targets
        .map(|target| locate(target, &folder, &surroundings))
        .collect();
    let scope = scope(world);
    let mut journal = SqliteJournal::new(world.journal());
    let with = Fingerprinter::new(journal.local_key(&scope).unwrap(), vec![]);
    let memory: Memory = recall(&journal, &scope, &located, &Authenticator::new(&with)).unwrap();
    let opening = Opening::Clear;
    let mut keyring = Keyring::new(&IdentityRequest::default(), Arc::new(NoPrompt));
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let values = Values::of_targets(manifest, &mut opener, &manifest.targets);
    let host = Arc::new(LocalHost::with_environment(vec![]));
    let connections = Connections::new(Machines::new(host, SshOptions::default()));
    let asked = Scope::default();
    let pass = Pass {
        loaded: &loaded,
        opening: &opening,
        values: &values,
        located: &located,
        connections: &connections,
        fingerprinter: Some(&with),
        scope: &asked,
        machine: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let live = runtime.block_on(pass.read(&memory, &mut |_| {}));
    let keeping = Keeping {
        keeps: Keeps::Every { machine, refresh },
        with: &with,
        scope: &scope,
        now,
    };
    observe(&pass, &memory, &live, &keeping, &mut journal).unwrap()
}
