//! A larger manifest in the hands of one branch: variables of all kinds, groups, targets that list
//! them in both styles; and the edits that people make.

use std::collections::{BTreeMap, BTreeSet};

use driftlock::manifest::{Editor, Source, Template, UseSource, parse};
use driftlock::model::VarName;
use rand::Rng;

use super::branch::{Author, Branch};

/// What a text must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Draft {
    pub(super) text: String,
    /// By name: sealed, clear or template, and its text.
    pub(super) values: BTreeMap<VarName, (char, String)>,
    /// What is said about a variable, as lines.
    pub(super) said: BTreeMap<VarName, String>,
    /// By target.
    pub(super) uses: BTreeMap<String, BTreeSet<VarName>>,
    pub(super) recipients: usize,
}

/// How many variables there are before any edit.
pub(super) const COUNT: usize = 12;

pub(super) fn name(index: usize) -> VarName {
    VarName::new(format!("V{index:02}")).unwrap()
}

/// One target with its list on one line, one with lines.
pub(super) const TARGETS: [&str; 2] = ["api", "web"];

/// The kinds of edits of one variable.
pub(super) const EDITS: [&str; 11] = [
    "set",
    "add",
    "unset",
    "rename",
    "metadata",
    "rotate",
    "to clear",
    "to sealed",
    "template",
    "add and use",
    "re-wrap",
];

impl Draft {
    /// Even names, all used by `web`, every second by `api` too; each fourth is clear.
    pub(super) fn base(author: &mut Author) -> Self {
        let mut text = author.base().text;
        // the variables of the narrow base make room for ours
        let first = text.find("variables:").unwrap();
        let targets = text.find("targets:").unwrap();
        let end = text.find("\nkey:").unwrap();
        let mut draft = Self {
            text: String::new(),
            values: BTreeMap::new(),
            said: BTreeMap::new(),
            uses: BTreeMap::new(),
            recipients: 1,
        };
        let mut variables = String::from("variables:\n");
        for index in 0..COUNT {
            let (name, value) = (name(index * 2), author.value());
            if index > 0 {
                variables.push('\n');
            }
            if index % 4 == 3 {
                let value = format!("text {index}");
                variables.push_str(&format!("  {name}: {value}\n"));
                draft.values.insert(name, ('c', value));
            } else {
                let payload = author.payload(name.as_str(), &value);
                variables.push_str(&format!(
                    "  # about {name}\n  {name}:\n    age: {}.{}\n",
                    payload.key, payload.base64
                ));
                draft.values.insert(name, ('s', value));
            }
        }
        let all: BTreeSet<VarName> = (0..COUNT).map(|index| name(index * 2)).collect();
        let half: BTreeSet<VarName> = all.iter().step_by(2).cloned().collect();
        let listed = |names: &BTreeSet<VarName>, between: &str| {
            names
                .iter()
                .map(ToString::to_string)
                .collect::<Vec<_>>()
                .join(between)
        };
        let lists = format!(
            "targets:\n  api:\n    file: {{ path: ../a.env }}\n    variables: [{}]\n  web:\n    file: {{ path: ../w.env }}\n    variables:\n      - {}\n",
            listed(&half, ", "),
            listed(&all, "\n      - ")
        );
        text.replace_range(targets..end, &lists);
        text.replace_range(first..targets, &(variables + "\n"));
        draft.uses = BTreeMap::from([("api".to_owned(), half), ("web".to_owned(), all)]);
        draft.text = text;
        draft.assert_said("base");
        draft
    }

    /// Everything but the sealed values, which takes somebody who can open them.
    pub(super) fn assert_said(&self, what: &str) {
        let text = &self.text;
        let manifest = parse(text)
            .unwrap_or_else(|found| panic!("{what}: {found:?}\n{text}"))
            .manifest;
        let uses: BTreeMap<String, BTreeSet<VarName>> = manifest
            .targets
            .iter()
            .map(|target| {
                let names = target.uses.iter().filter_map(|one| match &one.source {
                    UseSource::Declared(name) => Some(name.clone()),
                    _ => None,
                });
                (target.name.to_string(), names.collect())
            })
            .collect();
        assert_eq!(uses, self.uses, "{what}\n{text}");
        assert_eq!(manifest.recipients.len(), self.recipients, "{what}");
        let said: BTreeMap<VarName, String> = manifest
            .variables
            .iter()
            .filter_map(|(name, variable)| {
                let owner = variable.metadata.owner.clone()?;
                Some((name.clone(), owner))
            })
            .collect();
        assert_eq!(said, self.said, "{what}\n{text}");
    }

    fn edit(&mut self, change: impl FnOnce(&mut Editor<'_>)) {
        let mut editor = Editor::new(&self.text).unwrap();
        change(&mut editor);
        let edited = editor.finish();
        self.text = edited
            .unwrap_or_else(|error| panic!("{error:?}\n{}", self.text))
            .0;
    }

    fn put(&mut self, author: &mut Author, name: &VarName, kind: char, value: String) {
        let source = match kind {
            's' => Source::Sealed(author.payload(name.as_str(), &value)),
            'c' => Source::Clear(value.clone()),
            _ => Source::Template(Template::parse(&value).unwrap()),
        };
        self.edit(|editor| editor.set(name, &source).unwrap());
        self.values.insert(name.clone(), (kind, value));
    }

    fn used(&mut self, target: &str, name: &VarName) {
        self.edit(|editor| editor.add_use(&target.parse().unwrap(), name).unwrap());
        self.uses.get_mut(target).unwrap().insert(name.clone());
    }

    fn gone(&mut self, name: &VarName) {
        self.edit(|editor| editor.unset(name, true).unwrap());
        self.values.remove(name);
        self.said.remove(name);
        for uses in self.uses.values_mut() {
            uses.remove(name);
        }
    }

    /// Edits the variable at `index`, or puts a new one behind it. `side` makes new names differ.
    pub(super) fn edited(&self, author: &mut Author, kind: &str, index: usize, side: &str) -> Self {
        let mut next = self.clone();
        let old = name(index * 2);
        let new = VarName::new(format!("V{:02}_{side}", index * 2 + 1)).unwrap();
        let value = author.value();
        match kind {
            "set" | "rotate" => next.put(author, &old, 's', value),
            "add" => next.put(author, &new, 's', value),
            "unset" => next.gone(&old),
            "rename" => {
                let users: Vec<String> = next
                    .uses
                    .iter()
                    .filter(|(_, uses)| uses.contains(&old))
                    .map(|(target, _)| target.clone())
                    .collect();
                let (kind, value) = next.values[&old].clone();
                next.gone(&old);
                next.put(author, &new, kind, value);
                for target in users {
                    next.used(&target, &new);
                }
            }
            "metadata" => next.owned(&old, side),
            "to clear" => next.put(author, &old, 'c', format!("clear {side}")),
            "to sealed" => next.put(author, &old, 's', value),
            "template" => next.put(author, &old, 't', format!("x-{side}-$${{}}")),
            "add and use" => {
                next.put(author, &new, 's', value);
                for target in TARGETS {
                    next.used(target, &new);
                }
            }
            "re-wrap" => {
                let branch = Branch {
                    text: next.text.clone(),
                    values: BTreeMap::new(),
                    recipients: 1,
                };
                next.text = author.add_recipient(&branch).text;
                next.recipients = 2;
            }
            other => panic!("{other}"),
        }
        next.assert_said(kind);
        next
    }

    /// `owner:` below the value.
    fn owned(&mut self, name: &VarName, owner: &str) {
        let (kind, value) = self.values[name].clone();
        let entry = match kind {
            'c' => {
                let plain = format!("  {name}: {value}\n");
                let map = format!("  {name}:\n    value: {value}\n");
                self.text = self.text.replacen(&plain, &map, 1);
                map
            }
            _ => {
                let start = self.text.find(&format!("  {name}:\n")).unwrap();
                let rest = &self.text[start..];
                let end = rest.match_indices('\n').nth(1).unwrap().0 + 1;
                rest[..end].to_owned()
            }
        };
        assert!(self.text.contains(&entry));
        self.text = self
            .text
            .replacen(&entry, &format!("{entry}    owner: {owner}\n"), 1);
        self.said.insert(name.clone(), owner.to_owned());
    }
}

/// What either side changed, and the rest of the base.
pub(super) fn joined(base: &Draft, ours: &Draft, theirs: &Draft, text: String) -> Draft {
    let uses = base.uses.keys().map(|target| {
        let of = |draft: &Draft| draft.uses[target].clone();
        let (base, ours, theirs) = (of(base), of(ours), of(theirs));
        let kept = base
            .iter()
            .filter(|name| ours.contains(*name) && theirs.contains(*name));
        let new = ours.union(&theirs).filter(|name| !base.contains(*name));
        (target.clone(), kept.chain(new).cloned().collect())
    });
    Draft {
        values: map(&base.values, &ours.values, &theirs.values),
        said: map(&base.said, &ours.said, &theirs.said),
        uses: uses.collect(),
        recipients: ours.recipients.max(theirs.recipients),
        text,
    }
}

fn map<T: Clone + PartialEq>(
    base: &BTreeMap<VarName, T>,
    ours: &BTreeMap<VarName, T>,
    theirs: &BTreeMap<VarName, T>,
) -> BTreeMap<VarName, T> {
    let names: BTreeSet<&VarName> = base
        .keys()
        .chain(ours.keys())
        .chain(theirs.keys())
        .collect();
    let pick = |name: &VarName| {
        let side = if ours.get(name) != base.get(name) {
            ours
        } else {
            theirs
        };
        Some((name.clone(), side.get(name)?.clone()))
    };
    names.into_iter().filter_map(pick).collect()
}

/// Two indices, apart or beside each other.
pub(super) fn two(author: &mut Author, together: bool) -> (usize, usize) {
    let at = author.random.gen_range(0..COUNT - 1);
    match together {
        true => (at, at + 1),
        false => (at, (at + author.random.gen_range(1..COUNT)) % COUNT),
    }
}
