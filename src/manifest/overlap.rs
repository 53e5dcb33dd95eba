//! Rotations in which the new value and the former one are good side by side for a while: who accepts
//! a secret, who uses it, and what each of them gets at which stage.
//!
//! | stage | a target that accepts it | that uses it | that does both |
//! |---|---|---|---|
//! | none | `NAME` now, `NAME_PREVIOUS` the same | now | as one that accepts |
//! | accept | new, and the former one beside it | former | former, and the new one beside it |
//! | use | new, and the former one beside it | new | as one that accepts |
//!
//! Between rotations `NAME_PREVIOUS` holds what `NAME` does: nothing has to be deleted for the former
//! value to be gone, and no empty text is ever taken for a credential.

mod nested;
mod roles;

use std::fmt;
use std::time::Duration;

use super::decode::Raw;
use super::problem::{Problems, code};
use super::spec::{Source, Use, UseSource, Variable, format_duration};
use super::template::{Part, Template};
use crate::model::{Position, TargetName, VarName};
pub(super) use roles::check;

/// Who needs a secret, and how the former value and the new one overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overlap {
    /// How long the former value stays good once every user has the new one.
    pub hold: Duration,
    /// Targets that check it.
    pub accepted_by: Vec<(TargetName, Position)>,
    /// Targets that present it.
    pub used_by: Vec<(TargetName, Position)>,
    /// How those that accept it get two values.
    pub both: Both,
}

/// How a target gets the former value beside the new one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Both {
    /// In a variable of its own: the name with this at its end.
    Beside(String),
    /// In one value, with this between the two; the first is the one that the target itself presents.
    Listed(String),
}

/// How far a rotation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Those that accept it get both values; those that use it keep the former one.
    Accept,
    /// Those that use it get the new one; the former one is still accepted.
    Use,
}

/// What the name of the former value ends with where nothing else is said.
pub(super) const PREVIOUS: &str = "_PREVIOUS";

impl Stage {
    /// As the manifest spells it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Use => "use",
        }
    }

    /// The stage of this word.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Accept, Self::Use]
            .into_iter()
            .find(|stage| stage.word() == word)
    }
}

impl fmt::Display for Overlap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |list: &[(TargetName, Position)]| {
            let names: Vec<&str> = list.iter().map(|(name, _)| name.as_str()).collect();
            names.join(" and ")
        };
        write!(
            f,
            "{}, accepted by {}, used by {}",
            format_duration(self.hold),
            names(&self.accepted_by),
            names(&self.used_by)
        )?;
        match &self.both {
            Both::Beside(end) if end == PREVIOUS => Ok(()),
            Both::Beside(end) => write!(f, ", the former one in …{end}"),
            Both::Listed(_) => f.write_str(", both in one value"),
        }
    }
}

impl Overlap {
    /// What the former value's own variable is called; `None` where that would be too long.
    pub fn former_name(&self, name: &VarName) -> Option<VarName> {
        let end = match &self.both {
            Both::Beside(end) => end,
            Both::Listed(_) => PREVIOUS,
        };
        VarName::new(format!("{name}{end}")).ok()
    }

    /// Whether a target checks it.
    pub fn is_accepted_by(&self, target: &TargetName) -> bool {
        self.accepted_by.iter().any(|(name, _)| name == target)
    }

    /// Whether a target presents it.
    pub fn is_used_by(&self, target: &TargetName) -> bool {
        self.used_by.iter().any(|(name, _)| name == target)
    }
}

/// What one target gets of one variable with an overlap.
struct Role<'r> {
    name: &'r VarName,
    overlap: &'r Overlap,
    accepts: bool,
    /// The former value, while it is being rotated.
    former: Option<&'r VarName>,
    /// Whether the target itself still presents the former one.
    behind: bool,
}

/// The variable that holds the former value of another one.
pub(super) fn former_of<'r>(raw: &'r Raw, name: &VarName) -> Option<&'r VarName> {
    let mut all = raw.variables.iter();
    all.find(|(_, variable)| variable.metadata.previous_of.as_ref() == Some(name))
        .map(|(former, _)| former)
}

impl<'r> Role<'r> {
    fn of(
        raw: &'r Raw,
        target: &TargetName,
        name: &'r VarName,
        variable: &'r Variable,
    ) -> Option<Self> {
        let overlap = variable.metadata.overlap.as_ref()?;
        let stage = variable.metadata.rotating;
        let former = stage.and_then(|_| former_of(raw, name));
        let behind = stage == Some(Stage::Accept) && overlap.is_used_by(target);
        Some(Self {
            name,
            overlap,
            accepts: overlap.is_accepted_by(target),
            former,
            behind: behind && former.is_some(),
        })
    }

    /// The two values: the one that the target presents, and the other.
    fn pair(&self) -> Option<(&'r VarName, &'r VarName)> {
        let former = self.former?;
        Some(match self.behind {
            true => (former, self.name),
            false => (self.name, former),
        })
    }

    /// What takes the place of the variable itself.
    fn instead(&self) -> Option<UseSource> {
        let (first, second) = self.pair()?;
        match &self.overlap.both {
            Both::Listed(separator) if self.accepts => {
                let reference = |name: &VarName| Part::Reference {
                    name: name.clone(),
                    filters: vec![],
                };
                let parts = vec![
                    reference(first),
                    Part::Text(separator.clone()),
                    reference(second),
                ];
                Some(UseSource::Template(Template::of_parts(parts)))
            }
            _ if self.behind => Some(UseSource::Declared(first.clone())),
            _ => None,
        }
    }

    /// The variable beside it.
    fn beside(&self, used: &Use, problems: &mut Problems) -> Option<Use> {
        let Both::Beside(suffix) = &self.overlap.both else {
            return None;
        };
        let Ok(name) = VarName::new(format!("{}{suffix}", used.name)) else {
            problems.error(
                used.position,
                code::BAD_NAME,
                format!("{}{suffix} is too long for a variable's name", used.name),
                Some("give the former value's variable a shorter end: `previous: _OLD`"),
            );
            return None;
        };
        let source = self.pair().map_or(self.name, |(_, second)| second);
        Some(Use {
            name,
            source: UseSource::Declared(source.clone()),
            of: Some(self.name.clone()),
            position: used.position,
        })
    }
}

/// What a target gets, with the values of rotations in their places. The names that were added.
pub(super) fn settle(
    raw: &Raw,
    target: &TargetName,
    uses: Vec<Use>,
    problems: &mut Problems,
) -> (Vec<Use>, Vec<(VarName, VarName)>) {
    let mut settled = uses;
    let mut added = vec![];
    for (name, variable) in &raw.variables {
        // in what did not parse, templates may lead in circles
        let Some(role) = Role::of(raw, target, name, variable).filter(|_| !problems.failed())
        else {
            continue;
        };
        roles::check_target(raw, target, &role, &settled, problems);
        let mut next = Vec::with_capacity(settled.len() + 1);
        for mut used in settled {
            let direct = used.of.is_none()
                && matches!(&used.source, UseSource::Declared(declared) if declared == name);
            if direct {
                let beside = role.accepts.then(|| role.beside(&used, problems)).flatten();
                if let Some(source) = role.instead() {
                    used.source = source;
                    used.of = Some(name.clone());
                }
                if let Some(beside) = &beside {
                    added.push((used.name.clone(), beside.name.clone()));
                }
                next.push(used);
                next.extend(beside);
                continue;
            }
            if let (true, Some(former)) = (role.behind, role.former) {
                nested::put_in(raw, (name, former), &mut used, problems);
            }
            next.push(used);
        }
        settled = next;
    }
    check_twice(&settled, &added, problems);
    (settled, added)
}

/// A name that the target has by itself already.
fn check_twice(uses: &[Use], added: &[(VarName, VarName)], problems: &mut Problems) {
    for (name, beside) in added {
        if let [one, _, ..] = &uses
            .iter()
            .filter(|used| used.name == *beside)
            .collect::<Vec<_>>()[..]
        {
            problems.error(
                one.position,
                code::DUPLICATE_USE,
                format!("this target has {beside} twice: it is the former value of {name} too"),
                Some(
                    "take the other one out, or name the former value otherwise: `previous: _OLD`",
                ),
            );
        }
    }
}

/// Whether a declared variable is another one, or is made from it.
fn is_made_from(raw: &Raw, one: &VarName, name: &VarName) -> bool {
    let mut waiting = vec![one];
    let mut seen = std::collections::BTreeSet::new();
    while let Some(one) = waiting.pop() {
        if one == name {
            return true;
        }
        if seen.insert(one)
            && let Some(Source::Template(template)) =
                raw.variables.get(one).map(|variable| &variable.source)
        {
            waiting.extend(template.references());
        }
    }
    false
}

/// Whether a use is a variable, or is made from it.
fn touches(raw: &Raw, used: &Use, name: &VarName) -> bool {
    used.source
        .references()
        .any(|one| is_made_from(raw, one, name))
}
