//! What an apply restarts or runs on machines, for people: one line for each thing it does.

use crate::plan::{PlannedActivation, TargetPlan};

/// One thing that is done once, and the targets that it is done for.
pub(super) struct Forced<'a> {
    activation: &'a PlannedActivation,
    targets: Vec<&'a str>,
}

/// In the order of the targets.
pub(super) fn forced(targets: &[TargetPlan]) -> Vec<Forced<'_>> {
    let mut all: Vec<Forced<'_>> = vec![];
    for target in targets {
        let Some(activation) = target.activation.as_ref().filter(|one| one.will_happen()) else {
            continue;
        };
        let same = |one: &&mut Forced<'_>| {
            one.activation.what == activation.what && one.activation.on == activation.on
        };
        match all.iter_mut().find(same) {
            Some(one) => one.targets.push(target.target.as_str()),
            None => all.push(Forced {
                activation,
                targets: vec![target.target.as_str()],
            }),
        }
    }
    all
}

impl Forced<'_> {
    /// `restart app.service on deploy@vps (api, worker)`.
    pub(super) fn sentence(&self) -> String {
        let mut text = self.activation.what.clone();
        if let Some(on) = &self.activation.on {
            text.push_str(&format!(" on {on}"));
        }
        text.push_str(&format!(" ({})", self.targets.join(", ")));
        text
    }
}
