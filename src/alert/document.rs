//! `alert-event/1`: what webhooks and commands get. No values; of a fingerprint eight digits.

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::Value;

use super::message::{Message, Subject};
use crate::model::{Alert, AlertClass, AlertEvent, AlertEventKind, Who};
use crate::platforms::http::WipedBuffer;

const TAG: &str = "alert-event/1";

/// So much of a text is left where a receiver wants less.
const SHORT: usize = 200;

/// The JSON Schema of the document.
pub fn event_schema() -> Value {
    schemars::schema_for!(Document).to_value()
}

/// The document's text. `short` leaves out what is not needed to know what is wrong.
pub(super) fn render(message: &Message, short: bool) -> WipedBuffer {
    let mut bytes = WipedBuffer::default();
    serde_json::to_writer(&mut bytes, &Document::new(message, short)).expect("text is always JSON");
    bytes
}

fn tag(_: &mut SchemaGenerator) -> Schema {
    schemars::json_schema!({ "type": "string", "const": TAG })
}

/// What driftlock tells a webhook or a command about alerts.
///
/// A message may come twice. `book` and `number` name an event for good: who has seen the pair has
/// seen the event.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "AlertEventDocument", deny_unknown_fields)]
struct Document<'a> {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag")]
    driftlock: &'static str,
    /// What this message is.
    message: Kind,
    /// One line in words about all of it.
    text: String,
    /// Names the book of alerts of this manifest: 12 hex digits.
    book: &'a str,
    /// The manifest's name.
    manifest: &'a str,
    /// What the manifest was read from, as far as that is known: usually a commit.
    revision: Option<&'a str>,
    /// When it was sent.
    #[schemars(with = "String")]
    sent_at: jiff::Timestamp,
    /// What happened, in order: one event, or several where `message` is `digest`.
    events: Vec<EventJson<'a>>,
    /// What is open, where `message` is `standing`.
    open: Vec<AlertJson<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Message")]
enum Kind {
    /// One event.
    Event,
    /// Several events of one kind.
    Digest,
    /// What is open, said once to a sink that is new, or that missed events.
    Standing,
    /// A test: nothing is wrong.
    Test,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Event", deny_unknown_fields)]
struct EventJson<'a> {
    /// From 1, in the order of events of this book.
    number: u64,
    /// What happened.
    kind: AlertEventKind,
    /// When.
    #[schemars(with = "String")]
    at: jiff::Timestamp,
    /// The alert right after it; of a resolved one right before.
    alert: AlertJson<'a>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Alert", deny_unknown_fields)]
struct AlertJson<'a> {
    /// Names the alert for as long as it is open: 12 hex digits.
    id: &'a str,
    /// What is wrong.
    class: AlertClass,
    /// On which target; `null` where it is about more than one, or none.
    target: Option<&'a str>,
    /// Which variable; `null` where it is about all of it.
    variable: Option<&'a str>,
    /// Who sees it, where only that one can.
    observer: Option<&'a str>,
    /// One line in words.
    what: String,
    /// The live value's fingerprint, its first 8 digits, where there is one.
    fingerprint: Option<&'a str>,
    /// Commands to run next, the first one first.
    next: &'a [String],
    /// Whom to ask, where the manifest says so.
    owner: Option<&'a str>,
    /// Who did it, as far as anybody can say; `null` where nobody was asked.
    who: Option<&'a Who>,
    /// Whether it does harm now; else it is a warning.
    urgent: bool,
    /// When it was first seen.
    #[schemars(with = "String")]
    opened_at: jiff::Timestamp,
    /// Since when, and why, nobody can say whether it still is so.
    unchecked: Option<UncheckedJson<'a>>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unchecked", deny_unknown_fields)]
struct UncheckedJson<'a> {
    /// Since when.
    #[schemars(with = "String")]
    since: jiff::Timestamp,
    /// Why.
    why: &'a str,
}

impl<'a> Document<'a> {
    fn new(message: &'a Message, short: bool) -> Self {
        let (kind, open) = match &message.subject {
            Subject::Event(_) => (Kind::Event, &[][..]),
            Subject::Digest(..) => (Kind::Digest, &[][..]),
            Subject::Standing(alerts) => (Kind::Standing, &alerts[..]),
            Subject::Test => (Kind::Test, &[][..]),
        };
        let events = message.subject.events().iter();
        Self {
            driftlock: TAG,
            message: kind,
            text: cut(&message.line(), short),
            book: &message.book,
            manifest: message.manifest.as_str(),
            revision: message.revision.as_deref(),
            sent_at: message.at,
            events: events.map(|event| EventJson::new(event, short)).collect(),
            open: open
                .iter()
                .map(|alert| AlertJson::new(alert, short))
                .collect(),
        }
    }
}

impl<'a> EventJson<'a> {
    fn new(event: &'a AlertEvent, short: bool) -> Self {
        Self {
            number: event.number,
            kind: event.kind,
            at: event.at,
            alert: AlertJson::new(&event.alert, short),
        }
    }
}

impl<'a> AlertJson<'a> {
    fn new(alert: &'a Alert, short: bool) -> Self {
        let key = &alert.key;
        let unchecked = alert.unchecked.as_ref();
        Self {
            id: &alert.id,
            class: key.class,
            target: key.target.as_ref().map(|name| name.as_str()),
            variable: key.variable.as_ref().map(|name| name.as_str()),
            observer: key.observer.as_deref(),
            what: cut(&alert.what, short),
            fingerprint: fingerprint(&alert.pin),
            next: if short { &[] } else { &alert.next },
            owner: alert.owner.as_deref(),
            who: alert.who.as_ref().filter(|_| !short),
            urgent: alert.urgent,
            opened_at: alert.opened_at,
            unchecked: unchecked.map(|(since, why)| UncheckedJson { since: *since, why }),
        }
    }
}

/// The first digits, where the pin is a fingerprint.
pub(super) fn fingerprint(pin: &str) -> Option<&str> {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (pin.len() == 64 && pin.bytes().all(hex)).then(|| &pin[..8])
}

fn cut(text: &str, short: bool) -> String {
    match text.char_indices().nth(SHORT) {
        Some((end, _)) if short => format!("{}…", &text[..end]),
        _ => text.to_owned(),
    }
}
