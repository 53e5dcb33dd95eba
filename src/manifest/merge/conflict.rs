//! What a person must decide, in one line each. Names only, never a value.

use std::fmt;

use super::rule::{PLACES, SEAL};
use crate::model::VarName;

/// One of the three texts of a merge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// What both began with.
    Base,
    /// The branch that is merged into; in a rebase, the one that is rebased onto.
    Ours,
    /// The branch that is merged.
    Theirs,
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base => "base",
            Self::Ours => "ours",
            Self::Theirs => "theirs",
        })
    }
}

impl Side {
    fn other(self) -> Self {
        match self {
            Self::Ours => Self::Theirs,
            _ => Self::Ours,
        }
    }
}

/// Where an entry is: its key, with those that it is in.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path(pub(super) Vec<String>);

impl Path {
    pub(super) fn with(&self, id: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(id.to_owned());
        Self(keys)
    }

    pub(super) fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    fn keys(&self) -> Vec<&str> {
        self.0.iter().map(String::as_str).collect()
    }

    /// One of the entries that only a reader can write.
    pub(super) fn is_seal(&self) -> bool {
        self.0
            .first()
            .is_some_and(|key| SEAL.contains(&key.as_str()))
    }

    /// The variable that is declared here.
    pub(super) fn variable(&self) -> Option<VarName> {
        match self.keys()[..] {
            ["variables", name] => VarName::new(name).ok(),
            _ => None,
        }
    }

    /// The variable whose encrypted value this is.
    pub(super) fn sealed_value(&self) -> Option<VarName> {
        match self.keys()[..] {
            ["variables", name, "age"] => VarName::new(name).ok(),
            _ => None,
        }
    }

    /// What people call it.
    fn words(&self) -> String {
        match self.keys()[..] {
            ["variables", name, ..] => name.to_owned(),
            ["targets", name, ..] => format!("the target {name}"),
            ["groups", name, ..] => format!("the group {name}"),
            [first, ..] => format!("`{first}`"),
            [] => "the manifest".to_owned(),
        }
    }
}

/// Something that both sides changed, and that cannot be joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    pub(super) path: Path,
    message: String,
    /// Text of which git may have joined the lines: then that will do.
    pub(super) is_text: bool,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.words(), self.message)
    }
}

impl Conflict {
    fn new(path: &Path, message: impl Into<String>) -> Self {
        Self {
            path: path.clone(),
            message: message.into(),
            is_text: false,
        }
    }

    /// One thing that both sides changed. `former` is the side whose key was replaced.
    pub(super) fn both(path: &Path, former: Option<Side>) -> Self {
        let keys = path.keys();
        let (message, is_text) = match keys[..] {
            ["variables", _, "age"] if former.is_some() => {
                return Self::former_key(path, former.unwrap_or(Side::Theirs));
            }
            ["variables", name] | ["variables", name, "age" | "value" | "template"] => (
                format!(
                    "both sides gave it another value; keep one of the two, or keep either and run: \
                     driftlock set {name}"
                ),
                keys.last() != Some(&"age"),
            ),
            ["variables", _, key] => (
                format!("both sides changed its `{key}`; keep one of the two"),
                true,
            ),
            ["targets", _, place, ..] if PLACES.contains(&place) => return Self::place(path),
            ["targets", _, "variables", name] => (
                format!("both sides changed what {name} is there; keep one of the two"),
                true,
            ),
            ["targets", _, key, ..] => (
                format!("both sides changed its `{key}`; keep one of the two"),
                true,
            ),
            _ => (
                "both sides changed it; keep one of the two".to_owned(),
                true,
            ),
        };
        Self {
            is_text,
            ..Self::new(path, message)
        }
    }

    pub(super) fn place(path: &Path) -> Self {
        Self::new(
            path,
            "both sides changed its place; keep one of the two as a whole, and look at it with: \
             driftlock plan",
        )
    }

    /// `side` has a value under a key that the other side replaced.
    pub(super) fn former_key(path: &Path, side: Side) -> Self {
        let other = side.other();
        let name = path.0.get(1).map_or("", String::as_str);
        Self::new(
            path,
            format!(
                "{side} has a new value under the former key, {other} re-keyed the manifest; keep \
                 what {other} has, then run: driftlock set {name}"
            ),
        )
    }

    /// `side` changed it, and the other one removed it.
    pub(super) fn removed(path: &Path, side: Side) -> Self {
        let other = side.other();
        Self::new(
            path,
            format!("{side} changed it, {other} removed it; keep it, or leave it out"),
        )
    }

    pub(super) fn order(path: &Path) -> Self {
        Self::new(
            path,
            "both sides moved its entries, and not alike; keep one of the two orders",
        )
    }

    pub(super) fn seal(path: &Path, twice: bool) -> Self {
        Self::new(
            path,
            if twice {
                "both sides re-keyed the manifest, so no values of the one open under the header \
                 of the other; take one side's file as a whole, and make the other's changes again \
                 (driftlock recipients)"
            } else {
                "both sides changed the recipients or the header; take `recipients`, `key`, \
                 `fingerprints` and `age` all from one side, and let a reader make the other's \
                 change again (driftlock recipients add, or remove)"
            },
        )
    }

    /// `side` removed a variable that the other uses anew.
    pub(super) fn still_used(path: &Path, side: Side, by: &[String]) -> Self {
        Self::new(
            path,
            format!(
                "{side} removed it, and in {} it is used by {}; keep it, or remove the use as well",
                side.other(),
                by.join(", ")
            ),
        )
    }

    /// Each side is in order, and both together are not.
    pub(super) fn together(path: &Path, problem: &str, help: Option<&str>) -> Self {
        let help = help.map(|help| format!("; {help}")).unwrap_or_default();
        Self::new(path, format!("with both sides' changes {problem}{help}"))
    }
}
