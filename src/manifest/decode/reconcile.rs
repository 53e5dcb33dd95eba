//! `reconcile:`: what scheduled runs may do, how often they look, and when they may write.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::fields::{Fields, decode_list, decode_text};
use crate::manifest::problem::{Problems, code};
use crate::manifest::spec::parse_duration;
use crate::manifest::tree::{Kind, Node, Style};
use crate::model::{Mode, ParseWindowError, Reconciling, Suspension, Window};

const KEYS: [&str; 6] = ["mode", "every", "probe", "allow", "deny", "suspend"];
/// What `rails.yaml` may say of it.
const LIMIT_KEYS: [&str; 2] = ["mode", "deny"];
/// A target that is hardly ever looked at is not watched.
const LONGEST: Duration = Duration::from_secs(7 * 86_400);
/// Each one may be a sign-in with what may turn out to be a wrong credential.
const SHORTEST_PROBE: Duration = Duration::from_secs(60);
const HELP: &str = "for example `mon-fri 09:00-17:00 Europe/Zurich`, `sat,sun UTC` or `2026-12-20..2027-01-03 UTC`";

/// What is not said stays as in `base`, key by key.
pub(super) fn decode_reconcile(
    node: &Node,
    base: Reconciling,
    problems: &mut Problems,
) -> Reconciling {
    let mut found = base;
    let Some(fields) = Fields::of(node, "`reconcile`", &KEYS, problems) else {
        return found;
    };
    if let Some((_, node)) = fields.get("mode") {
        found.mode = decode_mode(node, problems).unwrap_or_default();
    }
    if let Some((_, node)) = fields.get("every") {
        found.every = decode_every(node, problems);
    }
    if let Some((_, node)) = fields.get("probe") {
        found.probe = decode_probe(node, problems);
    }
    if let Some((_, node)) = fields.get("allow") {
        found.allow = decode_allow(node, problems);
    }
    if let Some((_, node)) = fields.get("deny") {
        found.deny = decode_windows(node, "`deny`", problems);
    }
    if let Some((_, node)) = fields.get("suspend") {
        found.suspend = decode_suspend(node, problems);
    }
    found
}

/// Of `rails.yaml`: `mode` is the most that may be done, `deny` comes on top.
pub(super) fn decode_reconcile_limits(node: &Node, problems: &mut Problems) -> Reconciling {
    let mut found = Reconciling {
        mode: Mode::Heal,
        ..Reconciling::default()
    };
    let Some(fields) = Fields::of(node, "`reconcile`", &LIMIT_KEYS, problems) else {
        return found;
    };
    if let Some((_, node)) = fields.get("mode") {
        found.mode = decode_mode(node, problems).unwrap_or_default();
    }
    if let Some((_, node)) = fields.get("deny") {
        found.deny = decode_windows(node, "`deny`", problems);
    }
    found
}

fn decode_mode(node: &Node, problems: &mut Problems) -> Option<Mode> {
    let text = decode_text(node, "`mode`", problems)?;
    let mode = Mode::ALL.into_iter().find(|mode| mode.word() == text);
    if mode.is_none() {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "`mode` must be `observe`, `apply` or `heal`",
            Some(
                "`observe` looks and tells, `apply` also writes what the manifest changed, `heal` also puts back what somebody changed",
            ),
        );
    }
    mode
}

fn decode_every(node: &Node, problems: &mut Problems) -> Option<Duration> {
    let text = decode_text(node, "`every`", problems)?;
    let every = parse_duration(text);
    let message = match every {
        Some(every) if every <= LONGEST => return Some(every),
        Some(_) => "`every` is too long: a target is looked at once a week at least",
        None => "`every` is not a duration",
    };
    let help = "how often it is looked at, for example `5m` or `1h`";
    problems.error(node.position, code::BAD_VALUE, message, Some(help));
    None
}

fn decode_probe(node: &Node, problems: &mut Problems) -> Option<Duration> {
    if is_false(node) {
        return None;
    }
    let text = decode_text(node, "`probe`", problems)?;
    let message = match parse_duration(text) {
        Some(every) if every < SHORTEST_PROBE => "`probe` is too short: once a minute at most",
        Some(every) if every > LONGEST => "`probe` is too long: once a week at least",
        Some(every) => return Some(every),
        None => "`probe` is not a duration",
    };
    let help = "how often its probes are sent, for example `1h`; `false` for never";
    problems.error(node.position, code::BAD_VALUE, message, Some(help));
    None
}

/// A target may leave out what the manifest says for all.
fn is_false(node: &Node) -> bool {
    matches!(&node.kind, Kind::Scalar { text, style: Style::Plain } if text == "false")
}

fn decode_allow(node: &Node, problems: &mut Problems) -> Vec<Window> {
    if decode_list(node, "`allow`", &mut Problems::default()).is_empty() {
        let (code, message) = match node.kind {
            Kind::Seq { .. } => (
                code::BAD_VALUE,
                "an empty `allow` could mean always or never",
            ),
            _ if node.is_null() => (code::EMPTY_VALUE, "`allow` has no windows"),
            _ => (code::WRONG_TYPE, "`allow` must be a list"),
        };
        let help = "leave it out to write at any time, or write `mode: observe` to never write";
        problems.error(node.position, code, message, Some(help));
    }
    decode_windows(node, "`allow`", &mut *problems)
}

fn decode_windows(node: &Node, what: &str, problems: &mut Problems) -> Vec<Window> {
    let mut windows = Vec::new();
    for item in decode_list(node, what, problems) {
        let Some(text) = decode_text(item, "a window", problems) else {
            continue;
        };
        match text.parse::<Window>() {
            Ok(window) if windows.contains(&window) => {
                let message = format!("{what} has this window twice");
                let help = Some("remove one of the two");
                problems.error(item.position, code::BAD_VALUE, message, help);
            }
            Ok(window) => windows.push(window),
            Err(error) => {
                let help = help_for(error);
                let message = format!("this window {error}");
                problems.error(item.position, code::BAD_VALUE, message, Some(help));
            }
        }
    }
    windows
}

const fn help_for(error: ParseWindowError) -> &'static str {
    match error {
        ParseWindowError::NoZone => {
            "say whose clocks count, for example `mon-fri 09:00-17:00 Europe/Zurich` or `sat,sun UTC`"
        }
        ParseWindowError::UnknownZone => {
            "a name of the IANA time zone database, as `timedatectl list-timezones` lists them: `Europe/Zurich`, `America/New_York`, `UTC`"
        }
        ParseWindowError::Times => {
            "two times in 24 hours, for example `09:00-17:00`; `22:00-06:00` goes past midnight"
        }
        ParseWindowError::NoTime => "leave the times out for whole days",
        ParseWindowError::Backwards => "the first day stands first: `2026-12-20..2027-01-03`",
        ParseWindowError::Date | ParseWindowError::Shape => HELP,
    }
}

fn decode_suspend(node: &Node, problems: &mut Problems) -> Option<Suspension> {
    // a target may take part where the manifest suspends the others
    if is_false(node) {
        return None;
    }
    let fields = Fields::of(node, "`suspend`", &["reason", "until"], problems)?;
    let reason = fields.required("reason", problems);
    let reason = reason.and_then(|(_, node)| {
        let text = decode_text(node, "`reason`", problems)?;
        if text.trim().is_empty() || text.contains(char::is_control) {
            let message = "`reason` must be one line that says why";
            problems.error(node.position, code::BAD_VALUE, message, None);
        }
        Some(text.to_owned())
    });
    let until = fields.required("until", problems);
    let until = until.and_then(|(_, node)| decode_until(node, problems));
    Some(Suspension {
        reason: reason?,
        until: until?,
    })
}

/// A day counts whole, in UTC.
fn decode_until(node: &Node, problems: &mut Problems) -> Option<Timestamp> {
    let text = decode_text(node, "`until`", problems)?;
    let until = match text.len() {
        10 => end_of_day(text),
        _ => is_instant(text).then(|| text.parse().ok()).flatten(),
    };
    if until.is_none() {
        problems.error(
            node.position,
            code::BAD_VALUE,
            "`until` is not a day, or a time with its offset",
            Some("for example `2027-01-04` (all of that day, UTC) or `2027-01-04T08:00:00+01:00`"),
        );
    }
    until
}

fn end_of_day(text: &str) -> Option<Timestamp> {
    let plain = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || byte == b'-');
    let day: Date = plain.then(|| text.parse().ok()).flatten()?;
    let next = day.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// `2027-01-04T08:00:00+01:00`, `2027-01-04T07:00Z`: as RFC 3339 has it, seconds may be left out.
fn is_instant(text: &str) -> bool {
    let Some((day, rest)) = text.split_once('T') else {
        return false;
    };
    let (time, offset) = match rest.strip_suffix('Z') {
        Some(time) => (time, None),
        None => match rest.rfind(['+', '-']) {
            Some(at) => (&rest[..at], Some(&rest[at + 1..])),
            None => return false,
        },
    };
    let shaped = |text: &str, shape: &str| {
        text.len() == shape.len()
            && text.bytes().zip(shape.bytes()).all(|(byte, of)| match of {
                b'0' => byte.is_ascii_digit(),
                of => byte == of,
            })
    };
    shaped(day, "0000-00-00")
        && (shaped(time, "00:00") || shaped(time, "00:00:00"))
        && offset.is_none_or(|offset| shaped(offset, "00:00"))
}
