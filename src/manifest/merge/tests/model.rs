//! A small manifest, the edits that people make of it, and what two sides of it come to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use proptest::prelude::*;

use crate::manifest::fresh::{key_text, payload_text};
use crate::manifest::tests::{payload, seal};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Variable {
    value: u8,
    sealed: bool,
    rotate: Option<u8>,
    owner: Option<u8>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Model {
    variables: BTreeMap<u8, Variable>,
    /// By name: whether its list is in brackets, its path, what it uses.
    pub(super) targets: BTreeMap<u8, (bool, u8, BTreeSet<u8>)>,
    group: BTreeSet<u8>,
}

pub(super) fn list(out: &mut String, indent: &str, flow: bool, names: &BTreeSet<u8>) {
    let names: Vec<String> = names.iter().map(|name| format!("V{name:02}")).collect();
    if flow || names.is_empty() {
        writeln!(out, " [{}]", names.join(", ")).unwrap();
        return;
    }
    out.push('\n');
    for name in names {
        writeln!(out, "{indent}- {name}").unwrap();
    }
}

impl Model {
    pub(super) fn text(&self) -> String {
        let mut out =
            "driftlock: 1\nname: test\nrecipients:\n  - age1first\n\nvariables:".to_owned();
        if self.variables.is_empty() {
            out.push_str(" {}");
        }
        for (place, (name, variable)) in self.variables.iter().enumerate() {
            let gap = if place == 0 { "\n" } else { "\n\n" };
            let key = if variable.sealed { "age" } else { "value" };
            let value = match variable.sealed {
                true => payload_text(&payload(variable.value)),
                false => format!("text {}", variable.value),
            };
            write!(
                out,
                "{gap}  # about V{name:02}\n  V{name:02}:\n    {key}: {value}"
            )
            .unwrap();
            if let Some(owner) = variable.owner {
                write!(out, "\n    owner: o{owner}").unwrap();
            }
            if let Some(days) = variable.rotate {
                write!(out, "\n    rotate: {}d", u16::from(days) + 1).unwrap();
            }
        }
        out.push_str("\n\ngroups:\n  g:");
        list(&mut out, "    ", true, &self.group);
        out.push_str("\ntargets:");
        if self.targets.is_empty() {
            out.push_str(" {}\n");
        }
        for (place, (name, (flow, path, uses))) in self.targets.iter().enumerate() {
            let gap = if place == 0 { "\n" } else { "" };
            write!(
                out,
                "{gap}  t{name}:\n    file: {{ path: ../{name}/{path} }}\n    variables:"
            )
            .unwrap();
            list(&mut out, "      ", *flow, uses);
        }
        let seal = seal(1);
        write!(
            out,
            "\nkey: {}\nfingerprints: {}\nage: |\n",
            key_text(&seal),
            payload_text(&payload(1))
        )
        .unwrap();
        for line in seal.header.lines() {
            writeln!(out, "  {line}").unwrap();
        }
        out
    }

    /// The same in another layout: lists the other way, variables in braces, deeper indents, other
    /// line ends.
    pub(super) fn text_in(&self, style: [bool; 4]) -> String {
        let [lists, braces, deep, crlf] = style;
        let mut other = self.clone();
        for (flow, _, _) in other.targets.values_mut() {
            *flow ^= lists;
        }
        let text = other.text();
        let mut out = String::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let body = line.trim_start();
            let indent = line.len() - body.len();
            if braces && indent == 2 && body.starts_with('V') {
                let mut inside = vec![];
                while let Some(more) = lines.next_if(|more| more.starts_with("    ")) {
                    inside.push(more.trim());
                }
                writeln!(out, "  {body} {{ {} }} # in braces", inside.join(", ")).unwrap();
                continue;
            }
            let indent = if deep && !braces { indent * 2 } else { indent };
            out.extend(std::iter::repeat_n(' ', indent));
            writeln!(out, "{body}").unwrap();
        }
        match crlf {
            true => out.replace('\n', "\r\n"),
            false => out,
        }
    }

    /// As a manifest must be: only what is declared is used.
    pub(super) fn settled(mut self) -> Self {
        let declared: BTreeSet<u8> = self.variables.keys().copied().collect();
        for (_, _, uses) in self.targets.values_mut() {
            uses.retain(|name| declared.contains(name));
        }
        self.group.retain(|name| declared.contains(name));
        self
    }
}

/// One side's value if the other left it alone.
pub(super) fn one<T: PartialEq + Clone>(base: &T, ours: &T, theirs: &T) -> Option<T> {
    if ours == theirs || theirs == base {
        return Some(ours.clone());
    }
    (ours == base).then(|| theirs.clone())
}

pub(super) fn set(base: &BTreeSet<u8>, ours: &BTreeSet<u8>, theirs: &BTreeSet<u8>) -> BTreeSet<u8> {
    let all: BTreeSet<u8> = base.iter().chain(ours).chain(theirs).copied().collect();
    let has = |name: &u8| {
        one(
            &base.contains(name),
            &ours.contains(name),
            &theirs.contains(name),
        ) == Some(true)
    };
    all.into_iter().filter(has).collect()
}

pub(super) fn variable(
    base: Option<&Variable>,
    ours: Option<&Variable>,
    theirs: Option<&Variable>,
) -> Option<Option<Variable>> {
    if let Some(settled) = one(&base, &ours, &theirs) {
        return Some(settled.cloned());
    }
    let (ours, theirs) = (ours?, theirs?);
    let source = |one: &Variable| (one.value, one.sealed);
    let base_source = base.map(source);
    let (value, sealed) = one(&base_source, &Some(source(ours)), &Some(source(theirs)))??;
    let rotate = one(
        &base.and_then(|base| base.rotate),
        &ours.rotate,
        &theirs.rotate,
    )?;
    let owner = one(
        &base.and_then(|base| base.owner),
        &ours.owner,
        &theirs.owner,
    )?;
    Some(Some(Variable {
        value,
        sealed,
        rotate,
        owner,
    }))
}

/// Whether each side brought a key of its own to one variable: whose comes first is then theirs to say.
pub(super) fn both_add_to_one(base: &Model, ours: &Model, theirs: &Model) -> bool {
    ours.variables.keys().any(|name| {
        let has = |side: &Model| {
            let of = side.variables.get(name);
            [of.and_then(|of| of.rotate), of.and_then(|of| of.owner)].map(|key| key.is_some())
        };
        let before = has(base);
        let adds = |side: &Model| {
            let mut keys = before.iter().zip(has(side));
            keys.any(|(before, now)| !before && now)
        };
        adds(ours) && adds(theirs)
    })
}

/// `None` where a person must decide.
pub(super) fn model(base: &Model, ours: &Model, theirs: &Model) -> Option<Model> {
    let mut out = Model {
        group: set(&base.group, &ours.group, &theirs.group),
        ..Model::default()
    };
    for name in 0..12 {
        let of = |model: &Model| model.variables.get(&name).cloned();
        let (base, ours, theirs) = (of(base), of(ours), of(theirs));
        if let Some(made) = variable(base.as_ref(), ours.as_ref(), theirs.as_ref())? {
            out.variables.insert(name, made);
        }
    }
    for name in 0..4 {
        let of = |model: &Model| model.targets.get(&name).cloned();
        let (base, ours, theirs) = (of(base), of(ours), of(theirs));
        if let Some(settled) = one(&base, &ours, &theirs) {
            out.targets.extend(settled.map(|target| (name, target)));
            continue;
        }
        let (ours, theirs) = (ours?, theirs?);
        let path = one(
            &base.as_ref().map(|base| base.1),
            &Some(ours.1),
            &Some(theirs.1),
        )??;
        let before = base.map(|base| base.2).unwrap_or_default();
        let uses = set(&before, &ours.2, &theirs.2);
        out.targets.insert(name, (ours.0, path, uses));
    }
    Some(out)
}

pub(super) fn variables() -> impl Strategy<Value = Variable> {
    (
        0..3_u8,
        any::<bool>(),
        prop::option::of(0..2_u8),
        prop::option::of(0..2_u8),
    )
        .prop_map(|(value, sealed, rotate, owner)| Variable {
            value,
            sealed,
            rotate,
            owner,
        })
}

#[derive(Debug, Clone)]
pub(super) enum Edit {
    Put(u8, Variable),
    Value(u8, u8),
    Seal(u8, bool),
    Rotate(u8, Option<u8>),
    Owner(u8, Option<u8>),
    Unset(u8),
    Rename(u8, u8),
    Use(u8, u8, bool),
    Group(u8, bool),
    Path(u8, u8),
    Target(u8, bool, bool),
}

pub(super) fn edits() -> impl Strategy<Value = Edit> {
    let name = 0..12_u8;
    let target = 0..4_u8;
    prop_oneof![
        (name.clone(), variables()).prop_map(|(name, new)| Edit::Put(name, new)),
        (name.clone(), 0..6_u8).prop_map(|(name, value)| Edit::Value(name, value)),
        (name.clone(), any::<bool>()).prop_map(|(name, sealed)| Edit::Seal(name, sealed)),
        (name.clone(), prop::option::of(0..4_u8)).prop_map(|(name, new)| Edit::Rotate(name, new)),
        (name.clone(), prop::option::of(0..4_u8)).prop_map(|(name, new)| Edit::Owner(name, new)),
        name.clone().prop_map(Edit::Unset),
        (name.clone(), name.clone()).prop_map(|(from, to)| Edit::Rename(from, to)),
        (target.clone(), name.clone(), any::<bool>()).prop_map(|(t, n, add)| Edit::Use(t, n, add)),
        (name, any::<bool>()).prop_map(|(name, add)| Edit::Group(name, add)),
        (target.clone(), 0..3_u8).prop_map(|(target, path)| Edit::Path(target, path)),
        (target, any::<bool>(), any::<bool>())
            .prop_map(|(t, flow, add)| Edit::Target(t, flow, add)),
    ]
}

pub(super) fn put(set: &mut BTreeSet<u8>, name: u8, add: bool) {
    match add {
        true => set.insert(name),
        false => set.remove(&name),
    };
}

pub(super) fn edited(mut model: Model, edits: &[Edit]) -> Model {
    for edit in edits {
        match edit.clone() {
            Edit::Put(name, new) => {
                model.variables.insert(name, new);
            }
            Edit::Value(name, value) => {
                model
                    .variables
                    .entry(name)
                    .and_modify(|one| one.value = value);
            }
            Edit::Seal(name, sealed) => {
                model
                    .variables
                    .entry(name)
                    .and_modify(|one| one.sealed = sealed);
            }
            Edit::Rotate(name, rotate) => {
                model
                    .variables
                    .entry(name)
                    .and_modify(|one| one.rotate = rotate);
            }
            Edit::Owner(name, owner) => {
                model
                    .variables
                    .entry(name)
                    .and_modify(|one| one.owner = owner);
            }
            Edit::Unset(name) => {
                model.variables.remove(&name);
            }
            Edit::Rename(from, to) => {
                if let Some(moved) = model.variables.remove(&from) {
                    model.variables.insert(to, moved);
                    for (_, _, uses) in model.targets.values_mut() {
                        if uses.remove(&from) {
                            uses.insert(to);
                        }
                    }
                }
            }
            Edit::Use(target, name, add) => {
                if let Some((_, _, uses)) = model.targets.get_mut(&target) {
                    put(uses, name, add);
                }
            }
            Edit::Group(name, add) => put(&mut model.group, name, add),
            Edit::Path(target, path) => {
                model.targets.entry(target).and_modify(|one| one.1 = path);
            }
            Edit::Target(target, flow, true) => {
                let new = (flow, 0, BTreeSet::new());
                model.targets.entry(target).or_insert(new);
            }
            Edit::Target(target, _, false) => {
                model.targets.remove(&target);
            }
        }
    }
    model.settled()
}

pub(super) fn models() -> impl Strategy<Value = Model> {
    let uses = || prop::collection::btree_set(0..12_u8, 0..5);
    let target = (any::<bool>(), 0..3_u8, uses());
    let all = (
        prop::collection::btree_map(0..12_u8, variables(), 0..8),
        prop::collection::btree_map(0..4_u8, target, 0..4),
        uses(),
    );
    all.prop_map(|(variables, targets, group)| {
        Model {
            variables,
            targets,
            group,
        }
        .settled()
    })
}

pub(super) fn sides() -> impl Strategy<Value = (Model, Model, Model)> {
    let some = || prop::collection::vec(edits(), 0..4);
    (models(), some(), some()).prop_map(|(base, one, other)| {
        let (ours, theirs) = (edited(base.clone(), &one), edited(base.clone(), &other));
        (base, ours, theirs)
    })
}
