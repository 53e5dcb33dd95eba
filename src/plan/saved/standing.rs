//! How one approved operation stands, now that its target was read again.

use crate::model::{Completeness, Fingerprinter, SecretValue, VarName};
use crate::plan::change::{
    ActionKind, Change, Class, Glimpse, Hold, Reason, TargetPlan, TargetState,
};
use crate::plan::input::LiveState;

/// One target as it is now.
pub(super) struct Site<'a> {
    pub(super) now: &'a TargetPlan,
    pub(super) live: &'a LiveState,
    pub(super) with: &'a Fingerprinter,
}

/// How one approved operation stands.
pub(super) enum Standing {
    /// Live is as it would leave it.
    Done,
    /// Live is as it was.
    Go,
    /// Live is as it was, and a rail holds it now.
    Held(Vec<Hold>),
    /// Anything else; why.
    Stale(String),
}

impl Site<'_> {
    pub(super) fn standing(&self, then: &Change, now: Option<&Change>) -> Standing {
        if self.is_done(then, now) {
            return Standing::Done;
        }
        let target = &self.now.target;
        if let TargetState::Elsewhere { machine } = &self.now.state {
            return Standing::Stale(format!(
                "{target} belongs to {machine}, which alone writes it"
            ));
        }
        let Some(now) = now else {
            let why = format!("no record that is at hand says that it is ours on {target}");
            return Standing::Stale(why);
        };
        if now.class == Class::Unknown {
            let why = "it cannot be read now, so nobody can say whether it is still as it was";
            return Standing::Stale(why.to_owned());
        }
        if then.before == Glimpse::Sealed && then.live_changed_at.is_none() {
            let why = "the plan could not say what was there, so nobody can say whether it is there still";
            return Standing::Stale(why.to_owned());
        }
        let name = &then.name;
        let before = self.same(name, &then.before, &now.before)
            && then.live_changed_at == now.live_changed_at;
        if !before {
            let why = format!("{target} does not hold what it held when the plan was made");
            return Standing::Stale(why);
        }
        if then.action != now.action || !self.same(name, &then.after, &now.after) {
            let why = "it is not what a plan of now would do".to_owned();
            return Standing::Stale(why);
        }
        if now.holds.is_empty() {
            Standing::Go
        } else {
            Standing::Held(now.holds.clone())
        }
    }

    /// Whether live is as the operation would leave it.
    fn is_done(&self, then: &Change, now: Option<&Change>) -> bool {
        match (then.action, now) {
            // what is adopted differs from the manifest afterwards: it is recorded once more
            (_, Some(now)) if now.reason == Reason::Adopted => false,
            (ActionKind::Delete, Some(now)) => {
                now.class == Class::InSync && now.before == Glimpse::Absent
            }
            (ActionKind::Delete, None) => self.lacks(&then.name),
            // a record of what is gone, forgotten since
            (ActionKind::Record, None) => then.before == Glimpse::Absent && self.lacks(&then.name),
            (ActionKind::Record, Some(now)) => {
                now.class == Class::InSync && now.action == ActionKind::None
            }
            (_, Some(now)) => {
                now.class == Class::InSync && self.same(&then.name, &then.after, &now.after)
            }
            (_, None) => false,
        }
    }

    /// Only a complete read can say so.
    fn lacks(&self, name: &VarName) -> bool {
        match self.live {
            LiveState::Read(live) => {
                live.completeness == Completeness::Complete && !live.vars.contains_key(name)
            }
            LiveState::Unknown { .. } | LiveState::Elsewhere { .. } => false,
        }
    }

    /// Whether two plans show one value. What was recorded in between can turn a fingerprint into a
    /// text, or a text into a fingerprint.
    fn same(&self, name: &VarName, then: &Glimpse, now: &Glimpse) -> bool {
        let print = |text: &String| {
            let value = SecretValue::new(text.as_str());
            self.with.fingerprint(&self.now.target, name, &value)
        };
        match (then, now) {
            (Glimpse::Text(text), Glimpse::Fingerprint(known))
            | (Glimpse::Fingerprint(known), Glimpse::Text(text)) => print(text) == *known,
            (Glimpse::Unknown, _) | (_, Glimpse::Unknown) => false,
            (then, now) => then == now,
        }
    }
}
