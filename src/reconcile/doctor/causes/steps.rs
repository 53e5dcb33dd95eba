//! The next commands.

use std::collections::BTreeSet;

use super::super::super::event::Step;
use super::super::Site;
use super::super::stages::is_wrong;
use crate::model::{Address, Expiring, HostAddress, VarName};
use crate::plan::{Change, Class, Hold};

/// More targets than these are not named one by one: `apply` asks anyway.
const MOST_TARGETS: usize = 4;

/// A command of ours that takes manifests.
pub(super) fn ours(verb: &str, flags: Vec<String>) -> Step {
    Step::Driftlock {
        verb: verb.to_owned(),
        flags,
        of_one: false,
    }
}

/// A new value for a variable: from wherever it comes, or made here.
pub(super) fn renew(due: &Expiring) -> Step {
    Step::Driftlock {
        verb: due.verb().to_owned(),
        flags: vec![due.name.to_string()],
        of_one: true,
    }
}

/// What writes these changes, with what they wait for. A variable goes to all of its targets at
/// once, so the others where it is wrong are part of the command; so are those that are made from it.
pub(super) fn apply(site: Site<'_>, wrong: &[&Change], all: &[Site<'_>]) -> Vec<Step> {
    let roots: BTreeSet<&VarName> = wrong.iter().flat_map(|change| site.roots(change)).collect();
    let together = |other: &Site<'_>, change: &Change| {
        let theirs = other.roots(change);
        theirs.iter().any(|name| roots.contains(name))
    };
    let mut targets = vec![];
    let mut holds: Vec<&Hold> = vec![];
    let mut partial = false;
    for other in all {
        let own = other.plan.target == site.plan.target;
        let theirs = other.plan.changes.iter();
        let theirs: Vec<&Change> = theirs
            .filter(|change| (own && wrong.contains(change)) || together(other, change))
            .collect();
        partial |= theirs.iter().any(|change| change.class == Class::Unknown);
        if own || theirs.iter().any(|change| is_wrong(change)) {
            targets.push(format!("--target {}", other.plan.target));
        }
        holds.extend(theirs.iter().flat_map(|change| &change.holds));
    }
    let mut flags = if targets.len() <= MOST_TARGETS {
        targets
    } else {
        vec![]
    };
    let mut steps = vec![];
    // what waits for another target goes with that one, unless nobody knows about it
    for hold in holds.iter().filter(|hold| partial || hold.rail != "unit") {
        let Some(release) = &hold.release else {
            continue;
        };
        match release
            .strip_prefix("driftlock ")
            .and_then(|rest| rest.split_once(' '))
        {
            Some((verb, rest)) => push(
                &mut steps,
                Step::Driftlock {
                    verb: verb.to_owned(),
                    flags: vec![rest.to_owned()],
                    of_one: true,
                },
            ),
            None if flags.contains(release) => {}
            None => flags.push(release.clone()),
        }
    }
    // what no flag lets go is explained by the plan
    let stuck = |hold: &&Hold| hold.release.is_none() && hold.rail != "unit";
    let verb = if holds.iter().any(stuck) {
        "plan"
    } else {
        "apply"
    };
    steps.push(ours(verb, flags));
    steps
}

fn push(steps: &mut Vec<Step>, step: Step) {
    if !steps.contains(&step) {
        steps.push(step);
    }
}

/// The machine, if it is another one.
fn host(site: Site<'_>) -> Option<HostAddress> {
    site.located.target.address.host().cloned()
}

/// Whether the machine lets us in at all.
pub(super) fn connect(site: Site<'_>) -> Step {
    let mut words = vec!["ssh".to_owned()];
    if let Some(host) = host(site) {
        let to = &host.destination;
        if let Some(port) = to.port() {
            words.extend(["-p".to_owned(), port.to_string()]);
        }
        let user = to
            .user()
            .map_or_else(String::new, |user| format!("{user}@"));
        words.push(format!("{user}{}", to.host()));
    }
    words.push("true".to_owned());
    Step::Program(words)
}

/// What puts the stored values in force, by hand; else what the platform says about it.
pub(super) fn activation(site: Site<'_>, help: Option<&str>) -> Vec<Step> {
    let target = &site.located.target;
    let own = target.path.as_ref().map(|path| path.display().to_string());
    if let Some(activation) = &target.activation {
        let activation = activation.clone();
        return vec![Step::Activate {
            host: host(site),
            activation,
            own,
        }];
    }
    if let Some(process) = &target.process {
        let process = process.clone();
        return vec![Step::Restart {
            host: host(site),
            process,
            own,
        }];
    }
    if let Address::Railway(railway) = &target.address
        && let Some(service) = &railway.service
    {
        let words = ["railway", "redeploy", "--service", service];
        return vec![Step::Program(words.map(str::to_owned).to_vec())];
    }
    if let Some(help) = help {
        return vec![Step::Advice(help.to_owned())];
    }
    match &target.address {
        Address::File(_) => vec![Step::Advice(
            "restart what reads this file: `activate:` at the target would say what that is"
                .to_owned(),
        )],
        Address::Openclaw(_) | Address::Railway(_) | Address::Memory(_) => vec![],
    }
}
