//! What is said to a sink, and in which words; how it looks there is the sink's.

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::model::{Alert, AlertClass, AlertEvent, AlertEventKind, ManifestName};

/// One message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The book that it is from ([`crate::model::AlertBook::id`]).
    pub book: String,
    /// The manifest.
    pub manifest: ManifestName,
    /// What the manifest was read from last, by who sends this.
    pub revision: Option<String>,
    /// When it is sent.
    pub at: Timestamp,
    /// What is said.
    pub subject: Subject,
}

/// What a message is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// One event.
    Event(Box<AlertEvent>),
    /// Several events of one kind, at least one.
    Digest(AlertEventKind, Vec<AlertEvent>),
    /// What is open, for a sink that was not there when it was told.
    Standing(Vec<Alert>),
    /// Nothing is wrong: somebody wants to see whether messages arrive.
    Test,
}

impl Subject {
    /// The events that are told with it.
    pub fn events(&self) -> &[AlertEvent] {
        match self {
            Self::Event(event) => std::slice::from_ref(event),
            Self::Digest(_, events) => events,
            Self::Standing(_) | Self::Test => &[],
        }
    }

    /// The alerts that it is about.
    pub fn alerts(&self) -> Vec<&Alert> {
        match self {
            Self::Standing(alerts) => alerts.iter().collect(),
            _ => self.events().iter().map(|event| &event.alert).collect(),
        }
    }
}

impl Message {
    /// One line, as the messages say it of themselves: no markup, nothing escaped.
    pub fn line(&self) -> String {
        let manifest = &self.manifest;
        match &self.subject {
            Subject::Event(event) => {
                let alert = &event.alert;
                format!("{}: {}", headline(event), alert.what)
            }
            Subject::Digest(kind, events) => {
                let count = events.len();
                format!("{manifest}: {}", several(*kind, count))
            }
            Subject::Standing(alerts) => {
                format!("{manifest}: {}", standing(alerts.len()))
            }
            Subject::Test => TEST.to_owned(),
        }
    }

    /// Names this message to receivers. The same message that is sent again has the same name.
    pub fn id(&self) -> String {
        let book = &self.book;
        match &self.subject {
            Subject::Event(event) => format!("{book}-{}", event.number),
            Subject::Digest(_, events) => {
                let first = events.first().map_or(0, |event| event.number);
                let last = events.last().map_or(0, |event| event.number);
                format!("{book}-{first}-{last}-{}", events.len())
            }
            Subject::Standing(alerts) => {
                let mut digest = Sha256::new();
                for alert in alerts {
                    digest.update(format!("{}.{};", alert.id, alert.told_at));
                }
                let digest = digest.finalize();
                let short: String = digest[..6]
                    .iter()
                    .map(|byte| format!("{byte:02x}"))
                    .collect();
                format!("{book}-open-{short}")
            }
            Subject::Test => format!("test-{}", self.at.as_nanosecond()),
        }
    }
}

/// What a test says.
pub(super) const TEST: &str = "a test of driftlock's alerts: nothing is wrong";

/// What an alert is about: `API_TOKEN on api`, `api`, or the manifest.
pub fn about(alert: &Alert) -> String {
    let key = &alert.key;
    match (&key.variable, &key.target) {
        (Some(variable), Some(target)) => format!("{variable} on {target}"),
        (Some(one), None) => one.to_string(),
        (None, Some(one)) => one.to_string(),
        (None, None) => match (key.class, &key.observer) {
            (AlertClass::Delivery, Some(observer)) => {
                let sink = observer.rsplit('/').next().unwrap_or_default();
                format!("alerts to {sink}")
            }
            _ => key.manifest.to_string(),
        },
    }
}

/// `drift: API_TOKEN on api`, with what happened where that is not that it began.
pub fn headline(event: &AlertEvent) -> String {
    let (class, about) = (event.alert.key.class, about(&event.alert));
    match event.kind {
        AlertEventKind::Opened => format!("{class}: {about}"),
        AlertEventKind::Changed => format!("{class}, changed: {about}"),
        AlertEventKind::Reminder => format!("{class}, still so: {about}"),
        AlertEventKind::Resolved => format!("resolved: {class}: {about}"),
        AlertEventKind::CouldNotCheck => format!("{class}, could not be checked: {about}"),
    }
}

/// The same for several events of one kind.
pub(super) fn several(kind: AlertEventKind, count: usize) -> String {
    let alerts = if count == 1 { "alert" } else { "alerts" };
    match kind {
        AlertEventKind::Opened => format!("{count} new {alerts}"),
        AlertEventKind::Changed => format!("{count} {alerts} changed"),
        AlertEventKind::Reminder => format!("{count} {alerts} still open"),
        AlertEventKind::Resolved => format!("{count} {alerts} resolved"),
        AlertEventKind::CouldNotCheck => format!("{count} {alerts} could not be checked"),
    }
}

/// What a sink is told that was not there.
pub(super) fn standing(count: usize) -> String {
    if count == 1 {
        "1 alert is open".to_owned()
    } else {
        format!("{count} alerts are open")
    }
}
