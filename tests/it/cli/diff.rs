//! `diff` through the binary, in real repositories.

mod bad;
mod meaning;
mod past;
mod strangers;

use serde_json::Value;

use crate::support::peers;
use crate::support::shop::{MANIFEST, shop};
use crate::support::world::{Run, World};

/// The shop, committed; `None` without git.
fn committed() -> Option<World> {
    peers::program("git")?;
    let world = shop();
    world.git("init -q");
    world.git("add manifests");
    world.git("commit -qm first");
    Some(world)
}

impl World {
    /// The document of `diff --json`, held to its schema, and the same as text and Markdown.
    #[track_caller]
    fn diffed(&self, range: &str) -> (Value, Run) {
        let run = self.run(&format!("diff --json {range}")).success();
        super::fits_schema(&run, "diff");
        for format in ["", "--markdown"] {
            self.run(&format!("diff {format} {range}")).success();
        }
        (serde_json::from_str(&run.stdout).unwrap(), run)
    }

    /// The only manifest of it.
    #[track_caller]
    fn reviewed(&self, range: &str) -> Value {
        let (document, run) = self.diffed(range);
        let manifests = document["manifests"].as_array().unwrap();
        assert_eq!(manifests.len(), 1, "{}", run.all());
        manifests[0].clone()
    }

    fn edit(&self, from: &str, to: &str) {
        let text = self.manifest();
        assert!(text.contains(from), "{from}");
        self.write(MANIFEST, text.replace(from, to));
    }
}

/// What is said of one variable.
#[track_caller]
fn variable<'a>(review: &'a Value, name: &str) -> &'a Value {
    let all = review["variables"].as_array().unwrap();
    let found = all.iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {review:#}"))
}

/// What happened to the values, by name.
fn values(review: &Value) -> Vec<(String, String)> {
    let all = review["variables"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    all.iter()
        .map(|one| (text(&one["name"]), text(&one["value"])))
        .collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    list.iter().map(owned).collect()
}
