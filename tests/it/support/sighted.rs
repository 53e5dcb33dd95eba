//! A scheduled run's eyes: looks at every target of a world's clear manifest, and keeps what it saw in
//! the world's journal.

use std::sync::Arc;

use driftlock::crypto::{IdentityRequest, Keyring, NoPrompt};
use driftlock::journal::{Authenticator, Journal, Scope as JournalScope, SqliteJournal};
use driftlock::machine::LocalHost;
use driftlock::model::Fingerprinter;
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
    let path = folder.join(MANIFEST.rsplit('/').next().unwrap());
    let scope = JournalScope(journal_scope(manifest.name.as_str(), &path));
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
