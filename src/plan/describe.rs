//! From a row of the table to a change that people read.

use super::change::{ActionKind, Change, Class, Glimpse, Reason};
use super::classify::{Memory, Row, Sight};
use super::evidence::{Evidence, Look};
use crate::model::{LiveVar, UnknownVar, VarName};

const IN_DOUBT: &str = "an earlier apply did not say how it ended; the live value may be its own";

impl Reason {
    /// In words that follow the class: lower case, no final period.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Equal => "as recorded",
            Self::EqualUnrecorded => "equal, not recorded yet",
            Self::DesiredMoved => "the manifest has a new value",
            Self::ChangedOutside => "changed outside",
            Self::RemovedOutside => "removed outside",
            Self::BothMoved => "the manifest and the live value both moved",
            Self::New => "new",
            Self::FirstTakeOver => "first take-over of this target",
            Self::NotOurs => "there already, not ours",
            Self::Prune => "no longer in the manifest",
            Self::PruneOff => "no longer in the manifest",
            Self::PruneChangedOutside => "no longer in the manifest, but changed outside",
            Self::NeverOurs => "never ours",
            Self::CannotCompare => "differs, and our records cannot be compared",
            Self::Adopted => "adopted: the live value is recorded as known",
            Self::SealedDesiredMoved => {
                "the manifest has a new value, the live one is sealed: written blind"
            }
            Self::SealedUnchanged => "sealed, unchanged since our apply",
            Self::SealedChangedOutside => "sealed, changed by someone after us",
            Self::SealedFirstTakeOver => "sealed, first take-over: written blind",
            Self::NotSealed => "to be sealed",
            Self::EmptyNotKept => "empty, and the platform keeps no empty values",
            Self::GoingBack => "back to what it was before",
            Self::MovedSince => "changed since that receipt",
            Self::Unreadable => "the target could not be read",
            Self::VariableUnreadable => "could not be read",
            Self::Undecryptable => "could not be decrypted",
        }
    }
}

/// A row as a change, nothing held yet.
pub(super) fn change(evidence: &Evidence<'_>, name: &VarName, look: &Look<'_>, row: Row) -> Change {
    let before = evidence.before(name, look);
    Change {
        name: name.clone(),
        declared: look.desired.and_then(|var| var.declared.clone()),
        class: row.class,
        reason: row.reason,
        action: row.action,
        live_unshown: match before {
            Glimpse::Sealed => look.unshown(),
            _ => None,
        },
        before,
        after: evidence.after(name, look),
        live_changed_at: match look.live {
            Some(LiveVar::Sealed { changed_at }) => *changed_at,
            _ => None,
        },
        sequence: look.desired.and_then(|var| var.sequence),
        holds: Vec::new(),
        detail: None,
    }
}

/// Wanted, but its value could not be had.
pub(super) fn undecryptable(
    evidence: &Evidence<'_>,
    name: &VarName,
    look: &Look<'_>,
    unknown: &UnknownVar,
) -> Change {
    let row = Row {
        class: Class::Unknown,
        reason: Reason::Undecryptable,
        action: ActionKind::None,
    };
    Change {
        after: Glimpse::Unknown,
        declared: unknown.declared.clone(),
        detail: Some(unknown.why.clone()),
        ..change(evidence, name, look, row)
    }
}

/// Live of this one could not be read.
pub(super) fn unreadable_variable(
    evidence: &Evidence<'_>,
    name: &VarName,
    look: &Look<'_>,
) -> Change {
    let row = Row {
        class: Class::Unknown,
        reason: Reason::VariableUnreadable,
        action: ActionKind::None,
    };
    let why = match look.live {
        Some(LiveVar::Unknown(why)) => Some(why.clone()),
        _ => None,
    };
    Change {
        detail: why,
        ..change(evidence, name, look, row)
    }
}

/// What the reason alone does not say.
pub(super) fn detail(row: Row, memory: Memory, sight: Sight, in_doubt: bool) -> Option<String> {
    let text = match (row.reason, memory) {
        (Reason::SealedDesiredMoved | Reason::SealedFirstTakeOver, _) => {
            "sealed by the platform: written blind"
        }
        (Reason::GoingBack, _) if matches!(sight, Sight::Sealed(_)) => {
            "sealed by the platform: written blind"
        }
        (Reason::MovedSince, _) => "it is no longer what the receipt left there",
        (Reason::VariableUnreadable, _) => {
            "sealed by the platform, which does not say when it changed"
        }
        (Reason::NotSealed, _) => {
            "written once more, sealed: nobody can read it on the platform afterwards"
        }
        (Reason::EmptyNotKept, _) => "the platform keeps no empty values: absent is as we left it",
        (Reason::CannotCompare, _) if row.action == ActionKind::None => {
            "we applied it once, no manifest names it any more, and the record cannot be compared; adopt it or delete it by hand"
        }
        (Reason::CannotCompare, _) => "the record of our last apply cannot be compared",
        (Reason::Adopted, _) => "the live value is recorded as known, nothing is written",
        (Reason::PruneOff, _) => "pruning is off for this target: reported only",
        (
            Reason::BothMoved
            | Reason::ChangedOutside
            | Reason::RemovedOutside
            | Reason::NotOurs
            | Reason::FirstTakeOver
            | Reason::PruneChangedOutside,
            _,
        ) if in_doubt => IN_DOUBT,
        (Reason::PruneChangedOutside, _) if row.action == ActionKind::None => {
            "no manifest names it any more, and it was changed outside; pruning is off"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// What nobody wants, and nobody may delete: it is not in our records.
pub(super) fn may_be_ours(name: &VarName) -> String {
    format!(
        "{name} may be ours: an apply that set it never said how it ended, and no manifest names it; delete it by hand, or name it again"
    )
}
