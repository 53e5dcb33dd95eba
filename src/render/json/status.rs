//! `status/1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::expiring::ExpiringJson;
use super::plan::{NotRunningJson, mirror};
use super::{ExitJson, document_tag};
use crate::reconcile::event::{self, Mover, Verdict};

document_tag!("status/1");

/// Variables × targets: who has what is wanted, and who does not.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "StatusDocument", deny_unknown_fields)]
pub struct StatusDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    /// One for each manifest.
    manifests: Vec<ManifestJson>,
}

impl StatusDocument {
    /// Of the reports of one run.
    pub fn new(reports: &[event::StatusReport], verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            manifests: reports.iter().map(ManifestJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Manifest", deny_unknown_fields)]
struct ManifestJson {
    manifest: String,
    source: SourceJson,
    targets: Vec<TargetJson>,
    /// Wrong side first.
    variables: Vec<RowJson>,
    /// Dates of its variables that have passed or are near.
    expiry: Vec<ExpiringJson>,
    /// Alerts that are open, from the journal; null where it was not asked, has none, or cannot tell.
    alerts: Option<AlertsJson>,
}

impl From<&event::StatusReport> for ManifestJson {
    fn from(of: &event::StatusReport) -> Self {
        let row = |row: &event::StatusRow| RowJson {
            variable: row.variable.to_string(),
            wrong: row.cells.iter().any(event::Cell::is_wrong),
            cells: row
                .cells
                .iter()
                .zip(&of.targets)
                .map(|(cell, target)| CellJson {
                    target: target.name.to_string(),
                    state: cell.into(),
                })
                .collect(),
        };
        Self {
            manifest: of.manifest.to_string(),
            source: of.source.into(),
            targets: of.targets.iter().map(TargetJson::from).collect(),
            variables: of.rows.iter().map(row).collect(),
            expiry: of.expiry.iter().map(ExpiringJson::from).collect(),
            alerts: of.alerts.map(AlertsJson::from),
        }
    }
}

/// Counts of alerts.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[schemars(rename = "Alerts", deny_unknown_fields)]
struct AlertsJson {
    /// Not muted.
    open: usize,
    /// Of these, what does harm now.
    urgent: usize,
    /// Open, and nobody is told.
    muted: usize,
}

impl From<event::OpenAlerts> for AlertsJson {
    fn from(of: event::OpenAlerts) -> Self {
        Self {
            open: of.open,
            urgent: of.urgent,
            muted: of.muted,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Target", deny_unknown_fields)]
struct TargetJson {
    target: String,
    platform: String,
    address: String,
    /// RFC 3339; null if never.
    applied_at: Option<String>,
    /// Null where this run did not read it.
    unmanaged: Option<usize>,
    not_running: Option<NotRunningJson>,
    /// Where it was not read by this run: what was last seen of it.
    elsewhere: Option<SeenTargetJson>,
}

impl From<&event::StatusTarget> for TargetJson {
    fn from(of: &event::StatusTarget) -> Self {
        Self {
            target: of.name.to_string(),
            platform: of.platform.to_string(),
            address: of.address.clone(),
            applied_at: of.applied_at.map(|at| at.to_string()),
            unmanaged: of.unmanaged,
            not_running: of.behind.as_ref().map(NotRunningJson::from),
            elsewhere: of.seen.as_ref().map(SeenTargetJson::from),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Row", deny_unknown_fields)]
struct RowJson {
    variable: String,
    /// Whether any of its cells is not as wanted.
    wrong: bool,
    /// One for each target.
    cells: Vec<CellJson>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Cell", deny_unknown_fields)]
struct CellJson {
    target: String,
    state: StateJson,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "CellState")]
enum StateJson {
    Equal,
    Differs {
        who: MoverJson,
    },
    /// Wanted, and not there.
    Missing,
    /// Applied once, no longer wanted, still there.
    Leftover,
    Unknown {
        why: String,
    },
    NotUsed,
    /// Not read by this run: another machine's, or from the journal.
    Elsewhere {
        seen: Option<SeenJson>,
    },
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Seen", deny_unknown_fields)]
struct SeenJson {
    /// RFC 3339.
    at: String,
    freshness: FreshnessJson,
    then: ThenJson,
}

mirror! {
    /// Where the cells are from: the platforms, now, or what the journal keeps of each target.
    SourceJson as "Source" of event::Source { Platforms, Journal }
}
mirror! {
    /// Whether what was seen still counts.
    FreshnessJson as "Freshness" of event::Freshness { Young, Stale, Future }
}
mirror! {
    /// How what was seen compares with what is wanted now.
    ThenJson as "Then" of event::Then {
        Differed, Missing, Unknown, Incomparable, DesiredMoved, Leftover, InSync,
    }
}

/// What is known of a target that this run did not read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "SeenTarget", deny_unknown_fields)]
pub(super) struct SeenTargetJson {
    /// The machine that saw it last; of one that nobody has seen, the machine that alone can, if there
    /// is such a one.
    machine: Option<String>,
    /// Whether all of it is known: seen, not too long ago, and comparable.
    known: bool,
    sight: SightJson,
    /// By the declared name.
    variables: BTreeMap<String, ThenJson>,
}

/// The last time that it was read.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "Sight")]
enum SightJson {
    Never,
    /// Under a key that is not at hand.
    OtherKey,
    Seen {
        /// RFC 3339.
        at: String,
        freshness: FreshnessJson,
        readable: bool,
    },
}

impl From<&event::SeenTarget> for SeenTargetJson {
    fn from(of: &event::SeenTarget) -> Self {
        Self {
            machine: of.machine.clone(),
            known: of.is_known(),
            sight: match of.sight {
                event::Sight::Never => SightJson::Never,
                event::Sight::OtherKey => SightJson::OtherKey,
                event::Sight::Seen {
                    at,
                    freshness,
                    readable,
                } => SightJson::Seen {
                    at: at.to_string(),
                    freshness: freshness.into(),
                    readable,
                },
            },
            variables: of
                .vars
                .iter()
                .map(|(name, then)| (name.to_string(), (*then).into()))
                .collect(),
        }
    }
}

/// Who moved.
#[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[schemars(rename = "Mover")]
enum MoverJson {
    Desired,
    Live,
    Both,
}

impl From<&event::Cell> for StateJson {
    fn from(of: &event::Cell) -> Self {
        match of {
            event::Cell::Equal => Self::Equal,
            event::Cell::Differs { who } => Self::Differs {
                who: match who {
                    Mover::Desired => MoverJson::Desired,
                    Mover::Live => MoverJson::Live,
                    Mover::Both => MoverJson::Both,
                },
            },
            event::Cell::Missing => Self::Missing,
            event::Cell::Leftover => Self::Leftover,
            event::Cell::Unknown(why) => Self::Unknown { why: why.clone() },
            event::Cell::NotUsed => Self::NotUsed,
            event::Cell::Elsewhere(seen) => Self::Elsewhere {
                seen: seen.map(|seen| SeenJson {
                    at: seen.at.to_string(),
                    freshness: seen.freshness.into(),
                    then: seen.then.into(),
                }),
            },
        }
    }
}
