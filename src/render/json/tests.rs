use super::*;

/// `DRIFTLOCK_REGENERATE=1` writes them anew.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for whoever runs the tests"
)]
fn checked_in_schemas_are_current() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for (name, schema) in schemas() {
        let wanted = format!("{}\n", serde_json::to_string_pretty(&schema).unwrap());
        let path = folder.join(name);
        if std::env::var_os("DRIFTLOCK_REGENERATE").is_some() {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(&path, &wanted).unwrap();
        }
        let present = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            present == wanted,
            "schemas/{name} is not current: run the tests with DRIFTLOCK_REGENERATE=1"
        );
    }
}
