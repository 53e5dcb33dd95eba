//! One secret under several names: whoever has one of them has all, and a rotation forgets one.

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::super::desired::Values;
use super::values::meant;
use super::{Notes, of_variable};
use crate::model::{CheckKind, SecretValue, Severity, VarName, is_distinct};

/// More than these are counted.
const MOST: usize = 3;

/// The values that this run has seen, as digests under a key of this run, which never leave it.
pub struct Repeats {
    key: Zeroizing<[u8; 32]>,
    seen: BTreeMap<[u8; 32], Vec<Seen>>,
}

struct Seen {
    path: String,
    name: VarName,
}

impl Repeats {
    /// `key` is made by chance for this run.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self {
            key,
            seen: BTreeMap::new(),
        }
    }

    fn digest(&self, value: &SecretValue) -> [u8; 32] {
        let hash = Sha256::new().chain_update(*self.key);
        hash.chain_update(value.expose()).finalize().into()
    }

    /// Each secret that is also under a name before it, of this manifest or of another one.
    pub(super) fn inspect(&mut self, path: &str, values: &Values<'_>, notes: &mut Notes<'_>) {
        for (name, variable) in &values.manifest().variables {
            let Some(value) = values.secret(name) else {
                continue;
            };
            if variable.metadata.lint_ok.contains("repeated") || !is_distinct(name.as_str(), value)
            {
                continue;
            }
            let seen = self.seen.entry(self.digest(value)).or_default();
            // a file that was named twice
            if seen.iter().any(|one| one.path == path && one.name == *name) {
                continue;
            }
            if !seen.is_empty() {
                notes.push(of_variable(
                    name,
                    variable.position,
                    CheckKind::Lint,
                    Severity::Warning,
                    "repeated",
                    (
                        format!("{name} has the same value as {}", others(seen, path)),
                        format!("{} {name}{}", next(seen, path), meant("repeated")),
                    ),
                ));
            }
            seen.push(Seen {
                path: path.to_owned(),
                name: name.clone(),
            });
        }
    }
}

fn others(seen: &[Seen], path: &str) -> String {
    let shown = seen.iter().take(MOST).map(|one| {
        if one.path == path {
            one.name.to_string()
        } else {
            format!("{} of {}", one.name, one.path)
        }
    });
    let shown: Vec<String> = shown.collect();
    match seen.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Within one manifest one declaration serves two names; two environments have two secrets.
fn next(seen: &[Seen], path: &str) -> &'static str {
    if seen.iter().any(|one| one.path == path) {
        "declare it once, and let targets use it as `- OTHER: { from: NAME }`; or driftlock rotate"
    } else {
        "driftlock rotate"
    }
}
