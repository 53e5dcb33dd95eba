//! What a target that is an OpenClaw installation may hold, and how its secrets are proven.

use std::time::Duration;

use super::decode::RawTarget;
use super::problem::{Problems, code, nearest};
use super::spec::{Ask, ProbeSpec, Use};
use crate::model::{Machine, OpenclawAddress, OpenclawSecret, ProbeFrom};

/// How long a gateway may take to answer.
const LIMIT: Duration = Duration::from_secs(10);

/// Only the secrets that are known there.
pub(super) fn check(target: &RawTarget, uses: &[Use], problems: &mut Problems) {
    let names = OpenclawSecret::ALL.map(OpenclawSecret::name);
    for one in uses {
        if OpenclawSecret::of(&one.name).is_some() {
            continue;
        }
        let help = match nearest(one.name.as_str(), names) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => format!(
                "it has `{}`; a variable of another name gets there as `{{ {}: {{ from: NAME }} }}`",
                names.join("` and `"),
                names[0]
            ),
        };
        problems.error(
            one.position,
            code::NOT_OF_OPENCLAW,
            "an OpenClaw installation has no variable of this name",
            Some(&help),
        );
    }
    if target.prune {
        problems.error(
            target.position,
            code::BAD_VALUE,
            "`prune` is not for OpenClaw: a gateway without a token makes one up that nobody knows",
            Some("remove `prune`; what is named here no more stays as it is"),
        );
    }
}

/// One look for each secret, at the gateway that shall take it.
pub(super) fn probes(address: &OpenclawAddress, uses: &[Use]) -> Vec<ProbeSpec> {
    let from = match (&address.url, &address.machine) {
        (None, Machine::Host(_)) => ProbeFrom::Target,
        _ => ProbeFrom::Here,
    };
    uses.iter()
        .filter_map(|one| {
            let secret = OpenclawSecret::of(&one.name)?;
            Some(ProbeSpec {
                ask: Ask::Openclaw(secret),
                from,
                limit: LIMIT,
                position: one.position,
            })
        })
        .collect()
}
