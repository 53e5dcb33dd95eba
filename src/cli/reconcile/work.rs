//! What the loop has done for it: looks, the files and the checkout followed, alerts taken to the sinks.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::time::Instant;

use super::desk::Desk;
use super::shelf::{Broken, Opens};
use super::{deliver, eyes, look, tell, trouble, whole};
use crate::cli::error::CommandError;
use crate::cli::records;
use crate::cli::session;
use crate::model::{Fingerprinter, ManifestName, PlatformKind};
use crate::platforms::LiveRead;
use crate::reconcile::connect::connection_of;
use crate::reconcile::event::{ManifestVitals, TargetVitals};
use crate::reconcile::schedule::{Ended, Entry, Job, Timetable, Told, Work};
use crate::reconcile::stop::Stop;
use crate::reconcile::targets::Visibility;

#[async_trait(?Send)]
impl Work for Desk<'_> {
    async fn carry_out(&self, job: &Job, stop: &Stop) -> Ended {
        let Some(watched) = self.shelf.borrow().find(job.manifest()) else {
            return Ended::default();
        };
        let begun = Instant::now();
        let mut ended = match job {
            Job::Look(_, targets) => look::look(self, &watched, targets, stop).await,
            Job::Whole(_, parts) => whole::whole(self, &watched, &parts.rests, stop).await,
        };
        ended.requests = self.requests();
        self.note_looks(job.manifest(), &ended, begun.elapsed());
        ended
    }

    async fn reload(&self) -> Option<Vec<Entry>> {
        self.follow().await;
        let changed = self.turn();
        trouble::own(self);
        changed.then(|| self.entries())
    }

    async fn deliver(&self) -> Option<Duration> {
        deliver::deliver(self).await
    }

    fn turned(&self, timetable: &Timetable) {
        self.beat(timetable);
        let mut vitals = self.vitals();
        vitals.beat_at = Some(self.context.now());
        for (platform, waited) in timetable.throttled() {
            vitals.throttled.insert(platform.to_string(), *waited);
        }
    }
}

impl Desk<'_> {
    /// Looks at the files again.
    fn turn(&self) -> bool {
        let mut keyring = session::quiet_keyring(self.global, self.context);
        let own_key = &mut |item: &session::Item| -> Result<Fingerprinter, String> {
            let journal = self.journal(&item.file.folder, true);
            let mut journal = journal.map_err(|error| error.message)?;
            let key = journal.local_key(&item.scope);
            let key = key.map_err(|error| records::explain(&error).message)?;
            Ok(Fingerprinter::new(key, vec![]))
        };
        let turned = self.shelf.borrow_mut().turn(
            &self.asked.folder,
            &self.asked.paths,
            &mut Opens {
                context: self.context,
                keyring: &mut keyring,
                own_key,
            },
        );
        if turned.changed {
            self.keyring.replace(keyring);
            for broken in self.shelf.borrow().broken() {
                let path = crate::render::escape::terminal(&broken.path.display().to_string());
                tracing::error!(manifest = %broken.name, %path, "{}", broken.why);
            }
            for gone in &turned.gone {
                tracing::info!(manifest = %gone.name(), "is not there any more");
                tell::farewell(self, gone);
                let name = gone.name();
                self.journals.borrow_mut().remove(name);
                let mut leaving = self.leaving.borrow_mut();
                leaving.insert(name.clone(), Rc::clone(gone));
            }
            self.note_manifests();
            self.protect();
        }
        turned.changed
    }

    /// Makes the values known to the net that everything passes which is printed or logged.
    fn protect(&self) {
        let now = self.context.now();
        let mut ui = self.ui.borrow_mut();
        for watched in self.shelf.borrow().watched() {
            let values = eyes::values(self, watched, now);
            ui.protect(values.secrets().cloned(), values.public());
        }
    }

    /// Follows the checkout, where it keeps one.
    async fn follow(&self) {
        let Some(checkout) = &self.checkout else {
            return;
        };
        let (checkout, now) = (Arc::clone(checkout), self.context.now());
        // git may take its time, and the loop turns on
        let updated = tokio::task::spawn_blocking(move || {
            let mut checkout = checkout.lock().unwrap_or_else(PoisonError::into_inner);
            let origin = checkout.origin().to_string();
            (origin, checkout.update(now))
        });
        let Ok((origin, updated)) = updated.await else {
            return;
        };
        let mut trouble = self.checkout_trouble.borrow_mut();
        match updated {
            Ok(update) => {
                *trouble = None;
                for path in &update.restored {
                    let path = crate::render::escape::terminal(&path.display().to_string());
                    tracing::warn!(%path, "was changed in the checkout by hand, and is as in its commit again");
                }
                if update.is_another() {
                    tracing::info!(commit = %update.to, "the checkout is another one");
                }
            }
            Err(error) => {
                let why = CommandError::of(&error).message;
                if trouble.as_ref().is_none_or(|known| known.why != why) {
                    tracing::error!("{why}");
                    *trouble = Some(Broken::of_checkout(&origin, why, &error, now));
                }
            }
        }
    }

    fn note_manifests(&self) {
        let shelf = self.shelf.borrow();
        let mut vitals = self.vitals();
        let mut former = std::mem::take(&mut vitals.manifests);
        for watched in shelf.watched() {
            let name = watched.name();
            let mut one: ManifestVitals = former.remove(name).unwrap_or_default();
            one.revision.clone_from(&watched.revision);
            one.broken_since = None;
            vitals.manifests.insert(name.clone(), one);
        }
        for broken in shelf.broken() {
            let one = vitals.manifests.entry(broken.name.clone()).or_default();
            one.broken_since = Some(broken.since);
        }
    }

    /// What there is to look at.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = vec![];
        for watched in self.shelf.borrow().watched() {
            let specs = &watched.item.loaded.manifest.targets;
            for (located, spec) in watched.item.located.iter().zip(specs) {
                if !self.is_asked(&spec.name) {
                    continue;
                }
                let connection = match &located.visibility {
                    Visibility::Here => connection_of(&located.target),
                    Visibility::Elsewhere(_) | Visibility::Unresolvable(_) => "none".to_owned(),
                };
                entries.push(Entry {
                    key: (watched.name().clone(), spec.name.clone()),
                    connection,
                    platform: located.target.address.platform(),
                    every: spec.reconciling.every.unwrap_or(self.asked.every),
                });
            }
        }
        let keys: BTreeSet<_> = entries.iter().map(|entry| entry.key.clone()).collect();
        let mut vitals = self.vitals();
        vitals.targets.retain(|key, _| keys.contains(key));
        for key in keys {
            vitals.targets.entry(key).or_default();
        }
        entries
    }

    /// Requests that were sent since this was asked last.
    fn requests(&self) -> BTreeMap<PlatformKind, u64> {
        let total = LiveRead::requests(&*self.railway);
        let new = total.saturating_sub(self.charged.replace(total));
        self.vitals().requests.insert("railway".to_owned(), total);
        BTreeMap::from([(PlatformKind::Railway, new)])
    }

    /// Tells the service manager that the loop turns, and whether it is up.
    fn beat(&self, timetable: &Timetable) {
        let seen = timetable.all_seen();
        let first = seen && !std::mem::replace(&mut self.vitals().first_round, seen);
        self.vitals().first_round |= seen;
        let mut notifier = self.notifier.borrow_mut();
        if first {
            let watched = timetable.len();
            let told = notifier.ready(&format!("watching {watched} targets"));
            unheard(told);
        }
        unheard(notifier.beat());
    }

    /// Tells the service manager that it is about to end.
    pub(super) fn stopping(&self) {
        self.vitals().stopping = true;
        unheard(self.notifier.borrow().stopping("stopping"));
    }

    fn note_looks(&self, manifest: &ManifestName, ended: &Ended, took: Duration) {
        let now = self.context.now();
        let mut vitals = self.vitals();
        for (target, told) in &ended.targets {
            let key = (manifest.clone(), target.clone());
            self.in_round(|round| round.took(manifest, target, took));
            let one: &mut TargetVitals = vitals.targets.entry(key).or_default();
            one.looks += 1;
            one.look_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
            match told {
                Told::Read => {
                    one.failing = 0;
                    one.read_at = Some(now);
                }
                Told::Failed(_) | Told::Blind => {
                    one.failures += 1;
                    one.failing = one.failing.saturating_add(1);
                }
            }
        }
    }
}

/// A service manager that does not listen is no reason to stop.
fn unheard(told: std::io::Result<()>) {
    if let Err(error) = told {
        tracing::debug!(%error, "the service manager was not told");
    }
}
