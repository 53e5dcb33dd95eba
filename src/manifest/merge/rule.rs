//! What may be joined inside an entry of a manifest, and what is one thing.

use crate::manifest::tree::Node;

/// Written by whoever has the key, and only good together.
pub(super) const SEAL: [&str; 5] = [
    "recipients",
    "key",
    "fingerprints",
    "former_fingerprints",
    "age",
];
/// The value of a variable: one of these.
pub(super) const SOURCES: [&str; 3] = ["age", "value", "template"];
/// The place of a target: one of these.
pub(super) const PLACES: [&str; 3] = ["file", "railway", "openclaw"];

/// How an entry is joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum Rule {
    Root,
    Variables,
    Variable,
    Groups,
    Targets,
    Target,
    /// The address of a target: one thing, but for the list of what is stored sealed.
    Place,
    Limits,
    /// A list of names, each once: `[A, { B: { from: C } }]`.
    Names,
    /// One thing.
    Atom,
}

impl Rule {
    /// Of an entry in an entry of this kind.
    pub(in crate::manifest) fn of(self, id: &str) -> Self {
        match (self, id) {
            (Self::Root, "variables") => Self::Variables,
            (Self::Root, "groups") => Self::Groups,
            (Self::Root, "targets") => Self::Targets,
            (Self::Root | Self::Target, "rails" | "reconcile") => Self::Limits,
            (Self::Variables, _) => Self::Variable,
            (Self::Targets, _) => Self::Target,
            (Self::Target, "variables" | "groups")
            | (Self::Root, "recipients" | "former_fingerprints")
            | (Self::Groups, _)
            | (Self::Place, "sealed")
            | (Self::Limits, "protected") => Self::Names,
            (Self::Target, id) if PLACES.contains(&id) => Self::Place,
            _ => Self::Atom,
        }
    }

    pub(super) fn is_list(self) -> bool {
        self == Self::Names
    }

    /// Whether new entries go to their place by name, where the others are in order.
    pub(super) fn is_by_name(self) -> bool {
        matches!(self, Self::Variables | Self::Groups | Self::Names)
    }

    /// Whether entries in it can have marks of their own; else the marks go around all of it.
    pub(super) fn has_marks_inside(self) -> bool {
        matches!(
            self,
            Self::Root | Self::Variables | Self::Groups | Self::Targets | Self::Target
        )
    }

    /// Whether two sides may put names in it at the same time: it is no place in itself.
    pub(super) fn is_collection(self) -> bool {
        self != Self::Atom
    }
}

/// The same meaning. The order of entries counts for targets only, because they are put in force in
/// that order.
pub(super) fn same_meaning(a: &Node, b: &Node, rule: Rule) -> bool {
    if rule.is_list() && !a.items().is_empty() {
        return sorted(a.items(), |item| id_of(item)) == sorted(b.items(), |item| id_of(item));
    }
    if rule == Rule::Atom || a.entries().is_empty() || a.entries().len() != b.entries().len() {
        return a == b;
    }
    let by_key = |node| match rule {
        Rule::Targets => Node::entries(node).iter().collect(),
        _ => sorted(node.entries(), |(key, _)| key.text()),
    };
    by_key(a)
        .iter()
        .zip(by_key(b))
        .all(|((key, one), (other_key, other))| {
            key == other_key && same_meaning(one, other, rule.of(key.text().unwrap_or_default()))
        })
}

fn sorted<'n, T>(all: &'n [T], name: impl Fn(&'n T) -> Option<&'n str>) -> Vec<&'n T> {
    let mut all: Vec<&T> = all.iter().collect();
    all.sort_by_key(|one| name(one));
    all
}

/// What an item of a list is called: `NAME`, or the key of `{ NAME: … }`.
pub(super) fn id_of(item: &Node) -> Option<&str> {
    match item.entries() {
        [] => item.text(),
        [(key, _)] => key.text(),
        _ => None,
    }
}
