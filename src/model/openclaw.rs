//! What is known of OpenClaw before anything is asked: where an installation lies, which of its
//! secrets have which name on a target, what runs it.
//!
//! Facts of this file: OpenClaw 2026.9.6 and the documentation that ships with it.

use std::fmt;

use super::{Machine, Process, VarName};

/// The name on a target of the shared secret of a gateway: `gateway.auth.token`, or whatever of
/// OpenClaw's other places wins over it.
pub const OPENCLAW_GATEWAY_TOKEN: &str = "OPENCLAW_GATEWAY_TOKEN";
/// The name on a target of `hooks.token`, which guards `/hooks/*` and is another secret.
pub const OPENCLAW_HOOKS_TOKEN: &str = "OPENCLAW_HOOKS_TOKEN";

/// What OpenClaw prints in the place of a secret. It is never one.
pub const OPENCLAW_REDACTED: &str = "__OPENCLAW_REDACTED__";

/// The state folder where nothing else is said.
const USUAL_STATE: &str = "~/.openclaw";

/// One of the secrets of an installation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OpenclawSecret {
    /// What clients show to the gateway.
    Gateway,
    /// What guards its hooks.
    Hooks,
}

impl OpenclawSecret {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Gateway, Self::Hooks];

    /// Its name on a target.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Gateway => OPENCLAW_GATEWAY_TOKEN,
            Self::Hooks => OPENCLAW_HOOKS_TOKEN,
        }
    }

    /// Which one a name on a target is.
    pub fn of(name: &VarName) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|secret| secret.name() == name.as_str())
    }

    /// The variable.
    pub fn variable(self) -> VarName {
        VarName::new(self.name()).expect("it is the name of a variable")
    }
}

/// One installation of OpenClaw: a state folder, its config, and the gateway that uses both.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenclawAddress {
    /// Whose it is.
    pub machine: Machine,
    /// The profile, where it is not the default one: a state folder and a service of its own.
    pub profile: Option<String>,
    /// The state folder as the manifest spells it; `None` for OpenClaw's own choice.
    pub state: Option<String>,
    /// The config file as the manifest spells it; `None` for the one in the state folder.
    pub config: Option<String>,
    /// Where its gateway is asked whether a token works; `None` for this port of its own machine.
    pub url: Option<String>,
    /// What runs the gateway, where the manifest says so; `None` for OpenClaw's own service.
    pub service: Option<Process>,
}

impl OpenclawAddress {
    /// The state folder as people spell it.
    pub fn state(&self) -> String {
        match (&self.state, &self.profile) {
            (Some(state), _) => state.clone(),
            (None, Some(profile)) => format!("~/.openclaw-{profile}"),
            (None, None) => USUAL_STATE.to_owned(),
        }
    }

    /// The service that OpenClaw installs for it.
    pub fn own_service(&self) -> OpenclawService {
        OpenclawService {
            profile: self.profile.clone(),
            state: self.state.clone().filter(|state| state != USUAL_STATE),
            config: self.config.clone(),
        }
    }
}

/// What `openclaw gateway install` makes: a unit of the user's systemd, or an agent of launchd.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OpenclawService {
    /// The profile, where it is not the default one.
    pub profile: Option<String>,
    /// A state folder of somebody's own choice, as the manifest spells it: OpenClaw manages no
    /// service for such a one.
    pub state: Option<String>,
    /// The config file as the manifest spells it, where it is not the one in the state folder.
    pub config: Option<String>,
}

impl OpenclawService {
    /// Its unit on Linux; `None` where OpenClaw makes none.
    pub fn unit(&self) -> Option<String> {
        match (&self.state, &self.profile) {
            (Some(_), _) => None,
            (None, Some(profile)) => Some(format!("openclaw-gateway-{profile}.service")),
            (None, None) => Some("openclaw-gateway.service".to_owned()),
        }
    }

    /// Its label on macOS; `None` where OpenClaw makes none.
    pub fn label(&self) -> Option<String> {
        let name = self.profile.as_deref().unwrap_or("gateway");
        self.state.is_none().then(|| format!("ai.openclaw.{name}"))
    }
}

impl fmt::Display for OpenclawService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the OpenClaw gateway")?;
        match (&self.profile, &self.state) {
            (Some(profile), _) => write!(f, " of profile {profile}"),
            (None, Some(state)) => write!(f, " of {state}"),
            (None, None) => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_services_of_profiles() {
        let of = |profile: Option<&str>, state: Option<&str>| OpenclawService {
            profile: profile.map(str::to_owned),
            state: state.map(str::to_owned),
            config: None,
        };
        let both = |service: &OpenclawService| service.unit().zip(service.label());
        let named = |unit: &str, label: &str| Some((unit.to_owned(), label.to_owned()));
        assert_eq!(
            both(&of(None, None)),
            named("openclaw-gateway.service", "ai.openclaw.gateway")
        );
        assert_eq!(
            both(&of(Some("work"), None)),
            named("openclaw-gateway-work.service", "ai.openclaw.work")
        );
        assert_eq!(both(&of(None, Some("/srv/claw"))), None);
        for secret in OpenclawSecret::ALL {
            assert_eq!(OpenclawSecret::of(&secret.variable()), Some(secret));
        }
    }
}
