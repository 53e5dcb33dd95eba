//! One variable: where it is declared, who uses it under which name, and what each has.

use std::collections::BTreeSet;

use super::super::event::{Form, Holder, Holding, Since, Subject};
use super::causes::{since_of, why_of};
use super::stages::{behind, is_wrong};
use super::{Chart, Site};
use crate::manifest::{Manifest, Source, Use, UseSource};
use crate::model::VarName;
use crate::plan::{ActionKind, Class, Glimpse, TargetState};

/// Whether a use is this variable, by its name on the target or as declared, or is made from it.
pub fn touches(manifest: &Manifest, used: &Use, name: &VarName) -> bool {
    used.name == *name || used.of.as_ref() == Some(name) || roots(manifest, used).contains(name)
}

/// Whether a use holds this declared variable's value, by itself or in a template.
pub fn is_made_from(manifest: &Manifest, used: &Use, name: &VarName) -> bool {
    roots(manifest, used).contains(name)
}

/// The declared variables that a use is made from, those behind templates too.
pub(super) fn roots<'a>(manifest: &'a Manifest, used: &'a Use) -> BTreeSet<&'a VarName> {
    let mut waiting: Vec<&VarName> = used.source.references().collect();
    let mut seen: BTreeSet<&VarName> = BTreeSet::new();
    while let Some(one) = waiting.pop() {
        if seen.insert(one)
            && let Some(Source::Template(template)) =
                manifest.variables.get(one).map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    seen
}

/// Each variable that was asked for.
pub(super) fn subjects(chart: &Chart<'_>, sites: &[Site<'_>]) -> Vec<Subject> {
    let names = chart.variables.iter();
    names.map(|name| subject(chart, name, sites)).collect()
}

fn subject(chart: &Chart<'_>, name: &VarName, sites: &[Site<'_>]) -> Subject {
    let declared = chart.manifest.variables.get(name);
    let mut holders: Vec<Holder> = sites.iter().flat_map(|site| holders(*site, name)).collect();
    holders.sort_by(|a, b| a.holding.cmp(&b.holding));
    Subject {
        variable: name.clone(),
        position: declared.map(|variable| variable.position),
        form: match declared.map(|variable| &variable.source) {
            Some(Source::Clear(_)) => Form::Clear,
            Some(Source::Sealed(_) | Source::Armored(_)) => Form::Encrypted,
            Some(Source::Template(_)) => Form::Template,
            None => Form::AtTargets,
        },
        sealed_at: chart.sealed_at.get(name).copied(),
        holders,
    }
}

/// What one target has of it: under each name.
fn holders(site: Site<'_>, name: &VarName) -> Vec<Holder> {
    let manifest = site.chart.manifest;
    let uses = site.spec().map_or(&[][..], |spec| &spec.uses);
    let mine = uses.iter().filter(|used| touches(manifest, used, name));
    let mut all: Vec<Holder> = mine
        .map(|used| {
            let (holding, since) = holding(site, &used.name, name);
            let direct = used.name == *name
                || matches!(&used.source, UseSource::Declared(declared) if declared == name);
            Holder {
                target: site.plan.target.clone(),
                name: used.name.clone(),
                through_template: !direct,
                holding,
                since,
            }
        })
        .collect();
    let leftover = site.plan.changes.iter().find(|change| {
        change.name == *name
            && change.declared.is_none()
            && !uses.iter().any(|used| used.name == *name)
    });
    if leftover.is_some_and(|change| change.before != Glimpse::Absent) {
        all.push(Holder {
            target: site.plan.target.clone(),
            name: name.clone(),
            through_template: false,
            holding: Holding::Leftover,
            since: None,
        });
    }
    all
}

fn holding(site: Site<'_>, on_target: &VarName, declared: &VarName) -> (Holding, Option<Since>) {
    match &site.plan.state {
        TargetState::Elsewhere { machine } => return (Holding::Elsewhere(machine.clone()), None),
        TargetState::Unknown { reason, .. } => return (Holding::Unknown(reason.clone()), None),
        TargetState::Read | TargetState::Partial { .. } => {}
    }
    let Some(change) = site
        .plan
        .changes
        .iter()
        .find(|change| change.name == *on_target)
    else {
        return (Holding::Unknown("the plan does not say".to_owned()), None);
    };
    if change.class == Class::Unknown {
        let why = change
            .detail
            .clone()
            .unwrap_or_else(|| "it could not be read".to_owned());
        return (Holding::Unknown(why), None);
    }
    if is_wrong(change) {
        let (why, since) = (why_of(change.reason).to_owned(), since_of(site, change));
        let missing = change.before == Glimpse::Absent || change.action == ActionKind::Create;
        let holding = if missing {
            Holding::Missing { why }
        } else {
            let of = site.chart.alike.get(declared);
            let alike = of.and_then(|of| of.get(&site.plan.target)).copied();
            Holding::Another { why, alike }
        };
        return (holding, since);
    }
    match behind(site).filter(|behind| behind.names.is_empty() || behind.names.contains(on_target))
    {
        Some(behind) => (Holding::NotRunning, super::causes::behind_since(behind)),
        None => (Holding::Equal, None),
    }
}
