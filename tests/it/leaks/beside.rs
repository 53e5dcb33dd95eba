//! Secrets that were pasted into the files beside the manifests, and runs with both files in force.

use super::runs::{Leaky, SECRET};

#[test]
fn the_files_beside_the_manifests_show_nothing() {
    if crate::support::peers::program("git").is_none() {
        return;
    }
    let mut leaky = Leaky::new();
    let rails = leaky.world.path("manifests/rails.yaml");
    let list = leaky.world.config("driftlock/authority.yaml");
    leaky.runs("apply --yes --take-over local", "").success();
    let looks = [
        "plan",
        "plan --json",
        "plan --since HEAD",
        "-vv apply --yes",
        "check --json",
        "check",
        "status",
        "-vv doctor --all",
    ];
    let pasted = format!("{SECRET:?}");
    for text in [
        "rails: { deletes: X }",
        "rails: { X: 1 }",
        "protected: [X]",
        "protected: X",
        "prune: X",
        "targets: { X: {} }",
        "targets: { dev/local: X }",
        "X: 1",
        "targets: { dev/local: {}, dev/nope: {} }",
        "rails: { changes: 0 }\nprotected: [TOKEN]",
    ] {
        let text = format!("driftlock-rails: 1\n{}\n", text.replace('X', &pasted));
        std::fs::write(&rails, text).unwrap();
        for line in looks {
            leaky.runs(line, "");
        }
    }
    std::fs::remove_file(&rails).unwrap();
    for entry in [
        "X: 1",
        "manifest: X",
        "hosts: X",
        "paths: [X]",
        "railway: [X]",
        "probes: [X]",
        "probes: [{ a: X }]",
        "commands: [X], units: [X], machines: [here, X], paths: [/]",
    ] {
        let entry = entry.replace('X', &pasted);
        let text = format!("driftlock-authority: 1\nallow: [{{ {entry} }}]\n");
        std::fs::write(&list, text).unwrap();
        let named = format!("plan --authority {}", list.display());
        for line in looks.into_iter().chain([named.as_str()]) {
            leaky.runs(line, "");
        }
    }
}
