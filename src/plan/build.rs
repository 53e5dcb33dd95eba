//! From everything that is known to a plan: classify, hold back, order, name.

use std::collections::BTreeSet;

use super::activation;
use super::authority::secrets_of;
use super::change::{Plan, TargetPlan};
use super::id::{Basis, plan_id};
use super::input::PlanInput;
use super::rails;
use super::site::Site;
use super::undo::hold_split;
use super::unit::hold_units;
use crate::model::Authors;

/// Decides. Targets stay in the manifest's order, changes are sorted by name.
pub fn build(input: PlanInput<'_>) -> Plan {
    let were_secret = input.last_facts.map(secrets_of).unwrap_or_default();
    let targets = build_targets(&input, &were_secret);
    let basis = Basis {
        manifest: &input.manifest,
        manifest_digest: &input.manifest_digest,
        key_id: input.key_id,
        overrides: input.overrides,
        undo: input.undo,
    };
    let id = plan_id(&basis, &targets);
    Plan {
        manifest: input.manifest,
        key_id: input.key_id,
        id,
        authority: input.authority,
        targets,
        expiry: vec![],
        who: Authors::default(),
    }
}

fn build_targets(
    input: &PlanInput<'_>,
    were_secret: &BTreeSet<&crate::model::VarName>,
) -> Vec<TargetPlan> {
    let mut sites: Vec<Site<'_>> = (input.targets.iter())
        .map(|target| Site::build(input, target, were_secret))
        .collect();
    for site in &mut sites {
        rails::early(input, site);
    }
    hold_split(input, &mut sites);
    // holds are only ever added, so this ends
    loop {
        let mut added = false;
        for site in &mut sites {
            added |= rails::counting(input, site);
        }
        added |= hold_units(input, &mut sites);
        if !added {
            break;
        }
    }
    for site in &mut sites {
        activation::put_in_force(input, site);
    }
    sites.into_iter().map(|site| site.plan).collect()
}
