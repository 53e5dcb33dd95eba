//! `activate:` and `running:` of a target: what puts its values in force, and which process has them.

use std::time::Duration;

use super::fields::{self, Fields, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::parse_duration;
use crate::manifest::tree::{Kind, Node};
use crate::model::{
    Activation, Address, ComposeProject, LaunchdDomain, LaunchdJob, OpenclawAddress, Process,
    SystemdUnit,
};

const ACTIVATE: [&str; 4] = ["command", "systemd", "launchd", "compose"];
const RUNNING: [&str; 4] = ["systemd", "launchd", "compose", "container"];
const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "device",
    "mount",
    "automount",
    "swap",
    "target",
    "path",
    "timer",
    "slice",
    "scope",
];
const MAX_UNIT: usize = 255;
/// The longest that an activation may take.
const LONGEST: Duration = Duration::from_secs(3600);

/// What a target runs, and what is looked at.
#[derive(Default)]
pub(super) struct Programs {
    pub(super) activation: Option<Activation>,
    pub(super) limit: Option<Duration>,
    pub(super) process: Option<Process>,
}

/// What is run, and the process that is looked at: the explicit one, or the activation's own.
pub(super) fn decode_programs(
    fields: &Fields<'_>,
    address: Option<&mut Address>,
    problems: &mut Problems,
) -> Programs {
    let of = address.as_deref();
    for key in ["activate", "running"] {
        if let (Some(Address::Railway(_)), Some((found, _))) = (of, fields.get(key)) {
            problems.error(
                found.position,
                code::BAD_VALUE,
                format!("`{key}` is not for Railway, which deploys by itself"),
                Some("remove it; what was set is in force after the deploy that the change begins"),
            );
            return Programs::default();
        }
    }
    let (activation, limit) = fields
        .get("activate")
        .and_then(|(_, node)| decode_activation(node, of, problems))
        .unzip();
    let process = match fields.get("running") {
        Some((_, node)) => decode_running(node, problems).flatten(),
        None => activation.as_ref().and_then(Activation::process),
    };
    let mut programs = Programs {
        activation,
        limit: limit.flatten(),
        process,
    };
    if let Some(Address::Openclaw(openclaw)) = address {
        of_openclaw(fields, openclaw, &mut programs, problems);
    }
    programs
}

/// Its platform itself looks at the gateway's process: that decides which token counts. Where
/// nothing is said it is restarted as OpenClaw installed it.
fn of_openclaw(
    fields: &Fields<'_>,
    openclaw: &mut OpenclawAddress,
    programs: &mut Programs,
    problems: &mut Problems,
) {
    let process = programs.process.take();
    if let Some((found, _)) = fields.get("running")
        && !matches!(process, Some(Process::Systemd(_) | Process::Launchd(_)))
    {
        problems.error(
            found.position,
            code::BAD_VALUE,
            "`running` of an OpenClaw installation is the unit or the job of its gateway",
            Some("for example `{ systemd: openclaw-gateway.service, user: true }`; leave it out for the one that OpenClaw installs"),
        );
    }
    openclaw.service =
        process.filter(|process| matches!(process, Process::Systemd(_) | Process::Launchd(_)));
    if programs.activation.is_none() && fields.get("activate").is_none() {
        programs.activation = Some(Activation::Openclaw(openclaw.own_service()));
    }
}

fn decode_activation(
    node: &Node,
    address: Option<&Address>,
    problems: &mut Problems,
) -> Option<(Activation, Option<Duration>)> {
    if !matches!(node.kind, Kind::Map { .. }) {
        let line = decode_command(node, "`activate`", problems)?;
        return Some((Activation::Command(line), None));
    }
    let known = [
        "command", "systemd", "launchd", "compose", "user", "domain", "plist", "services",
        "service", "timeout",
    ];
    let fields = Fields::of(node, "`activate`", &known, problems)?;
    let limit = match fields.get("timeout") {
        Some((_, node)) => decode_limit(node, problems).map(Some),
        None => Some(None),
    };
    let (kind, value) = fields.only("`activate`", &ACTIVATE, problems)?;
    fields.fitting(kind, problems);
    let activation = match kind {
        "command" => decode_command(value, "`command`", problems).map(Activation::Command),
        "systemd" => decode_unit(value, &fields, problems).map(Activation::Systemd),
        "launchd" => {
            let job = decode_job(value, &fields, problems)?;
            check_plist(&job, value, address, problems)?;
            Some(Activation::Launchd(job))
        }
        _ => decode_compose(value, &fields, problems).map(Activation::Compose),
    };
    Some((activation?, limit?))
}

fn decode_limit(node: &Node, problems: &mut Problems) -> Option<Duration> {
    let text = decode_text(node, "`timeout`", problems)?;
    let limit = parse_duration(text).filter(|limit| *limit <= LONGEST);
    if limit.is_none() {
        let message = "`timeout` must be a duration from 1s to 1h";
        problems.error(node.position, code::BAD_VALUE, message, None);
    }
    limit
}

/// `Some(None)` where looking is switched off.
fn decode_running(node: &Node, problems: &mut Problems) -> Option<Option<Process>> {
    if !matches!(node.kind, Kind::Map { .. }) {
        if node.text() == Some("false") {
            return Some(None);
        }
        let help =
            "for example `running: { systemd: app.service }`, or `running: false` not to look";
        let message = "`running` must be a map, or `false`";
        problems.error(node.position, code::WRONG_TYPE, message, Some(help));
        return None;
    }
    let known = [
        "systemd",
        "launchd",
        "compose",
        "container",
        "user",
        "domain",
        "services",
        "service",
    ];
    let fields = Fields::of(node, "`running`", &known, problems)?;
    let (kind, value) = fields.only("`running`", &RUNNING, problems)?;
    fields.fitting(kind, problems);
    let process = match kind {
        "systemd" => Process::Systemd(decode_unit(value, &fields, problems)?),
        "launchd" => Process::Launchd(decode_job(value, &fields, problems)?),
        "compose" => Process::Compose(decode_compose(value, &fields, problems)?),
        _ => Process::Container(decode_word(value, "`container`", problems)?),
    };
    Some(Some(process))
}

impl<'n> Fields<'n> {
    /// The one of `keys` that is there.
    pub(super) fn only(
        &self,
        what: &str,
        keys: &[&'static str],
        problems: &mut Problems,
    ) -> Option<(&'static str, &'n Node)> {
        let mut given = keys.iter().filter_map(|key| Some((*key, self.get(key)?)));
        let Some((kind, (_, value))) = given.next() else {
            let message = format!("{what} needs one of `{}`", keys.join("`, `"));
            problems.error(self.position(), code::MISSING_KEY, message, None);
            return None;
        };
        if let Some((_, (second, _))) = given.next() {
            let message = format!("{what} may have only one of `{}`", keys.join("`, `"));
            problems.error(second.position, code::BAD_VALUE, message, None);
            return None;
        }
        Some((kind, value))
    }

    /// Reports the keys that say nothing about this kind.
    fn fitting(&self, kind: &str, problems: &mut Problems) {
        for (key, of) in [
            ("user", "systemd"),
            ("domain", "launchd"),
            ("plist", "launchd"),
            ("services", "compose"),
            ("service", "compose"),
        ] {
            if let Some((found, _)) = self.get(key)
                && kind != of
            {
                let message = format!("`{key}` belongs to `{of}`, not to `{kind}`");
                problems.error(found.position, code::BAD_VALUE, message, None);
            }
        }
    }
}

/// A command line for `sh`. Several lines are fine.
pub(super) fn decode_command(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, what, problems)?;
    let wrong = if text.trim().is_empty() {
        "is an empty command"
    } else if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\t'))
    {
        "holds a control character"
    } else {
        return Some(text.to_owned());
    };
    let help = "for example `docker compose -f /srv/app/compose.yaml up -d`";
    problems.error(
        node.position,
        code::BAD_VALUE,
        format!("{what} {wrong}"),
        Some(help),
    );
    None
}

fn decode_unit(node: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Option<SystemdUnit> {
    let user = match fields.get("user") {
        Some((_, node)) => fields::decode_bool(node, "`user`", problems),
        None => Some(false),
    };
    let text = decode_text(node, "`systemd`", problems)?;
    let Some(unit) = unit_name(text) else {
        problems.error(
            node.position,
            code::BAD_NAME,
            "`systemd` must be the name of a unit: at most 255 of A-Z, a-z, 0-9 and `:_.\\@-`, `-` not first",
            Some("for example `app.service` or `worker@1.service`"),
        );
        return None;
    };
    Some(SystemdUnit { unit, user: user? })
}

/// The whole name; `.service` is meant where no kind of unit is said. A template without an
/// instance is nothing that runs.
fn unit_name(text: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":_.\\@-".contains(&byte);
    if text.starts_with('-') || !text.bytes().all(fits) {
        return None;
    }
    let has_kind = text
        .rsplit_once('.')
        .is_some_and(|(_, end)| SUFFIXES.contains(&end));
    let unit = match has_kind {
        true => text.to_owned(),
        false => format!("{text}.service"),
    };
    let (stem, _) = unit.rsplit_once('.')?;
    let runs = !stem.is_empty() && !stem.ends_with('@') && !stem.starts_with('@');
    (runs && unit.len() <= MAX_UNIT).then_some(unit)
}

fn decode_job(node: &Node, fields: &Fields<'_>, problems: &mut Problems) -> Option<LaunchdJob> {
    let label = decode_word(node, "`launchd`", problems);
    let domain = match fields.get("domain") {
        None => Some(LaunchdDomain::default()),
        Some((_, node)) => match node.text() {
            Some("gui") => Some(LaunchdDomain::Gui),
            Some("user") => Some(LaunchdDomain::User),
            Some("system") => Some(LaunchdDomain::System),
            _ => {
                let message = "`domain` must be `gui`, `user` or `system`";
                problems.error(node.position, code::BAD_VALUE, message, None);
                None
            }
        },
    };
    let plist = match fields.get("plist") {
        Some((_, node)) => decode_far_path(node, "`plist`", problems).map(Some),
        None => Some(None),
    };
    Some(LaunchdJob {
        label: label?,
        domain: domain?,
        plist: plist?,
    })
}

/// A job is loaded from a property list: one that is named, or the target's own file.
fn check_plist(
    job: &LaunchdJob,
    node: &Node,
    address: Option<&Address>,
    problems: &mut Problems,
) -> Option<()> {
    let other_format = match address {
        Some(Address::File(file)) => file.format != "launchd",
        Some(Address::Openclaw(_)) => true,
        _ => false,
    };
    if job.plist.is_none() && other_format {
        problems.error(
            node.position,
            code::MISSING_KEY,
            "`launchd` needs the key `plist` here: the target's own file is no property list",
            Some("name the file that the job is loaded from, as in `plist: ~/Library/LaunchAgents/org.example.app.plist`"),
        );
        return None;
    }
    Some(())
}

fn decode_compose(
    node: &Node,
    fields: &Fields<'_>,
    problems: &mut Problems,
) -> Option<ComposeProject> {
    let file = decode_far_path(node, "`compose`", problems);
    let services = match (fields.get("services"), fields.get("service")) {
        (Some(_), Some((second, _))) => {
            let message = "`compose` may have only one of `services` and `service`";
            problems.error(second.position, code::BAD_VALUE, message, None);
            None
        }
        (None, Some((_, node))) => decode_word(node, "`service`", problems).map(|one| vec![one]),
        (Some((_, node)), None) => fields::decode_list(node, "`services`", problems)
            .iter()
            .map(|item| decode_word(item, "a service", problems))
            .collect(),
        (None, None) => Some(Vec::new()),
    };
    Some(ComposeProject {
        file: file?,
        services: services?,
    })
}

/// A label, a service or a container: nothing that a program could take for an option.
fn decode_word(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, what, problems)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if text.is_empty() || text.len() > 255 || text.starts_with('-') || !text.bytes().all(fits) {
        let message =
            format!("{what} must be 1 to 255 of A-Z, a-z, 0-9, dot, dash (not first) and _");
        problems.error(node.position, code::BAD_NAME, message, None);
        return None;
    }
    Some(text.to_owned())
}

/// A file of the target's machine beside the target's own.
fn decode_far_path(node: &Node, what: &str, problems: &mut Problems) -> Option<String> {
    let text = decode_text(node, what, problems)?;
    let below = text.strip_prefix('/').or_else(|| text.strip_prefix("~/"));
    let wrong = if text.chars().any(char::is_control) {
        "holds a control character"
    } else if below.is_none_or(|below| below.is_empty() || below.ends_with('/')) {
        "must name a file by a path that is absolute or begins with `~/`"
    } else {
        return Some(text.to_owned());
    };
    problems.error(
        node.position,
        code::BAD_VALUE,
        format!("{what} {wrong}"),
        None,
    );
    None
}
