//! What a revision may make us do, in words that are compared with those of the last applied one:
//! two different things never have one text.

use std::collections::BTreeSet;

use super::place;
use super::spec::{Ask, HttpAsk, Manifest, ProbeSpec, Source, TargetSpec, Variable};
use super::template::Template;
use crate::model::{
    Activation, Address, AuthorityFacts, ComposeProject, OpenclawSecret, ProbeFrom, Process,
    Reconciling, SecretValue, TargetFacts, VarName,
};

impl Manifest {
    /// What this manifest may make us do, for comparison with a later revision.
    pub fn authority_facts(&self) -> AuthorityFacts {
        let marked = |keep: &dyn Fn(&Variable) -> bool| -> BTreeSet<VarName> {
            self.variables
                .iter()
                .filter(|(_, variable)| keep(variable))
                .map(|(name, _)| name.clone())
                .collect()
        };
        AuthorityFacts {
            key_id: self.seal.as_ref().map(|seal| seal.key_id),
            recipients: self.recipients.iter().map(|(key, _)| key.clone()).collect(),
            protected: marked(&|variable| variable.metadata.protected)
                .union(&self.protected)
                .cloned()
                .collect(),
            clear: marked(&|variable| matches!(variable.source, Source::Clear(_))),
            recipes: self
                .variables
                .iter()
                .filter_map(|(name, variable)| {
                    let command = variable.metadata.generate.as_ref()?.command()?;
                    Some((name.clone(), command.line.clone()))
                })
                .collect(),
            targets: self
                .targets
                .iter()
                .map(|target| (target.name.clone(), self.target_facts(target)))
                .collect(),
        }
    }

    fn target_facts(&self, target: &TargetSpec) -> TargetFacts {
        TargetFacts {
            destination: place::destination(&target.address),
            format: target.address.format().map(str::to_owned),
            secrets: self.rotated(self.secret_sources(target)),
            references: self.platform_references(target),
            protected: target
                .uses
                .iter()
                .filter(|used| {
                    let declared = used.declared().and_then(|name| self.variables.get(name));
                    declared.is_some_and(|variable| variable.metadata.protected)
                })
                .map(|used| used.name.clone())
                .chain(target.protected.iter().cloned())
                .collect(),
            activation: target.activation.as_ref().map(activation),
            process: process(target),
            probes: (target.probes.iter())
                .map(|one| probe(target, one))
                .collect(),
            prune: target.prune,
            rails: target.rails,
            reconciling: Reconciling {
                every: None,
                ..target.reconciling.clone()
            },
        }
    }
}

impl Manifest {
    /// The former value of a secret is that secret, for who may have it.
    fn rotated(&self, names: BTreeSet<VarName>) -> BTreeSet<VarName> {
        let of = |name: VarName| {
            let variable = self.variables.get(&name);
            variable
                .and_then(|variable| variable.metadata.previous_of.clone())
                .unwrap_or(name)
        };
        names.into_iter().map(of).collect()
    }

    /// Where the platform puts in what other places hold. Secrets are left out of the texts.
    fn platform_references(&self, target: &TargetSpec) -> BTreeSet<String> {
        if !matches!(target.address, Address::Railway(_)) {
            return BTreeSet::new();
        }
        let nothing = SecretValue::new("");
        let mut found = BTreeSet::new();
        for used in &target.uses {
            if let Ok(text) = self.expand_use(&used.source, |_| Some(&nothing)) {
                found.extend(references(text.expose()));
            }
        }
        found
    }
}

fn references(text: &str) -> impl Iterator<Item = String> {
    text.match_indices("${{").map(|(begin, _)| {
        let rest = &text[begin..];
        let end = rest.find("}}").map_or(rest.len(), |end| end + "}}".len());
        rest[..end].to_owned()
    })
}

fn activation(activation: &Activation) -> String {
    match activation {
        Activation::Command(_) | Activation::Systemd(_) | Activation::Openclaw(_) => {
            activation.to_string()
        }
        Activation::Launchd(job) => match &job.plist {
            Some(plist) => format!("load {job} anew from {plist}"),
            None => format!("load {job} anew"),
        },
        Activation::Compose(project) => format!("bring {} up", compose(project)),
    }
}

/// Only where it says more than the activation does.
fn process(target: &TargetSpec) -> Option<String> {
    let implied = target.activation.as_ref().and_then(Activation::process);
    let looked_at = match &target.address {
        Address::Openclaw(openclaw) => &openclaw.service,
        _ => &target.process,
    };
    if *looked_at == implied {
        return None;
    }
    Some(match looked_at {
        None => "not looked at".to_owned(),
        Some(Process::Compose(project)) => compose(project),
        Some(process) => process.to_string(),
    })
}

/// The services first: no name of a service has a space in it, a path may have.
fn compose(project: &ComposeProject) -> String {
    let services = match &project.services[..] {
        [] => "everything".to_owned(),
        some => some.join(" and "),
    };
    format!("{services} of {}", project.file)
}

fn probe(target: &TargetSpec, probe: &ProbeSpec) -> String {
    let what = match &probe.ask {
        Ask::Command(line) => format!("run `{line}` with its variables"),
        Ask::Http(ask) => request(ask),
        Ask::Openclaw(secret) => gateway(target, *secret),
    };
    match probe.from {
        ProbeFrom::Here => what,
        ProbeFrom::Target => format!("there, {what}"),
    }
}

/// Its own machine, where nothing else is said.
fn gateway(target: &TargetSpec, secret: OpenclawSecret) -> String {
    let url = match &target.address {
        Address::Openclaw(openclaw) => openclaw.url.as_deref(),
        _ => None,
    };
    let whose = url.unwrap_or("its own gateway");
    format!("ask {whose} whether it takes {}", secret.name())
}

/// Where it goes, and each variable that goes along.
fn request(ask: &HttpAsk) -> String {
    let mut text = format!("{} {}", ask.method, ask.url.to_source());
    for (name, value) in &ask.headers {
        text.push_str(&format!(", header {name}{}", sent(value)));
    }
    if let Some(body) = &ask.body {
        text.push_str(&format!(", a body{}: {}", sent(body), body.to_source()));
    }
    text
}

fn sent(template: &Template) -> String {
    let names: BTreeSet<&str> = template.references().map(VarName::as_str).collect();
    if names.is_empty() {
        return String::new();
    }
    let names: Vec<&str> = names.into_iter().collect();
    format!(" with {}", names.join(" and "))
}
