//! The texts of probes, with the values of their target put in, or left out.

use super::spec::{Ask, HttpAsk, Manifest, ProbeSpec, TargetSpec, UseSource};
use super::template::{ExpandError, Template};
use crate::model::{SecretValue, VarName};

impl Manifest {
    /// A text of a probe with the target's values in it. `lookup` has the values of the encrypted
    /// variables, by their declared names.
    pub fn expand_probe_text<'a>(
        &self,
        target: &TargetSpec,
        template: &Template,
        lookup: impl Fn(&VarName) -> Option<&'a SecretValue>,
    ) -> Result<SecretValue, ExpandError> {
        template.fill(|name| self.expand_use(source_of(target, name)?, &lookup))
    }

    /// The same without its secrets: `stand_in` takes the place of each, through the same filters.
    /// Needs no value of an encrypted variable.
    pub fn expand_probe_text_without_secrets<'a>(
        &self,
        target: &TargetSpec,
        template: &Template,
        lookup: impl Fn(&VarName) -> Option<&'a SecretValue>,
        stand_in: &str,
    ) -> Result<SecretValue, ExpandError> {
        template.fill(|name| {
            let source = source_of(target, name)?;
            if self.is_secret_use(source) {
                return Ok(SecretValue::new(stand_in));
            }
            self.expand_use(source, &lookup)
        })
    }

    /// Whether a text of a probe holds a secret once the target's values are put in. A name that
    /// the target does not have counts as one.
    pub fn is_secret_probe_text(&self, target: &TargetSpec, template: &Template) -> bool {
        template
            .references()
            .any(|name| source_of(target, name).map_or(true, |source| self.is_secret_use(source)))
    }

    /// A request that sends no secret has none to leave out.
    pub(super) fn settle_probes(&mut self) {
        let mut targets = std::mem::take(&mut self.targets);
        for target in &mut targets {
            let mut probes = std::mem::take(&mut target.probes);
            for probe in &mut probes {
                if let Ask::Http(ask) = &mut probe.ask {
                    ask.negative = ask.negative && self.is_secret_request(target, ask);
                }
            }
            target.probes = probes;
        }
        self.targets = targets;
    }

    /// Whether a request sends a secret: only then can it be sent without one.
    pub fn is_secret_request(&self, target: &TargetSpec, ask: &HttpAsk) -> bool {
        ask.texts()
            .any(|text| self.is_secret_probe_text(target, text))
    }
}

impl HttpAsk {
    /// Its templates: address, values of headers, body.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        std::iter::once(&self.url)
            .chain(self.headers.iter().map(|(_, value)| value))
            .chain(&self.body)
    }
}

impl ProbeSpec {
    /// Its templates; a command has none.
    pub fn texts(&self) -> impl Iterator<Item = &Template> {
        let ask = match &self.ask {
            Ask::Http(ask) => Some(ask),
            Ask::Command(_) | Ask::Openclaw(_) => None,
        };
        ask.into_iter().flat_map(HttpAsk::texts)
    }
}

fn source_of<'t>(target: &'t TargetSpec, name: &VarName) -> Result<&'t UseSource, ExpandError> {
    let found = target.uses.iter().find(|used| used.name == *name);
    found
        .map(|used| &used.source)
        .ok_or_else(|| ExpandError::NotOnTarget(name.clone()))
}
