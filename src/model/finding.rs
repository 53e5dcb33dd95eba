//! What `check` found, and what it could not look at.

use serde::Serialize;

use super::Diagnostic;

/// What a finding is about. One word on the command line and in every report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CheckKind {
    /// The file itself: it parses, makes sense, and shares no place with another one.
    Manifest,
    /// Header, key ids, and whether every value opens.
    Keys,
    /// Who may read: the list, its signature, and the header's own stanzas.
    Recipients,
    /// What values look like.
    Lint,
    /// Dates that have passed or are near.
    Expiry,
    /// What targets hold, against the manifest and the records.
    Drift,
}

impl CheckKind {
    /// All of them, in the order of reports.
    pub const ALL: [Self; 6] = [
        Self::Manifest,
        Self::Keys,
        Self::Recipients,
        Self::Lint,
        Self::Expiry,
        Self::Drift,
    ];

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Manifest => "manifest",
            Self::Keys => "keys",
            Self::Recipients => "recipients",
            Self::Lint => "lint",
            Self::Expiry => "expiry",
            Self::Drift => "drift",
        }
    }

    /// The kind of a problem that the parser found, by its code.
    pub fn of_code(code: &str) -> Self {
        rule(code).map_or(Self::Manifest, |rule| rule.kind)
    }
}

/// One finding. Its texts never hold a value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// Where, how bad, and in which words.
    pub diagnostic: Diagnostic,
    /// What it is about.
    pub kind: CheckKind,
    /// The variable or the target, or both as `NAME@TARGET`, where there is one: a finding stays the
    /// same one when its line moves.
    pub subject: Option<String>,
}

impl Finding {
    /// What the parser says of a file as a whole.
    pub fn of_file(diagnostic: Diagnostic) -> Self {
        Self {
            kind: CheckKind::of_code(diagnostic.code),
            diagnostic,
            subject: None,
        }
    }
}

/// A kind that was asked for, and of which something could not be checked.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unchecked {
    /// The kind.
    pub kind: CheckKind,
    /// Why: lower case, no final period, no values.
    pub why: String,
}

/// What a code stands for, whatever file it is found in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The stable word.
    pub code: &'static str,
    /// What findings of it are about.
    pub kind: CheckKind,
    /// In one short sentence.
    pub title: &'static str,
}

/// The rule of a code.
pub fn rule(code: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.code == code)
}

const fn rule_of(code: &'static str, kind: CheckKind, title: &'static str) -> Rule {
    Rule { code, kind, title }
}

use CheckKind::{Drift, Expiry, Keys, Lint, Manifest, Recipients};

/// Every code that `check` can give.
pub const RULES: &[Rule] = &[
    rule_of(
        "alias",
        Manifest,
        "YAML aliases and anchors are not allowed",
    ),
    rule_of(
        "bad-name",
        Manifest,
        "A name has characters that it may not have",
    ),
    rule_of("bad-payload", Keys, "An encrypted value is damaged"),
    rule_of(
        "bad-seal",
        Keys,
        "The end of the file is damaged or incomplete",
    ),
    rule_of(
        "bad-value",
        Manifest,
        "A field has a value that it may not have",
    ),
    rule_of("duplicate-key", Manifest, "A key is there twice"),
    rule_of(
        "duplicate-recipient",
        Recipients,
        "A recipient is listed twice",
    ),
    rule_of("duplicate-use", Manifest, "A target has one name twice"),
    rule_of("empty-value", Manifest, "A field is empty"),
    rule_of(
        "key-mismatch",
        Keys,
        "A value is encrypted to another key than the file's",
    ),
    rule_of(
        "machine-required",
        Manifest,
        "A path must say whose machine it is on",
    ),
    rule_of("merge-key", Manifest, "YAML merge keys are not allowed"),
    rule_of("missing-key", Manifest, "A key is missing"),
    rule_of(
        "newer-version",
        Manifest,
        "The file needs a newer driftlock",
    ),
    rule_of(
        "no-header",
        Keys,
        "There are encrypted values and no header",
    ),
    rule_of(
        "no-recipients",
        Recipients,
        "There are encrypted values and no recipients",
    ),
    rule_of("not-a-manifest", Manifest, "The file is not a manifest"),
    rule_of("not-yaml", Manifest, "The file is not YAML"),
    rule_of("not-of-openclaw", Manifest, "OpenClaw has no such setting"),
    rule_of(
        "provided-by-railway",
        Manifest,
        "Railway sets this variable itself",
    ),
    rule_of(
        "recipe-in-clear",
        Lint,
        "A clear variable has a recipe for secrets",
    ),
    rule_of(
        "role",
        Manifest,
        "A role of a rotation does not fit the targets",
    ),
    rule_of("same-place", Manifest, "Two targets are one place"),
    rule_of(
        "sealed-unused",
        Manifest,
        "A name to be sealed is not on the target",
    ),
    rule_of(
        "several-documents",
        Manifest,
        "The file holds several YAML documents",
    ),
    rule_of("tag", Manifest, "YAML tags are not allowed"),
    rule_of("template", Manifest, "A template is not well-formed"),
    rule_of(
        "template-cycle",
        Manifest,
        "Templates refer to each other in a circle",
    ),
    rule_of(
        "token-name",
        Manifest,
        "The name of a token is not one that is read",
    ),
    rule_of("too-deep", Manifest, "The file is nested too deeply"),
    rule_of("too-large", Manifest, "The file is too large"),
    rule_of(
        "too-many-recipients",
        Recipients,
        "There are too many recipients",
    ),
    rule_of(
        "undeclared",
        Manifest,
        "A variable is used and not declared",
    ),
    rule_of("unknown-format", Manifest, "There is no such file format"),
    rule_of("unknown-group", Manifest, "There is no such group"),
    rule_of("unknown-key", Manifest, "There is no such key"),
    rule_of("unused-group", Manifest, "No target uses this group"),
    rule_of("unused-variable", Manifest, "No target uses this variable"),
    rule_of(
        "weak-recipe",
        Lint,
        "Values of a recipe can be guessed too easily",
    ),
    rule_of("wrong-type", Manifest, "A field is of the wrong type"),
    rule_of("unreadable", Manifest, "The file cannot be read"),
    rule_of(
        "unknown-target",
        Manifest,
        "A limit is for a target that is not there",
    ),
    rule_of(
        "sealed",
        Keys,
        "Values were not checked, as the manifest stays sealed",
    ),
    rule_of(
        "does-not-open",
        Keys,
        "A value does not open under the manifest's key",
    ),
    rule_of(
        "unauthenticated",
        Keys,
        "A value was written by somebody without the key",
    ),
    rule_of(
        "bad-recipient",
        Recipients,
        "A recipient is not a public key",
    ),
    rule_of(
        "recipients-changed",
        Recipients,
        "The recipients are not those that a reader signed",
    ),
    rule_of(
        "recipients-differ",
        Recipients,
        "The header is for others than the recipients",
    ),
    rule_of(
        "private-key-in-clear",
        Lint,
        "A private key stands in clear text",
    ),
    rule_of("clear-secret", Lint, "A clear value looks like a secret"),
    rule_of("empty", Lint, "A secret is empty"),
    rule_of("placeholder", Lint, "A secret is a placeholder"),
    rule_of("ciphertext", Lint, "A secret is itself a ciphertext"),
    rule_of("short", Lint, "A secret is short"),
    rule_of("weak", Lint, "A secret is easy to guess"),
    rule_of("repeated", Lint, "Two secrets have one value"),
    rule_of("blanks", Lint, "A secret begins or ends with blanks"),
    rule_of("quoted", Lint, "A secret stands in quotes"),
    rule_of(
        "invisible",
        Lint,
        "A secret holds a character that nobody sees",
    ),
    rule_of("bearer", Lint, "A token begins with the word Bearer"),
    rule_of("bad-url", Lint, "A URL is not percent-encoded"),
    rule_of(
        "dangerous-name",
        Lint,
        "A name changes how every process runs",
    ),
    rule_of(
        "name-case",
        Lint,
        "Two names differ in the size of letters only",
    ),
    rule_of("unrepresentable", Lint, "A target cannot hold a variable"),
    rule_of("expired", Expiry, "A value has expired"),
    rule_of("expires-soon", Expiry, "A value expires soon"),
    rule_of("rotation-due", Expiry, "A value is due for rotation"),
    rule_of("rotation-soon", Expiry, "A value is soon due for rotation"),
    rule_of("not-yet-valid", Expiry, "A value is not valid yet"),
    rule_of("sealed-ahead", Expiry, "A value was sealed in the future"),
    rule_of(
        "authority",
        Drift,
        "The manifest may do more than the last applied one",
    ),
    rule_of(
        "change",
        Drift,
        "The manifest says something that is not applied",
    ),
    rule_of("drift", Drift, "A target was changed outside"),
    rule_of("conflict", Drift, "The manifest and a target both moved"),
    rule_of("unknown", Drift, "A target or a variable could not be read"),
    rule_of("partial", Drift, "A target could not be read whole"),
    rule_of("not-running", Drift, "What is stored is not what runs"),
    rule_of(
        "not-seen",
        Drift,
        "A target of another machine was not seen lately",
    ),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_one_rule() {
        let codes: BTreeSet<&str> = RULES.iter().map(|rule| rule.code).collect();
        assert_eq!(codes.len(), RULES.len());
        assert_eq!(CheckKind::of_code("key-mismatch"), Keys);
        assert_eq!(CheckKind::of_code("no such code"), Manifest);
    }
}
