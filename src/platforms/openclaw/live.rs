//! From what was read to what a target holds, and what people should know of it. Pure.

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;

use super::config;
use super::layers::{Caller, Found, Held, Sources, trimmed};
use super::place::Place;
use super::survey::Survey;
use crate::activation::openclaw::{GatewayProcess, Runs};
use crate::machine::{FileRead, version_of};
use crate::model::{
    Behind, Completeness, KeyPath, Live, LiveVar, OPENCLAW_GATEWAY_TOKEN, OpenclawSecret, Running,
    Version,
};

/// How exactly every machine can say when a file was written.
const COARSEST: SignedDuration = SignedDuration::from_secs(1);

/// The newest release whose precedence is known.
const KNOWN: [u32; 3] = [2026, 9, 6];

/// The inline variable of the config that stands for the token.
fn inline() -> KeyPath {
    config::variable_path(OPENCLAW_GATEWAY_TOKEN)
}

/// Whether a new value is in force without a restart: the gateway watches its config and nothing
/// else, and a token that it made up at its start it keeps until its end.
pub(super) fn is_taken_over(found: &Found, survey: &Survey) -> bool {
    let settings = &survey.config.settings;
    let watched = [
        config::gateway_path(),
        config::hooks_path(),
        config::remote_path(),
    ];
    matches!(place_to_write(found, survey), Place::Config(at) if watched.contains(&at))
        && (settings.is_remote || !settings.reload_off)
        && found.place != Place::Generated
}

/// Where a secret is written that nothing has yet, or that only the gateway's environment or the
/// config's inline variables have: what the config itself says wins over those.
pub(super) fn place_to_write(found: &Found, survey: &Survey) -> Place {
    match &found.place {
        Place::Environment(name) if !found.by_reference => own_place(name, survey),
        Place::Config(at) if !found.by_reference && *at == inline() => {
            own_place(OPENCLAW_GATEWAY_TOKEN, survey)
        }
        Place::Generated => own_place(OPENCLAW_GATEWAY_TOKEN, survey),
        place => place.clone(),
    }
}

fn own_place(name: &str, survey: &Survey) -> Place {
    if survey.config_file.content.is_none() {
        Place::Dotenv(name.to_owned())
    } else if survey.config.settings.is_remote {
        Place::Config(config::remote_path())
    } else {
        Place::Config(config::gateway_path())
    }
}

/// What the place of a secret is, for either of them.
pub(super) fn found(secret: OpenclawSecret, sources: &Sources<'_>) -> Found {
    match secret {
        OpenclawSecret::Gateway => sources.effective(),
        OpenclawSecret::Hooks => sources.hooks(),
    }
}

impl Survey {
    /// As a target.
    pub(super) fn live(&self) -> Live {
        let sources = self.sources();
        let gateway = sources.effective();
        let mut vars = BTreeMap::new();
        let mut changed_at = BTreeMap::new();
        let mut taken_over = BTreeSet::new();
        for secret in OpenclawSecret::ALL {
            let found = found(secret, &sources);
            let name = secret.variable();
            if is_taken_over(&found, self) {
                taken_over.insert(name.clone());
            }
            if let (Place::Store(_), Some(at)) = (&found.place, self.written_at(&found.place)) {
                changed_at.insert(name.clone(), at);
            }
            let var = match found.held {
                Held::Nothing => continue,
                Held::Value(value) => LiveVar::Value(value),
                Held::Sealed(changed_at) => LiveVar::Sealed { changed_at },
                Held::Unknown(why) => LiveVar::Unknown(why),
            };
            vars.insert(name, var);
        }
        let (running, unseen) = self.running(&gateway);
        let mut notes = notes(self, &sources, &gateway);
        notes.extend(unseen);
        Live {
            vars,
            changed_at,
            completeness: Completeness::Complete,
            version: self.version(),
            exists: self.config_file.content.is_some() || self.dotenv_file.content.is_some(),
            stored_at: self.written_at(&gateway.place),
            identity: linked(&self.config_file),
            drafts: vec![],
            running,
            taken_over,
            unsettled: None,
            notes,
        }
    }

    /// Everything that a write depends on.
    pub(super) fn version(&self) -> Version {
        let files = self.files.values().map(|(_, file)| file);
        let all = [&self.config_file, &self.dotenv_file]
            .into_iter()
            .chain(files);
        let parts: Vec<String> = all.map(|file| file.version().0).collect();
        let place = self.sources().effective().place;
        version_of(format!("{} {place:?}", parts.join(" ")).as_bytes())
    }

    /// Whether what is stored is what the gateway has, and a note where nobody can say.
    fn running(&self, found: &Found) -> (Running, Option<String>) {
        if self.config.settings.is_remote {
            return (Running::Unknown, None);
        }
        let process = match &self.gateway.runs {
            Runs::Yes(process) => process,
            Runs::No { why } => return (self.behind(why.clone(), None, true), None),
            Runs::Unknown { why } => return (Running::Unknown, unseen(why)),
        };
        let by_itself = is_taken_over(found, self);
        match (self.taken_over, &found.place) {
            (Some(true), Place::Config(_)) => (Running::Current, None),
            (Some(false), Place::Config(_)) if by_itself => (self.refused(process), None),
            (_, Place::Config(_)) => (
                Running::Unknown,
                unseen(
                    "the config changed since the gateway began, and nothing shows whether it took that over",
                ),
            ),
            (_, place) => self.by_time(process, place),
        }
    }

    fn by_time(&self, process: &GatewayProcess, place: &Place) -> (Running, Option<String>) {
        let since = match place {
            Place::Dotenv(_) | Place::Fallback(_) => process.process_since.or(process.since),
            _ => process.since,
        };
        match (self.written_at(place), since) {
            (Some(written), Some(since)) if written > since => {
                let why = format!("{} began before {place} was written", process.what);
                (self.behind(why, Some(written), true), None)
            }
            (Some(written), Some(since)) if since.duration_since(written) >= COARSEST => {
                (Running::Current, None)
            }
            // some machines say no more of a file than the second: that is no reason for a word
            (Some(_), Some(_)) => (Running::Unknown, None),
            _ if matches!(
                place,
                Place::Environment(_) | Place::Flag | Place::Generated
            ) =>
            {
                (Running::Current, None)
            }
            _ => (
                Running::Unknown,
                unseen("when the gateway began cannot be seen"),
            ),
        }
    }

    fn refused(&self, process: &GatewayProcess) -> Running {
        let why = format!(
            "{} has not taken the config over as it is now: it refused it, or is about to",
            process.what
        );
        let help = "see its log, or `openclaw config validate`; a gateway that does not take its config does not start with it either";
        match self.behind(why, self.config_file.changed_at, false) {
            Running::Behind(behind) => Running::Behind(Behind {
                help: Some(help.to_owned()),
                ..behind
            }),
            other => other,
        }
    }

    fn behind(&self, why: String, since: Option<jiff::Timestamp>, restart_helps: bool) -> Running {
        Running::Behind(Behind {
            names: BTreeSet::new(),
            since,
            why,
            help: None,
            restart_helps,
        })
    }
}

/// As the look at any other process notes it.
fn unseen(why: &str) -> Option<String> {
    Some(format!("what runs is not known: {why}"))
}

fn linked(file: &FileRead) -> String {
    let link = file.link_to.as_deref();
    link.map_or_else(String::new, |real| real.display().to_string())
}

fn notes(survey: &Survey, sources: &Sources<'_>, gateway: &Found) -> Vec<String> {
    let mut notes = vec![];
    notes.extend(others(sources, gateway));
    notes.extend(callers(survey, sources, gateway));
    notes.extend(blanks(survey));
    notes.extend(settings(survey, gateway));
    let hooks = sources.hooks();
    if hooks.value().is_some() && hooks.value() == gateway.value() {
        notes.push("hooks.token is the same as the gateway's token: OpenClaw wants two".to_owned());
    }
    notes
}

/// Places with another token that do not count: whoever looks there is led astray.
fn others(sources: &Sources<'_>, gateway: &Found) -> Vec<String> {
    let other = |found: &Found| {
        found.place != gateway.place && found.value().is_some() && found.value() != gateway.value()
    };
    let mut others = sources.all();
    others.retain(other);
    let notes = others.iter().map(|found| {
        format!(
            "{} holds another token, which does not count here: {} does",
            found.place, gateway.place
        )
    });
    let mut notes: Vec<String> = notes.collect();
    let session = sources.gateway.session.as_ref().map(trimmed);
    if session.is_some() && session.as_ref() != gateway.value() {
        notes.push(format!(
            "launchd gives another {OPENCLAW_GATEWAY_TOKEN} to whatever it starts in this session: `launchctl unsetenv {OPENCLAW_GATEWAY_TOKEN}` ends that"
        ));
    }
    notes
}

/// Who asks the gateway from its own machine and would be refused.
fn callers(survey: &Survey, sources: &Sources<'_>, gateway: &Found) -> Vec<String> {
    if survey.config.settings.is_remote {
        return vec![];
    }
    let who = [
        (Caller::Cli, "the `openclaw` commands on this machine show"),
        (Caller::NodeHost, "a node host on this machine shows"),
    ];
    let notes = who.into_iter().filter_map(|(caller, who)| {
        let shown = sources.shown_by(caller);
        let differs = shown.value().is_some() && gateway.value().is_some();
        (differs && shown.value() != gateway.value()).then(|| {
            format!(
                "{who} the token of {}, which the gateway does not take",
                shown.place
            )
        })
    });
    notes.collect()
}

/// The gateway takes tokens without the blanks around them; others may not.
fn blanks(survey: &Survey) -> Vec<String> {
    let name = OpenclawSecret::Gateway.variable();
    let of = |variables: &super::layers::Variables, place: Place| {
        let value = variables.get(&name)?.as_ref().ok()?;
        (trimmed(value) != *value).then(|| padded(&place))
    };
    let name = || OPENCLAW_GATEWAY_TOKEN.to_owned();
    let process = survey.gateway.process();
    let started_with = process
        .and_then(|process| process.environment.as_ref())
        .and_then(|vars| vars.get(&OpenclawSecret::Gateway.variable()))
        .filter(|value| trimmed(value) != **value)
        .map(|_| padded(&Place::Environment(name())));
    [
        of(&survey.dotenv, Place::Dotenv(name())),
        of(&survey.fallback, Place::Fallback(name())),
        started_with,
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn padded(place: &Place) -> String {
    format!(
        "{place} has blanks or a line end around the token: the gateway takes it without them, others may not"
    )
}

fn settings(survey: &Survey, gateway: &Found) -> Vec<String> {
    let mut notes = vec![];
    let settings = &survey.config.settings;
    match settings.auth_mode.as_deref() {
        None | Some("token") => {}
        Some("none") => notes
            .push("gateway.auth.mode is `none`: the gateway asks nobody for a token".to_owned()),
        Some("password") => notes.push(
            "gateway.auth.mode is `password`: the gateway's token is not what it asks for"
                .to_owned(),
        ),
        Some(_) => notes.push(
            "gateway.auth.mode is not `token`: what the gateway asks for is something else"
                .to_owned(),
        ),
    }
    if gateway.place == Place::Generated && gateway.held == Held::Nothing {
        notes.push(
            "no place holds a token: the gateway makes one up at each start, which nobody knows"
                .to_owned(),
        );
    }
    if let Some(version) = settings.written_by.as_deref().and_then(newer) {
        let known = dotted(&KNOWN);
        notes.push(format!(
            "the config was written by OpenClaw {version}, which is newer than {known}: what is known of it here may not hold"
        ));
    }
    let process = survey.gateway.process();
    if let Some(other) = process.and_then(|process| process.config.as_deref())
        && is_another_file(other, survey)
    {
        notes.push(format!(
            "the gateway that runs on this state folder reads another config, {other}"
        ));
    }
    let unseen = process.is_some_and(|process| process.environment.is_none());
    let below = matches!(
        gateway.place,
        Place::Dotenv(_) | Place::Fallback(_) | Place::Generated
    );
    if unseen && below && !gateway.by_reference {
        notes.push(format!(
            "what the gateway was started with cannot be seen: a {OPENCLAW_GATEWAY_TOKEN} there would win"
        ));
    }
    notes
}

/// Whether a path that the gateway names cannot be the one that was read, as far as texts tell.
fn is_another_file(named: &str, survey: &Survey) -> bool {
    let ours = survey.paths.config.to_string_lossy();
    let (Some(name), true) = (ours.strip_prefix('~'), !named.is_empty()) else {
        let linked = linked(&survey.config_file);
        return *named != *ours && named != linked;
    };
    !named.ends_with(name)
}

fn dotted(numbers: &[u32]) -> String {
    let numbers: Vec<String> = numbers.iter().map(u32::to_string).collect();
    numbers.join(".")
}

/// The three numbers of a version that is newer than the known one; what stands behind them is not
/// shown.
fn newer(text: &str) -> Option<String> {
    let core = text.split(['-', '+']).next()?;
    let numbers: Option<Vec<u32>> = core.split('.').map(|part| part.parse().ok()).collect();
    let numbers = numbers.filter(|numbers| numbers.len() == 3 && numbers[..] > KNOWN[..])?;
    Some(dotted(&numbers))
}

#[cfg(test)]
mod tests;
