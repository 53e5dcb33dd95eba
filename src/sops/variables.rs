//! What of a file can be a variable, and under which name.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::model::{SecretValue, VarName};

/// One value of a file.
#[derive(Clone)]
pub struct Entry {
    pub(super) steps: Vec<Step>,
    pub(super) content: Content,
    pub(super) is_encrypted: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

#[derive(Clone)]
pub(super) enum Content {
    Text(SecretValue),
    /// To follow the path.
    Unfit(&'static str),
}

impl Step {
    pub(super) fn key(&self) -> Option<&str> {
        match self {
            Self::Key(key) => Some(key),
            Self::Index(_) => None,
        }
    }
}

impl Entry {
    /// Where it stands: `a.b[0]`.
    pub fn path(&self) -> String {
        shown(&self.steps)
    }

    /// Whether it is the value of this path, or lies below it.
    pub fn lies_at(&self, path: &str) -> bool {
        self.path()
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    }

    fn is_nested(&self) -> bool {
        self.steps.len() > 1
    }

    /// The steps joined by `_`.
    fn name(&self) -> String {
        let parts: Vec<String> = self
            .steps
            .iter()
            .map(|step| match step {
                Step::Key(key) => key.clone(),
                Step::Index(index) => index.to_string(),
            })
            .collect();
        parts.join("_")
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry").field(&self.path()).finish()
    }
}

pub(super) fn shown(steps: &[Step]) -> String {
    let mut path = String::new();
    for step in steps {
        match step {
            Step::Key(key) if path.is_empty() => path.push_str(key),
            Step::Key(key) => path.push_str(&format!(".{key}")),
            Step::Index(index) => path.push_str(&format!("[{index}]")),
        }
    }
    path
}

/// One value that can.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    /// Its text.
    pub value: SecretValue,
    /// Whether the file hides it.
    pub is_encrypted: bool,
}

/// One value that cannot be a variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unfit {
    /// `a.b[0]`
    pub path: String,
    /// To follow the path.
    pub why: String,
    /// Whether `flatten` would help.
    pub nested: bool,
}

/// The variables of a file, or everything that is none. Values whose path is in `except` are left
/// out; with `flatten`, what is nested gets its path as its name.
pub fn variables(
    entries: &[Entry],
    flatten: bool,
    except: &BTreeSet<String>,
) -> Result<BTreeMap<VarName, Plain>, Vec<Unfit>> {
    let mut found: BTreeMap<VarName, (Plain, String)> = BTreeMap::new();
    let mut unfit = vec![];
    for entry in entries {
        let path = entry.path();
        if except.iter().any(|left_out| entry.lies_at(left_out)) {
            continue;
        }
        let mut refuse = |why: String, nested| {
            let path = path.clone();
            unfit.push(Unfit { path, why, nested });
        };
        if entry.is_nested() && !flatten {
            refuse("is nested, and variables are not".to_owned(), true);
            continue;
        }
        let value = match &entry.content {
            Content::Text(value) => value,
            Content::Unfit(why) => {
                refuse((*why).to_owned(), false);
                continue;
            }
        };
        let Ok(name) = VarName::new(entry.name()) else {
            refuse("is no name that a variable can have".to_owned(), false);
            continue;
        };
        match found.get(&name) {
            Some((_, other)) => refuse(format!("and {other} would both be {name}"), false),
            None => {
                let plain = Plain {
                    value: value.clone(),
                    is_encrypted: entry.is_encrypted,
                };
                found.insert(name, (plain, path));
            }
        }
    }
    if unfit.is_empty() {
        let found = found.into_iter().map(|(name, (plain, _))| (name, plain));
        Ok(found.collect())
    } else {
        Err(unfit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(steps: &[&str], text: &str) -> Entry {
        let step = |step: &&str| match step.parse() {
            Ok(index) => Step::Index(index),
            Err(_) => Step::Key((*step).to_owned()),
        };
        Entry {
            steps: steps.iter().map(step).collect(),
            content: Content::Text(SecretValue::new(text)),
            is_encrypted: true,
        }
    }

    fn names(
        entries: &[Entry],
        flatten: bool,
        except: &[&str],
    ) -> Result<Vec<String>, Vec<String>> {
        let except = except.iter().map(|path| (*path).to_owned()).collect();
        match variables(entries, flatten, &except) {
            Ok(found) => Ok(found.keys().map(ToString::to_string).collect()),
            Err(unfit) => Err(unfit
                .into_iter()
                .map(|unfit| format!("{} {}", unfit.path, unfit.why))
                .collect()),
        }
    }

    #[test]
    fn a_nested_value_needs_a_word() {
        let entries = [entry(&["A"], "1"), entry(&["db", "hosts", "0"], "x")];
        assert_eq!(
            names(&entries, false, &[]).unwrap_err(),
            ["db.hosts[0] is nested, and variables are not"]
        );
        assert_eq!(names(&entries, true, &[]).unwrap(), ["A", "db_hosts_0"]);
        assert_eq!(names(&entries, false, &["db"]).unwrap(), ["A"]);
        assert_eq!(names(&entries, false, &["db.hosts[0]"]).unwrap(), ["A"]);
        assert!(names(&entries, false, &["d"]).is_err());
    }

    #[test]
    fn two_paths_of_one_name_are_both_named() {
        let entries = [
            entry(&["a", "b"], "1"),
            entry(&["a_b"], "2"),
            entry(&["a-c"], "3"),
        ];
        assert_eq!(
            names(&entries, true, &[]).unwrap_err(),
            [
                "a_b and a.b would both be a_b",
                "a-c is no name that a variable can have"
            ]
        );
    }
}
