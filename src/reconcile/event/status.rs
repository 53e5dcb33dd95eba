//! Variables × targets: who has what is wanted, and who does not.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{Behind, ManifestName, PlatformKind, TargetName, VarName};
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

/// What another machine last saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// Whether it was as wanted then.
    pub equal: bool,
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
            Self::Elsewhere(Some(Seen { equal: false, .. })) => 6,
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
    /// Live only, never ours.
    pub unmanaged: usize,
    /// Stored there, and not what runs: equal is not all that counts.
    pub behind: Option<Behind>,
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

/// The whole matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusReport {
    /// The manifest's name.
    pub manifest: ManifestName,
    /// In the manifest's order.
    pub targets: Vec<StatusTarget>,
    /// Wrong side first, then by name.
    pub rows: Vec<StatusRow>,
}

impl StatusReport {
    /// The matrix that a plan shows. `applied` says when a target was last applied, `seen` what
    /// another machine last saw of a target.
    pub fn of_plan(
        plan: &Plan,
        applied: &BTreeMap<TargetName, Timestamp>,
        seen: &BTreeMap<TargetName, Seen>,
    ) -> Self {
        let columns = plan.targets.len();
        let mut rows: BTreeMap<&VarName, Vec<Cell>> = BTreeMap::new();
        for (column, target) in plan.targets.iter().enumerate() {
            for change in &target.changes {
                let variable = change.declared.as_ref().unwrap_or(&change.name);
                let cells = rows
                    .entry(variable)
                    .or_insert_with(|| vec![Cell::NotUsed; columns]);
                let cell = cell_of(&target.state, change, seen.get(&target.target));
                // one variable under two names on one target: the worse one counts
                if cell.rank() < cells[column].rank() {
                    cells[column] = cell;
                }
            }
        }
        // of a target that says nothing about its variables, nobody knows which it has
        for (column, target) in plan.targets.iter().enumerate() {
            if target.changes.is_empty()
                && let Some(cell) = unseen(&target.state, seen.get(&target.target))
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
                unmanaged: target.unmanaged,
                behind: target.behind.clone(),
            })
            .collect();
        Self {
            manifest: plan.manifest.clone(),
            targets,
            rows,
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
fn unseen(state: &TargetState, seen: Option<&Seen>) -> Option<Cell> {
    match state {
        TargetState::Elsewhere { .. } => Some(Cell::Elsewhere(seen.copied())),
        TargetState::Unknown { reason, .. } => Some(Cell::Unknown(reason.clone())),
        TargetState::Read | TargetState::Partial { .. } => None,
    }
}

fn cell_of(state: &TargetState, change: &Change, seen: Option<&Seen>) -> Cell {
    if let Some(cell) = unseen(state, seen) {
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
