//! What `docker inspect` says of containers. Its text holds their environments, so no word of it,
//! and no error of the parser, goes any further.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};
use zeroize::Zeroizing;

use super::super::environ::Environment;
use super::super::look::{Look, RunningProcess};
use crate::model::SecretValue;

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Container {
    id: String,
    name: String,
    created: String,
    #[serde(default)]
    restart_count: u64,
    state: State,
    config: Config,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct State {
    #[serde(default)]
    running: bool,
    #[serde(default)]
    restarting: bool,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    exit_code: i64,
    #[serde(default, rename = "OOMKilled")]
    oom_killed: bool,
    #[serde(default)]
    status: String,
}

#[derive(Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    env: Option<Vec<Entry>>,
}

/// `NAME=value`
#[derive(Clone)]
struct Entry(Zeroizing<String>);

impl<'de> Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from).map(|text| Self(Zeroizing::new(text)))
    }
}

/// The containers of an answer; `None` if it cannot be read.
pub(super) fn read(output: &[u8]) -> Option<Vec<Container>> {
    serde_json::from_slice(output).ok()
}

/// How often they were started again, all together.
pub(super) fn restarts(containers: &[Container]) -> u64 {
    containers.iter().map(|it| it.restart_count).sum()
}

impl Container {
    pub(super) fn name(&self) -> &str {
        self.name.trim_start_matches('/')
    }

    /// Whether it is the one of this name or (short) id.
    pub(super) fn is(&self, name: &str) -> bool {
        self.name() == name.trim_start_matches('/')
            || (name.len() >= 12 && self.id.starts_with(name))
    }

    /// Why it does not run, if it should: one that ended well has done its work.
    pub(super) fn down(&self) -> Option<String> {
        let state = &self.state;
        if state.restarting || state.status == "restarting" {
            return Some(format!(
                "it fell over with status {}, and is started again",
                state.exit_code
            ));
        }
        if state.running {
            return None;
        }
        match (state.oom_killed, state.status.as_str(), state.exit_code) {
            (true, ..) => Some("it was ended for want of memory".to_owned()),
            (_, "created", _) => Some("it was made and never started".to_owned()),
            (_, _, 0) => None,
            (_, _, code) => Some(format!("it ended with status {code}")),
        }
    }

    fn process(&self, refresh: &str) -> RunningProcess {
        let mut environment = Environment::default();
        for entry in self.config.env.iter().flatten() {
            // a name without a value is handed over only where docker knows one
            if let Some((name, value)) = entry.0.split_once('=') {
                environment.add(name, SecretValue::new(value));
            }
        }
        let mut process = RunningProcess::new(format!("container {}", self.name()));
        process.vars = Some(environment.vars);
        process.unclear = environment.unclear;
        // its environment is as old as the container, however often that was started again
        process.since = self.created.parse::<Timestamp>().ok();
        process.refresh = Some(refresh.to_owned());
        process.note = self
            .state
            .paused
            .then(|| format!("container {} is paused", self.name()));
        process
    }
}

pub(super) fn look(containers: &[Container], what: &str, refresh: &str) -> Look {
    let down = containers.iter().find_map(|it| Some((it, it.down()?)));
    if let Some((container, why)) = down {
        return Look::Stopped {
            why: format!("container {} does not run: {why}", container.name()),
            idle: false,
            help: Some(format!("see: docker logs --tail 20 {}", container.name())),
        };
    }
    let running: Vec<RunningProcess> = containers
        .iter()
        .filter(|it| it.state.running)
        .map(|it| it.process(refresh))
        .collect();
    if !running.is_empty() {
        return Look::Runs(running);
    }
    if containers.is_empty() {
        return Look::Stopped {
            why: format!("{what} has no container"),
            idle: false,
            help: Some(refresh.to_owned()),
        };
    }
    Look::Stopped {
        why: format!("{what} has done its work and does not run now"),
        idle: true,
        help: None,
    }
}

#[cfg(test)]
mod tests;
