//! Railway as a platform: targets that share token, project and environment are read and written
//! together.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use futures_util::future::join_all;

use super::api::{Api, Deadline, Pace};
use super::outcomes::refusal;
use super::place::{Place, address, nothing, refuse_twins};
use super::resolve::{self, Resolved};
use super::settings::{EndpointError, RailwaySettings};
use super::token::{Token, TokenError, Tokens};
use super::who::Refusals;
use crate::model::{Live, SecretValue, Target, VarName, Who};
use crate::platforms::{Ask, Batch, BatchOutcome, Capabilities, LiveRead, Platform, ReadError};

/// What begins a reference to another variable.
pub(in crate::platforms) const REFERENCE: &str = "${{";

/// All of Railway that a run talks to.
pub struct RailwayPlatform {
    settings: RailwaySettings,
    tokens: Tokens,
    api: OnceLock<Result<Api, EndpointError>>,
    /// What was last read of each place, by what the manifest calls it.
    seen: Mutex<BTreeMap<Place, Arc<Resolved>>>,
    /// One write at a time for each environment.
    writing: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<()>>>>,
    /// Lists of who changed what that a token is not shown.
    refusals: Mutex<Refusals>,
}

impl std::fmt::Debug for RailwayPlatform {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RailwayPlatform").finish_non_exhaustive()
    }
}

impl RailwayPlatform {
    /// Opens nothing yet.
    pub fn new(settings: RailwaySettings) -> Self {
        Self {
            tokens: Tokens::new(settings.tokens.clone()),
            settings,
            api: OnceLock::new(),
            seen: Mutex::default(),
            writing: Mutex::default(),
            refusals: Mutex::default(),
        }
    }

    /// Requests sent so far, each try counted.
    pub fn requests(&self) -> u64 {
        match self.api.get() {
            Some(Ok(api)) => api.requests(),
            _ => 0,
        }
    }

    pub(super) fn api(&self) -> Result<&Api, ReadError> {
        self.api
            .get_or_init(|| Api::new(&self.settings))
            .as_ref()
            .map_err(|error| ReadError {
                reason: error.to_string(),
                help: Some("correct DRIFTLOCK_RAILWAY_URL, or unset it".to_owned()),
                retry_after: None,
            })
    }

    pub(super) fn token(&self, named: Option<&str>) -> Result<Token, TokenError> {
        self.tokens.pick(named)
    }

    /// Lists the environment. Names are followed to ids once in a run.
    pub(super) async fn resolve(
        &self,
        place: &Place,
        limit: Deadline,
    ) -> Result<Arc<Resolved>, ReadError> {
        let api = self.api()?;
        let token = self
            .token(place.token.as_deref())
            .map_err(|error| ReadError {
                reason: error.to_string(),
                help: Some(error.help()),
                retry_after: None,
            })?;
        let known = self.last_seen(place);
        let (project, environment) = known.as_ref().map_or(
            (place.project.as_str(), place.environment.as_str()),
            |known| {
                let known = &known.environment;
                (known.project_id.as_str(), known.environment_id.as_str())
            },
        );
        let resolved = resolve::resolve(api, &token, project, environment, limit).await?;
        let resolved = Arc::new(resolved);
        self.lock_seen()
            .insert(place.clone(), Arc::clone(&resolved));
        Ok(resolved)
    }

    fn lock_seen(&self) -> std::sync::MutexGuard<'_, BTreeMap<Place, Arc<Resolved>>> {
        self.seen.lock().expect("no holder panics")
    }

    pub(super) fn last_seen(&self, place: &Place) -> Option<Arc<Resolved>> {
        self.lock_seen().get(place).cloned()
    }

    pub(super) const fn pace(&self) -> &Pace {
        &self.settings.pace
    }

    pub(super) fn refusals(&self) -> std::sync::MutexGuard<'_, Refusals> {
        self.refusals.lock().expect("no holder panics")
    }

    pub(super) fn turn(&self, environment: &str) -> Arc<tokio::sync::Mutex<()>> {
        let mut all = self.writing.lock().expect("no holder panics");
        Arc::clone(all.entry(environment.to_owned()).or_default())
    }
}

#[async_trait]
impl LiveRead for RailwayPlatform {
    async fn read(&self, targets: &[Target]) -> Vec<Result<Live, ReadError>> {
        let mut outcomes: Vec<Result<Live, ReadError>> =
            targets.iter().map(|_| Err(nothing())).collect();
        let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (index, target) in targets.iter().enumerate() {
            match address(target) {
                Ok(address) => places.entry(Place::of(address)).or_default().push(index),
                Err(error) => outcomes[index] = Err(error),
            }
        }
        let reads = places.iter().map(|(place, indexes)| async move {
            let theirs: Vec<&Target> = indexes.iter().map(|index| &targets[*index]).collect();
            (indexes, self.read_place(place, &theirs).await)
        });
        for (indexes, read) in join_all(reads).await {
            for (index, outcome) in indexes.iter().zip(read) {
                outcomes[*index] = outcome;
            }
        }
        refuse_twins(targets, &mut outcomes);
        outcomes
    }

    fn capabilities(&self, _: &Target) -> Capabilities {
        Capabilities {
            // one patch is one commit
            atomic: true,
            // what moved is noticed right before the commit, not by it
            compare_and_swap: false,
            // none is published
            max_value_bytes: None,
            read_lag: self.settings.pace.give_up / 8,
            // one team saw empty values vanish
            keeps_empty: false,
            activates: true,
        }
    }

    fn accepts(&self, _: &Target, name: &VarName, value: &SecretValue) -> Result<(), String> {
        accepts(name, value)
    }

    fn reference_marker(&self, _: &Target) -> Option<&'static str> {
        Some(REFERENCE)
    }

    fn requests(&self) -> u64 {
        Self::requests(self)
    }

    async fn traces(&self, asks: &[Ask<'_>]) -> Vec<Result<Who, String>> {
        self.who(asks).await
    }
}

/// Whether Railway can hold it; needs no connection.
pub(in crate::platforms) fn accepts(name: &VarName, value: &SecretValue) -> Result<(), String> {
    refusal(name, value).map_or(Ok(()), Err)
}

#[async_trait]
impl Platform for RailwayPlatform {
    async fn write(&self, batches: &[Batch]) -> Vec<BatchOutcome> {
        let mut outcomes: Vec<BatchOutcome> = batches
            .iter()
            .map(|batch| BatchOutcome::refused(batch, "nothing was tried", false))
            .collect();
        let mut places: BTreeMap<Place, Vec<usize>> = BTreeMap::new();
        for (index, batch) in batches.iter().enumerate() {
            match address(&batch.target) {
                Ok(address) => places.entry(Place::of(address)).or_default().push(index),
                Err(error) => outcomes[index] = BatchOutcome::refused(batch, &error.reason, false),
            }
        }
        let writes = places.iter().map(|(place, indexes)| async move {
            let theirs: Vec<&Batch> = indexes.iter().map(|index| &batches[*index]).collect();
            (indexes, self.write_place(place, &theirs).await)
        });
        for (indexes, written) in join_all(writes).await {
            for (index, outcome) in indexes.iter().zip(written) {
                outcomes[*index] = outcome;
            }
        }
        outcomes
    }
}
