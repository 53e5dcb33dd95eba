//! How this Railway behaves where the real one is free, unknown, or known to vary.

use std::collections::BTreeSet;
use std::time::Duration;

pub use super::world::lag::Lag;

#[derive(Debug, Clone)]
pub struct Switches {
    // requests
    /// How long each answer takes.
    pub latency: Duration,
    /// Requests that an hour allows.
    pub hourly_budget: u32,
    /// Requests that a second allows; the next is answered by the API with 429.
    pub per_second: u32,
    /// How long a second lasts for the limits: longer ones do not depend on the machine's speed.
    pub second: Duration,
    /// How `X-RateLimit-Reset` is written.
    pub reset_format: ResetFormat,
    /// Whether more than ten requests a second without `source=` meet the edge's 429.
    pub edge_guard: bool,
    /// How long the edge goes on refusing after that.
    pub edge_block: Duration,

    // reading
    pub lag: Lag,
    /// How a masked value looks.
    pub masking: Masking,
    /// Who may read the values in a config or a patch, if they ask.
    pub decryption: Decryption,
    /// Whether the raw view shows the variables that Railway provides.
    pub provided_in_raw: bool,
    /// Whether a sealed value stays readable until the next deployment.
    pub fresh_seals_are_readable: bool,
    /// Names whose values read as null although nothing is sealed.
    pub null_values: BTreeSet<String>,
    /// What reading a service says that is deleted or not in the environment.
    pub absent_service_reads: Absent,
    /// Service ids whose variables the caller may not read or write.
    pub forbidden_services: BTreeSet<String>,
    /// Whether what does not exist is answered with `Not Authorized`.
    pub absent_is_not_authorized: bool,
    /// Whether a changed value moves the `configEtag`.
    pub etag_covers_values: bool,

    // paging
    /// The most nodes of one page, whatever `first` says.
    pub page_cap: usize,
    /// The nodes of a page without `first`.
    pub default_page: usize,
    pub cursors: Cursors,
    /// The only connection with such cursors, by its field; else all of them.
    pub cursors_of: Option<&'static str>,

    // writing
    /// Whether writing an empty value leaves no variable behind.
    pub drops_empty_values: bool,
    /// Whether a sealed variable stays sealed when it is written.
    pub writing_keeps_the_seal: bool,
    pub refused_names: BTreeSet<String>,
    pub refused_values: BTreeSet<String>,
    /// Whether these refusals come as HTTP 200, else as 400.
    pub refusals_in_band: bool,
    /// Whether a patch that names an unknown service fails; else that part is ignored.
    pub unknown_services_fail: bool,
    /// Whether deleting an absent variable fails; else it does nothing.
    pub deleting_absent_fails: bool,

    // who changed what
    /// Who is shown the list of commits.
    pub patches_shown: Shown,
    /// Whether writes without a commit are in that list too.
    pub writes_are_patches: bool,
    /// Whether that list begins with its oldest entry.
    pub patches_ascend: bool,
    /// Who is shown the audit log, of those who see its workspace.
    pub audit_shown: Shown,
    /// Whether it is empty: all of it is older than what is kept.
    pub audit_empty: bool,
    /// Whether an entry's context says who it was in the form that is expected.
    pub audit_names_actors: bool,

    // commits
    /// Whether `environmentPatchCommit` has the argument `skipDeploys`.
    pub skip_on_commit: bool,
    /// Whether `environmentPatchCommit` takes along what is staged.
    pub commit_swallows_staged: bool,
    /// Whether a commit returns an id that `workflowStatus` never knows.
    pub unknown_workflow_ids: bool,
    /// Whether `workflowStatus` is refused to the caller.
    pub workflow_forbidden: bool,
    /// Polls answered `NotFound`, then `Running`.
    pub workflow_not_found: u32,
    pub workflow_running: u32,
    pub outcome: Outcome,
    /// Whether a commit takes effect when its workflow completes; else at once.
    pub applies_late: bool,

    // deployments
    /// Which services a changed shared variable affects.
    pub shared_affects: SharedAffects,
    /// What a new deployment's `status` says on one look after another; the last stays.
    pub deployment_course: Vec<&'static str>,
    /// Whether deployments caused by writes build the head of the branch.
    pub writes_build_the_head: bool,
    /// Deployments of one service by writes, after which more of them are refused in-band.
    pub deployments_allowed: Option<usize>,
}

impl Default for Switches {
    fn default() -> Self {
        Self {
            latency: Duration::ZERO,
            hourly_budget: 1_000_000,
            per_second: 1_000_000,
            second: Duration::from_secs(1),
            reset_format: ResetFormat::EpochSeconds,
            edge_guard: true,
            edge_block: Duration::ZERO,
            lag: Lag::default(),
            masking: Masking::Null,
            decryption: Decryption::Everyone,
            provided_in_raw: false,
            fresh_seals_are_readable: false,
            null_values: BTreeSet::new(),
            absent_service_reads: Absent::Empty,
            forbidden_services: BTreeSet::new(),
            absent_is_not_authorized: false,
            etag_covers_values: false,
            page_cap: 1000,
            default_page: 20,
            cursors: Cursors::Good,
            cursors_of: None,
            drops_empty_values: false,
            writing_keeps_the_seal: true,
            refused_names: BTreeSet::new(),
            refused_values: BTreeSet::new(),
            refusals_in_band: false,
            unknown_services_fail: false,
            deleting_absent_fails: false,
            patches_shown: Shown::Everyone,
            writes_are_patches: true,
            patches_ascend: false,
            audit_shown: Shown::Everyone,
            audit_empty: false,
            audit_names_actors: true,
            skip_on_commit: false,
            commit_swallows_staged: false,
            unknown_workflow_ids: false,
            workflow_forbidden: false,
            workflow_not_found: 0,
            workflow_running: 0,
            outcome: Outcome::Complete,
            applies_late: false,
            shared_affects: SharedAffects::Referring,
            deployment_course: vec!["SUCCESS"],
            writes_build_the_head: true,
            deployments_allowed: None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetFormat {
    EpochSeconds,
    EpochMillis,
    Rfc3339,
    HttpDate,
    /// None of the `X-RateLimit-*` headers.
    Absent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Masking {
    Null,
    Empty,
    Stars,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decryption {
    Everyone,
    NotProjectTokens,
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    Everyone,
    NotProjectTokens,
    Nobody,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absent {
    /// No variables, as if it had none.
    Empty,
    NotFound,
    NotAuthorized,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cursors {
    Good,
    /// `endCursor` is null although there is a next page.
    NullWithMore,
    /// `endCursor` is the same on each page, and there is always a next one.
    Repeating,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    Complete,
    /// The workflow ends in an error, with the patch applied or not.
    Error {
        applied: bool,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SharedAffects {
    Referring,
    None,
    Every,
}
