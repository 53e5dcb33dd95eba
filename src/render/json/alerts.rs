//! `alerts-list/1`.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use super::{ExitJson, document_tag};
use crate::model::{Alert, AlertBook, AlertClass, AlertEvent, AlertEventKind, AlertKey, Mute, Who};
use crate::reconcile::event::{AlertsReport, BookState, Verdict};

document_tag!("alerts-list/1");

/// The alerts that are open.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertsDocument", deny_unknown_fields)]
pub struct AlertsDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    manifests: Vec<ManifestJson>,
}

impl AlertsDocument {
    /// Of some manifests.
    pub fn new(reports: &[AlertsReport], verdict: &Verdict, now: Timestamp) -> Self {
        let manifests = reports.iter().map(|report| ManifestJson::new(report, now));
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            manifests: manifests.collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertsOfManifest", deny_unknown_fields)]
struct ManifestJson {
    manifest: String,
    /// Why nothing can be said; null where it can.
    unknown: Option<String>,
    /// Names the book to receivers; null where there is none.
    book: Option<String>,
    /// How often the book was changed.
    generation: u64,
    alerts: Vec<AlertJson>,
    /// How many more are wrong than a book holds.
    left_out: u64,
    /// What was healed too often, and is left as it is.
    braked: Vec<PlaceJson>,
    /// What is not told yet: it may wait, or was not seen often enough.
    waiting: Vec<WaitingJson>,
    /// The events that the book still holds, oldest first.
    events: Vec<EventJson>,
}

impl ManifestJson {
    fn new(report: &AlertsReport, now: Timestamp) -> Self {
        let nothing = AlertBook::default();
        let (book, unknown) = match &report.book {
            BookState::Known(book) => (book, None),
            BookState::Nothing => (&nothing, None),
            BookState::Unknown(why) => (&nothing, Some(why.clone())),
        };
        let braked = report.braked.iter().map(|(target, variable)| PlaceJson {
            target: target.to_string(),
            variable: variable.to_string(),
        });
        let waiting = book.strikes.iter().map(|(key, strike)| WaitingJson {
            about: key.into(),
            count: strike.count,
            since: strike.since.to_string(),
        });
        Self {
            manifest: report.manifest.clone(),
            unknown,
            book: Some(book.id.clone()).filter(|id| !id.is_empty()),
            generation: book.generation,
            alerts: (book.open.values())
                .map(|alert| AlertJson::new(alert, book, now))
                .collect(),
            left_out: book.left_out,
            braked: braked.collect(),
            waiting: waiting.collect(),
            events: book.events.iter().map(EventJson::from).collect(),
        }
    }
}

/// What something is about.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertAbout", deny_unknown_fields)]
struct AboutJson {
    class: AlertClass,
    target: Option<String>,
    variable: Option<String>,
    /// The reconciler, where it is about what only that one sees.
    observer: Option<String>,
}

impl From<&AlertKey> for AboutJson {
    fn from(key: &AlertKey) -> Self {
        Self {
            class: key.class,
            target: key.target.as_ref().map(ToString::to_string),
            variable: key.variable.as_ref().map(ToString::to_string),
            observer: key.observer.clone(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "OpenAlert", deny_unknown_fields)]
struct AlertJson {
    /// 12 hex digits.
    id: String,
    about: AboutJson,
    what: String,
    /// Commands to run next.
    next: Vec<String>,
    owner: Option<String>,
    who: Option<Who>,
    /// Whether it does harm now.
    urgent: bool,
    /// RFC 3339: when it was first seen.
    since: String,
    /// RFC 3339: when it was told last.
    told_at: String,
    unchecked: Option<UncheckedJson>,
    muted: Option<MuteJson>,
}

impl AlertJson {
    fn new(alert: &Alert, book: &AlertBook, now: Timestamp) -> Self {
        Self {
            id: alert.id.clone(),
            about: (&alert.key).into(),
            what: alert.what.clone(),
            next: alert.next.clone(),
            owner: alert.owner.clone(),
            who: alert.who.clone(),
            urgent: alert.urgent,
            since: alert.opened_at.to_string(),
            told_at: alert.told_at.to_string(),
            unchecked: alert.unchecked.as_ref().map(|(since, why)| UncheckedJson {
                since: since.to_string(),
                why: why.clone(),
            }),
            muted: book.mute_of(alert, now).map(MuteJson::from),
        }
    }
}

/// Nobody can say whether it still is so.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Unchecked", deny_unknown_fields)]
struct UncheckedJson {
    since: String,
    why: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertMute", deny_unknown_fields)]
struct MuteJson {
    reason: String,
    /// RFC 3339.
    until: String,
    /// User and machine.
    by: String,
    at: String,
}

impl From<&Mute> for MuteJson {
    fn from(mute: &Mute) -> Self {
        Self {
            reason: mute.reason.clone(),
            until: mute.until.to_string(),
            by: mute.by.clone(),
            at: mute.at.to_string(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertPlace", deny_unknown_fields)]
struct PlaceJson {
    target: String,
    variable: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertWaiting", deny_unknown_fields)]
struct WaitingJson {
    about: AboutJson,
    /// How often in a row it was seen, where that decides.
    count: u32,
    since: String,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "AlertHappened", deny_unknown_fields)]
struct EventJson {
    number: u64,
    at: String,
    kind: AlertEventKind,
    /// The alert's.
    id: String,
    about: AboutJson,
    what: String,
}

impl From<&AlertEvent> for EventJson {
    fn from(event: &AlertEvent) -> Self {
        Self {
            number: event.number,
            at: event.at.to_string(),
            kind: event.kind,
            id: event.alert.id.clone(),
            about: (&event.alert.key).into(),
            what: event.alert.what.clone(),
        }
    }
}
