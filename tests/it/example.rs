//! What ships in `manifests/` works as the README says.

use std::path::Path;
use std::process::Command;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests/example")
}

#[test]
fn the_demonstration_tells_its_story() {
    let output = Command::new("sh")
        .arg(folder().join("demo.sh"))
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("DRIFTLOCK", env!("CARGO_BIN_EXE_driftlock"))
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let at = |words: &str| {
        text.find(words)
            .unwrap_or_else(|| panic!("`{words}` is missing from\n{text}"))
    };
    let story = [
        at("No changes. 6 variables in sync on 2 targets"),
        at("! INTERNAL_AUTH_SECRET"),
        at("2 to change, 0 to delete, 1 drift"),
        at("(exit 2)"),
        at("Applied: 3 written, 0 deleted on 2 targets."),
        text.rfind("No changes. 6 variables in sync").unwrap(),
        at("HOSTNAME_OVERRIDE=vps-1"),
    ];
    assert!(story.is_sorted(), "{story:?} in\n{text}");
    for secret in ["abc123old", "xyz789new=", "AGE-SECRET-KEY-1"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_files_as_shipped_are_in_sync() {
    let world = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_driftlock"))
        .args(["plan", "manifest.yaml", "--detailed-exitcode"])
        .args(["--identity", "identity.txt", "--journal"])
        .arg(world.path().join("journal"))
        .current_dir(folder())
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}

fn shipped(name: &str, targets: usize) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
    let text = std::fs::read_to_string(folder.join(name).join("manifest.yaml")).unwrap();
    let loaded = driftlock::reconcile::load::load(&text).unwrap();
    assert!(loaded.warnings.is_empty(), "{:?}", loaded.warnings);
    assert_eq!(loaded.manifest.targets.len(), targets, "{name}");
}

#[test]
fn the_other_manifests_are_some() {
    shipped("railway", 4);
    shipped("hosts", 4);
    shipped("incident", 4);
}
