//! `plan --out FILE` and `apply FILE`: what was approved is done, all of it, and nothing else.

mod again;
mod consent;
mod edited;
mod file;
mod repository;
mod stale;

use serde_json::Value;

use crate::support::world::{Run, World};

impl World {
    /// Keeps a plan in `plan.json`. Gives its id.
    #[track_caller]
    pub fn plan_out(&self, flags: &str) -> String {
        let run = self.run(&format!("plan --out plan.json {flags}"));
        assert!([0, 1].contains(&run.code), "{}", run.all());
        let saved = self.saved();
        let id = saved["id"].as_str().unwrap().to_owned();
        run.says(&format!("driftlock apply plan.json --id {id}"));
        id
    }

    /// The plan file, which is as its schema says.
    #[track_caller]
    pub fn saved(&self) -> Value {
        let document: Value = serde_json::from_str(&self.read("plan.json")).unwrap();
        let errors = schema_errors(&document);
        assert!(errors.is_empty(), "{errors:?}");
        document
    }

    /// Carries it out, approved by its id.
    pub fn apply_id(&self, id: &str) -> Run {
        self.run(&format!("apply plan.json --id {id}"))
    }
}

fn schema_errors(document: &Value) -> Vec<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/saved-plan.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    validator
        .iter_errors(document)
        .map(|error| format!("{} {error}", error.instance_path()))
        .collect()
}

/// `A` and `B` were applied, and `A` has a new value in the manifest.
fn moved() -> World {
    let world = World::applied(&[("A", "one"), ("B", "b")]);
    world.declare(&[("A", "two"), ("B", "b")]);
    world
}
