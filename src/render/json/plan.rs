//! `plan/1`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::expiring::ExpiringJson;
use super::status::SeenTargetJson;
use super::{ExitJson, document_tag};
use crate::model::{Behind, TargetName};
use crate::plan;
use crate::reconcile::event::{SeenTarget, Verdict};
use crate::render::style::Invocation;

document_tag!("plan/1");

/// What would be done to the targets of each manifest, and why. It holds no secret: text appears
/// only for variables that the manifest declares in clear.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "PlanDocument", deny_unknown_fields)]
pub struct PlanDocument {
    /// Kind and version of this document.
    #[schemars(schema_with = "tag_schema")]
    driftlock: &'static str,
    exit: ExitJson,
    summary: SummaryJson,
    /// Where `--out` has kept it; null where it was not asked for.
    saved: Option<SavedJson>,
    /// One for each manifest.
    plans: Vec<PlanJson>,
}

/// A plan that is kept in a file, for approval.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Saved", deny_unknown_fields)]
struct SavedJson {
    file: String,
    /// Names everything in it: what is approved.
    id: String,
    /// Carries out exactly this.
    command: String,
}

impl PlanDocument {
    /// Of the plans of one run; `summary` counts over all of them.
    pub fn new(plans: &[plan::Plan], summary: &plan::Summary, verdict: &Verdict) -> Self {
        Self {
            driftlock: TAG,
            exit: verdict.into(),
            summary: summary.into(),
            saved: None,
            plans: plans.iter().map(PlanJson::from).collect(),
        }
    }

    /// With where it was kept.
    #[must_use]
    pub fn with_saved(mut self, call: &Invocation) -> Self {
        self.saved = call.saved.as_ref().map(|saved| SavedJson {
            file: saved.file.clone(),
            id: saved.id.clone(),
            command: call.command("apply", &[]),
        });
        self
    }

    /// With what other machines last saw of their targets, for each plan.
    #[must_use]
    pub fn with_seen(mut self, seen: &[BTreeMap<TargetName, SeenTarget>]) -> Self {
        for (plan, seen) in self.plans.iter_mut().zip(seen) {
            for target in &mut plan.targets {
                target.elsewhere = seen.get(target.target.as_str()).map(Into::into);
            }
        }
        self
    }
}

/// Counts.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Summary", deny_unknown_fields)]
struct SummaryJson {
    create: usize,
    update: usize,
    delete: usize,
    drift: usize,
    conflict: usize,
    unknown: usize,
    held: usize,
    in_sync: usize,
    /// Targets whose stored values are put in force although nothing is written.
    owed: usize,
    unmanaged: usize,
    elsewhere: usize,
}

impl From<&plan::Summary> for SummaryJson {
    fn from(of: &plan::Summary) -> Self {
        Self {
            create: of.create,
            update: of.update,
            delete: of.delete,
            drift: of.drift,
            conflict: of.conflict,
            unknown: of.unknown,
            held: of.held,
            in_sync: of.in_sync,
            owed: of.owed,
            unmanaged: of.unmanaged,
            elsewhere: of.elsewhere,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Plan", deny_unknown_fields)]
struct PlanJson {
    manifest: String,
    /// Names what would be done: two plans with one id do the same.
    id: String,
    /// The manifest's key id, where it has encrypted values.
    key_id: Option<String>,
    /// What this revision may do that the last applied one could not.
    authority: Vec<AuthorityJson>,
    /// In the manifest's order.
    targets: Vec<TargetJson>,
    /// Dates of its variables that have passed or are near; they hold nothing, and are no part of
    /// what the id names.
    expiry: Vec<ExpiringJson>,
}

impl From<&plan::Plan> for PlanJson {
    fn from(of: &plan::Plan) -> Self {
        Self {
            manifest: of.manifest.to_string(),
            id: of.id.to_string(),
            key_id: of.key_id.as_ref().map(ToString::to_string),
            authority: of.authority.iter().map(AuthorityJson::from).collect(),
            targets: of.targets.iter().map(TargetJson::from).collect(),
            expiry: of.expiry.iter().map(ExpiringJson::from).collect(),
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Authority", deny_unknown_fields)]
struct AuthorityJson {
    kind: AuthorityKindJson,
    target: Option<String>,
    variable: Option<String>,
    what: String,
    /// Whether it waits for `--allow authority@TARGET`.
    held: bool,
}

impl From<&plan::Authority> for AuthorityJson {
    fn from(of: &plan::Authority) -> Self {
        Self {
            kind: of.kind.into(),
            target: of.target.as_ref().map(ToString::to_string),
            variable: of.variable.as_ref().map(ToString::to_string),
            what: of.what.clone(),
            held: of.held,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Target", deny_unknown_fields)]
struct TargetJson {
    target: String,
    platform: String,
    address: String,
    /// The dialect of a file.
    format: Option<String>,
    state: StateJson,
    /// Where it is another machine's: what that one last saw.
    elsewhere: Option<SeenTargetJson>,
    /// Whether a receipt of it exists.
    recorded: bool,
    /// Sorted by name; what is in sync is here too, what is unmanaged is only counted.
    changes: Vec<ChangeJson>,
    unmanaged: usize,
    /// Edits that wait on the platform, prepared by somebody else; in words.
    drafts: Vec<String>,
    /// What is stored, but not running.
    not_running: Option<NotRunningJson>,
    /// Whether apply, writing here, also deploys or restarts it.
    deploys: bool,
    /// What is done on its machine after the writes; null if nothing is.
    activation: Option<ActivationJson>,
    notes: Vec<String>,
}

/// Variables that were stored after the running process got its own.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "NotRunning", deny_unknown_fields)]
pub(super) struct NotRunningJson {
    /// Empty where the platform cannot tell them apart.
    names: Vec<String>,
    /// When the first of them was stored.
    since: Option<String>,
    why: String,
    help: Option<String>,
}

impl From<&Behind> for NotRunningJson {
    fn from(of: &Behind) -> Self {
        Self {
            names: of.names.iter().map(ToString::to_string).collect(),
            since: of.since.map(|at| at.to_string()),
            why: of.why.clone(),
            help: of.help.clone(),
        }
    }
}

/// A restart, or what else puts values in force on a machine.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Activation", deny_unknown_fields)]
struct ActivationJson {
    /// In words that follow "apply will".
    what: String,
    /// The machine; null for this one.
    on: Option<String>,
    /// `written`, `behind` (what is stored does not run) or `pending` (a former apply did not).
    because: &'static str,
    hold: Option<HoldJson>,
}

impl ActivationJson {
    fn of(of: &plan::PlannedActivation) -> Option<Self> {
        Some(Self {
            what: of.what.clone(),
            on: of.on.clone(),
            because: match of.because? {
                plan::ActivationCause::Written => "written",
                plan::ActivationCause::Behind => "behind",
                plan::ActivationCause::Pending { .. } => "pending",
            },
            hold: of.hold.as_ref().map(HoldJson::from),
        })
    }
}

impl From<&plan::TargetPlan> for TargetJson {
    fn from(of: &plan::TargetPlan) -> Self {
        Self {
            target: of.target.to_string(),
            platform: of.platform.to_string(),
            address: of.address.clone(),
            format: of.format.clone(),
            state: (&of.state).into(),
            elsewhere: None,
            recorded: of.recorded,
            changes: of.changes.iter().map(ChangeJson::from).collect(),
            unmanaged: of.unmanaged,
            drafts: of.drafts.clone(),
            not_running: of.behind.as_ref().map(NotRunningJson::from),
            deploys: of.activates && of.will_write(),
            activation: of.activation.as_ref().and_then(ActivationJson::of),
            notes: of.notes.clone(),
        }
    }
}

/// How the target could be seen.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is")]
#[schemars(rename = "State")]
enum StateJson {
    Read,
    Partial {
        reason: String,
    },
    Unknown {
        reason: String,
        help: Option<String>,
    },
    Elsewhere {
        machine: String,
    },
}

impl From<&plan::TargetState> for StateJson {
    fn from(of: &plan::TargetState) -> Self {
        match of.clone() {
            plan::TargetState::Read => Self::Read,
            plan::TargetState::Partial { reason } => Self::Partial { reason },
            plan::TargetState::Unknown { reason, help } => Self::Unknown { reason, help },
            plan::TargetState::Elsewhere { machine } => Self::Elsewhere { machine },
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Change", deny_unknown_fields)]
struct ChangeJson {
    /// On the target.
    name: String,
    /// In the manifest, where it has a name there.
    declared: Option<String>,
    class: ClassJson,
    reason: ReasonJson,
    /// The reason in words.
    why: String,
    action: ActionJson,
    before: GlimpseJson,
    after: GlimpseJson,
    /// Whether apply will do it: there is something to do, and nothing holds it.
    will_happen: bool,
    holds: Vec<HoldJson>,
    detail: Option<String>,
}

impl From<&plan::Change> for ChangeJson {
    fn from(of: &plan::Change) -> Self {
        Self {
            name: of.name.to_string(),
            declared: of.declared.as_ref().map(ToString::to_string),
            class: of.class.into(),
            reason: of.reason.into(),
            why: crate::render::words::reason(of.reason).to_owned(),
            action: of.action.into(),
            before: (&of.before).into(),
            after: (&of.after).into(),
            will_happen: of.will_happen(),
            holds: of.holds.iter().map(HoldJson::from).collect(),
            detail: of.detail.clone(),
        }
    }
}

/// A value as far as it may be shown.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "is", content = "of")]
#[schemars(rename = "Glimpse")]
pub(super) enum GlimpseJson {
    Absent,
    /// A clear text.
    Text(String),
    /// The first 8 hex digits of a keyed fingerprint.
    Fingerprint(String),
    Sealed,
    Unknown,
}

impl From<&plan::Glimpse> for GlimpseJson {
    fn from(of: &plan::Glimpse) -> Self {
        match of {
            plan::Glimpse::Absent => Self::Absent,
            plan::Glimpse::Text(text) => Self::Text(text.clone()),
            plan::Glimpse::Fingerprint(one) => Self::Fingerprint(one.short()),
            plan::Glimpse::Sealed => Self::Sealed,
            plan::Glimpse::Unknown => Self::Unknown,
        }
    }
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
#[schemars(rename = "Hold", deny_unknown_fields)]
pub(super) struct HoldJson {
    rail: String,
    why: String,
    /// The flag that lets it go, or null.
    release: Option<String>,
}

impl From<&plan::Hold> for HoldJson {
    fn from(of: &plan::Hold) -> Self {
        Self {
            rail: of.rail.clone(),
            why: of.why.clone(),
            release: of.release.clone(),
        }
    }
}

/// The same words under a stable name: a variant that is renamed inside does not change the wire.
macro_rules! mirror {
    ($(#[$meta:meta])* $mirror:ident as $title:literal of $inner:path { $($variant:ident),* $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, Serialize, JsonSchema)]
        #[serde(rename_all = "kebab-case")]
        #[schemars(rename = $title)]
        pub(super) enum $mirror { $($variant),* }

        impl From<$inner> for $mirror {
            fn from(of: $inner) -> Self {
                use $inner as Inner;
                match of { $(Inner::$variant => Self::$variant),* }
            }
        }
    };
}

pub(super) use mirror;

mirror! {
    /// The words people see for a difference.
    ClassJson as "Class" of plan::Class { InSync, Change, Drift, Conflict, Unmanaged, Unknown }
}
mirror! {
    /// What apply would do if nothing held it.
    ActionJson as "Action" of plan::ActionKind { None, Record, Create, Update, Delete }
}
mirror! {
    /// Why a variable is in its class.
    ReasonJson as "Reason" of plan::Reason {
        Equal, EqualUnrecorded, DesiredMoved, ChangedOutside, RemovedOutside, BothMoved, New,
        FirstTakeOver, NotOurs, Prune, PruneOff, PruneChangedOutside, NeverOurs, CannotCompare,
        Adopted, SealedDesiredMoved, SealedUnchanged, SealedChangedOutside, SealedFirstTakeOver, NotSealed, EmptyNotKept,
        GoingBack, MovedSince, Unreadable, VariableUnreadable, Undecryptable,
    }
}
mirror! {
    /// The kinds of widening that an edit of a manifest can bring.
    AuthorityKindJson as "AuthorityKind" of plan::AuthorityKind {
        RecipientAdded, RecipientRemoved, TargetAdded, DestinationChanged, SecretEdgeAdded,
        RailsLoosened, ProtectedDropped, PruneEnabled, ReconcilingLoosened, SecretBecameClear,
        ActivationChanged, ProbeChanged, RecipeChanged,
    }
}
