//! One revision of a manifest, and what could be seen of its values.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::manifest::{Manifest, Source, UseSource, Variable};
use crate::model::{Fingerprint, TargetName, VarName};
use crate::plan::Glimpse;

/// One revision. Both sides of a comparison have fingerprints under one key: that of the base, which
/// whoever wrote the head cannot have chosen.
#[derive(Debug, Clone)]
pub struct Side<'a> {
    /// What it says.
    pub manifest: &'a Manifest,
    /// What stands behind recipients in comments, by the recipient as the file spells it.
    pub readers: BTreeMap<String, String>,
    /// How far it could be opened.
    pub sight: Sight,
    /// Whether its recipients list is the one that a reader signed; `None` where that cannot be known.
    pub recipients_signed: Option<bool>,
    /// The encrypted variables; the clear ones too where there is a key to compare with.
    pub values: BTreeMap<VarName, Standing>,
    /// What each target gets, by the name there.
    pub uses: BTreeMap<TargetName, BTreeMap<VarName, Effective>>,
}

/// How far a revision could be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sight {
    /// Nothing in it is encrypted.
    Clear,
    /// An identity fitted.
    Open,
    /// No identity fits.
    Locked,
    /// It stays sealed for another reason, without values.
    Sealed(String),
}

/// What is known of the value of one variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It opened.
    Open {
        /// Under the key of this comparison; `None` where there is none that may be used.
        print: Option<Fingerprint>,
        /// The same whatever the variable is called.
        nameless: Option<Fingerprint>,
        /// How often it was sealed anew.
        sequence: Option<u64>,
        /// When it was sealed.
        sealed_at: Option<Timestamp>,
    },
    /// It did not.
    Sealed,
}

/// What a target gets under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effective {
    /// Known, under the key of this comparison, for this target and name: as the plan shows it.
    Print(Fingerprint),
    /// Public, so that its text is in the manifest.
    Clear,
    /// Not known.
    Unknown,
}

impl Side<'_> {
    pub(super) fn standing(&self, name: &VarName) -> Standing {
        self.values.get(name).copied().unwrap_or(Standing::Sealed)
    }

    /// All that a use is made from, spelled so that two uses with one text have one value.
    pub(super) fn spelled(&self, source: &UseSource) -> String {
        let mut text = match source {
            UseSource::Declared(name) => format!("name {name}\n"),
            UseSource::Clear(text) => format!("clear {text}\n"),
            UseSource::Template(template) => format!("template {}\n", template.to_source()),
        };
        let mut waiting: Vec<&VarName> = source.references().collect();
        let mut seen = std::collections::BTreeSet::new();
        while let Some(name) = waiting.pop() {
            if !seen.insert(name) {
                continue;
            }
            let Some(variable) = self.manifest.variables.get(name) else {
                continue;
            };
            text.push_str(&format!("{name} = {}\n", written(variable)));
            if let Source::Template(template) = &variable.source {
                waiting.extend(template.references());
            }
        }
        text
    }
}

fn written(variable: &Variable) -> String {
    match &variable.source {
        Source::Clear(text) => format!("clear {text}"),
        Source::Template(template) => format!("template {}", template.to_source()),
        other => format!("sealed {}", sealed_text(other).unwrap_or_default()),
    }
}

pub(super) fn sealed_text(source: &Source) -> Option<String> {
    match source {
        Source::Sealed(payload) => Some(format!("{}.{}", payload.key, payload.base64)),
        Source::Armored(text) => Some(text.clone()),
        Source::Clear(_) | Source::Template(_) => None,
    }
}

/// As they may be shown together: text only where both sides are clear.
pub(super) fn both(before: Glimpse, after: Glimpse) -> (Glimpse, Glimpse) {
    let is_text = |one: &Glimpse| matches!(one, Glimpse::Text(_));
    let is_secret = |one: &Glimpse| !matches!(one, Glimpse::Text(_) | Glimpse::Absent);
    let masked = is_secret(&before) || is_secret(&after);
    let mask = |one: Glimpse| match masked && is_text(&one) {
        true => Glimpse::Unknown,
        false => one,
    };
    (mask(before), mask(after))
}
