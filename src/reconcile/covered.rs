//! What the machine's allowlist covers of what a revision may do more: nobody has to be asked for it.

use crate::manifest::{Allowlist, Here, Manifest, TargetSpec};
use crate::model::AuthorityFacts;
use crate::plan::{Authority, AuthorityKind};

/// The allowlist, and where the manifest is read.
#[derive(Debug, Clone, Copy)]
pub struct Machine<'a> {
    /// What it allows.
    pub list: &'a Allowlist,
    /// Where.
    pub here: Here<'a>,
}

/// Lets go what is covered completely. It stays in the plan, and says so.
pub fn cover(
    found: &mut [Authority],
    machine: Machine<'_>,
    manifest: &Manifest,
    last: Option<&AuthorityFacts>,
) {
    for one in found.iter_mut().filter(|one| one.held) {
        if is_covered(one, machine, manifest, last) {
            one.held = false;
            one.what
                .push_str(" (covered by the authority.yaml of this machine)");
        }
    }
}

fn is_covered(
    found: &Authority,
    machine: Machine<'_>,
    manifest: &Manifest,
    last: Option<&AuthorityFacts>,
) -> bool {
    let Machine { list, here } = machine;
    let on = |covers: &dyn Fn(&TargetSpec) -> bool| {
        let mut specs = manifest.targets.iter();
        let spec = specs.find(|spec| found.target.as_ref() == Some(&spec.name));
        spec.is_some_and(covers)
    };
    match found.kind {
        AuthorityKind::TargetAdded
        | AuthorityKind::DestinationChanged
        | AuthorityKind::SecretEdgeAdded => on(&|spec| list.covers_place(manifest, spec, here)),
        AuthorityKind::ActivationChanged => on(&|spec| list.covers_programs(manifest, spec, here)),
        AuthorityKind::ProbeChanged => on(&|spec| list.covers_probes(manifest, spec, here)),
        // one key that is not listed reads everything, so all new ones have to be
        AuthorityKind::RecipientAdded => manifest
            .recipients
            .iter()
            .filter(|(key, _)| last.is_none_or(|last| !last.recipients.contains(key)))
            .all(|(key, _)| list.covers_recipient(manifest, key)),
        AuthorityKind::SecretBecameClear
        | AuthorityKind::RecipientRemoved
        | AuthorityKind::RailsLoosened
        | AuthorityKind::ProtectedDropped
        | AuthorityKind::PruneEnabled => false,
    }
}
