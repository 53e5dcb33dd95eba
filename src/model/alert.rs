//! What people are told about without having asked: one alert for each thing that is wrong, told once
//! when it begins, once when it changes, and once when it is over.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Fingerprint, ManifestName, TargetName, VarName, Who};

mod limits;
mod track;

pub use track::Track;

/// What is wrong.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AlertClass {
    /// Somebody changed or removed on the platform what we applied.
    Drift,
    /// Both sides moved, or it is not ours to decide.
    Conflict,
    /// The manifest moved, and nobody applied it for longer than the grace.
    Pending,
    /// A date of a value has passed or is near.
    Expiry,
    /// A rotation with an overlap waits for its next step for too long.
    Rotation,
    /// Stored, but not what the running process has.
    NotRunning,
    /// A probe that scheduled runs send says no, or nobody answers it several times in a row.
    Probe,
    /// Could not be read or decrypted, several times in a row.
    Unknown,
    /// A scheduled apply wanted to write it, and a rail holds it.
    Held,
    /// A scheduled apply of it failed, or is in doubt.
    Failed,
    /// It was healed too often: healing has stopped until it holds still.
    Brake,
    /// The manifest is not valid, does not open, or its checkout cannot be followed.
    Manifest,
    /// The journal is lost, was set back, or cannot be reached.
    Journal,
    /// An alert could not be delivered to a sink.
    Delivery,
}

impl AlertClass {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Drift,
        Self::Conflict,
        Self::Pending,
        Self::Expiry,
        Self::Rotation,
        Self::NotRunning,
        Self::Probe,
        Self::Unknown,
        Self::Held,
        Self::Failed,
        Self::Brake,
        Self::Manifest,
        Self::Journal,
        Self::Delivery,
    ];

    /// As it is spelled in files and on command lines.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Conflict => "conflict",
            Self::Pending => "pending",
            Self::Expiry => "expiry",
            Self::Rotation => "rotation",
            Self::NotRunning => "not-running",
            Self::Probe => "probe",
            Self::Unknown => "unknown",
            Self::Held => "held",
            Self::Failed => "failed",
            Self::Brake => "brake",
            Self::Manifest => "manifest",
            Self::Journal => "journal",
            Self::Delivery => "delivery",
        }
    }

    /// Whether only the reconciler that sees it can say that it is over: another one may well read
    /// what this one cannot.
    pub const fn is_of_observer(self) -> bool {
        matches!(
            self,
            Self::Unknown | Self::Manifest | Self::Journal | Self::Delivery
        )
    }
}

impl fmt::Display for AlertClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// What an alert is about. Two sightings with one key are one alert.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AlertKey {
    /// Of which manifest.
    pub manifest: ManifestName,
    /// On which target; `None` where it is about the manifest, a variable everywhere, or the
    /// reconciler itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<TargetName>,
    /// Which variable, by its name on the target (or its declared name where there is no target);
    /// `None` where it is about all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variable: Option<VarName>,
    /// What is wrong.
    pub class: AlertClass,
    /// Who sees it, where only that one can ([`AlertClass::is_of_observer`], and of
    /// [`AlertClass::Probe`] that nobody answered it); for [`AlertClass::Delivery`] with the sink behind
    /// a slash.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observer: Option<String>,
}

/// What a pass saw of one thing that is wrong. No values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sighting {
    /// What it is about.
    pub key: AlertKey,
    /// What pins it: another one is another state of the same alert (`changed`). Where there is no
    /// fingerprint, any text that is equal as long as nothing changed.
    pub pin: String,
    /// One line in words, lower case, no final period.
    pub what: String,
    /// Commands to run next, ready to paste, the first one first.
    pub next: Vec<String>,
    /// Whom to ask, where the manifest says so.
    pub owner: Option<String>,
    /// Who did it, as far as anybody can say; `None` where nobody was asked.
    pub who: Option<Who>,
    /// Whether it does harm now; else it is a warning.
    pub urgent: bool,
}

/// An alert that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// What it is about.
    pub key: AlertKey,
    /// Names it for people and for receivers, for as long as it is open: 12 hex digits.
    pub id: String,
    /// As [`Sighting::pin`] when it was last told.
    pub pin: String,
    /// As [`Sighting::what`].
    pub what: String,
    /// As [`Sighting::next`].
    pub next: Vec<String>,
    /// As [`Sighting::owner`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// As [`Sighting::who`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub who: Option<Who>,
    /// As [`Sighting::urgent`].
    pub urgent: bool,
    /// When it was first seen.
    pub opened_at: Timestamp,
    /// When it was told last (opened, changed or reminded).
    pub told_at: Timestamp,
    /// Set while nobody can say whether it still is so: since when, and why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unchecked: Option<(Timestamp, String)>,
    /// Set while it is muted at this pin: nobody is told.
    #[serde(default)]
    pub muted: bool,
}

/// What happened to an alert.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum AlertEventKind {
    /// It began.
    Opened,
    /// It is another one now: the live value moved again, a date passed.
    Changed,
    /// It still is so.
    Reminder,
    /// It is over.
    Resolved,
    /// Nobody can say whether it still is so.
    CouldNotCheck,
}

/// One entry of the log of events, from which every sink is served in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// From 1, without gaps, in the order of events; receivers tell repetitions by it and `book`.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What happened.
    pub kind: AlertEventKind,
    /// The alert as it was right after (of a resolved one: right before).
    pub alert: Alert,
}

/// Nobody is told about an alert for a while, because somebody said so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mute {
    /// What it is about.
    pub key: AlertKey,
    /// Only as long as it is this one.
    pub pin: String,
    /// Why.
    pub reason: String,
    /// Until when.
    pub until: Timestamp,
    /// User and machine.
    pub by: String,
    /// When it was said.
    pub at: Timestamp,
}

impl Mute {
    /// The longest that anything is muted.
    pub const LONGEST: SignedDuration = SignedDuration::from_hours(90 * 24);

    /// Whether it holds now. One that claims more than [`Mute::LONGEST`] ends there.
    pub fn holds(&self, now: Timestamp) -> bool {
        let last = self.at.checked_add(Self::LONGEST);
        now < self.until && last.is_ok_and(|last| now < last)
    }
}

/// How far one sink is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkState {
    /// All events up to this number were delivered, were not for it, or were given up.
    pub cursor: u64,
    /// Who delivers right now, and until when nobody else does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<(String, Timestamp)>,
    /// How many tries failed in a row, and not before when the next one is.
    #[serde(default)]
    pub failures: u32,
    /// Not before this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_try: Option<Timestamp>,
    /// When that was said: a clock that is before it was set back since, and the wait does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tried_at: Option<Timestamp>,
    /// Events after the cursor that were delivered already, in a message about several.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ahead: BTreeSet<u64>,
    /// The open alerts that this sink was told of, by alert id, with what it calls its message (a Slack
    /// `channel/ts`, with a `+` behind it where that message is about several alerts; empty where it has
    /// no name): later events go below it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub threads: BTreeMap<String, String>,
    /// What is wrong with the sink, until something is delivered again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<SinkTrouble>,
}

/// Why nothing can be delivered to a sink.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SinkTrouble {
    /// Who saw it first: the one whose alert it is.
    pub by: String,
    /// Since when.
    pub since: Timestamp,
    /// One line in words, lower case, no final period.
    pub what: String,
    /// What to do, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Whether it is worth telling others; a short one passes by itself.
    pub told: bool,
}

/// Everything about alerts of one manifest that outlives a run; kept in the journal and changed there
/// by compare-and-swap, so that two reconcilers never tell the same twice.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertBook {
    /// Rises with every change: an opinion that was formed on an older one does not count.
    pub generation: u64,
    /// Names this book to receivers: 12 hex digits, drawn when it is begun.
    #[serde(default)]
    pub id: String,
    /// The number of the newest event there ever was.
    #[serde(default)]
    pub last_event: u64,
    /// What is open.
    #[serde(default, with = "pairs")]
    pub open: BTreeMap<AlertKey, Alert>,
    /// What is muted.
    #[serde(default)]
    pub mutes: Vec<Mute>,
    /// Events that some sink may still need, oldest first.
    #[serde(default)]
    pub events: Vec<AlertEvent>,
    /// By the name of the sink.
    #[serde(default)]
    pub sinks: BTreeMap<String, SinkState>,
    /// How often in a row something could not be read or waited, by what it would become; only below
    /// the number at which it is told.
    #[serde(default, with = "pairs")]
    pub strikes: BTreeMap<AlertKey, Strike>,
    /// When healing wrote a variable, by target and variable, oldest first; only what the brake still
    /// counts.
    #[serde(default, with = "pairs")]
    pub heals: BTreeMap<(TargetName, VarName), Vec<Timestamp>>,
    /// Targets that somebody asked not to heal any more until this was said otherwise.
    #[serde(default)]
    pub braked: BTreeSet<(TargetName, VarName)>,
    /// When the probes of a target were last sent by a look, whoever it was.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub probed: BTreeMap<TargetName, LastProbe>,
    /// How many things were wrong at the last look beyond [`AlertBook::MAX_OPEN`].
    #[serde(default)]
    pub left_out: u64,
    /// What is known about the looks at each open alert.
    #[serde(default, with = "pairs")]
    pub tracks: BTreeMap<AlertKey, Track>,
    /// With which generation something was over that is not open now, the newest ones: who began to look
    /// before that cannot open it again.
    #[serde(default, with = "pairs")]
    pub closed: BTreeMap<AlertKey, u64>,
    /// The newest generation among those of `closed` that were forgotten.
    #[serde(default)]
    pub closed_floor: u64,
}

/// The last time that the probes of a target were sent by a look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastProbe {
    /// When, by the clock of whoever sent them.
    pub at: Timestamp,
    /// Tells apart what was asked, and what it was asked about: another one is asked at once.
    pub mark: String,
}

/// Something that is not told yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Strike {
    /// How often in a row.
    pub count: u32,
    /// Since when.
    pub since: Timestamp,
    /// What was seen.
    pub pin: Option<Fingerprint>,
}

/// JSON has text keys only: such maps are written as lists of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<K: Serialize, V: Serialize, S: Serializer>(
        map: &BTreeMap<K, V>,
        to: S,
    ) -> Result<S::Ok, S::Error> {
        to.collect_seq(map)
    }

    pub(super) fn deserialize<'de, K, V, D>(from: D) -> Result<BTreeMap<K, V>, D::Error>
    where
        K: Deserialize<'de> + Ord,
        V: Deserialize<'de>,
        D: Deserializer<'de>,
    {
        Ok(Vec::<(K, V)>::deserialize(from)?.into_iter().collect())
    }
}
