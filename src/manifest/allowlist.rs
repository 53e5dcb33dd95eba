//! `authority.yaml`: what a machine lets manifests do where nobody is asked. Whoever may edit a
//! manifest may not edit it, so it lies outside of their repositories.

use std::collections::BTreeSet;

use super::decode::decode_allowlist;
use super::place_root::{Root, Spot};
use super::problem::Problems;
use super::spec::{Ask, Manifest, ProbeSpec, TargetSpec};
use super::template::Part;
use super::yaml;
use crate::model::{
    Activation, Address, Diagnostic, Machine, ManifestName, ProbeFrom, Process, RailwayAddress,
};

/// What nobody has to be asked for. Every text is compared as it is: nothing is a pattern.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Allowlist {
    pub(super) entries: Vec<Entry>,
}

/// One entry. What it allows belongs together: these paths on these machines, these commands there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Entry {
    /// The manifest that it is for; `None` for any.
    pub(super) manifest: Option<ManifestName>,
    /// Hosts over SSH, as a plan prints them: `deploy@vps.example.com`, `vps:2222 (as root)`.
    pub(super) hosts: BTreeSet<String>,
    /// Machines by name. Files beside a manifest are on the machine that reads it.
    pub(super) machines: BTreeSet<String>,
    pub(super) paths: Vec<Root>,
    /// Project and environment.
    pub(super) railway: BTreeSet<(String, String)>,
    /// Scheme, host and port.
    pub(super) probes: BTreeSet<String>,
    /// Whole command lines.
    pub(super) commands: BTreeSet<String>,
    /// Units of systemd, labels of launchd, compose files, containers.
    pub(super) units: BTreeSet<String>,
    pub(super) recipients: BTreeSet<String>,
}

/// Where a manifest is read.
#[derive(Debug, Clone, Copy)]
pub struct Here<'a> {
    /// The machine's name.
    pub machine: &'a str,
    /// The user's home, for `~/`.
    pub home: Option<&'a str>,
    /// The manifest's folder, absolute and without links.
    pub folder: &'a str,
}

/// Reads an `authority.yaml`. On failure all problems, sorted by position.
pub fn parse_allowlist(text: &str) -> Result<Allowlist, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let list = yaml::parse_tree_of(text, "authority.yaml", &mut problems)
        .and_then(|root| decode_allowlist(&root, &mut problems));
    match list {
        Some(list) if !problems.failed() => Ok(list),
        _ => Err(problems.finish()),
    }
}

impl Allowlist {
    /// Whether values may go to where this target lies.
    pub fn covers_place(&self, manifest: &Manifest, target: &TargetSpec, here: Here<'_>) -> bool {
        self.any(manifest, |entry| entry.has_place(&target.address, here))
    }

    /// Whether what is run and looked at for this target may be.
    pub fn covers_programs(
        &self,
        manifest: &Manifest,
        target: &TargetSpec,
        here: Here<'_>,
    ) -> bool {
        self.any(manifest, |entry| entry.has_programs(target, here))
    }

    /// Whether every probe of this target may be sent.
    pub fn covers_probes(&self, manifest: &Manifest, target: &TargetSpec, here: Here<'_>) -> bool {
        target
            .probes
            .iter()
            .all(|probe| self.any(manifest, |entry| entry.has_probe(target, probe, here)))
    }

    /// Whether this key may be among the readers.
    pub fn covers_recipient(&self, manifest: &Manifest, key: &str) -> bool {
        self.any(manifest, |entry| entry.recipients.contains(key))
    }

    /// Whether this command may make new values here.
    pub fn covers_recipe(&self, manifest: &Manifest, line: &str, here: Here<'_>) -> bool {
        self.any(manifest, |entry| {
            entry.machines.contains(here.machine) && entry.commands.contains(line)
        })
    }

    fn any(&self, manifest: &Manifest, covers: impl Fn(&Entry) -> bool) -> bool {
        let mut entries = self.entries.iter();
        entries.any(|entry| {
            let meant = entry.manifest.as_ref();
            meant.is_none_or(|name| *name == manifest.name) && covers(entry)
        })
    }
}

impl Entry {
    fn has_machine(&self, address: &Address, here: Here<'_>) -> bool {
        match machine(address) {
            Some(Machine::Host(host)) => self.hosts.contains(&host.to_string()),
            Some(Machine::Named(name)) => self.machines.contains(name),
            Some(Machine::Any) => self.machines.contains(here.machine),
            None => match address {
                Address::Railway(RailwayAddress {
                    project,
                    environment,
                    ..
                }) => self
                    .railway
                    .contains(&(project.clone(), environment.clone())),
                _ => false,
            },
        }
    }

    fn has_place(&self, address: &Address, here: Here<'_>) -> bool {
        let below = |path: &str| self.has_path(address, path, here);
        self.has_machine(address, here)
            && match address {
                Address::File(file) => below(&file.path),
                Address::Openclaw(openclaw) => {
                    below(&openclaw.state()) && openclaw.config.as_deref().is_none_or(below)
                }
                Address::Railway(_) => true,
                Address::Memory(_) => false,
            }
    }

    fn has_path(&self, address: &Address, path: &str, here: Here<'_>) -> bool {
        let far = matches!(machine(address), Some(Machine::Host(_)));
        // the far side has its own home
        let home = here.home.filter(|_| !far);
        let Some(spot) = Spot::of(path, (!far).then_some(here.folder), home) else {
            return false;
        };
        self.paths.iter().any(|root| root.holds(&spot, home))
    }

    fn has_programs(&self, target: &TargetSpec, here: Here<'_>) -> bool {
        let address = &target.address;
        let run = match &target.activation {
            None => true,
            Some(Activation::Command(line)) => self.commands.contains(line),
            Some(Activation::Systemd(unit)) => self.units.contains(&unit.unit),
            // what a job is loaded from says what is run
            Some(Activation::Launchd(job)) => {
                self.units.contains(&job.label)
                    && match &job.plist {
                        Some(plist) => self.has_path(address, plist, here),
                        None => self.has_place(address, here),
                    }
            }
            Some(Activation::Compose(project)) => self.units.contains(&project.file),
            Some(Activation::Openclaw(_)) => self.has_place(address, here),
        };
        let implied = target.activation.as_ref().and_then(Activation::process);
        let looked_at = match address {
            Address::Openclaw(openclaw) => &openclaw.service,
            _ => &target.process,
        };
        let look = *looked_at == implied
            || looked_at.as_ref().is_none_or(|process| match process {
                Process::Systemd(unit) => self.units.contains(&unit.unit),
                Process::Launchd(job) => self.units.contains(&job.label),
                Process::Compose(project) => self.units.contains(&project.file),
                Process::Container(name) => self.units.contains(name),
            });
        self.has_machine(address, here) && run && look
    }

    fn has_probe(&self, target: &TargetSpec, probe: &ProbeSpec, here: Here<'_>) -> bool {
        let there = probe.from == ProbeFrom::Target;
        if there && !self.has_machine(&target.address, here) {
            return false;
        }
        match (&probe.ask, &target.address) {
            (Ask::Command(line), _) => self.commands.contains(line),
            (Ask::Http(ask), _) => match ask.url.parts().first() {
                Some(Part::Text(text)) => self.has_origin(text),
                _ => false,
            },
            (Ask::Openclaw(_), Address::Openclaw(openclaw)) => match &openclaw.url {
                Some(url) => self.has_origin(url),
                None => self.has_place(&target.address, here),
            },
            (Ask::Openclaw(_), _) => false,
        }
    }

    fn has_origin(&self, url: &str) -> bool {
        origin(url).is_some_and(|origin| self.probes.contains(origin))
    }
}

fn machine(address: &Address) -> Option<&Machine> {
    match address {
        Address::File(file) => Some(&file.machine),
        Address::Openclaw(openclaw) => Some(&openclaw.machine),
        Address::Railway(_) | Address::Memory(_) => None,
    }
}

/// Scheme, host and port of an address, as it spells them.
pub(super) fn origin(url: &str) -> Option<&str> {
    let host = url.find("://")? + "://".len();
    let end = url[host..].find(['/', '?', '#', '\\']);
    let origin = &url[..end.map_or(url.len(), |end| host + end)];
    (origin.len() > host && !origin.contains('@')).then_some(origin)
}
