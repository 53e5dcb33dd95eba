//! From what a pass found to what people are told about. Pure; no values, and of live ones not even the
//! text of clear ones: somebody may have pasted a secret there.

mod acts;
mod probes;
mod words;

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use super::rules::{Coverage, Look};
use crate::model::{
    AlertClass, AlertKey, Behind, Expiring, Fingerprinter, ManifestName, SecretValue, Sighting,
    TargetName, VarName, to_hex,
};
use crate::plan::{ActionKind, Change, Class, Glimpse, Plan, TargetPlan, TargetState};
pub use acts::{Failure, of_brakes, of_failures, of_holds, of_trouble};
pub use probes::{Asked, of_probes};

/// What a plan alone does not say.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Names the reconciler, as in [`super::rules::Round::observer`].
    pub observer: &'a str,
    /// The manifest as an argument of a command line, quoted where it must be; empty where it need not
    /// be named.
    pub argument: &'a str,
    /// Makes fingerprints of clear values, which pin alerts without telling them; without one all of
    /// them look alike.
    pub fingerprinter: Option<&'a Fingerprinter>,
    /// Whom to ask about a declared variable.
    pub owners: &'a BTreeMap<VarName, String>,
    /// Whether the dates of all variables were looked at, which takes an identity where values are
    /// encrypted.
    pub dated: bool,
}

impl About<'_> {
    fn command(&self, verb: &str, flags: &str) -> String {
        let parts = ["driftlock", verb, self.argument, flags];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }

    /// Of commands that name the manifest with a flag, for example those of a variable.
    fn edit(&self, verb: &str, name: &str) -> String {
        match self.argument {
            "" => format!("driftlock {verb} {name}"),
            argument => format!("driftlock {verb} {name} -f {argument}"),
        }
    }

    fn doctor(&self, target: &TargetName) -> String {
        self.edit("doctor", &format!("--target {target}"))
    }

    fn owner(&self, change: &Change) -> Option<String> {
        let declared = change.declared.as_ref().unwrap_or(&change.name);
        self.owners.get(declared).cloned()
    }
}

/// What is wrong by this plan, and what it covers. Nothing is said of targets of other machines, of what
/// a limited run was not asked for, and of variables that were never ours.
pub fn of_plan(plan: &Plan, about: &About<'_>) -> (Vec<Sighting>, Coverage) {
    let mut coverage = Coverage {
        declared: Some(plan.targets.iter().map(|one| one.target.clone()).collect()),
        ..Coverage::default()
    };
    let mut sightings = vec![];
    for target in &plan.targets {
        let on = On {
            manifest: &plan.manifest,
            target,
            about,
        };
        if let Some(look) = on.look() {
            coverage.targets.insert(target.target.clone(), look);
            on.see(&mut sightings);
        }
    }
    if about.dated {
        coverage.classes.insert(AlertClass::Expiry);
        let dates = plan.expiry.iter();
        sightings.extend(dates.map(|one| expiring(&plan.manifest, one, about)));
    }
    (sightings, coverage)
}

/// One target of a plan.
struct On<'a> {
    manifest: &'a ManifestName,
    target: &'a TargetPlan,
    about: &'a About<'a>,
}

impl On<'_> {
    /// `None` where another machine looks.
    fn look(&self) -> Option<Look> {
        match &self.target.state {
            TargetState::Elsewhere { .. } => None,
            TargetState::Unknown { reason, .. } => Some(Look::Unchecked(reason.clone())),
            TargetState::Read | TargetState::Partial { .. } => {
                let names = |which: fn(&Change) -> bool| {
                    let found = self.target.changes.iter().filter(|change| which(change));
                    found.map(|change| change.name.clone()).collect()
                };
                Some(Look::Checked {
                    unread: names(|change| change.class == Class::Unknown && !change.is_left_out()),
                    left_out: names(Change::is_left_out),
                })
            }
        }
    }

    fn see(&self, sightings: &mut Vec<Sighting>) {
        sightings.extend(self.unknown());
        if matches!(self.target.state, TargetState::Unknown { .. }) {
            return;
        }
        let asked = self
            .target
            .changes
            .iter()
            .filter(|change| !change.is_left_out());
        sightings.extend(asked.filter_map(|change| self.change(change)));
        sightings.extend(
            self.target
                .behind
                .as_ref()
                .map(|behind| self.behind(behind)),
        );
    }

    fn key(&self, class: AlertClass, variable: Option<&VarName>) -> AlertKey {
        AlertKey {
            manifest: self.manifest.clone(),
            target: Some(self.target.target.clone()),
            variable: variable.cloned(),
            class,
            observer: (class.is_of_observer()).then(|| self.about.observer.to_owned()),
        }
    }

    fn plan(&self) -> String {
        let flags = format!("--target {}", self.target.target);
        self.about.command("plan", &flags)
    }

    fn doctor(&self) -> String {
        self.about.doctor(&self.target.target)
    }

    fn change(&self, change: &Change) -> Option<Sighting> {
        let (name, target) = (&change.name, &self.target.target);
        let writes = !matches!(change.action, ActionKind::None | ActionKind::Record);
        let class = match change.class {
            Class::Drift => AlertClass::Drift,
            Class::Conflict => AlertClass::Conflict,
            Class::Change if writes => AlertClass::Pending,
            Class::Change | Class::InSync | Class::Unmanaged | Class::Unknown => return None,
        };
        let of = format!("--target {target} --only {name}");
        let next = match class {
            AlertClass::Conflict => {
                let one = format!("{name}@{target}");
                vec![
                    self.plan(),
                    self.about.command("apply", &format!("--overwrite {one}")),
                    self.about.command("apply", &format!("--adopt {one}")),
                ]
            }
            AlertClass::Pending => vec![
                self.plan(),
                self.about.command("apply", &format!("--target {target}")),
            ],
            _ => vec![self.plan(), self.about.command("apply", &of)],
        };
        let live = self.pin(change, &change.before);
        let desired = self.pin(change, &change.after);
        Some(Sighting {
            key: self.key(class, Some(name)),
            // what apply would write, or what somebody left there
            pin: match class {
                AlertClass::Pending => desired,
                AlertClass::Conflict => format!("{live} {desired}"),
                _ => live,
            },
            what: words::change(change),
            next,
            owner: self.about.owner(change),
            who: None,
            urgent: class != AlertClass::Pending,
        })
    }

    /// Equal as long as nothing changed.
    fn pin(&self, change: &Change, glimpse: &Glimpse) -> String {
        match glimpse {
            Glimpse::Absent => "absent".to_owned(),
            Glimpse::Fingerprint(print) => String::from(*print),
            Glimpse::Text(text) => match self.about.fingerprinter {
                Some(key) => {
                    let value = SecretValue::new(text.as_str());
                    let print = key.fingerprint(&self.target.target, &change.name, &value);
                    String::from(print)
                }
                None => "text".to_owned(),
            },
            Glimpse::Sealed => match change.live_changed_at {
                Some(at) => format!("sealed {at}"),
                None => "sealed".to_owned(),
            },
            Glimpse::Unknown => "unknown".to_owned(),
        }
    }

    fn behind(&self, behind: &Behind) -> Sighting {
        let target = &self.target.target;
        let names: Vec<&str> = behind.names.iter().map(VarName::as_str).collect();
        let since = behind.since.map_or_else(String::new, |at| format!(" {at}"));
        let mut next = vec![self.plan()];
        if behind.restart_helps && self.target.activation.is_some() {
            next.push(self.about.command("apply", &format!("--target {target}")));
        }
        let owners = behind.names.iter().map(|name| {
            let change = self.target.changes.iter().find(|one| one.name == *name);
            change.and_then(|change| self.about.owner(change))
        });
        Sighting {
            key: self.key(AlertClass::NotRunning, None),
            pin: digest(&format!("{}{since}", names.join(" "))),
            what: words::not_running(behind),
            next,
            owner: same(owners),
            who: None,
            urgent: false,
        }
    }

    /// One for the target, whatever of it could not be read or decrypted: there is one cause.
    fn unknown(&self) -> Option<Sighting> {
        let asked = |change: &&Change| change.class == Class::Unknown && !change.is_left_out();
        let changes: Vec<&Change> = self.target.changes.iter().filter(asked).collect();
        let what = match &self.target.state {
            TargetState::Unknown { reason, help } => {
                let help = help
                    .as_ref()
                    .map_or_else(String::new, |help| format!("; {help}"));
                format!("cannot be read: {reason}{help}")
            }
            TargetState::Partial { reason } => format!("was read in part: {reason}"),
            TargetState::Read if changes.is_empty() => return None,
            TargetState::Read | TargetState::Elsewhere { .. } => words::unknown(&changes),
        };
        let names: Vec<&str> = match self.target.state {
            TargetState::Unknown { .. } => vec![],
            _ => changes.iter().map(|change| change.name.as_str()).collect(),
        };
        Some(Sighting {
            key: self.key(AlertClass::Unknown, None),
            pin: match names.is_empty() {
                true => "unknown".to_owned(),
                false => format!("unknown {}", digest(&names.join(" "))),
            },
            what,
            next: vec![self.plan(), self.doctor()],
            owner: None,
            who: None,
            urgent: false,
        })
    }
}

fn expiring(manifest: &ManifestName, one: &Expiring, about: &About<'_>) -> Sighting {
    let name = &one.name;
    let mut what = format!("{name} {}", one.what());
    if let Some(first) = one.before_next() {
        what = format!("{what}; {first}");
    }
    Sighting {
        key: AlertKey {
            manifest: manifest.clone(),
            target: None,
            variable: Some(name.clone()),
            class: AlertClass::Expiry,
            observer: None,
        },
        pin: format!("{} {}", one.code(), one.at()),
        what,
        next: vec![about.edit(one.verb(), name.as_str())],
        owner: one.owner.clone(),
        who: None,
        urgent: one.is_wrong(),
    }
}

/// The owner where there is one for all.
fn same(mut owners: impl Iterator<Item = Option<String>>) -> Option<String> {
    let first = owners.next()??;
    owners
        .all(|one| one.as_ref() == Some(&first))
        .then_some(first)
}

/// Of words that are none of anybody's secrets.
fn digest(text: &str) -> String {
    to_hex(&Sha256::digest(text)[..8])
}

#[cfg(test)]
mod tests;
