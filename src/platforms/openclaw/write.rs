//! Writing one secret at the place that wins, so that the gateway does not undo it.
//!
//! A gateway that has written its config once looks for the `meta` that it put there: a whole file
//! without it is thrown away at the next start and an older one, with an older token, comes back.
//! So one value is changed in place and every other byte stays, `meta` among them. Where somebody
//! lost it already, OpenClaw's own `config patch` puts it back: that takes seconds and drops
//! comments, which the edit in place does not.

use std::path::{Component, Path};
use std::time::Duration;

use futures_util::future::join;
use zeroize::Zeroizing;

use super::cli::{self, Ended};
use super::config::Config;
use super::contents::DOTENV;
use super::live::{found, is_taken_over, place_to_write};
use super::place::Place;
use super::survey::{self, Survey};
use crate::machine::{FileRead, Host, ReplaceError, version_of};
use crate::model::{KeyPath, OpenclawAddress, OpenclawSecret, SecretValue, VarName, Version};
use crate::platforms::file::format::json::{Flavour, Tree};
use crate::platforms::file::rewrite::{Rewritten, rewrite};
use crate::platforms::{Batch, BatchOutcome, Operation, Outcome};

/// How long a running gateway may take to take its config over; 1.3 s were measured at the most.
const PATIENCE: Duration = Duration::from_secs(8);
const PAUSE: Duration = Duration::from_millis(100);

/// What people are told once, whatever the batch.
type Notes = Vec<String>;

pub(super) async fn write(host: &dyn Host, batch: &Batch) -> BatchOutcome {
    let survey = match survey::survey(host, &batch.target).await {
        Ok(survey) => survey,
        Err(error) => return BatchOutcome::refused(batch, &error.reason, false),
    };
    if survey.version() != batch.expected {
        return BatchOutcome::refused(batch, "the installation changed since it was read", true);
    }
    if let Some(why) = alike(batch, &survey) {
        return BatchOutcome::refused(batch, why, false);
    }
    let Ok((address, _)) = survey::place(&batch.target) else {
        return BatchOutcome::refused(batch, "it is no OpenClaw installation", false);
    };
    let mut writer = Writer {
        host,
        address,
        survey: &survey,
        config: None,
        watched: false,
        notes: vec![],
    };
    let mut outcomes = Vec::with_capacity(batch.operations.len());
    for operation in &batch.operations {
        outcomes.push(writer.operation(operation).await);
    }
    writer.wait_for_the_gateway().await;
    BatchOutcome {
        operations: outcomes,
        stale: false,
        activated: None,
        notes: writer.notes,
    }
}

/// Two doors, two keys: OpenClaw wants them to differ.
fn alike(batch: &Batch, survey: &Survey) -> Option<&'static str> {
    let sources = survey.sources();
    let after = |secret: OpenclawSecret| {
        let set = batch
            .operations
            .iter()
            .find_map(|operation| match operation {
                Operation::Set(name, value) if OpenclawSecret::of(name) == Some(secret) => {
                    Some(value.clone())
                }
                _ => None,
            });
        set.or_else(|| found(secret, &sources).value().cloned())
    };
    let [gateway, hooks] = OpenclawSecret::ALL.map(after);
    (gateway.is_some() && gateway == hooks).then_some(super::ALIKE)
}

/// Writes one installation.
struct Writer<'a> {
    host: &'a dyn Host,
    address: &'a OpenclawAddress,
    survey: &'a Survey,
    /// The config's version after our own last write to it.
    config: Option<Version>,
    /// Whether the gateway is to take something of it over by itself.
    watched: bool,
    notes: Notes,
}

impl Writer<'_> {
    async fn operation(&mut self, operation: &Operation) -> Outcome {
        let refused = |why: &str| Outcome::Refused(why.to_owned());
        let Some(secret) = OpenclawSecret::of(operation.name()) else {
            return refused("an OpenClaw installation has no variable of this name");
        };
        let value = match operation {
            Operation::Set(_, value) => value,
            Operation::Delete(_) => {
                return refused("a gateway without a token makes one up: remove it by hand");
            }
        };
        let found = found(secret, &self.survey.sources());
        match place_to_write(&found, self.survey) {
            Place::Config(at) => {
                self.watched |= is_taken_over(&found, self.survey);
                self.config(&at, value).await
            }
            Place::Dotenv(name) => {
                let path = self.survey.paths.dotenv();
                self.variable(&path, &self.survey.dotenv_file, &name, value)
                    .await
            }
            Place::File { path, at } => match self.survey.files.get(&path) {
                Some((real, file)) => self.file(real, file, at.as_ref(), value).await,
                None => refused("the file that its SecretRef names was not read"),
            },
            Place::Store(name) => ended(
                cli::store(self.host, self.address, &name, value.expose()).await,
                "openclaw secrets store set",
            ),
            place @ (Place::Flag | Place::Environment(_) | Place::Fallback(_)) => {
                Outcome::Refused(format!(
                    "the token comes from {place}, which is not ours to change: change it there, or remove it there so that the config counts"
                ))
            }
            Place::Variable(_) | Place::Generated => refused("it is not known where to put it"),
        }
    }

    /// One value of the config. `meta` and everything else stay.
    async fn config(&mut self, at: &KeyPath, value: &SecretValue) -> Outcome {
        if self.survey.is_read_only() {
            return Outcome::Refused(
                "this OpenClaw lets nobody write its config (OPENCLAW_CONFIG_READONLY): change it where the config comes from".to_owned(),
            );
        }
        if self.survey.config_file.content.is_none() {
            return Outcome::Refused(
                "there is no config to put it into, and one is never made up: `openclaw onboard` makes it".to_owned(),
            );
        }
        if self.config.is_none() && self.lost_its_meta().await {
            match cli::patch(self.host, self.address, patch(at, value)).await {
                Ended::Missing => self.notes.push(
                    "the config has lost its `meta`, and there is no program `openclaw` there to put it back: the next start of the gateway may restore an older one".to_owned(),
                ),
                ended_so => {
                    let outcome = ended(ended_so, "openclaw config patch");
                    let Ok(file) = self.host.read(&self.survey.paths.config).await else {
                        return outcome;
                    };
                    let moved = file.version() != self.survey.config_file.version();
                    self.config = Some(file.version());
                    return match outcome {
                        // it says that it failed, and wrote something
                        Outcome::Refused(why) if moved => Outcome::InDoubt(why),
                        outcome => outcome,
                    };
                }
            }
        }
        let path = self.survey.paths.config.clone();
        let file = match &self.config {
            None => self.survey.config_file.clone(),
            Some(_) => match self.host.read(&path).await {
                Ok(file) => file,
                Err(error) => return Outcome::Refused(error.to_string()),
            },
        };
        let expected = self.config.clone().unwrap_or_else(|| file.version());
        let new = match edited(&file, Flavour::Json5, at, value) {
            Ok(new) => new,
            Err(why) => return Outcome::Refused(why),
        };
        let version = version_of(&new);
        let outcome = self.replace(&path, &expected, new).await;
        if outcome == Outcome::Done {
            self.config = Some(version);
        }
        outcome
    }

    /// Whether OpenClaw wrote this config once and somebody else's write lost what it put there.
    async fn lost_its_meta(&self) -> bool {
        if has_meta(&self.survey.config_file) {
            return false;
        }
        let paths = &self.survey.paths;
        let (kept, former) = (paths.last_good(), paths.backup());
        let (kept, former) = join(self.host.read(&kept), self.host.read(&former)).await;
        [kept, former].iter().flatten().any(has_meta)
    }

    /// One variable of a file of variables.
    async fn variable(
        &self,
        path: &Path,
        file: &FileRead,
        name: &str,
        value: &SecretValue,
    ) -> Outcome {
        let Ok(name) = VarName::new(name) else {
            return Outcome::Refused(
                "the config refers to a name that no file can hold".to_owned(),
            );
        };
        let bytes = file.content.as_deref().map(Vec::as_slice);
        let set = [Operation::Set(name, value.clone())];
        match rewrite(&DOTENV, bytes, &set) {
            Ok(Rewritten::Same) => Outcome::Done,
            Ok(Rewritten::New(new)) => self.replace(path, &file.version(), new).await,
            Err(mut outcomes) => outcomes
                .pop()
                .unwrap_or_else(|| Outcome::Refused("the .env cannot be written".to_owned())),
        }
    }

    /// What a SecretRef names: a text in a JSON file, or the whole of a file.
    async fn file(
        &self,
        path: &Path,
        file: &FileRead,
        at: Option<&KeyPath>,
        value: &SecretValue,
    ) -> Outcome {
        if !is_within(path, &self.survey.paths.state) {
            return Outcome::Refused(
                "the file that its SecretRef names is outside the state folder: whoever writes the config would choose what we write, so change it there".to_owned(),
            );
        }
        let new = match at {
            None if holds_lines(file) => Err(
                "the file that its SecretRef names holds more than one line: that is no token, and it is not replaced".to_owned(),
            ),
            // room for all of it: no copy is left behind
            None => Ok(Zeroizing::new([value.expose(), "\n"].concat().into_bytes())),
            Some(at) => edited(file, Flavour::Json, at, value),
        };
        match new {
            Ok(new) => self.replace(path, &file.version(), new).await,
            Err(why) => Outcome::Refused(why),
        }
    }

    async fn replace(&self, path: &Path, expected: &Version, new: Zeroizing<Vec<u8>>) -> Outcome {
        match self.host.replace(path, expected, new).await {
            Ok(()) => Outcome::Done,
            Err(ReplaceError::Stale) => {
                Outcome::Refused(format!("{} changed since it was read", path.display()))
            }
            Err(ReplaceError::Refused(error)) => Outcome::Refused(match error.help() {
                Some(help) => format!("{error}; {help}"),
                None => error.to_string(),
            }),
            Err(ReplaceError::InDoubt(error)) => Outcome::InDoubt(error.to_string()),
        }
    }

    /// Waits until the running gateway has taken its config over: it then keeps a copy of it. No
    /// token is needed to see that.
    async fn wait_for_the_gateway(&mut self) {
        let watches = self.watched && !self.survey.config.settings.is_remote;
        let (Some(written), Some(_), true) =
            (self.config.clone(), self.survey.gateway.process(), watches)
        else {
            return;
        };
        let kept = self.survey.paths.last_good();
        let begin = tokio::time::Instant::now();
        while begin.elapsed() < PATIENCE {
            if let Ok(file) = self.host.read(&kept).await
                && file.version() == written
            {
                self.notes
                    .push("the gateway took its config over, without a restart".to_owned());
                return;
            }
            tokio::time::sleep(PAUSE).await;
        }
        self.notes.push(format!(
            "the gateway did not show within {} s that it took its config over: see its log, or restart it",
            PATIENCE.as_secs()
        ));
    }
}

impl Survey {
    fn is_read_only(&self) -> bool {
        const SWITCHES: [&str; 2] = ["OPENCLAW_CONFIG_READONLY", "OPENCLAW_NIX_MODE"];
        let on = |value: &SecretValue| matches!(value.expose().trim(), "1" | "true");
        let environment = self
            .gateway
            .process()
            .and_then(|process| process.environment.as_ref());
        SWITCHES
            .into_iter()
            .filter_map(|name| VarName::new(name).ok())
            .any(|name| {
                let started_with = environment.and_then(|vars| vars.get(&name));
                let said = self.dotenv.get(&name).and_then(|said| said.as_ref().ok());
                started_with.or(said).is_some_and(on)
            })
    }
}

/// Whether a file that shall be one value is something else.
fn holds_lines(file: &FileRead) -> bool {
    let bytes = file.content.as_deref().map(Vec::as_slice);
    bytes.is_some_and(|bytes| bytes.trim_ascii().contains(&b'\n'))
}

/// As far as texts tell; no step leads out of the folder again.
fn is_within(path: &Path, folder: &Path) -> bool {
    let out = |part| part == Component::ParentDir;
    path.starts_with(folder) && !path.components().any(out)
}

fn has_meta(file: &FileRead) -> bool {
    let text = file.content.as_deref().map(Vec::as_slice);
    let text = text.and_then(|bytes| std::str::from_utf8(bytes).ok());
    let tree = text.and_then(|text| Tree::parse(text, Flavour::Json5).ok());
    tree.is_some_and(|tree| matches!(tree.find(&KeyPath::key("meta")), Ok(Some(_))))
}

/// The file with one text in it changed; refused unless everything else reads as before.
fn edited(
    file: &FileRead,
    flavour: Flavour,
    at: &KeyPath,
    value: &SecretValue,
) -> Result<Zeroizing<Vec<u8>>, String> {
    let bytes = file
        .content
        .as_deref()
        .map(Vec::as_slice)
        .unwrap_or(b"{}\n");
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8 text".to_owned())?;
    let tree = Tree::parse(text, flavour).map_err(|error| error.to_string())?;
    let new = tree
        .edit(&[(at.clone(), Some(value.expose()))])
        .map_err(|error| error.to_string())?;
    let new = Zeroizing::new(new.into_bytes());
    if flavour == Flavour::Json5 {
        let text = std::str::from_utf8(&new).map_err(|_| "it is not UTF-8 text".to_owned())?;
        Config::parse(Some(text)).map_err(|error| error.to_string())?;
    }
    Ok(new)
}

/// `{"gateway":{"auth":{"token":"…"}}}`
fn patch(at: &KeyPath, value: &SecretValue) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(String::with_capacity(256 + 6 * value.len()));
    let mut depth = 0;
    for step in at.segments() {
        if let crate::model::Segment::Key(key) = step {
            text.push('{');
            text.push_str(&serde_json::Value::from(key.as_str()).to_string());
            text.push(':');
            depth += 1;
        }
    }
    let literal =
        Zeroizing::new(serde_json::to_string(value.expose()).expect("a string has a JSON text"));
    text.push_str(&literal);
    text.push_str(&"}".repeat(depth));
    Zeroizing::new(std::mem::take(&mut *text).into_bytes())
}

/// How a command of OpenClaw's ended, as the outcome of what it was to write.
fn ended(ended: Ended, what: &str) -> Outcome {
    match ended {
        Ended::Done(_) => Outcome::Done,
        Ended::Missing => Outcome::Refused(format!(
            "`{what}` is needed for this, and there is no program `openclaw` there"
        )),
        Ended::Failed(status) => Outcome::Refused(format!(
            "`{what}` ended with status {status}; run it by hand there to see what it says"
        )),
        Ended::InDoubt(why) => Outcome::InDoubt(why),
        Ended::NotRun(why) => Outcome::Refused(why),
    }
}

#[cfg(test)]
mod tests;
