//! `rails.yaml`: limits for every manifest of a folder, in a file that can have other owners. It only
//! tightens what the manifests say.

use std::collections::{BTreeMap, BTreeSet};

use super::Manifest;
use super::decode::decode_folder_rails;
use super::problem::Problems;
use super::yaml;
use crate::model::{
    Diagnostic, ExpiryPolicy, ManifestName, Mode, Position, Rails, Reconciling, TargetName,
    VarName, Window,
};

/// Its name, beside the manifests.
pub const RAILS_FILE: &str = "rails.yaml";

/// What a `rails.yaml` says. The default says nothing, as a folder without one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FolderRails {
    /// For every target of every manifest.
    pub everywhere: Tightening,
    /// For single targets.
    pub targets: BTreeMap<(ManifestName, TargetName), TargetTightening>,
    /// For the dates of every manifest.
    pub expiry: ExpiryPolicy,
}

/// The part of one target, and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetTightening {
    pub tightening: Tightening,
    pub position: Position,
}

/// Limits on top of those of a manifest: of two, the stricter one counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tightening {
    pub rails: Rails,
    /// Names, declared or on the target.
    pub protected: BTreeSet<VarName>,
    /// Whether a manifest may prune.
    pub prune: bool,
    /// The most that scheduled runs may do.
    pub mode: Mode,
    /// When they must not write, on top of what a manifest says.
    pub deny: Vec<Window>,
}

impl Default for Tightening {
    fn default() -> Self {
        Self {
            rails: Rails::NONE,
            protected: BTreeSet::new(),
            prune: true,
            mode: Mode::Heal,
            deny: Vec::new(),
        }
    }
}

/// Reads a `rails.yaml`. On failure all problems, sorted by position.
pub fn parse_rails(text: &str) -> Result<FolderRails, Vec<Diagnostic>> {
    let mut problems = Problems::default();
    let rails = yaml::parse_tree_of(text, "rails.yaml", &mut problems)
        .and_then(|root| decode_folder_rails(&root, &mut problems));
    match rails {
        Some(rails) if !problems.failed() => Ok(rails),
        _ => Err(problems.finish()),
    }
}

impl Manifest {
    /// Puts the limits of the folder on top of the manifest's own.
    pub fn tighten(&mut self, folder: &FolderRails) {
        self.expiry = self.expiry.stricter(folder.expiry);
        self.protected
            .extend(folder.everywhere.protected.iter().cloned());
        for target in &mut self.targets {
            let own = folder
                .targets
                .get(&(self.name.clone(), target.name.clone()))
                .map(|own| &own.tightening);
            for limits in [Some(&folder.everywhere), own].into_iter().flatten() {
                target.rails = target.rails.stricter(limits.rails);
                target.prune &= limits.prune;
                target.reconciling = target.reconciling.stricter(&Reconciling {
                    mode: limits.mode,
                    deny: limits.deny.clone(),
                    probe: target.reconciling.probe,
                    ..Reconciling::default()
                });
            }
            target.protected.extend(
                own.into_iter()
                    .flat_map(|own| own.protected.iter().cloned()),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::TargetSpec;
    use crate::manifest::parse;
    use crate::model::AuthorityFacts;

    const MANIFEST: &str = "\
driftlock: 1
name: production
rails: { changes: 10 }
variables: { A: x, DB: y }
targets:
  api: { file: { machine: any, path: /a }, variables: [A], prune: true, rails: { deletes: none } }
  vps: { file: { machine: any, path: /b }, variables: [A], prune: true }
";

    fn facts(rails: &str) -> AuthorityFacts {
        let mut manifest = parse(MANIFEST).unwrap().manifest;
        let text = format!("driftlock-rails: 1\n{rails}");
        manifest.tighten(&parse_rails(&text).unwrap());
        manifest.authority_facts()
    }

    fn name(text: &str) -> VarName {
        text.parse().unwrap()
    }

    #[test]
    fn the_stricter_of_both_counts() {
        let facts = facts("rails: { deletes: 2, changes: 99, changes_percent: 50 }\n");
        let api = facts.targets["api".parse::<TargetName>().unwrap().as_ref()].rails;
        assert_eq!(api.deletes.count, Some(2), "the manifest has no limit");
        assert_eq!(api.changes.count, Some(10), "the manifest's is stricter");
        assert_eq!(api.changes.percent, Some(50));
    }

    #[test]
    fn one_target_may_be_tighter_than_the_rest() {
        let facts = facts(
            "protected: [DB]\ntargets:\n  production/api: { rails: { changes: 1 }, protected: [A], prune: false }\n  staging/vps: { prune: false }\n",
        );
        let [api, vps] = ["api", "vps"].map(|target| &facts.targets[target]);
        assert_eq!(api.rails.changes.count, Some(1));
        assert_eq!(vps.rails.changes.count, Some(10));
        assert!(!api.prune && vps.prune, "of another manifest");
        assert!(api.protected.contains(&name("A")) && !vps.protected.contains(&name("A")));
        assert!(facts.protected.contains(&name("DB")));
    }

    #[test]
    fn dates_are_told_earlier_or_fail_and_never_the_other_way() {
        let with = |own: &str, rails: &str| {
            let text = MANIFEST.replace("\nrails: {", &format!("\n{own}rails: {{"));
            let mut manifest = parse(&text).unwrap().manifest;
            let rails = format!("driftlock-rails: 1\n{rails}");
            manifest.tighten(&parse_rails(&rails).unwrap());
            (
                manifest.expiry.notice().as_secs() / 86_400,
                manifest.expiry.fails,
            )
        };
        assert_eq!(with("", ""), (14, false));
        assert_eq!(with("", "expiry: { warn: 30d, past: fail }\n"), (30, true));
        assert_eq!(with("", "expiry: { warn: 7d }\n"), (14, false));
        let own = "expiry: { warn: 3d, past: fail }\n";
        assert_eq!(with(own, ""), (3, true));
        assert_eq!(with(own, "expiry: { warn: 7d }\n"), (7, true));
        let loose = parse_rails("driftlock-rails: 1\nexpiry: { past: warn }\n");
        assert_eq!(loose.unwrap_err()[0].code, "bad-value");
    }

    #[test]
    fn scheduled_runs_do_less_and_never_more() {
        let with = |own: &str, rails: &str| {
            let text = MANIFEST.replace("\nrails: {", &format!("\n{own}rails: {{"));
            let mut manifest = parse(&text).unwrap().manifest;
            manifest.tighten(&parse_rails(&format!("driftlock-rails: 1\n{rails}")).unwrap());
            let of = |target: &TargetSpec| {
                let deny: Vec<String> = target
                    .reconciling
                    .deny
                    .iter()
                    .map(Window::to_string)
                    .collect();
                format!("{} {}", target.reconciling.mode, deny.join("+"))
            };
            manifest.targets.iter().map(of).collect::<Vec<String>>()
        };
        let heal = "reconcile: { mode: heal, deny: [sun UTC] }\n";
        assert_eq!(with(heal, ""), ["heal sun UTC", "heal sun UTC"]);
        assert_eq!(
            with(
                heal,
                "reconcile: { mode: apply, deny: [sun UTC, sat UTC] }\n"
            ),
            ["apply sun UTC+sat UTC", "apply sun UTC+sat UTC"]
        );
        assert_eq!(
            with(
                heal,
                "targets: { production/api: { reconcile: { mode: observe } }, staging/vps: { reconcile: { mode: observe } } }\n"
            ),
            ["observe sun UTC", "heal sun UTC"]
        );
        assert_eq!(
            with("", "reconcile: { mode: heal }\n"),
            ["observe ", "observe "]
        );
        let later = parse_rails("driftlock-rails: 1\nreconcile: { allow: [sun UTC] }\n");
        assert_eq!(later.unwrap_err()[0].code, "unknown-key");
    }

    #[test]
    fn pruning_is_off_whatever_a_manifest_says() {
        let off = facts("prune: false\n");
        assert!(off.targets.values().all(|target| !target.prune));
        let nothing = facts("");
        let plain = parse(MANIFEST).unwrap().manifest.authority_facts();
        assert_eq!(nothing, plain, "a file that says nothing changes nothing");
    }
}
