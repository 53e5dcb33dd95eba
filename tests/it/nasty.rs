//! Nasty values from `set` to the file and its real readers, through the binary, in each dialect:
//! the next plan is empty, or the first one says which value the dialect has no text for.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;

use driftlock::model::VarName;
use driftlock::platforms::file::format::{Dialect, Reading};
use serde_json::Value;

use crate::dialects::docker::docker;
use crate::dialects::readers::{Taken, dotenvy, node, python, shells};
use crate::dialects::rewriting::Strange;
use crate::dialects::systemd::systemd;
use crate::dialects::values::{Random, SEED};
use crate::support::world::{Run, World};

const PEM: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQi\n\
                   mbbmzdMO7vEJqKVJNk3V\n-----END PRIVATE KEY-----\n";
const ALLOW: &str = "--allow empty@local --allow private-key@local";

pub type Values = BTreeMap<VarName, String>;

type Read = fn(&str) -> Vec<(String, Taken)>;

/// About every second name is one of the stranger's file too.
pub fn values() -> Values {
    let long: String = (0..32 * 1024)
        .map(|at| char::from(b'a' + u8::try_from(at % 26).unwrap()))
        .collect();
    let texts = [
        " blanks at both ends ",
        "a # b",
        "#first",
        "it's",
        "say \"so\"",
        "it's \"so\"",
        "it's \"so\" `too`",
        "pa$word",
        "pa$$word",
        "${HOME}/x",
        "$(id -un)",
        "back\\slash",
        "backslash\\",
        "two\nlines",
        "line end\n",
        PEM,
        "{\"a\": [1, \"b c\"], \"d\": \"e'f\"}",
        "naïve 漢字 😀",
        &long,
        "${{Postgres.DATABASE_URL}}",
        "tab\there",
        "\ttab first",
        "a=b=c",
        "export X=1",
        "\u{a0}hard blank",
        "a\r\nb",
        "`id`",
        "*.{a,b} ~ !x",
    ];
    let named = texts.iter().enumerate();
    named
        .map(|(index, text)| (format!("V{}", index * 5), (*text).to_owned()))
        // its comment would move to a line of its own
        .chain([("V900".to_owned(), String::new())])
        .map(|(name, text)| (name.parse().unwrap(), text))
        .collect()
}

/// A manifest that holds them all, and the same before they were set.
struct Made {
    world: World,
    full: String,
    bare: String,
}

fn made() -> Made {
    let world = World::with_env("KEEP=kept\n");
    let bare = world.read("manifests/dev.yaml");
    for (index, (name, value)) in values().iter().enumerate() {
        if index % 2 == 0 {
            let line = format!("set {name} --target local");
            world.run_with(&line, &format!("{value}\n")).success();
        } else {
            let file = world.write("value", value);
            let line = format!("set {name} --target local --from-file {}", file.display());
            world.run(&line).success();
        }
    }
    let full = world.read("manifests/dev.yaml");
    Made { world, full, bare }
}

/// The same manifest for one dialect, with a journal of its own.
struct Place<'a> {
    made: &'a Made,
    dialect: Dialect,
    file: String,
    take_over: &'static str,
}

impl<'a> Place<'a> {
    fn new(made: &'a Made, dialect: Dialect, kind: &str) -> Self {
        let place = Self {
            made,
            dialect,
            file: format!("{dialect}-{kind}.env"),
            take_over: "",
        };
        place.use_manifest(&made.full);
        place
    }

    fn use_manifest(&self, text: &str) {
        let file = "    file: { path: ../.env, format: portable }\n";
        assert!(text.contains(file));
        let (dialect, path) = (self.dialect, &self.file);
        let new = format!("    file: {{ path: ../{path}, format: {dialect} }}\n    prune: true\n");
        let world = &self.made.world;
        world.write("manifests/dev.yaml", text.replace(file, &new));
    }

    fn run(&self, line: &str) -> Run {
        let run = self.made.world.run(&format!(
            "{line} --journal {}.sqlite3 {ALLOW} {}",
            self.file, self.take_over
        ));
        for value in values().values().filter(|value| value.len() > 5) {
            assert!(!run.all().contains(value.as_str()), "a value is shown");
        }
        run
    }

    /// What the plan would still do, and what it refuses as unrepresentable.
    fn plan(&self) -> (BTreeSet<VarName>, BTreeSet<VarName>) {
        let run = self.run("plan --json").success();
        let json: Value = serde_json::from_str(&run.stdout).unwrap();
        let changes = json["plans"][0]["targets"][0]["changes"].as_array();
        let (mut goes, mut refused) = (BTreeSet::new(), BTreeSet::new());
        for change in changes.expect("a plan has changes") {
            let name: VarName = change["name"].as_str().unwrap().parse().unwrap();
            let holds = change["holds"].as_array().unwrap();
            if !holds.is_empty() {
                // after the first apply, what a stranger wrote there is a conflict as well
                let first = &holds[0];
                assert_eq!(first["rail"], "unrepresentable", "{change}");
                assert!(first["why"].to_string().contains("cannot hold"), "{first}");
                refused.insert(name);
            } else if change["action"] != "none" {
                goes.insert(name);
            }
        }
        (goes, refused)
    }

    fn text(&self) -> String {
        self.made.world.read(&self.file)
    }

    /// Applies all that the dialect can hold; gives that.
    fn apply(&self) -> Values {
        let (goes, refused) = self.plan();
        let no_text: BTreeSet<VarName> = values()
            .into_iter()
            .filter(|(name, value)| self.dialect.encode(name, value).is_err())
            .map(|(name, _)| name)
            .collect();
        assert_eq!(refused, no_text, "{}", self.dialect);
        let run = self.run("apply --yes");
        let code = if refused.is_empty() { 0 } else { 4 };
        let run = run.exits(code);
        let (left, still) = self.plan();
        assert_eq!(left, BTreeSet::new(), "{}: {}", self.dialect, run.all());
        assert_eq!(still, refused);
        let held: Values = values()
            .into_iter()
            .filter(|(name, _)| !refused.contains(name))
            .collect();
        assert!(held.keys().all(|name| goes.contains(name)), "{goes:?}");
        let text = self.text();
        let document = self.dialect.parse(&text).unwrap();
        for (name, value) in &held {
            let reading = document.value(name);
            assert_eq!(reading, Some(Reading::Value(value.clone())), "{name}");
        }
        held
    }

    /// A second apply finds nothing to write.
    fn apply_again(&self) {
        let path = self.made.world.path(&self.file);
        let state = || {
            let data = std::fs::metadata(&path).unwrap();
            (
                data.ino(),
                data.mtime(),
                data.mtime_nsec(),
                data.ctime_nsec(),
            )
        };
        let (before, text) = (state(), self.text());
        let run = self.run("apply --yes");
        assert!(matches!(run.code, 0 | 3), "{}", run.all());
        assert_eq!(before, state(), "{}: the file was touched", self.dialect);
        assert_eq!(text, self.text());
    }

    /// Takes them all out of the manifest, and prunes.
    fn prune(&self, count: usize) {
        self.use_manifest(&self.made.bare);
        let (goes, refused) = self.plan_deletes(count);
        assert_eq!((goes.len(), refused.len()), (count, 0), "{goes:?}");
        let line = format!("apply --yes --allow deletes={count}@local");
        self.run(&line).success();
    }

    fn plan_deletes(&self, count: usize) -> (BTreeSet<VarName>, BTreeSet<VarName>) {
        let run = self.run(&format!("plan --json --allow deletes={count}@local"));
        let json: Value = serde_json::from_str(&run.success().stdout).unwrap();
        let changes = json["plans"][0]["targets"][0]["changes"]
            .as_array()
            .unwrap();
        let named = |held: bool| {
            let wanted = changes.iter().filter(move |change| {
                let free = change["holds"] == Value::Array(vec![]);
                change["action"] == "delete" && free != held
            });
            wanted
                .map(|change| change["name"].as_str().unwrap().parse().unwrap())
                .collect()
        };
        (named(false), named(true))
    }
}

fn check(dialect: Dialect, readers: &[(String, Taken)], values: &Values) {
    for (reader, taken) in readers {
        for (name, value) in values {
            let got = taken.get(name.as_str());
            assert!(
                got == Some(value),
                "{dialect}, {reader}: {name} is {value:?}, taken as {got:?}"
            );
        }
    }
}

#[test]
fn nasty_values_reach_a_fresh_file_and_its_readers() {
    let made = made();
    for dialect in Dialect::ALL {
        let place = Place::new(&made, dialect, "fresh");
        let held = place.apply();
        place.apply_again();
        let text = place.text();
        let readers: Vec<Read> = match dialect {
            Dialect::Portable => vec![shells, node, python, dotenvy, systemd],
            Dialect::Compose => vec![dotenvy, systemd],
            Dialect::Docker => vec![docker],
            Dialect::Systemd => vec![systemd, shells],
            Dialect::Shell => vec![shells],
            Dialect::Node => vec![node],
            Dialect::Python => vec![python],
        };
        let readers: Vec<(String, Taken)> =
            readers.into_iter().flat_map(|read| read(&text)).collect();
        check(dialect, &readers, &held);
        place.prune(held.len());
        assert_eq!(place.text(), "KEEP=kept\n", "{dialect}");
        let names: Vec<&str> = readers.iter().map(|(name, _)| name.as_str()).collect();
        println!(
            "{dialect}: {} of {} values, read by {}",
            held.len(),
            values().len(),
            names.join(", ")
        );
    }
}

#[test]
fn nasty_values_reach_a_strangers_file_and_nothing_else_moves() {
    let made = made();
    for dialect in Dialect::ALL {
        let mut place = Place::new(&made, dialect, "strange");
        place.take_over = "--take-over local";
        let strange = Strange::new(dialect, &mut Random::new(SEED + 7));
        made.world.write(&place.file, strange.text());
        let mut held = place.apply();
        place.take_over = "";
        place.apply_again();
        let text = place.text();
        let readers = match dialect {
            Dialect::Portable => [shells(&text), node(&text), python(&text)].concat(),
            Dialect::Compose => vec![],
            Dialect::Docker => docker(&text),
            Dialect::Systemd => systemd(&text),
            Dialect::Shell => shells(&text),
            Dialect::Node => node(&text),
            Dialect::Python => python(&text),
        };
        check(dialect, &readers, &held);
        held.insert("KEEP".parse().unwrap(), "kept".to_owned());
        let edits: BTreeMap<VarName, Option<String>> = held
            .iter()
            .map(|(name, value)| {
                let lines = dialect != Dialect::Python; // written as escapes, on one line
                let value = if lines {
                    value.clone()
                } else {
                    value.replace('\n', "")
                };
                (name.clone(), Some(value))
            })
            .collect();
        strange.assert_kept(&text, &edits);
        place.prune(held.len() - 1);
        let pruned = held.keys().map(|name| {
            let kept = (name.as_str() == "KEEP").then(|| "kept".to_owned());
            (name.clone(), kept)
        });
        strange.assert_kept(&place.text(), &pruned.collect());
    }
}
