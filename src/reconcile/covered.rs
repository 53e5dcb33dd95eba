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
        | AuthorityKind::PruneEnabled
        | AuthorityKind::ReconcilingLoosened
        | AuthorityKind::RecipeChanged => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{parse, parse_allowlist};

    const MANIFEST: &str = "\
driftlock: 1
name: production
variables: { A: x }
targets:
  t:
    file: { host: vps, path: /srv/app/.env }
    activate: restart-it
    probe: { http: 'https://vps.example.com/' }
    variables: [A]
";
    const ALL: &str = "hosts: [vps], paths: [/srv/app], commands: [restart-it], probes: ['https://vps.example.com'], recipients: [age1new]";

    /// Whether a finding of this kind, on this target, is still held.
    fn held(kind: AuthorityKind, target: Option<&str>, entry: &str) -> bool {
        let list = parse_allowlist(&format!("driftlock-authority: 1\nallow: [{{ {entry} }}]\n"));
        let list = list.unwrap();
        let mut manifest = parse(MANIFEST).unwrap().manifest;
        let at = crate::model::Position::default();
        manifest.recipients = ["age1old", "age1new"]
            .map(|key| (key.to_owned(), at))
            .into();
        let last = AuthorityFacts {
            recipients: ["age1old".to_owned()].into(),
            ..AuthorityFacts::default()
        };
        let here = Here {
            machine: "ci",
            home: None,
            folder: "/repo",
        };
        let mut found = [Authority {
            kind,
            target: target.map(|name| name.parse().unwrap()),
            variable: None,
            what: "it changed".to_owned(),
            held: true,
        }];
        let machine = Machine { list: &list, here };
        cover(&mut found, machine, &manifest, Some(&last));
        assert_eq!(found[0].held, found[0].what == "it changed");
        found[0].held
    }

    #[test]
    fn each_kind_asks_for_its_own() {
        use AuthorityKind as K;
        let t = Some("t");
        let place = "hosts: [vps], paths: [/srv/app]";
        for kind in [K::TargetAdded, K::DestinationChanged, K::SecretEdgeAdded] {
            assert!(!held(kind, t, place) && held(kind, t, "hosts: [vps]"));
            assert!(held(kind, Some("other"), place) && held(kind, None, place));
        }
        let run = "hosts: [vps], commands: [restart-it]";
        assert!(!held(K::ActivationChanged, t, run) && held(K::ActivationChanged, t, place));
        let sent = "probes: ['https://vps.example.com']";
        assert!(!held(K::ProbeChanged, t, sent) && held(K::ProbeChanged, t, run));
        assert!(!held(K::RecipientAdded, None, "recipients: [age1new]"));
        assert!(held(
            K::RecipientAdded,
            None,
            "recipients: [age1old, age1ne]"
        ));
        assert!(held(K::SecretBecameClear, t, ALL) && held(K::SecretBecameClear, None, ALL));
    }
}
