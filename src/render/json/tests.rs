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

#[test]
fn a_plan_fits_its_schema_and_a_stranger_does_not() {
    let verdict = Verdict::new(Exit::Error, "a target could not be read");
    let (plan, summary) = (
        crate::render::samples::full(),
        crate::render::samples::full_summary(),
    );
    let mut document =
        serde_json::to_value(PlanDocument::new(&[plan], &summary, &verdict)).unwrap();
    let schemas = schemas();
    let (_, schema) = schemas
        .iter()
        .find(|(name, _)| *name == "plan.json")
        .unwrap();
    let validator = jsonschema::validator_for(schema).unwrap();
    assert!(validator.is_valid(&document));
    assert_eq!(document["exit"]["code"], 1);
    assert_eq!(document["exit"]["outcome"], "error");
    let first = &document["plans"][0]["targets"][1]["changes"][0];
    assert_eq!(first["name"], "AUTH_SECRET");
    assert_eq!(first["reason"], "desired-moved");
    assert_eq!(
        first["before"],
        serde_json::json!({"is": "fingerprint", "of": "3f3f3f3f"})
    );
    document["driftlock"] = "plan/2".into();
    assert!(!validator.is_valid(&document));
}

#[test]
fn words_on_the_wire_are_those_of_the_plan() {
    use crate::plan::{ActionKind, Class, Reason};
    fn same(inner: impl Serialize, mirror: impl Serialize) {
        assert_eq!(
            serde_json::to_value(inner).unwrap(),
            serde_json::to_value(mirror).unwrap()
        );
    }
    same(Class::InSync, plan::ClassJson::from(Class::InSync));
    same(Reason::PruneOff, plan::ReasonJson::from(Reason::PruneOff));
    same(ActionKind::None, plan::ActionJson::from(ActionKind::None));
}
