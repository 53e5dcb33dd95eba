//! What each target shall hold: declared values, renamed, overridden and expanded.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::load::{OpenValue, Opener};
use crate::manifest::{ExpandError, Manifest, Source, TargetSpec, Use, UseSource, Variable};
use crate::model::{
    Desired, DesiredVar, EXPIRED, SecretValue, Sensitivity, Trust, UnknownVar, VarName, lint_value,
    validity,
};

/// The encrypted values of a manifest that some targets use, each known or not.
#[derive(Debug, Clone)]
pub struct Values<'a> {
    manifest: &'a Manifest,
    secrets: BTreeMap<VarName, Result<OpenValue, String>>,
    /// What dates in values are held against; without it they are not looked at.
    now: Option<Timestamp>,
}

impl<'a> Values<'a> {
    /// Decrypts what `targets` use, directly or in templates, and nothing else.
    pub fn of_targets<'t>(
        manifest: &'a Manifest,
        opener: &mut Opener<'_>,
        targets: impl IntoIterator<Item = &'t TargetSpec>,
    ) -> Self {
        let names = targets
            .into_iter()
            .flat_map(|target| manifest.secret_sources(target))
            .collect();
        Self::of_names(manifest, opener, names)
    }

    /// The same for single uses.
    pub fn of_sources<'s>(
        manifest: &'a Manifest,
        opener: &mut Opener<'_>,
        sources: impl IntoIterator<Item = &'s UseSource>,
    ) -> Self {
        let names = sources
            .into_iter()
            .flat_map(|source| manifest.secrets_of_use(source))
            .collect();
        Self::of_names(manifest, opener, names)
    }

    fn of_names(manifest: &'a Manifest, opener: &mut Opener<'_>, names: BTreeSet<VarName>) -> Self {
        let secrets = names
            .into_iter()
            .map(|name| {
                let value = opener.value(manifest, &name);
                (name, value)
            })
            .collect();
        Self {
            manifest,
            secrets,
            now: None,
        }
    }

    /// Values that are open already.
    pub(super) const fn of_open(
        manifest: &'a Manifest,
        secrets: BTreeMap<VarName, Result<OpenValue, String>>,
    ) -> Self {
        Self {
            manifest,
            secrets,
            now: None,
        }
    }

    /// From now on dates that values have are held against this time.
    #[must_use]
    pub const fn at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }

    /// The same with other values for some of its secrets.
    pub(super) fn with(&self, others: BTreeMap<VarName, SecretValue>) -> Self {
        let mut values = self.clone();
        for (name, value) in others {
            if let Some(Ok(known)) = values.secrets.get_mut(&name) {
                known.value = value;
            }
        }
        values
    }

    /// What dates are held against.
    pub(super) const fn now(&self) -> Option<Timestamp> {
        self.now
    }

    /// An encrypted variable as it came out, if it was asked for.
    pub(super) fn opened(&self, name: &VarName) -> Option<Result<&OpenValue, &str>> {
        let value = self.secrets.get(name)?;
        Some(value.as_ref().map_err(String::as_str))
    }

    /// Every known value that may not be shown, as declared; templates that touch them are made of
    /// them.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretValue> {
        self.secrets
            .values()
            .filter_map(|value| value.as_ref().ok())
            .map(|value| &value.value)
    }

    /// The manifest.
    pub const fn manifest(&self) -> &'a Manifest {
        self.manifest
    }

    /// The value of a declared encrypted variable, if it is known.
    pub fn secret(&self, name: &VarName) -> Option<&SecretValue> {
        Some(&self.secrets.get(name)?.as_ref().ok()?.value)
    }

    /// When a variable was sealed, as its binding line says; `None` where it is not open.
    pub fn sealed_at(&self, name: &VarName) -> Option<jiff::Timestamp> {
        self.secrets.get(name)?.as_ref().ok()?.sealed_at
    }

    /// Texts of the manifest that reports show on purpose: its clear values and names.
    pub fn public(&self) -> impl Iterator<Item = String> {
        let names = self.manifest.variables.keys().map(ToString::to_string);
        let targets = self
            .manifest
            .targets
            .iter()
            .map(|target| target.name.to_string());
        let clear =
            self.manifest
                .variables
                .values()
                .filter_map(|variable| match &variable.source {
                    Source::Clear(text) => Some(text.clone()),
                    _ => None,
                });
        names.chain(targets).chain(clear)
    }

    /// What one target shall hold. `offered` says how its platform takes a value.
    pub fn desired(
        &self,
        spec: &TargetSpec,
        key_trusted: bool,
        offered: impl Fn(&Offer<'_>) -> Offered,
    ) -> Desired {
        let mut desired = Desired {
            key_trusted,
            ..Desired::default()
        };
        for used in &spec.uses {
            match self.value(&used.source) {
                Err(why) => {
                    let unknown = UnknownVar {
                        declared: used.declared().cloned(),
                        why,
                    };
                    desired.unknown.insert(used.name.clone(), unknown);
                }
                Ok(value) => {
                    let variable = self.variable(used, value, &offered);
                    desired.vars.insert(used.name.clone(), variable);
                }
            }
        }
        desired
    }

    fn variable(
        &self,
        used: &Use,
        value: SecretValue,
        offered: impl Fn(&Offer<'_>) -> Offered,
    ) -> DesiredVar {
        let (name, source, declared) = (&used.name, &used.source, used.declared());
        let variable = declared.and_then(|name| self.manifest.variables.get(name));
        let (sensitivity, trust) = self.standing(source);
        let Offered { sealed, refusal } = offered(&Offer {
            name,
            value: &value,
            may_refer: may_refer(source, variable),
        });
        DesiredVar {
            declared: declared.cloned(),
            sensitivity,
            trust,
            sequence: self.sequence(used),
            protected: variable.is_some_and(|variable| variable.metadata.protected),
            sealed,
            refusal,
            lints: lints(&value, sensitivity == Sensitivity::Secret, self.now),
            value,
        }
    }

    /// How often its value was sealed anew. Both values of a rotation count on from the same one.
    fn sequence(&self, used: &Use) -> Option<u64> {
        let value = match &used.source {
            UseSource::Declared(name) => self.secrets.get(name),
            UseSource::Clear(_) | UseSource::Template(_) => self.secrets.get(used.of.as_ref()?),
        };
        value?.as_ref().ok()?.sequence
    }

    /// The value of one use, or why it cannot be had.
    pub fn value(&self, source: &UseSource) -> Result<SecretValue, String> {
        if let UseSource::Declared(name) = source
            && let Some(Ok(known)) = self.secrets.get(name)
        {
            return Ok(known.value.clone());
        }
        let lookup = |name: &VarName| self.secret(name);
        self.manifest.expand_use(source, lookup).map_err(|error| {
            if let ExpandError::Unavailable(name) = &error
                && let Some(Err(why)) = self.secrets.get(name)
            {
                return match source {
                    UseSource::Declared(declared) if declared == name => why.clone(),
                    _ => format!("{name}: {why}"),
                };
            }
            error.to_string()
        })
    }

    /// Whether the value of a use may be shown, and whether it may be believed: both only as far as
    /// the weakest part of it. Most uses have one part, and then nothing needs to be searched.
    fn standing(&self, source: &UseSource) -> (Sensitivity, Trust) {
        let simple = match source {
            UseSource::Clear(_) => return (Sensitivity::Clear, Trust::Authenticated),
            UseSource::Declared(name) => self.manifest.variables.get(name),
            UseSource::Template(_) => None,
        };
        match simple.map(|variable| &variable.source) {
            Some(Source::Clear(_)) => (Sensitivity::Clear, Trust::Authenticated),
            Some(Source::Sealed(_)) => (Sensitivity::Secret, Trust::Authenticated),
            Some(Source::Armored(_)) => (Sensitivity::Secret, Trust::Unauthenticated),
            Some(Source::Template(_)) | None => self.standing_of_parts(source),
        }
    }

    fn standing_of_parts(&self, source: &UseSource) -> (Sensitivity, Trust) {
        let armored = |name: &VarName| {
            self.manifest
                .variables
                .get(name)
                .is_some_and(|variable| matches!(variable.source, Source::Armored(_)))
        };
        let touched = self.manifest.secrets_of_use(source);
        (
            if self.manifest.is_secret_use(source) {
                Sensitivity::Secret
            } else {
                Sensitivity::Clear
            },
            if touched.iter().any(armored) {
                Trust::Unauthenticated
            } else {
                Trust::Authenticated
            },
        )
    }
}

/// One value, shown to the platform that shall hold it.
#[derive(Debug)]
pub struct Offer<'a> {
    /// The name on the target.
    pub name: &'a VarName,
    /// The value.
    pub value: &'a SecretValue,
    /// Whether the author means a reference to the platform's variables in it.
    pub may_refer: bool,
}

/// How the platform takes it.
#[derive(Debug, Default)]
pub struct Offered {
    /// Whether it is stored so that the platform shows it to nobody.
    pub sealed: bool,
    /// Why it cannot be held.
    pub refusal: Option<String>,
}

/// A clear text is what its author sees. In an encrypted value or a template nobody sees that the
/// platform would put something else in.
pub(super) fn may_refer(source: &UseSource, variable: Option<&Variable>) -> bool {
    match (source, variable.map(|variable| &variable.source)) {
        (UseSource::Clear(_), _) | (_, Some(Source::Clear(_))) => true,
        _ => variable.is_some_and(|variable| variable.metadata.reference),
    }
}

/// What the rails shall look at. That a clear value is empty or a placeholder is seen by whoever
/// reviews the manifest.
fn lints(value: &SecretValue, secret: bool, now: Option<Timestamp>) -> Vec<&'static str> {
    let mut lints = lint_value(value);
    lints.retain(|lint| secret || !matches!(*lint, "empty" | "placeholder"));
    let ends = |now| Some((now, validity(value.expose())?.ends?));
    if now.and_then(ends).is_some_and(|(now, end)| end <= now) {
        lints.push(EXPIRED);
    }
    lints
}
