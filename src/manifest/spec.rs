//! A checked manifest: what it says, with every name resolved.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::civil::Date;

use super::ExpandError;
use super::overlap::{Overlap, Stage};
use super::template::{Expander, Template};
use crate::model::{
    Activation, Address, Diagnostic, ExpiryPolicy, KeyId, ManifestName, OpenclawSecret, Position,
    ProbeFrom, Process, Rails, Recipe, Reconciling, SecretValue, TargetName, VarName,
};

/// A manifest without errors, and what is worth a look in it.
#[derive(Debug, Clone)]
pub struct Parsed {
    pub manifest: Manifest,
    pub warnings: Vec<Diagnostic>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    pub name: ManifestName,
    /// In the file's order.
    pub recipients: Vec<(String, Position)>,
    pub variables: BTreeMap<VarName, Variable>,
    /// In the file's order.
    pub targets: Vec<TargetSpec>,
    /// Present once something was encrypted.
    pub seal: Option<Seal>,
    /// When dates are told; the folder's `rails.yaml` may have tightened it.
    pub expiry: ExpiryPolicy,
    /// Names, declared or on a target, that the folder's `rails.yaml` protects on every target.
    pub protected: BTreeSet<VarName>,
}

/// One declared variable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub source: Source,
    pub metadata: Metadata,
    pub position: Position,
}

/// Where a variable's value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// Public by being clear.
    Clear(String),
    /// Sealed under the manifest's file key.
    Sealed(Payload),
    /// A whole armored age file, by a writer without an identity.
    Armored(String),
    /// Made from other variables.
    Template(Template),
}

/// `3fa9c1.<base64>`: which file key, and what it seals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// The first 6 hex digits of the key id.
    pub key: String,
    /// Canonical standard base64.
    pub base64: String,
}

/// What is said about a variable beside its value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    pub rotate: Option<Duration>,
    pub expires: Option<Date>,
    pub owner: Option<String>,
    pub description: Option<String>,
    /// How a new value is made.
    pub generate: Option<Recipe>,
    pub protected: bool,
    /// A platform's references in the value (`${{…}}`) are meant.
    pub reference: bool,
    /// How a new value and the former one are good side by side for a while.
    pub overlap: Option<Overlap>,
    /// Where a rotation with an overlap stands; nothing between rotations.
    pub rotating: Option<Stage>,
    /// The variable whose former value this is, while that is being rotated.
    pub previous_of: Option<VarName>,
    /// Codes of findings of `check` that are meant to be so.
    pub lint_ok: BTreeSet<&'static str>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSpec {
    pub name: TargetName,
    pub address: Address,
    /// Groups put in, one entry for each name on the target.
    pub uses: Vec<Use>,
    pub prune: bool,
    pub stale_after: Option<Duration>,
    /// How it takes part in scheduled runs.
    pub reconciling: Reconciling,
    pub rails: Rails,
    /// Names, declared or on the target, that the folder's `rails.yaml` protects here.
    pub protected: BTreeSet<VarName>,
    /// What puts its values in force.
    pub activation: Option<Activation>,
    /// How long that may take, where the manifest says so.
    pub activation_limit: Option<Duration>,
    /// The process that has them; where only the activation says so, its own.
    pub process: Option<Process>,
    /// What shows that its values work, in order.
    pub probes: Vec<ProbeSpec>,
    pub position: Position,
}

/// A look at a service that uses the target's values. Its templates refer to the target's own names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProbeSpec {
    pub ask: Ask,
    pub from: ProbeFrom,
    /// How long it may take.
    pub limit: Duration,
    pub position: Position,
}

/// What a probe does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    Http(HttpAsk),
    /// A command line for `sh` that succeeds; the target's variables are its environment.
    Command(String),
    /// A request to the target's own gateway, with this secret of it.
    Openclaw(OpenclawSecret),
}

/// A request, and the answer that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpAsk {
    /// In capitals.
    pub method: String,
    pub url: Template,
    /// In the manifest's order.
    pub headers: Vec<(String, Template)>,
    pub body: Option<Template>,
    /// Ranges of statuses, first and last.
    pub expect: Vec<(u16, u16)>,
    /// What the answer's content type must be, without its parameters.
    pub content_type: Option<String>,
    /// Whether the same request without its secrets must fail.
    pub negative: bool,
}

/// One variable of a target, under its name there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Use {
    pub name: VarName,
    pub source: UseSource,
    /// The declared variable that it is a value of, where a rotation puts another source in its place:
    /// all that a rotation moves is one unit, and has one line of sequences.
    pub of: Option<VarName>,
    pub position: Position,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UseSource {
    /// A declared variable, perhaps under another name.
    Declared(VarName),
    /// A text of this target only.
    Clear(String),
    /// A template of this target only.
    Template(Template),
}

/// What the end of the file says about its encryption.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seal {
    pub key_id: KeyId,
    /// HMAC over the manifest's name and the sorted recipients.
    pub recipients_mac: [u8; 32],
    /// The age v1 header, as it stands in the file: stanzas and MAC line, with its last line end.
    pub header: String,
    /// The sealed fingerprint key.
    pub fingerprints: Option<Payload>,
    /// Former ones, newest first, sealed under the present key.
    pub former_fingerprints: Vec<Payload>,
}

/// Some variables of a former revision, as far as they are there and can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glance {
    /// What the values are bound to.
    pub name: ManifestName,
    /// By name; only those that were asked for.
    pub variables: BTreeMap<VarName, Source>,
    /// What they are sealed under.
    pub seal: Option<Seal>,
}

impl Source {
    /// Whether the text in the file is encrypted.
    pub fn is_encrypted(&self) -> bool {
        matches!(self, Self::Sealed(_) | Self::Armored(_))
    }
}

impl Manifest {
    /// Whether the variable's value must not be shown: encrypted, or a template that touches such
    /// a one. A name that is not declared counts as secret.
    pub fn is_secret(&self, name: &VarName) -> bool {
        !self.variables.contains_key(name) || !self.secrets_behind([name]).is_empty()
    }

    /// Whether the value of a use must not be shown.
    pub fn is_secret_use(&self, source: &UseSource) -> bool {
        match source {
            UseSource::Declared(name) => self.is_secret(name),
            UseSource::Clear(_) => false,
            UseSource::Template(template) => template.references().any(|name| self.is_secret(name)),
        }
    }

    /// The variable that holds the former value of another one, while that is being rotated.
    pub fn former_of(&self, name: &VarName) -> Option<&VarName> {
        let mut all = self.variables.iter();
        all.find(|(_, variable)| variable.metadata.previous_of.as_ref() == Some(name))
            .map(|(former, _)| former)
    }

    /// The declared encrypted variables whose values reach a target, by themselves or in templates.
    pub fn secret_sources(&self, target: &TargetSpec) -> BTreeSet<VarName> {
        self.secrets_behind(target.uses.iter().flat_map(|one| one.source.references()))
    }

    /// The declared encrypted variables that one use is made from.
    pub fn secrets_of_use(&self, source: &UseSource) -> BTreeSet<VarName> {
        self.secrets_behind(source.references())
    }

    /// Encrypted variables that `names` are, or are made from.
    fn secrets_behind<'a>(
        &'a self,
        names: impl IntoIterator<Item = &'a VarName>,
    ) -> BTreeSet<VarName> {
        let mut waiting: Vec<&VarName> = names.into_iter().collect();
        let mut seen: BTreeSet<&VarName> = waiting.iter().copied().collect();
        let mut secrets = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            match self.variables.get(name).map(|variable| &variable.source) {
                Some(Source::Sealed(_) | Source::Armored(_)) => {
                    secrets.insert(name.clone());
                }
                Some(Source::Template(template)) => {
                    waiting.extend(template.references().filter(|name| seen.insert(name)));
                }
                Some(Source::Clear(_)) | None => {}
            }
        }
        secrets
    }

    /// The value of a declared variable. `lookup` has the values of the encrypted ones.
    pub fn expand<'a>(
        &self,
        name: &VarName,
        lookup: impl Fn(&VarName) -> Option<&'a SecretValue>,
    ) -> Result<SecretValue, ExpandError> {
        Expander::new(&self.variables, &lookup).variable(name)
    }

    /// The value of one use of a target.
    pub fn expand_use<'a>(
        &self,
        source: &UseSource,
        lookup: impl Fn(&VarName) -> Option<&'a SecretValue>,
    ) -> Result<SecretValue, ExpandError> {
        let mut expander = Expander::new(&self.variables, &lookup);
        match source {
            UseSource::Declared(name) => expander.variable(name),
            UseSource::Clear(text) => Ok(SecretValue::new(text.as_str())),
            UseSource::Template(template) => expander.template(template),
        }
    }
}

impl Use {
    /// The declared variable that it is a value of, where there is one.
    pub const fn declared(&self) -> Option<&VarName> {
        match (&self.of, &self.source) {
            (Some(of), _) => Some(of),
            (None, UseSource::Declared(name)) => Some(name),
            (None, UseSource::Clear(_) | UseSource::Template(_)) => None,
        }
    }
}

impl UseSource {
    /// The declared variables that this one is made from.
    pub fn references(&self) -> impl Iterator<Item = &VarName> {
        let (declared, template) = match self {
            Self::Declared(name) => (Some(name), None),
            Self::Clear(_) => (None, None),
            Self::Template(template) => (None, Some(template)),
        };
        declared
            .into_iter()
            .chain(template.into_iter().flat_map(Template::references))
    }
}

const UNITS: [(char, u64); 5] = [
    ('w', 604_800),
    ('d', 86_400),
    ('h', 3_600),
    ('m', 60),
    ('s', 1),
];

/// `90d`, `12h`, `30m`, `45s` or `2w`; more than nothing, at most about a century.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().last()?;
    let (_, seconds) = UNITS.iter().find(|(known, _)| *known == unit)?;
    let digits = &text[..text.len() - 1];
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let count: u64 = plain.then(|| digits.parse().ok()).flatten()?;
    let total = count.checked_mul(*seconds)?;
    (total > 0 && total <= 36_525 * 86_400).then(|| Duration::from_secs(total))
}

/// As [`parse_duration`] reads it, in days where that fits.
pub fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, size) = UNITS[1..]
        .iter()
        .find(|(_, size)| seconds >= *size && seconds.is_multiple_of(*size))
        .unwrap_or(&('s', 1));
    format!("{}{unit}", seconds / size)
}
