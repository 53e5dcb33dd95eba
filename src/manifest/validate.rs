//! Checks that need more than one entry: names that are used, templates that lead in circles,
//! places that collide, values that belong to another key.

use std::collections::{BTreeMap, BTreeSet};

use super::decode::{Raw, RawTarget, SealFields};
use super::openclaw;
use super::overlap;
use super::place::place_key;
use super::problem::{Problems, code, nearest};
use super::spec::{ProbeSpec, Source, TargetSpec, Use, UseSource};
use super::template::MAX_NESTING;
use crate::model::{Address, Position, VarName, is_provided_by_railway};

/// Resolves groups, and checks every name that is used.
pub(super) fn resolve(raw: &Raw, problems: &mut Problems) -> Vec<TargetSpec> {
    check_groups(raw, problems);
    check_templates(raw, problems);
    check_places(raw, problems);
    overlap::check(raw, problems);
    let targets: Vec<TargetSpec> = raw
        .targets
        .iter()
        .filter_map(|target| resolve_target(raw, target, problems))
        .collect();
    check_unused(raw, problems);
    targets
}

fn check_declared(raw: &Raw, name: &VarName, position: Position, problems: &mut Problems) {
    if raw.variables.contains_key(name) {
        return;
    }
    let known = raw.variables.keys().map(VarName::as_str);
    let meant = nearest(name.as_str(), known);
    let (message, help) = match meant {
        Some(meant) => (
            format!("{name} is used but not declared"),
            format!("did you mean `{meant}`?"),
        ),
        None if looks_like_a_name(name) => (
            format!("{name} is used but not declared"),
            format!(
                "declare it under `variables`, for now as `{name}: later`; then `driftlock set {name} --secret`"
            ),
        ),
        None => (
            "what is used here is not declared".to_owned(),
            "declare it under `variables`; if this is a value, it belongs to a variable: `NAME: value`"
                .to_owned(),
        ),
    };
    problems.error(position, code::UNDECLARED, message, Some(&help));
}

/// Whether a text where a name is expected may be repeated: a value that slipped there by a
/// missing brace is seldom written as people write the names of variables.
fn looks_like_a_name(name: &VarName) -> bool {
    let text = name.as_str();
    let signs = |c: u8| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_';
    text.len() <= 64 && text.bytes().all(signs)
}

fn check_groups(raw: &Raw, problems: &mut Problems) {
    let used: BTreeSet<&str> = raw
        .targets
        .iter()
        .flat_map(|target| target.groups.iter().map(|(name, _)| name.as_str()))
        .collect();
    for (name, group) in &raw.groups {
        let mut seen = BTreeSet::new();
        for (member, position) in &group.members {
            check_declared(raw, member, *position, problems);
            if !seen.insert(member) {
                let message = format!("{member} is in this group twice");
                problems.error(*position, code::DUPLICATE_USE, message, None);
            }
        }
        if !used.contains(name.as_str()) {
            problems.warning(
                group.position,
                code::UNUSED_GROUP,
                format!("no target uses the group `{name}`"),
                Some("name it under `groups` of a target, or remove it"),
            );
        }
    }
}

fn resolve_target(raw: &Raw, target: &RawTarget, problems: &mut Problems) -> Option<TargetSpec> {
    let mut explicit: BTreeSet<&VarName> = BTreeSet::new();
    for one in &target.uses {
        for name in one.source.references() {
            check_declared(raw, name, one.position, problems);
        }
        if !explicit.insert(&one.name) {
            problems.error(
                one.position,
                code::DUPLICATE_USE,
                format!("this target has {} twice", one.name),
                Some("keep one of the two"),
            );
        }
    }
    let mut uses = Vec::new();
    let mut from_groups = BTreeSet::new();
    for (name, position) in &target.groups {
        let Some(group) = raw.groups.get(name) else {
            report_unknown_group(raw, name, *position, problems);
            continue;
        };
        for (member, _) in &group.members {
            // an entry of the target itself comes before one of a group
            if !explicit.contains(member) && from_groups.insert(member) {
                uses.push(Use {
                    name: member.clone(),
                    source: UseSource::Declared(member.clone()),
                    of: None,
                    position: *position,
                });
            }
        }
    }
    uses.extend(target.uses.iter().cloned());
    let (uses, added) = overlap::settle(raw, &target.name, uses, problems);
    let mut address = target.address.clone()?;
    if let Address::Railway(railway) = &mut address {
        // what is shown to nobody is not shown under its second name either
        for (name, beside) in added {
            if railway.sealed.contains(&name) {
                railway.sealed.insert(beside);
            }
        }
    }
    let mut probes = check_probes(target, &uses, problems);
    match &address {
        Address::Railway(_) => check_railway(target, &uses, problems),
        Address::Openclaw(installation) => {
            openclaw::check(target, &uses, problems);
            probes.splice(0..0, openclaw::probes(installation, &uses));
        }
        Address::File(_) | Address::Memory(_) => {}
    }
    Some(TargetSpec {
        name: target.name.clone(),
        address,
        uses,
        prune: target.prune,
        stale_after: target.stale_after,
        reconciling: target.reconciling.clone(),
        rails: target.rails,
        protected: BTreeSet::new(),
        activation: target.activation.clone(),
        activation_limit: target.activation_limit,
        process: target.process.clone(),
        probes,
        position: target.position,
    })
}

/// What a Railway target may hold, and that what it seals is there.
fn check_railway(target: &RawTarget, uses: &[Use], problems: &mut Problems) {
    for one in uses
        .iter()
        .filter(|one| is_provided_by_railway(one.name.as_str()))
    {
        problems.error(
            one.position,
            code::PROVIDED,
            format!("Railway itself provides {} to every deployment", one.name),
            Some("remove it here; what may be set is listed in Railway's documentation"),
        );
    }
    for (name, position) in &target.sealed {
        if !uses.iter().any(|one| one.name == *name) {
            let known = uses.iter().map(|one| one.name.as_str());
            let help = match nearest(name.as_str(), known) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "list it under `variables` of this target too, or remove it".to_owned(),
            };
            let message = format!("{name} is to be sealed, but this target does not have it");
            problems.error(*position, code::SEALED_UNUSED, message, Some(&help));
        }
    }
}

/// A probe gets the values of its own target only, under their names there.
fn check_probes(target: &RawTarget, uses: &[Use], problems: &mut Problems) -> Vec<ProbeSpec> {
    for probe in &target.probes {
        for (name, position) in &probe.references {
            if uses.iter().any(|one| one.name == *name) {
                continue;
            }
            let known = uses.iter().map(|one| one.name.as_str());
            let meant = nearest(name.as_str(), known);
            let help = match meant {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => "a probe gets the variables of its own target, under their names there: \
                         list it under `variables` of this target"
                    .to_owned(),
            };
            let message = match meant.is_some() || looks_like_a_name(name) {
                true => format!("a probe refers to {name}, which this target does not have"),
                false => "a probe refers to a name that this target does not have".to_owned(),
            };
            problems.error(*position, code::UNDECLARED, message, Some(&help));
        }
    }
    target
        .probes
        .iter()
        .map(|probe| probe.spec.clone())
        .collect()
}

fn report_unknown_group(raw: &Raw, name: &str, position: Position, problems: &mut Problems) {
    let help = match nearest(name, raw.groups.keys().map(String::as_str)) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "declare it under `groups`".to_owned(),
    };
    problems.error(
        position,
        code::UNKNOWN_GROUP,
        "there is no such group",
        Some(&help),
    );
}

fn check_templates(raw: &Raw, problems: &mut Problems) {
    for variable in raw.variables.values() {
        if let Source::Template(template) = &variable.source {
            for name in template.references() {
                check_declared(raw, name, variable.position, problems);
            }
        }
    }
    check_nesting(raw, problems);
}

/// Takes templates away once all that they name are gone. What stays leads in a circle.
fn check_nesting(raw: &Raw, problems: &mut Problems) {
    let mut waits_for: BTreeMap<&VarName, usize> = BTreeMap::new();
    let mut named_by: BTreeMap<&VarName, Vec<&VarName>> = BTreeMap::new();
    for (name, variable) in &raw.variables {
        if let Source::Template(template) = &variable.source {
            let names: BTreeSet<&VarName> = template
                .references()
                .filter(|one| {
                    let source = raw.variables.get(*one).map(|variable| &variable.source);
                    matches!(source, Some(Source::Template(_)))
                })
                .collect();
            waits_for.insert(name, names.len());
            for one in names {
                named_by.entry(one).or_default().push(name);
            }
        }
    }
    let mut depth: BTreeMap<&VarName, usize> = BTreeMap::new();
    let mut free: Vec<&VarName> = waits_for
        .iter()
        .filter(|(_, count)| **count == 0)
        .map(|(name, _)| *name)
        .collect();
    while let Some(name) = free.pop() {
        waits_for.remove(name);
        let below = depth.get(name).copied().unwrap_or(0) + 1;
        for user in named_by.get(name).into_iter().flatten() {
            let deepest = depth.entry(user).or_default();
            *deepest = below.max(*deepest);
            if let Some(count) = waits_for.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    free.push(user);
                }
            }
        }
    }
    for name in waits_for.keys() {
        problems.error(
            raw.variables[*name].position,
            code::TEMPLATE_CYCLE,
            format!("the template of {name} needs itself, perhaps through others"),
            Some("break the circle: give one of them a value"),
        );
    }
    for (name, deepest) in depth {
        if deepest >= MAX_NESTING {
            problems.error(
                raw.variables[name].position,
                code::TEMPLATE,
                format!("templates below {name} are nested more than {MAX_NESTING} deep"),
                None,
            );
        }
    }
}

fn check_places(raw: &Raw, problems: &mut Problems) {
    let mut owners = BTreeMap::new();
    for target in &raw.targets {
        let Some(address) = &target.address else {
            continue;
        };
        let owner = owners
            .entry(place_key(".", address))
            .or_insert(&target.name);
        if *owner != &target.name {
            problems.error(
                target.position,
                code::SAME_PLACE,
                format!("the targets {owner} and {} write to one place", target.name),
                Some("join them, or give one of them another place"),
            );
        }
    }
}

fn check_unused(raw: &Raw, problems: &mut Problems) {
    let mut used: BTreeSet<&VarName> = BTreeSet::new();
    for target in &raw.targets {
        used.extend(target.uses.iter().flat_map(|one| one.source.references()));
    }
    for group in raw.groups.values() {
        used.extend(group.members.iter().map(|(name, _)| name));
    }
    for variable in raw.variables.values() {
        if let Source::Template(template) = &variable.source {
            used.extend(template.references());
        }
    }
    for (name, variable) in &raw.variables {
        let is_former = variable.metadata.previous_of.is_some();
        if !used.contains(name) && !is_former {
            problems.warning(
                variable.position,
                code::UNUSED_VARIABLE,
                format!("no target uses {name}"),
                Some("list it under `variables` of a target, or remove it"),
            );
        }
    }
}

/// Values, header and recipients fit together, as far as can be seen without a key.
pub(super) fn check_encryption(
    raw: &Raw,
    recipients: &[(String, Position)],
    fields: &SealFields,
    problems: &mut Problems,
) {
    let encrypted = raw
        .variables
        .values()
        .find(|variable| variable.source.is_encrypted());
    if let Some(position) = encrypted
        .map(|variable| variable.position)
        .or(fields.position)
        && recipients.is_empty()
    {
        problems.error(
            position,
            code::NO_RECIPIENTS,
            "there are encrypted values or a header, but no `recipients`",
            Some("list who may read under `recipients`"),
        );
    }
    let sealed = raw.variables.iter().filter_map(|(name, variable)| {
        let Source::Sealed(payload) = &variable.source else {
            return None;
        };
        Some((name, variable.position, payload))
    });
    let Some(seal) = &fields.seal else {
        // a damaged `key` or `age` was reported where it stands
        if fields.position.is_none() {
            report_no_header(sealed.map(|(_, position, _)| position).next(), problems);
        }
        return;
    };
    let short = seal.key_id.short();
    for (name, position, payload) in sealed {
        if payload.key != short {
            let message = format!(
                "{name} is encrypted to another key than this file's: \
                 a re-key and a new value were merged"
            );
            let help = format!(
                "put `{name}: later` in its place, then `driftlock set {name} --secret`; \
                 or take the commit back that changed the key"
            );
            problems.error(position, code::KEY_MISMATCH, message, Some(&help));
        }
    }
    let own = seal.fingerprints.iter().chain(&seal.former_fingerprints);
    if let Some(position) = fields.position
        && own.into_iter().any(|payload| payload.key != short)
    {
        let message = "the fingerprint key is encrypted to another key than this file's";
        let help = "take `key`, `fingerprints` and `age` from one revision";
        problems.error(position, code::KEY_MISMATCH, message, Some(help));
    }
}

fn report_no_header(position: Option<Position>, problems: &mut Problems) {
    if let Some(position) = position {
        problems.error(
            position,
            code::NO_HEADER,
            "there are encrypted values, but `key` and `age` are missing at the end of the file",
            Some("take both from the last good revision"),
        );
    }
}
