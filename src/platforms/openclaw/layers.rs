//! Which of OpenClaw's places wins: for the gateway, and for who asks it. Pure.
//!
//! The gateway, highest first: `--token`, `gateway.auth.token`, `OPENCLAW_GATEWAY_TOKEN` of its
//! environment, the same of the `.env` in the state folder, `env.vars` of the config; else it makes
//! one up at each start. Measured on OpenClaw 2026.9.6; who asks it, from its documentation.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::config::{self, Config, Input};
use super::place::Place;
use crate::activation::openclaw::Gateway;
use crate::model::{OPENCLAW_GATEWAY_TOKEN, SecretValue, VarName};

/// The variable in which OpenClaw's own installer lists what it put into the environment of a
/// service: the `.env` wins over those, and what no file and no config names is not used.
const MANAGED: &str = "OPENCLAW_SERVICE_MANAGED_ENV_KEYS";

/// Where the `openclaw` commands find a gateway, in place of the config.
const GATEWAY_URL: &str = "OPENCLAW_GATEWAY_URL";

/// What one place holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Held {
    Value(SecretValue),
    /// It is there, and shown to nobody.
    Sealed(Option<Timestamp>),
    /// Nobody can say; why.
    Unknown(String),
    Nothing,
}

/// A place and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) place: Place,
    pub(super) held: Held,
    /// Whether the config names this place: then nothing else is looked at.
    pub(super) by_reference: bool,
}

impl Found {
    fn new(place: Place, held: Held) -> Self {
        Self {
            place,
            held,
            by_reference: false,
        }
    }

    pub(super) fn value(&self) -> Option<&SecretValue> {
        match &self.held {
            Held::Value(value) => Some(value),
            Held::Sealed(_) | Held::Unknown(_) | Held::Nothing => None,
        }
    }
}

/// What a file of variables says of one name.
pub(super) type Variables = BTreeMap<VarName, Result<SecretValue, String>>;

/// Everything that was read of one installation.
#[derive(Debug)]
pub(super) struct Sources<'a> {
    pub(super) config: &'a Config,
    pub(super) dotenv: &'a Variables,
    pub(super) fallback: &'a Variables,
    pub(super) gateway: &'a Gateway,
    /// What is at the places that SecretRefs name.
    pub(super) referred: &'a BTreeMap<Place, Held>,
}

/// Who asks the gateway. A `--token` on the command line of a command wins over all of it, and one
/// with `--url` gets nothing else: neither is stored anywhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// The `openclaw` commands on this machine.
    Cli,
    /// A node host, which is another service of OpenClaw.
    NodeHost,
}

impl Sources<'_> {
    /// What the gateway of this installation takes.
    pub(super) fn gateway(&self) -> Found {
        if let Some(flag) = &self.gateway.flag {
            return flagged(flag);
        }
        self.input(&self.config.gateway, &config::gateway_path())
            .or_else(|| self.variable(OPENCLAW_GATEWAY_TOKEN, false))
            .unwrap_or_else(|| Found::new(Place::Generated, Held::Nothing))
    }

    /// What guards its hooks: nothing but the config says that.
    pub(super) fn hooks(&self) -> Found {
        let at = config::hooks_path();
        let nothing = || Found::new(Place::Config(at.clone()), Held::Nothing);
        self.input(&self.config.hooks, &at).unwrap_or_else(nothing)
    }

    /// What somebody on this machine shows to the gateway that is meant there.
    pub(super) fn shown_by(&self, caller: Caller) -> Found {
        let local = || self.input(&self.config.gateway, &config::gateway_path());
        let remote = || self.input(&self.config.remote, &config::remote_path());
        let variable = || self.variable(OPENCLAW_GATEWAY_TOKEN, false);
        let is_remote = self.config.settings.is_remote;
        let found = match caller {
            // an address from the environment gets secrets of the environment only
            Caller::Cli if self.variable(GATEWAY_URL, false).is_some() => variable(),
            Caller::Cli if is_remote => remote().or_else(variable).or_else(local),
            Caller::Cli => local().or_else(variable).or_else(remote),
            Caller::NodeHost if is_remote => variable().or_else(remote).or_else(local),
            Caller::NodeHost => variable().or_else(local).or_else(remote),
        };
        found.unwrap_or_else(|| Found::new(Place::Generated, Held::Nothing))
    }

    /// The secret that this installation is about: of its own gateway, or where it is a client, what
    /// it shows to the other one.
    pub(super) fn effective(&self) -> Found {
        if !self.config.settings.is_remote {
            return self.gateway();
        }
        let found = self.shown_by(Caller::Cli);
        match found.held {
            Held::Nothing => Found::new(Place::Config(config::remote_path()), Held::Nothing),
            _ => found,
        }
    }

    /// Every place that holds the gateway's token, whether it counts or not.
    pub(super) fn all(&self) -> Vec<Found> {
        let mut all = vec![];
        if let Some(flag) = &self.gateway.flag {
            all.push(flagged(flag));
        }
        all.extend(self.input(&self.config.gateway, &config::gateway_path()));
        all.extend(self.places_of(OPENCLAW_GATEWAY_TOKEN));
        all.extend(self.input(&self.config.remote, &config::remote_path()));
        all
    }

    fn input(&self, input: &Input, at: &crate::model::KeyPath) -> Option<Found> {
        let own = |held| Found::new(Place::Config(at.clone()), held);
        match input {
            Input::Absent => None,
            Input::Text(text) => Some(own(Held::Value(text.clone()))),
            Input::Unknown(why) => Some(own(Held::Unknown(why.clone()))),
            Input::At(Place::Variable(name)) => {
                let found = self.variable(name, true);
                let nothing = || Found::new(Place::Dotenv(name.clone()), Held::Nothing);
                Some(Found {
                    by_reference: true,
                    ..found.unwrap_or_else(nothing)
                })
            }
            Input::At(place) => {
                let held = self.referred.get(place).cloned();
                Some(Found {
                    place: place.clone(),
                    held: held.unwrap_or_else(|| Held::Unknown("it was not read".to_owned())),
                    by_reference: true,
                })
            }
        }
    }

    /// A variable as the gateway has it, whichever of its sources wins. `named` by the config.
    fn variable(&self, name: &str, named: bool) -> Option<Found> {
        let mut places = self.places_of(name);
        let in_a_file = places
            .iter()
            .any(|found| matches!(found.place, Place::Dotenv(_) | Place::Fallback(_)));
        if self.is_managed(name) && (in_a_file || !named) {
            places.retain(|found| !matches!(found.place, Place::Environment(_)));
        }
        places.into_iter().next()
    }

    /// In the order in which they win.
    fn places_of(&self, name: &str) -> Vec<Found> {
        let mut places = vec![];
        if let Some(value) = self.environment(name).map(trimmed) {
            let place = Place::Environment(name.to_owned());
            // an empty one is no token, and hides what files say all the same
            let held = if value.is_empty() {
                Held::Nothing
            } else {
                Held::Value(value)
            };
            places.push(Found::new(place, held));
        }
        type Named = fn(String) -> Place;
        let files: [(&Variables, Named); 2] = [
            (self.dotenv, Place::Dotenv),
            (self.fallback, Place::Fallback),
        ];
        for (variables, place) in files {
            let Some(said) = VarName::new(name)
                .ok()
                .and_then(|name| variables.get(&name))
            else {
                continue;
            };
            let held = match said {
                Ok(value) => Held::Value(trimmed(value)),
                Err(why) => Held::Unknown(why.clone()),
            };
            if held != Held::Value(SecretValue::new("")) {
                places.push(Found::new(place(name.to_owned()), held));
            }
        }
        if let Some(value) = self.config.variables.get(name).map(trimmed)
            && !value.is_empty()
        {
            let place = Place::Config(config::variable_path(name));
            places.push(Found::new(place, Held::Value(value)));
        }
        places
    }

    fn environment(&self, name: &str) -> Option<&SecretValue> {
        let environment = self.gateway.process()?.environment.as_ref()?;
        environment.get(&VarName::new(name).ok()?)
    }

    fn is_managed(&self, name: &str) -> bool {
        self.environment(MANAGED)
            .is_some_and(|keys| keys.expose().split(',').any(|key| key.trim() == name))
    }
}

fn flagged(flag: &Result<SecretValue, String>) -> Found {
    let held = match flag {
        Ok(value) => Held::Value(trimmed(value)),
        Err(why) => Held::Unknown(why.clone()),
    };
    Found::new(Place::Flag, held)
}

/// The gateway takes tokens without the blanks around them, wherever they come from.
pub(super) fn trimmed(value: &SecretValue) -> SecretValue {
    SecretValue::new(value.expose().trim())
}

#[cfg(test)]
mod tests;
