//! Going back: what applies overwrote is kept before the first write, and put back by a plan that
//! passes the same rails as any other.
//!
//! What is kept is sealed under the manifest's present file key. A command that draws a new one has
//! both envelopes at hand and carries what is kept over with [`Carried`]; where nobody did (another
//! machine), rows under another key are dropped by the next apply, since nothing can open them any more.

mod assemble;
mod carry;
mod keep;
mod retention;
mod sealing;
mod settle;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::{
    Desired, DesiredVar, LastApplied, Recorded, SecretValue, Sensitivity, TargetName, Trust,
    VarName, lint_value,
};
use crate::plan::Undo;

pub use assemble::{Answer, LeftAsIs, Question, Refusal, assemble};
pub use carry::{Carried, With, without_twins};
pub use keep::{Keeper, Keeping};
pub use retention::{Policy, Retention, expired, until};
pub use sealing::{Former, NotOpened, open};

use super::desired::{Offer, Offered};

/// What a run takes back.
#[derive(Debug, Clone, Default)]
pub struct GoingBack {
    /// By name only, for the planner.
    pub undo: Undo,
    /// By target and name on the target.
    pub targets: BTreeMap<TargetName, BTreeMap<VarName, Back>>,
}

/// One variable that is taken back.
#[derive(Debug, Clone)]
pub struct Back {
    /// What it was; `None` where it was not there.
    pub former: Option<FormerValue>,
    /// What the receipt left; `None` where it left nothing. Whatever else is there now was somebody
    /// else, or a later apply.
    pub left: Option<Recorded>,
}

/// A value to put back.
#[derive(Debug, Clone)]
pub struct FormerValue {
    /// The value.
    pub value: SecretValue,
    /// Whether it may be shown: only what the plan of that apply showed as text.
    pub sensitivity: Sensitivity,
}

impl GoingBack {
    /// Puts the former values into what a target shall hold. All else stays as it is; it is no part
    /// of the run.
    pub(super) fn put_into(
        &self,
        target: &TargetName,
        desired: &mut Desired,
        offered: impl Fn(&Offer<'_>) -> Offered,
    ) {
        for (name, back) in self.targets.get(target).into_iter().flatten() {
            let present = desired.vars.remove(name);
            desired.unknown.remove(name);
            let Some(former) = &back.former else { continue };
            let Offered { sealed, refusal } = offered(&Offer {
                name,
                value: &former.value,
                // it was read as it stood there: what looks like a reference was one
                may_refer: true,
            });
            let covered = self.undo.targets.get(target);
            let variable = DesiredVar {
                declared: covered.and_then(|covered| covered.names.get(name)?.clone()),
                value: former.value.clone(),
                sensitivity: former.sensitivity,
                trust: Trust::Authenticated,
                // it comes from no manifest: nothing that was applied since is older than it
                sequence: None,
                protected: present.is_some_and(|present| present.protected),
                sealed,
                refusal,
                lints: match former.sensitivity {
                    Sensitivity::Secret => lint_value(&former.value),
                    Sensitivity::Clear => vec![],
                },
            };
            desired.vars.insert(name.clone(), variable);
        }
    }

    /// What counts as last applied: for what is taken back, what its receipt left there.
    pub(super) fn last(&self, target: &TargetName, mut last: LastApplied) -> LastApplied {
        for (name, back) in self.targets.get(target).into_iter().flatten() {
            match &back.left {
                Some(left) => last.vars.insert(name.clone(), left.clone()),
                None => last.vars.remove(name),
            };
        }
        last
    }

    /// The former values of declared variables on one target, for its probes.
    pub(super) fn declared(&self, target: &TargetName) -> BTreeMap<VarName, SecretValue> {
        let names = self.undo.targets.get(target).map(|target| &target.names);
        let backs = self.targets.get(target).into_iter().flatten();
        let value = |(name, back): (&VarName, &Back)| {
            let declared = names?.get(name)?.clone()?;
            Some((declared, back.former.as_ref()?.value.clone()))
        };
        backs.filter_map(value).collect()
    }

    /// Every value that may not be shown.
    pub fn secrets(&self) -> impl Iterator<Item = SecretValue> {
        let backs = self.targets.values().flat_map(BTreeMap::values);
        let formers = backs.filter_map(|back| back.former.as_ref());
        formers
            .filter(|former| former.sensitivity == Sensitivity::Secret)
            .map(|former| former.value.clone())
    }
}
