//! What runs driftlock in CI: the action and workflows of GitHub, the template of GitLab, the recipe for
//! the others. Linted by the programs that people lint with, held to rules over their YAML, and executed.

mod action;
mod apply;
mod check;
mod expression;
mod gitlab;
mod hostile;
mod hosts;
mod lab;
mod lint;
mod log;
mod posted;
mod recipe;
mod reconcile;
mod review;
mod rules;
mod runner;

use std::path::{Path, PathBuf};

use serde_json::Value;

/// What a stand-in does in the place of the binary: `comment`, where a job has no forge to post to.
const STAND_INS: &[&str] = &["comment"];

const RECIPE: &str = "manifests/ci/driftlock-ci.sh";
const ACTION: &str = ".github/actions/driftlock/action.yml";
const TEMPLATE: &str = ".gitlab/driftlock.yml";
/// Those that are called.
const WORKFLOWS: [&str; 4] = [
    ".github/workflows/driftlock-review.yml",
    ".github/workflows/driftlock-apply.yml",
    ".github/workflows/driftlock-check.yml",
    ".github/workflows/driftlock-reconcile.yml",
];
/// Those that call them, to be copied.
const CALLERS: [&str; 4] = [
    "manifests/ci/github-review.yml",
    "manifests/ci/github-apply.yml",
    "manifests/ci/github-check.yml",
    "manifests/ci/github-reconcile.yml",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn yaml(path: impl AsRef<Path>) -> Value {
    let path: PathBuf = root().join(path);
    let text = std::fs::read_to_string(&path).unwrap();
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Every object of a document, with a path to it.
fn objects<'a>(value: &'a Value, at: &str, seen: &mut dyn FnMut(&str, &'a Value)) {
    match value {
        Value::Object(map) => {
            seen(at, value);
            for (key, value) in map {
                objects(value, &format!("{at}/{key}"), seen);
            }
        }
        Value::Array(items) => {
            for (place, value) in items.iter().enumerate() {
                objects(value, &format!("{at}/{place}"), seen);
            }
        }
        _ => {}
    }
}
