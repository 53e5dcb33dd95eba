//! OpenClaw installations as a platform: one connection is one machine. A target is one installation
//! with its state folder, its config and its gateway; its variables are the secrets of that gateway.
//!
//! Where a secret of it is decides everything, so that is found out first (`layers`): the value
//! that counts is compared, the places that do not count are told of, and what is written goes where
//! it counts.
//!
//! `config` and `contents` read what files say, `layers` decides which place wins, `live` puts that into the
//! words of a target (all pure); `survey` reads, `write` writes, `cli` runs OpenClaw's own commands.

mod cli;
mod config;
mod contents;
mod layers;
mod live;
mod place;
mod survey;
mod write;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::future::join_all;

use crate::machine::Host;
use crate::model::{Live, OPENCLAW_REDACTED, OpenclawSecret, SecretValue, Target, VarName, Who};
use crate::platforms::{
    Ask, Batch, BatchOutcome, Capabilities, LiveRead, Platform, ReadError, trace,
};
use survey::Survey;

/// OpenClaw's store takes no longer ones.
const LONGEST_VALUE: usize = 64 * 1024;
/// Why two secrets are refused together.
const ALIKE: &str = "the gateway's token and hooks.token must differ";

/// Where a gateway is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Front {
    /// Scheme, host and port.
    pub base: String,
    /// The path of its hooks.
    pub hooks: String,
    /// Whether it has hooks at all.
    pub has_hooks: bool,
}

/// Why a gateway is not asked. Lower case, no final period, no values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFront {
    /// There is none to ask, and that is as it should be.
    None(String),
    /// Nobody can say where it is.
    Unknown(String),
}

/// The OpenClaw installations of one machine.
#[derive(Clone)]
pub struct OpenclawPlatform {
    host: Arc<dyn Host>,
    /// What the last read of each place said, so that asking its gateway needs no second one.
    fronts: Arc<Mutex<BTreeMap<String, Front>>>,
}

impl OpenclawPlatform {
    /// Over any machine.
    pub fn new(host: Arc<dyn Host>) -> Self {
        Self {
            host,
            fronts: Arc::default(),
        }
    }

    /// Where the gateway of an installation is asked whether it takes a secret.
    ///
    /// # Errors
    /// Where it has none, or nobody can say.
    pub async fn front(&self, target: &Target) -> Result<Front, NoFront> {
        let known = self.fronts().get(&target.place).cloned();
        if let Some(front) = known {
            return Ok(front);
        }
        let survey = survey::survey(&*self.host, target)
            .await
            .map_err(|error| NoFront::Unknown(error.reason))?;
        self.keep(&survey, target);
        front(&survey, target)
    }

    /// Where a gateway that does not run yet will listen is known once it does.
    fn keep(&self, survey: &Survey, target: &Target) {
        let known = front(survey, target).ok();
        let listens = survey.gateway.process().and_then(|process| process.port);
        let mut fronts = self.fronts();
        match known.filter(|_| listens.is_some()) {
            Some(front) => fronts.insert(target.place.clone(), front),
            None => fronts.remove(&target.place),
        };
    }

    fn fronts(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Front>> {
        match self.fronts.lock() {
            Ok(fronts) => fronts,
            Err(poisoned) => poisoned.into_inner(),
        }
    }

    async fn read_one(&self, target: &Target) -> Result<Live, ReadError> {
        let survey = survey::survey(&*self.host, target).await?;
        self.keep(&survey, target);
        Ok(survey.live())
    }
}

/// Its own port on its own machine, unless the manifest says where it is asked.
fn front(survey: &Survey, target: &Target) -> Result<Front, NoFront> {
    let place = survey::place(target);
    let (address, _) = place.map_err(|error| NoFront::Unknown(error.reason))?;
    let settings = &survey.config.settings;
    let base = match &address.url {
        Some(url) => url.clone(),
        None if settings.is_remote => {
            return Err(NoFront::None(
                "this OpenClaw is a client of a gateway elsewhere: `url` at the target would say where that is asked".to_owned(),
            ));
        }
        None => {
            let port = survey.port();
            let scheme = if settings.tls { "https" } else { "http" };
            format!("{scheme}://127.0.0.1:{port}")
        }
    };
    Ok(Front {
        base,
        hooks: settings.hooks_path.clone(),
        has_hooks: settings.hooks_enabled,
    })
}

impl std::fmt::Debug for OpenclawPlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenclawPlatform").finish_non_exhaustive()
    }
}

#[async_trait]
impl LiveRead for OpenclawPlatform {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        join_all(targets.iter().map(|target| self.read_one(target))).await
    }

    fn capabilities(&self, _target: &Target) -> Capabilities {
        Capabilities {
            // two secrets may be at two places
            atomic: false,
            compare_and_swap: true,
            max_value_bytes: Some(LONGEST_VALUE),
            read_lag: Duration::ZERO,
            keeps_empty: false,
            activates: false,
        }
    }

    fn accepts(&self, _target: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        accepts_under(name, value)
    }

    fn accepts_together(
        &self,
        _target: &Target,
        values: &[(&VarName, &SecretValue)],
    ) -> Vec<(VarName, String)> {
        let of = |secret| {
            let found = values
                .iter()
                .find(|(name, _)| OpenclawSecret::of(name) == Some(secret));
            found.map(|(_, value)| *value)
        };
        let [gateway, hooks] = OpenclawSecret::ALL.map(of);
        if gateway.is_none() || gateway != hooks {
            return vec![];
        }
        let both = OpenclawSecret::ALL.into_iter();
        both.map(|secret| (secret.variable(), ALIKE.to_owned()))
            .collect()
    }

    async fn traces(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        // the file that counts is another one in each installation, and can be another one now
        let mut surveys: BTreeMap<&str, Result<Survey, String>> = BTreeMap::new();
        for ask in asks {
            if !surveys.contains_key(ask.target.place.as_str()) {
                let survey = survey::survey(&*self.host, ask.target).await;
                let survey = survey.map_err(|error| error.reason);
                surveys.insert(&ask.target.place, survey);
            }
        }
        let file = |ask: &Ask<'_>| match &surveys[ask.target.place.as_str()] {
            Ok(survey) => survey.file_of(ask.name),
            Err(why) => Err(why.clone()),
        };
        let files = asks.iter().map(file).collect();
        trace::of_files(&*self.host, asks, files).await
    }
}

/// Whether an installation can hold it; needs none.
pub(super) fn accepts_under(name: &VarName, value: &SecretValue) -> Result<(), String> {
    if OpenclawSecret::of(name).is_none() {
        return Err(format!(
            "an OpenClaw installation has no {name}: it has {}",
            OpenclawSecret::ALL.map(OpenclawSecret::name).join(" and ")
        ));
    }
    accepts(value.expose())
}

/// What a gateway takes for a token, wherever it stands. Measured on OpenClaw 2026.9.6.
fn accepts(text: &str) -> Result<(), String> {
    let wrong = if text.is_empty() {
        "it is empty, and a gateway does not start with an empty token"
    } else if text.trim() != text {
        "it begins or ends with blanks, which OpenClaw takes away"
    } else if text.contains(OPENCLAW_REDACTED) {
        "it holds OpenClaw's placeholder for a secret that it does not show: it is not the secret"
    } else if matches!(text, "undefined" | "null") {
        "OpenClaw takes this text for no token at all"
    } else if config::refers(text) {
        "it holds `${NAME}` or is `$NAME`, which OpenClaw takes for a variable"
    } else if text.chars().any(char::is_control) {
        "it holds a line break or another control character, which no header can"
    } else if text.len() > LONGEST_VALUE {
        "it is longer than 64 KiB"
    } else {
        return Ok(());
    };
    Err(wrong.to_owned())
}

#[async_trait]
impl Platform for OpenclawPlatform {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        // each changes files of its own; a restart of one is no matter of another
        join_all(batches.iter().map(|batch| write::write(&*self.host, batch))).await
    }
}

#[cfg(test)]
mod tests;
