//! Collects every problem of a manifest, so that one run shows all of them.

use crate::model::{Diagnostic, Position, Severity, VarName};

/// More than this many help nobody.
const MOST: usize = 100;

/// The stable words of our diagnostics.
pub(super) mod code {
    pub(in crate::manifest) const ALIAS: &str = "alias";
    pub(in crate::manifest) const BAD_NAME: &str = "bad-name";
    pub(in crate::manifest) const BAD_PAYLOAD: &str = "bad-payload";
    pub(in crate::manifest) const BAD_SEAL: &str = "bad-seal";
    pub(in crate::manifest) const BAD_VALUE: &str = "bad-value";
    pub(in crate::manifest) const DUPLICATE_KEY: &str = "duplicate-key";
    pub(in crate::manifest) const DUPLICATE_RECIPIENT: &str = "duplicate-recipient";
    pub(in crate::manifest) const DUPLICATE_USE: &str = "duplicate-use";
    pub(in crate::manifest) const EMPTY_VALUE: &str = "empty-value";
    pub(in crate::manifest) const KEY_MISMATCH: &str = "key-mismatch";
    pub(in crate::manifest) const MACHINE_REQUIRED: &str = "machine-required";
    pub(in crate::manifest) const MERGE_KEY: &str = "merge-key";
    pub(in crate::manifest) const MISSING_KEY: &str = "missing-key";
    pub(in crate::manifest) const NEWER_VERSION: &str = "newer-version";
    pub(in crate::manifest) const NO_HEADER: &str = "no-header";
    pub(in crate::manifest) const NO_RECIPIENTS: &str = "no-recipients";
    pub(in crate::manifest) const NOT_A_MANIFEST: &str = "not-a-manifest";
    pub(in crate::manifest) const NOT_YAML: &str = "not-yaml";
    pub(in crate::manifest) const NOT_OF_OPENCLAW: &str = "not-of-openclaw";
    pub(in crate::manifest) const PROVIDED: &str = "provided-by-railway";
    pub(in crate::manifest) const RECIPE_IN_CLEAR: &str = "recipe-in-clear";
    pub(in crate::manifest) const ROLE: &str = "role";
    pub(in crate::manifest) const SAME_PLACE: &str = "same-place";
    pub(in crate::manifest) const SEALED_UNUSED: &str = "sealed-unused";
    pub(in crate::manifest) const SEVERAL_DOCUMENTS: &str = "several-documents";
    pub(in crate::manifest) const TAG: &str = "tag";
    pub(in crate::manifest) const TEMPLATE: &str = "template";
    pub(in crate::manifest) const TEMPLATE_CYCLE: &str = "template-cycle";
    pub(in crate::manifest) const TOKEN_NAME: &str = "token-name";
    pub(in crate::manifest) const TOO_DEEP: &str = "too-deep";
    pub(in crate::manifest) const TOO_LARGE: &str = "too-large";
    pub(in crate::manifest) const TOO_MANY_RECIPIENTS: &str = "too-many-recipients";
    pub(in crate::manifest) const UNDECLARED: &str = "undeclared";
    pub(in crate::manifest) const UNKNOWN_FORMAT: &str = "unknown-format";
    pub(in crate::manifest) const UNKNOWN_GROUP: &str = "unknown-group";
    pub(in crate::manifest) const UNKNOWN_KEY: &str = "unknown-key";
    pub(in crate::manifest) const UNUSED_GROUP: &str = "unused-group";
    pub(in crate::manifest) const UNUSED_VARIABLE: &str = "unused-variable";
    pub(in crate::manifest) const WEAK_RECIPE: &str = "weak-recipe";
    pub(in crate::manifest) const WRONG_TYPE: &str = "wrong-type";
}

#[derive(Debug, Default)]
pub(super) struct Problems {
    all: Vec<Diagnostic>,
    failed: bool,
}

impl Problems {
    pub(super) fn error(
        &mut self,
        position: Position,
        code: &'static str,
        message: impl Into<String>,
        help: Option<&str>,
    ) {
        self.failed = true;
        self.push(position, Severity::Error, code, message.into(), help);
    }

    pub(super) fn warning(
        &mut self,
        position: Position,
        code: &'static str,
        message: impl Into<String>,
        help: Option<&str>,
    ) {
        self.push(position, Severity::Warning, code, message.into(), help);
    }

    fn push(
        &mut self,
        position: Position,
        severity: Severity,
        code: &'static str,
        message: String,
        help: Option<&str>,
    ) {
        self.all.push(Diagnostic {
            position,
            severity,
            code,
            message,
            help: help.map(ToOwned::to_owned),
        });
    }

    pub(super) fn failed(&self) -> bool {
        self.failed
    }

    /// By position. Of very many, the first hundred, errors before warnings, so that warnings
    /// cannot crowd out an error.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        self.all.sort();
        self.all.dedup();
        if self.all.len() > MOST {
            self.all
                .sort_by_key(|one| (one.severity, one.position, one.code));
            self.all.truncate(MOST);
            self.all.sort();
        }
        self.all
    }
}

/// A key as a message may show it: only what could be the name of something.
pub(super) fn shown_key(key: &str) -> String {
    if VarName::new(key).is_ok() && key.len() <= 64 {
        format!("`{key}`")
    } else {
        "this key".to_owned()
    }
}

/// The one of `known` that was probably meant.
pub fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > 64 {
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let most = (text.len() / 2).clamp(1, 3);
    known
        .into_iter()
        .filter(|one| one.len().abs_diff(text.len()) <= most)
        .map(|one| (distance(&lower, &one.to_ascii_lowercase()), one))
        .filter(|(distance, _)| *distance <= most)
        .min()
        .map(|(_, one)| one)
}

/// Levenshtein distance in bytes.
fn distance(a: &str, b: &str) -> usize {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let change = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = change.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_forgives_typos_only() {
        assert_eq!(
            nearest("recipents", ["name", "recipients"]),
            Some("recipients")
        );
        assert_eq!(
            nearest("DB_PASWORD", ["DB_PASSWORD", "X"]),
            Some("DB_PASSWORD")
        );
        assert_eq!(nearest("hunter2", ["name", "recipients"]), None);
    }

    #[test]
    fn many_warnings_do_not_hide_an_error() {
        let mut problems = Problems::default();
        for line in 0..200 {
            problems.warning(
                Position { line, column: 1 },
                code::UNUSED_VARIABLE,
                "w",
                None,
            );
        }
        let last = Position {
            line: 900,
            column: 1,
        };
        problems.error(last, code::UNKNOWN_KEY, "e", None);
        let all = problems.finish();
        assert_eq!(all.len(), 100);
        assert_eq!(all.last().unwrap().position, last);
    }
}
