//! Many values of all kinds through each format, and back by a program that reads it.
#![expect(
    clippy::print_stdout,
    reason = "how many values were held against which readers"
)]

use std::collections::BTreeMap;
use std::process::Command;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::PRINT;
use crate::dialects::readers::{self, Taken, from_env};
use crate::dialects::values::{Random, SEED};
use crate::support::peers;
use crate::support::shop::MANIFEST;
use crate::support::world::World;

const COUNT: usize = 400;

/// Values that some reader is known to take for something else.
const SPECIAL: [&str; 24] = [
    "",
    " ",
    "null",
    "~",
    "yes",
    "1.10",
    "- a",
    "a: b",
    "#",
    "\u{85}x",
    "\u{2028}",
    "\u{feff}",
    "$",
    "$$",
    "${A}",
    "%0A",
    "é漢😀",
    "\u{fffe}",
    "\t",
    "\r",
    "x\r\ny",
    "EOF\nEOF",
    "\n",
    "x\n",
];

fn seed() -> u64 {
    let given = std::env::var("DRIFTLOCK_SEED").ok();
    let seed = given.and_then(|text| text.parse().ok()).unwrap_or(SEED);
    println!("DRIFTLOCK_SEED={seed}");
    seed
}

/// A manifest of clear texts with these values, all on the target `t`.
fn world(values: &BTreeMap<String, String>) -> World {
    let world = World::new();
    let mut text = String::from("driftlock: 1\nname: dev\nvariables:\n");
    for (name, value) in values {
        // what JSON leaves as it is and YAML folds or drops
        let quoted: String = serde_json::to_string(value)
            .unwrap()
            .chars()
            .map(|c| match c {
                '\u{7f}'..='\u{a0}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' => {
                    format!("\\u{:04x}", u32::from(c))
                }
                c => c.to_string(),
            })
            .collect();
        text.push_str(&format!("  {name}: {quoted}\n"));
    }
    let names: Vec<&str> = values.keys().map(String::as_str).collect();
    text.push_str(&format!(
        "targets:\n  t: {{ file: {{ path: ../.env, format: json }}, variables: [{}] }}\n",
        names.join(", ")
    ));
    world.write(MANIFEST, text);
    world
}

fn random(keep: impl Fn(&str) -> bool) -> BTreeMap<String, String> {
    let mut random = Random::new(seed());
    let drawn = (0..COUNT).map(|_| random.value());
    SPECIAL
        .iter()
        .map(|text| (*text).to_owned())
        .chain(drawn)
        .filter(|value| keep(value))
        .enumerate()
        .map(|(index, value)| (format!("DL_{index:04}"), value))
        .collect()
}

fn exported(world: &World, format: &str) -> String {
    let line = format!("export t --format {format} {PRINT}");
    world.run(&line).success().stdout
}

#[track_caller]
fn same(reader: &str, wanted: &BTreeMap<String, String>, found: &Taken) {
    for (name, value) in wanted {
        let taken = found.get(name);
        assert_eq!(taken, Some(value), "{reader}: {name} was {value:?}");
    }
    let ours = found.keys().filter(|name| name.starts_with("DL_"));
    assert_eq!(ours.count(), wanted.len(), "{reader}");
    println!("{reader}: {} values", wanted.len());
}

#[test]
fn shells_read_shell() {
    let wanted = random(|_| true);
    let world = world(&wanted);
    for (reader, found) in readers::shells(&exported(&world, "shell")) {
        same(&reader, &wanted, &found);
    }
    // as people use it
    let inner = world.command(["export", "t", "--format", "shell", PRINT]);
    let mut command = Command::new("sh");
    command
        .args(["-c", "eval \"$(\"$@\" 2>/dev/null)\"; exec env -0", "sh"])
        .arg(inner.get_program())
        .args(inner.get_args())
        .current_dir(world.path(""))
        .env_clear()
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        );
    let output = command.output().unwrap();
    same("eval in sh", &wanted, &from_env(&output.stdout));
}

#[test]
fn json_is_read_by_python_and_by_node() {
    let wanted = random(|_| true);
    let text = exported(&world(&wanted), "json");
    let direct: Taken = serde_json::from_str(&text).unwrap();
    same("serde", &wanted, &direct);
    let python =
        "import json,sys; print(json.dumps(json.load(open(sys.argv[1],encoding='utf-8'))))";
    let node = "console.log(JSON.stringify(JSON.parse(require('fs').readFileSync(process.argv[1],'utf8'))))";
    for (program, flag, code) in [("python3", "-c", python), ("node", "-e", node)] {
        if let Some(path) = peers::program(program) {
            let found = through(Command::new(path).args([flag, code]), &text);
            same(program, &wanted, &found);
        }
    }
}

/// What a program makes of a file, as JSON.
fn through(command: &mut Command, text: &str) -> Taken {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, text).unwrap();
    let output = command.arg(&file).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn yaml(text: &str, pick: &str) -> Option<Taken> {
    let python = peers::installed("venv/bin/python")?;
    let code = format!(
        "import yaml,json,sys; d=yaml.safe_load(open(sys.argv[1],encoding='utf-8')); print(json.dumps({pick}))"
    );
    Some(through(Command::new(python).args(["-c", &code]), text))
}

#[test]
fn pyyaml_reads_a_secret_of_kubernetes() {
    let wanted = random(|_| true);
    let text = exported(&world(&wanted), "k8s-secret");
    let Some(found) = yaml(&text, "d['data']") else {
        return;
    };
    let decoded = found.into_iter().map(|(name, data)| {
        let bytes = BASE64_STANDARD.decode(data).unwrap();
        (name, String::from_utf8(bytes).unwrap())
    });
    same("a Secret by PyYAML", &wanted, &decoded.collect());
    let pick = "{'a': d['apiVersion'], 'k': d['kind'], 'n': d['metadata']['name'], 't': d['type']}";
    let about = yaml(&text, pick).unwrap();
    let about: Vec<&str> = about.values().map(String::as_str).collect();
    assert_eq!(about, ["v1", "Secret", "t", "Opaque"]);
}

/// What Compose makes of `$$`. A dollar that stands alone would be the name of a variable to it.
fn interpolated(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('$') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        assert!(after.starts_with('$'), "a single dollar in {text:?}");
        out.push('$');
        rest = &after[1..];
    }
    out + rest
}

fn all_interpolated(found: Taken) -> Taken {
    let all = found.into_iter();
    all.map(|(name, value)| (name, interpolated(&value)))
        .collect()
}

#[test]
fn compose_reads_its_environment() {
    let wanted = random(|_| true);
    let text = exported(&world(&wanted), "compose");
    if let Some(found) = yaml(&text, "d['environment']") {
        same("compose by PyYAML", &wanted, &all_interpolated(found));
    }
    if let Some(found) = by_compose(&text) {
        same("docker compose config", &wanted, &found);
    }
}

/// The real one, where it is installed: it is no part of Debian's docker.
fn by_compose(text: &str) -> Option<Taken> {
    let docker = peers::program("docker")?;
    let version = Command::new(&docker).args(["compose", "version"]).output();
    if !version.is_ok_and(|output| output.status.success()) {
        return peers::unavailable("docker compose, which Debian does not have");
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("compose.yaml");
    let indented = text.replace('\n', "\n    ");
    let service = format!("services:\n  a:\n    image: x\n    {indented}\n");
    std::fs::write(&file, service).unwrap();
    let output = Command::new(docker)
        .args(["compose", "-f"])
        .arg(&file)
        .args(["config", "--format", "json"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    let read: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let found = serde_json::from_value(read["services"]["a"]["environment"].clone()).unwrap();
    // `config` prints a file for Compose again
    Some(all_interpolated(found))
}

#[test]
fn every_reader_of_dotenv_reads_the_same() {
    let encodes = |value: &str| {
        let dialect = driftlock::platforms::file::format::Dialect::Portable;
        dialect.encode(&"A".parse().unwrap(), value).is_ok()
    };
    let wanted = random(encodes);
    assert!(wanted.len() > COUNT / 4, "{}", wanted.len());
    let text = exported(&world(&wanted), "dotenv");
    let mut all = readers::shells(&text);
    all.extend(readers::node(&text));
    all.extend(readers::python(&text));
    all.extend(readers::dotenvy(&text));
    for (reader, found) in all {
        same(&reader, &wanted, &found);
    }
}

#[test]
fn a_github_runner_reads_its_file() {
    let wanted = random(|_| true);
    let world = world(&wanted);
    let line = "export t --format github --out out.env";
    world.run(line).success();
    let found = github(&world.read("out.env"));
    same("the grammar of environment files", &wanted, &found);
}

/// The documented grammar: `NAME=VALUE`, or `NAME<<DELIMITER`, lines, `DELIMITER`. Lines end with a
/// newline, as the runner has it on Linux.
pub(super) fn github(text: &str) -> Taken {
    let mut found = Taken::new();
    let mut lines = text.split('\n');
    while let Some(line) = lines.next() {
        let equals = line.find('=').unwrap_or(usize::MAX);
        let here = line.find("<<").unwrap_or(usize::MAX);
        if line.is_empty() {
            continue;
        }
        if equals < here {
            found.insert(line[..equals].to_owned(), line[equals + 1..].to_owned());
            continue;
        }
        assert_ne!(here, usize::MAX, "no assignment: {line:?}");
        let delimiter = &line[here + 2..];
        let mut value = vec![];
        loop {
            match lines.next() {
                Some(line) if line == delimiter => break,
                Some(line) => value.push(line),
                None => panic!("no end of {}", &line[..here]),
            }
        }
        found.insert(line[..here].to_owned(), value.join("\n"));
    }
    found
}
