//! Variables × targets: who has what is wanted, and who does not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{AlertBook, Behind, Expiring, ManifestName, PlatformKind, TargetName, VarName};
use crate::plan::{Change, Class, Glimpse, Plan, Reason, TargetState};

/// Who moved where two sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mover {
    /// The manifest.
    Desired,
    /// The platform.
    Live,
    /// Both, or nobody can say.
    Both,
}

/// What another machine last saw of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Whether that still counts.
    pub freshness: Freshness,
    /// How it compares with what is wanted now.
    pub then: Then,
}

impl Seen {
    fn is_wrong(self) -> bool {
        self.freshness == Freshness::Young && self.then.is_difference()
    }
}

/// Whether an observation still counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It does.
    Young,
    /// Too old.
    Stale,
    /// Later than now: one of two clocks is wrong, and it does not count.
    Future,
}

/// How a variable that another machine saw compares with what is wanted now; worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Then {
    /// It was another value then, and still would be.
    Differed,
    /// Wanted then and now, and not there.
    Missing,
    /// It could not be read then.
    Unknown,
    /// There is nothing to compare with: another key, or a value that does not open here.
    Incomparable,
    /// As wanted then; desired moved since.
    DesiredMoved,
    /// There then, applied by us, and no longer wanted.
    Leftover,
    /// As wanted now.
    InSync,
}

impl Then {
    /// Whether it is known not to be as wanted.
    pub fn is_difference(self) -> bool {
        matches!(
            self,
            Self::Differed | Self::Missing | Self::DesiredMoved | Self::Leftover
        )
    }

    /// Whether nothing can be said.
    pub fn is_unknown(self) -> bool {
        matches!(self, Self::Unknown | Self::Incomparable)
    }
}

/// What is known here of a target that this run did not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenTarget {
    /// The machine that saw it last; of one that nobody has seen, the machine that alone can, if there
    /// is such a one.
    pub machine: Option<String>,
    /// The last time that it did.
    pub sight: Sight,
    /// Each variable by its declared name; where nothing was seen, what is wanted.
    pub vars: BTreeMap<VarName, Then>,
}

/// The last time that a target was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Not that anybody told.
    Never,
    /// There is a report under a key that is not at hand: it cannot be compared.
    OtherKey,
    /// It tried.
    Seen {
        /// When.
        at: Timestamp,
        /// Whether that still counts.
        freshness: Freshness,
        /// Whether it could read it.
        readable: bool,
    },
}

impl SeenTarget {
    /// Whether all of it is known: seen, not too long ago, and comparable.
    pub fn is_known(&self) -> bool {
        let young = matches!(
            self.sight,
            Sight::Seen {
                freshness: Freshness::Young,
                readable: true,
                ..
            }
        );
        young && !self.vars.values().any(|then| then.is_unknown())
    }

    fn cell(&self, then: Then) -> Cell {
        Cell::Elsewhere(match self.sight {
            Sight::Never | Sight::OtherKey => None,
            Sight::Seen { at, freshness, .. } => Some(Seen {
                at,
                freshness,
                then,
            }),
        })
    }
}

/// One variable on one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Live is as wanted.
    Equal,
    /// Live is another value.
    Differs {
        /// Who moved.
        who: Mover,
    },
    /// Wanted, and not there.
    Missing,
    /// There, applied by us, and no longer wanted.
    Leftover,
    /// Not known; why.
    Unknown(String),
    /// The target does not use this variable.
    NotUsed,
    /// Another machine's; what it last saw, if that is known.
    Elsewhere(Option<Seen>),
}

impl Cell {
    /// Wrong sides first: smaller is worse.
    pub fn rank(&self) -> u8 {
        match self {
            Self::Differs { who: Mover::Both } => 0,
            Self::Differs { who: Mover::Live } => 1,
            Self::Missing => 2,
            Self::Unknown(_) => 3,
            Self::Differs {
                who: Mover::Desired,
            } => 4,
            Self::Leftover => 5,
            Self::Elsewhere(Some(seen)) if seen.is_wrong() => 6,
            Self::Elsewhere(_) => 7,
            Self::Equal => 8,
            Self::NotUsed => 9,
        }
    }

    /// Whether somebody should look.
    pub fn is_wrong(&self) -> bool {
        self.rank() < 7
    }
}

/// One column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusTarget {
    /// Its name.
    pub name: TargetName,
    /// The kind of place.
    pub platform: PlatformKind,
    /// Its address as people read it.
    pub address: String,
    /// When it was last applied, if ever.
    pub applied_at: Option<Timestamp>,
    /// Live only, never ours; `None` where this run did not read it.
    pub unmanaged: Option<usize>,
    /// Stored there, and not what runs: equal is not all that counts.
    pub behind: Option<Behind>,
    /// Where it was not read by this run: what was last seen of it.
    pub seen: Option<SeenTarget>,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusRow {
    /// As the manifest declares it, or its name on the target where it does not.
    pub variable: VarName,
    /// One for each target, in their order.
    pub cells: Vec<Cell>,
}

impl StatusRow {
    /// The worst cell's rank.
    pub fn rank(&self) -> u8 {
        self.cells.iter().map(Cell::rank).min().unwrap_or(u8::MAX)
    }
}

/// Whom a report was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// The platforms, now.
    Platforms,
    /// The journal: what was last seen of each target.
    Journal,
}

/// Alerts of a manifest that are open, as the journal keeps them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OpenAlerts {
    /// Not muted.
    pub open: usize,
    /// Of these, what does harm now.
    pub urgent: usize,
    /// Open, and nobody is told.
    pub muted: usize,
}

impl OpenAlerts {
    /// Of a book.
    pub fn of(book: &AlertBook) -> Self {
        let mut count = Self::default();
        for alert in book.open.values() {
            match alert.muted {
                true => count.muted += 1,
                false => {
                    count.open += 1;
                    count.urgent += usize::from(alert.urgent);
                }
            }
        }
        count
    }
}

/// The whole matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The manifest's name.
    pub manifest: ManifestName,
    /// Where the cells are from.
    pub source: Source,
    /// In the manifest's order.
    pub targets: Vec<StatusTarget>,
    /// Wrong side first, then by name.
    pub rows: Vec<StatusRow>,
    /// Dates that have passed or are near, as the plan has them.
    pub expiry: Vec<Expiring>,
    /// Alerts that are open; `None` where there is no book of them, or it cannot be read.
    pub alerts: Option<OpenAlerts>,
}

impl StatusReport {
    /// The matrix that a plan shows. `applied` says when a target was last applied, `seen` what was
    /// last seen of a target that the plan did not read.
    pub fn of_plan(
        plan: &Plan,
        source: Source,
        applied: &BTreeMap<TargetName, Timestamp>,
        seen: &BTreeMap<TargetName, SeenTarget>,
    ) -> Self {
        let columns = plan.targets.len();
        let mut rows: BTreeMap<&VarName, Vec<Cell>> = BTreeMap::new();
        for (column, target) in plan.targets.iter().enumerate() {
            for change in &target.changes {
                let variable = change.declared.as_ref().unwrap_or(&change.name);
                let cells = rows
                    .entry(variable)
                    .or_insert_with(|| vec![Cell::NotUsed; columns]);
                let cell = cell_of(&target.state, change);
                // one variable under two names on one target: the worse one counts
                if cell.rank() < cells[column].rank() {
                    cells[column] = cell;
                }
            }
        }
        for (column, target) in plan.targets.iter().enumerate() {
            for (variable, then) in seen.get(&target.target).iter().flat_map(|one| &one.vars) {
                rows.entry(variable)
                    .or_insert_with(|| vec![Cell::NotUsed; columns])[column] =
                    seen[&target.target].cell(*then);
            }
        }
        // of a target that says nothing about its variables, nobody knows which it has
        for (column, target) in plan.targets.iter().enumerate() {
            if target.changes.is_empty()
                && !seen.contains_key(&target.target)
                && let Some(cell) = unseen(&target.state)
            {
                for cells in rows.values_mut() {
                    cells[column] = cell.clone();
                }
            }
        }
        let mut rows: Vec<StatusRow> = rows
            .into_iter()
            .map(|(variable, cells)| StatusRow {
                variable: variable.clone(),
                cells,
            })
            .collect();
        rows.sort_by_key(StatusRow::rank);
        let targets = plan
            .targets
            .iter()
            .map(|target| StatusTarget {
                name: target.target.clone(),
                platform: target.platform,
                address: target.address.clone(),
                applied_at: applied.get(&target.target).copied(),
                unmanaged: matches!(
                    target.state,
                    TargetState::Read | TargetState::Partial { .. }
                )
                .then_some(target.unmanaged),
                behind: target.behind.clone(),
                seen: seen.get(&target.target).cloned(),
            })
            .collect();
        Self {
            manifest: plan.manifest.clone(),
            source,
            targets,
            rows,
            expiry: plan.expiry.clone(),
            alerts: None,
        }
    }
}

impl StatusReport {
    /// Leaves only these targets and variables.
    pub fn select(
        &mut self,
        targets: Option<&BTreeSet<TargetName>>,
        variables: Option<&BTreeSet<VarName>>,
    ) {
        if let Some(wanted) = targets {
            let keep: Vec<bool> = self
                .targets
                .iter()
                .map(|target| wanted.contains(&target.name))
                .collect();
            let mut columns = keep.iter();
            self.targets.retain(|_| columns.next() == Some(&true));
            for row in &mut self.rows {
                let mut columns = keep.iter();
                row.cells.retain(|_| columns.next() == Some(&true));
            }
            self.rows
                .retain(|row| row.cells.iter().any(|cell| *cell != Cell::NotUsed));
            self.rows.sort_by_key(StatusRow::rank);
        }
        if let Some(wanted) = variables {
            self.rows.retain(|row| wanted.contains(&row.variable));
        }
    }
}

/// What every cell of a target is that could not be read here.
fn unseen(state: &TargetState) -> Option<Cell> {
    match state {
        TargetState::Elsewhere { .. } => Some(Cell::Elsewhere(None)),
        TargetState::Unknown { reason, .. } => Some(Cell::Unknown(reason.clone())),
        TargetState::Read | TargetState::Partial { .. } => None,
    }
}

fn cell_of(state: &TargetState, change: &Change) -> Cell {
    if let Some(cell) = unseen(state) {
        return cell;
    }
    match change.class {
        Class::InSync => Cell::Equal,
        Class::Unmanaged => Cell::NotUsed,
        Class::Unknown => Cell::Unknown(change.detail.clone().unwrap_or_default()),
        Class::Change if matches!(change.reason, Reason::Prune | Reason::PruneOff) => {
            Cell::Leftover
        }
        _ if change.before == Glimpse::Absent => Cell::Missing,
        Class::Change => Cell::Differs {
            who: Mover::Desired,
        },
        Class::Drift => Cell::Differs { who: Mover::Live },
        Class::Conflict => Cell::Differs { who: Mover::Both },
    }
}
