//! The classification table: last applied, desired and live of one variable in, one row out.
//! Nothing here sees a value, only how values compare.

use super::change::{ActionKind, Class, Reason};

/// How the variable stands in our records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// The target was never recorded.
    NoTarget,
    /// The target has records, none of this variable.
    NoVariable,
    /// Recorded; whether desired and live are what we recorded. Where one is absent, `false`.
    Known { desired: bool, live: bool },
    /// Recorded as empty and not kept, so that absent is what we left; whether desired is still that.
    Dropped { desired: bool },
    /// Recorded, but nothing of today can be compared with it.
    Incomparable,
}

/// Live as seen from desired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Not there.
    Absent,
    /// There, and what desired says.
    Equal,
    /// There, and what desired says, but it shall be sealed and is not.
    Unsealed,
    /// There, and not what desired says, or nothing is desired.
    Other,
    /// There, and readable by nobody.
    Sealed(Stamp),
}

/// The platform's time stamp of a sealed variable against the one that we recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stamp {
    /// As recorded.
    Same,
    /// Another one.
    Moved,
    /// One of the two is missing.
    NoTelling,
}

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) class: Class,
    pub(super) reason: Reason,
    pub(super) action: ActionKind,
}

const fn row(class: Class, reason: Reason, action: ActionKind) -> Row {
    Row {
        class,
        reason,
        action,
    }
}

/// The row of a variable that the manifest wants. `as_is` says whether the record needs no renewal.
pub(super) const fn wanted(memory: Memory, sight: Sight, as_is: bool) -> Row {
    match sight {
        Sight::Equal if as_is => row(Class::InSync, Reason::Equal, ActionKind::None),
        Sight::Equal => row(Class::InSync, Reason::EqualUnrecorded, ActionKind::Record),
        Sight::Unsealed => row(Class::Change, Reason::NotSealed, ActionKind::Update),
        Sight::Absent => wanted_absent(memory),
        Sight::Other => wanted_other(memory),
        Sight::Sealed(stamp) => wanted_sealed(memory, stamp),
    }
}

const fn wanted_absent(memory: Memory) -> Row {
    match memory {
        Memory::NoTarget | Memory::NoVariable => {
            row(Class::Change, Reason::New, ActionKind::Create)
        }
        // to write it again would never end
        Memory::Dropped { desired: true } => {
            row(Class::InSync, Reason::EmptyNotKept, ActionKind::None)
        }
        Memory::Dropped { desired: false } => {
            row(Class::Change, Reason::DesiredMoved, ActionKind::Create)
        }
        Memory::Known { desired: true, .. } => {
            row(Class::Drift, Reason::RemovedOutside, ActionKind::Create)
        }
        // somebody took it away while the manifest gave it a new value: not ours to decide
        Memory::Known { desired: false, .. } => {
            row(Class::Conflict, Reason::BothMoved, ActionKind::Create)
        }
        Memory::Incomparable => row(Class::Change, Reason::CannotCompare, ActionKind::Create),
    }
}

const fn wanted_other(memory: Memory) -> Row {
    let (class, reason) = match memory {
        Memory::NoTarget => (Class::Change, Reason::FirstTakeOver),
        Memory::NoVariable => (Class::Conflict, Reason::NotOurs),
        Memory::Known { desired: true, .. } | Memory::Dropped { desired: true } => {
            (Class::Drift, Reason::ChangedOutside)
        }
        Memory::Known { live: true, .. } => (Class::Change, Reason::DesiredMoved),
        Memory::Known { .. } | Memory::Dropped { .. } => (Class::Conflict, Reason::BothMoved),
        Memory::Incomparable => (Class::Change, Reason::CannotCompare),
    };
    row(class, reason, ActionKind::Update)
}

const fn wanted_sealed(memory: Memory, stamp: Stamp) -> Row {
    let (class, reason) = match (memory, stamp) {
        (Memory::NoTarget, _) => (Class::Change, Reason::SealedFirstTakeOver),
        (Memory::NoVariable, _) => (Class::Conflict, Reason::NotOurs),
        (Memory::Incomparable, _) => (Class::Change, Reason::CannotCompare),
        (Memory::Dropped { desired: true }, _) => (Class::Drift, Reason::SealedChangedOutside),
        (Memory::Dropped { desired: false }, _) => (Class::Conflict, Reason::BothMoved),
        (Memory::Known { desired: true, .. }, Stamp::Same) => {
            return row(Class::InSync, Reason::SealedUnchanged, ActionKind::None);
        }
        (Memory::Known { desired: true, .. }, Stamp::Moved) => {
            (Class::Drift, Reason::SealedChangedOutside)
        }
        // never "in sync" about what cannot be read
        (Memory::Known { desired: true, .. }, Stamp::NoTelling) => {
            return row(Class::Unknown, Reason::VariableUnreadable, ActionKind::None);
        }
        (Memory::Known { .. }, Stamp::Moved) => (Class::Conflict, Reason::BothMoved),
        (Memory::Known { .. }, Stamp::Same | Stamp::NoTelling) => {
            (Class::Change, Reason::SealedDesiredMoved)
        }
    };
    row(class, reason, ActionKind::Update)
}

/// The row of a variable that the manifest does not name; `None` where it is unmanaged or nowhere.
pub(super) const fn unwanted(memory: Memory, sight: Sight, prune: bool) -> Option<Row> {
    let ours = match (memory, sight) {
        (Memory::NoTarget | Memory::NoVariable, _) => return None,
        (_, Sight::Absent) => {
            return Some(row(
                Class::InSync,
                Reason::EqualUnrecorded,
                ActionKind::Record,
            ));
        }
        (Memory::Incomparable, _) => {
            return Some(row(
                Class::Conflict,
                Reason::CannotCompare,
                ActionKind::None,
            ));
        }
        (Memory::Dropped { .. }, _) => false,
        (Memory::Known { .. }, Sight::Sealed(stamp)) => matches!(stamp, Stamp::Same),
        (Memory::Known { live, .. }, Sight::Equal | Sight::Unsealed | Sight::Other) => live,
    };
    Some(match (ours, prune) {
        (true, true) => row(Class::Change, Reason::Prune, ActionKind::Delete),
        (true, false) => row(Class::Change, Reason::PruneOff, ActionKind::None),
        (false, true) => row(
            Class::Conflict,
            Reason::PruneChangedOutside,
            ActionKind::Delete,
        ),
        (false, false) => row(
            Class::Conflict,
            Reason::PruneChangedOutside,
            ActionKind::None,
        ),
    })
}
