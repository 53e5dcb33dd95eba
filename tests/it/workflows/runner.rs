//! A small runner of GitHub's workflows: jobs by their needs, steps by their conditions, composite actions,
//! outputs, summaries, and the commands that a log may hold. Checkouts, caches and artifacts are doubles.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Map, Value, json};

use super::expression::{as_text, expand, holds};
use super::lab::Lab;
use super::log::obey;
use super::{root, yaml};
use crate::support::world::Run;

/// The commit of driftlock that a workflow was called at.
pub const DRIFTLOCK: &str = "0123456789abcdef0123456789abcdef01234567";

pub struct Github<'a> {
    pub lab: &'a Lab,
    pub event: Value,
    /// `pull_request`, `push` and the like.
    pub name: &'a str,
    pub base: &'a str,
    pub head: &'a str,
    /// What is checked out.
    pub commit: String,
    pub secrets: Value,
    pub variables: Value,
    pub inputs: Value,
    /// What `job.workflow_sha` says.
    pub workflow_commit: &'a str,
    /// Where its API is, if there is one.
    pub forge: Option<String>,
    /// What happens before a job that waits for somebody.
    pub waiting: Option<&'a dyn Fn(&Path)>,
}

/// What came of a job.
#[derive(Debug, Default)]
pub struct Job {
    pub ran: bool,
    pub failed: bool,
    /// As people see it: without the commands that the runner took out of it.
    pub log: String,
    pub summary: String,
    pub outputs: Map<String, Value>,
    /// The commands that the runner obeyed, as `name rest`.
    pub obeyed: Vec<String>,
    /// What was used, and with what.
    pub used: Vec<(String, Value)>,
}

/// Where a job runs.
struct Place<'a> {
    workspace: PathBuf,
    temp: PathBuf,
    artifacts: &'a Path,
    path: Vec<PathBuf>,
}

impl<'a> Github<'a> {
    pub fn push(lab: &'a Lab) -> Self {
        Self {
            lab,
            event: json!({}),
            name: "push",
            base: "",
            head: "",
            commit: lab.head(),
            secrets: json!({ "DRIFTLOCK_AGE_KEY": lab.identity() }),
            variables: json!({}),
            inputs: json!({}),
            workflow_commit: DRIFTLOCK,
            forge: None,
            waiting: None,
        }
    }

    pub fn pull_request(lab: &'a Lab, head: &'a str) -> Self {
        Self {
            name: "pull_request",
            base: "main",
            head,
            commit: lab.pull_request(),
            event: json!({ "pull_request": { "number": 1 } }),
            secrets: json!({}),
            ..Self::push(lab)
        }
    }

    /// Runs a called workflow.
    pub fn run(&self, path: &str) -> BTreeMap<String, Job> {
        let workflow = yaml(path);
        let artifacts = tempfile::tempdir().unwrap();
        let mut done: BTreeMap<String, Job> = BTreeMap::new();
        let jobs = workflow["jobs"].as_object().unwrap();
        while done.len() < jobs.len() {
            let ready = jobs.iter().find(|(name, job)| {
                let needs = job["needs"].as_str();
                !done.contains_key(*name) && needs.is_none_or(|need| done.contains_key(need))
            });
            let (name, job) = ready.unwrap();
            let inputs = with_defaults(&workflow["on"]["workflow_call"]["inputs"], &self.inputs);
            let mut contexts = self.contexts();
            contexts["inputs"] = inputs;
            let mut failed = false;
            if let Some(need) = job["needs"].as_str() {
                failed = done[need].failed;
                contexts["needs"][need]["outputs"] = Value::Object(done[need].outputs.clone());
                if let Some(waiting) = self.waiting {
                    waiting(artifacts.path());
                }
            }
            let wanted = job["if"]
                .as_str()
                .is_none_or(|text| holds(text, &contexts, failed));
            let result = if wanted && !failed {
                self.job(job, contexts, artifacts.path())
            } else {
                Job::default()
            };
            done.insert(name.clone(), result);
        }
        done
    }

    fn contexts(&self) -> Value {
        json!({
            "github": { "token": "ghs_token", "head_ref": self.head, "event": self.event },
            "secrets": self.secrets,
            "vars": self.variables,
            "needs": {},
            "steps": {},
            "runner": {},
            "job": { "workflow_sha": self.workflow_commit, "workflow_repository": "example/driftlock" },
        })
    }

    fn job(&self, job: &Value, mut contexts: Value, artifacts: &Path) -> Job {
        let machine = tempfile::tempdir().unwrap();
        let at = |name: &str| {
            fs::create_dir(machine.path().join(name)).unwrap();
            machine.path().join(name)
        };
        let mut place = Place {
            workspace: at("workspace"),
            temp: at("temp"),
            artifacts,
            path: vec![],
        };
        contexts["runner"]["temp"] = json!(place.temp);
        let mut result = Job {
            ran: true,
            ..Job::default()
        };
        let steps = job["steps"].as_array().unwrap();
        result.failed = self.steps(steps, &mut contexts, None, &mut place, &mut result);
        for (name, value) in job["outputs"].as_object().into_iter().flatten() {
            let value = expand(value.as_str().unwrap(), &contexts);
            result.outputs.insert(name.clone(), Value::String(value));
        }
        result
    }

    /// Gives whether one failed.
    fn steps(
        &self,
        steps: &[Value],
        contexts: &mut Value,
        action: Option<&Path>,
        place: &mut Place<'_>,
        job: &mut Job,
    ) -> bool {
        let mut failed = false;
        for step in steps {
            let wanted = step["if"]
                .as_str()
                .is_none_or(|text| holds(text, contexts, failed));
            if !wanted || failed && step["if"].is_null() {
                continue;
            }
            let (ok, outputs) = if step["run"].is_string() {
                self.script(step, contexts, action, place, job)
            } else {
                self.used(step, contexts, place, job)
            };
            failed |= !ok;
            if let Some(id) = step["id"].as_str() {
                contexts["steps"][id]["outputs"] = Value::Object(outputs);
            }
        }
        failed
    }

    fn script(
        &self,
        step: &Value,
        contexts: &Value,
        action: Option<&Path>,
        place: &mut Place<'_>,
        job: &mut Job,
    ) -> (bool, Map<String, Value>) {
        assert_eq!(step["shell"], "bash", "{step}");
        let files = tempfile::tempdir().unwrap();
        let script = files.path().join("script");
        fs::write(&script, expand(step["run"].as_str().unwrap(), contexts)).unwrap();
        let folder = expand(step["working-directory"].as_str().unwrap_or("."), contexts);
        let mut command = self.shell(place, action, files.path());
        command
            .arg(&script)
            .current_dir(place.workspace.join(folder));
        for (name, value) in step["env"].as_object().into_iter().flatten() {
            command.env(name, expand(&as_text(value), contexts));
        }
        let run = Run::of(command);
        let read = |name: &str| fs::read_to_string(files.path().join(name)).unwrap();
        let (log, obeyed) = obey(&format!("{}{}", run.stdout, run.stderr));
        job.log.push_str(&log);
        job.obeyed.extend(obeyed);
        job.summary.push_str(&read("STEP_SUMMARY"));
        assert_eq!(read("ENV"), "");
        place
            .path
            .splice(0..0, read("PATH").lines().map(PathBuf::from));
        let outputs = read("OUTPUT");
        let outputs = outputs.lines().map(|line| line.split_once('=').unwrap());
        let outputs = outputs.map(|(name, value)| (name.to_owned(), json!(value)));
        (run.code == 0, outputs.collect())
    }

    /// The shell of a step, with what every step has in its environment.
    fn shell(&self, place: &Place<'_>, action: Option<&Path>, files: &Path) -> Command {
        let mut command = self.lab.job("bash");
        command.args(["--noprofile", "--norc", "-eo", "pipefail"]);
        for name in ["OUTPUT", "ENV", "PATH", "STEP_SUMMARY"] {
            fs::write(files.join(name), "").unwrap();
            command.env(format!("GITHUB_{name}"), files.join(name));
        }
        fs::write(files.join("event.json"), self.event.to_string()).unwrap();
        let mut variables = command.get_envs();
        let (_, before) = variables.find(|(name, _)| *name == "PATH").unwrap();
        let before = std::env::split_paths(before.unwrap());
        let path = std::env::join_paths(place.path.iter().cloned().chain(before)).unwrap();
        command
            .env("PATH", path)
            .env("GITHUB_ACTIONS", "true")
            .env("GITHUB_EVENT_NAME", self.name)
            .env("GITHUB_EVENT_PATH", files.join("event.json"))
            .env("GITHUB_BASE_REF", self.base)
            .env("GITHUB_HEAD_REF", self.head)
            .env("GITHUB_REPOSITORY", "o/r")
            .env("GITHUB_WORKSPACE", &place.workspace)
            .env("RUNNER_TEMP", &place.temp)
            .env("RUNNER_OS", "Linux")
            .env("RUNNER_ARCH", "X64");
        if let Some(forge) = &self.forge {
            command.env("GITHUB_API_URL", forge);
        }
        if let Some(action) = action {
            command.env("GITHUB_ACTION_PATH", action);
        }
        command
    }

    fn used(
        &self,
        step: &Value,
        contexts: &Value,
        place: &mut Place<'_>,
        job: &mut Job,
    ) -> (bool, Map<String, Value>) {
        let mut with = step["with"].clone();
        for (_, value) in with.as_object_mut().unwrap() {
            *value = json!(expand(&as_text(value), contexts));
        }
        let uses = step["uses"].as_str().unwrap();
        job.used.push((uses.to_owned(), with.clone()));
        let text = |name: &str| with[name].as_str().unwrap_or_default().to_owned();
        match uses.split('@').next().unwrap() {
            "actions/checkout" if text("path") == "driftlock" => {
                assert_eq!(text("repository"), "example/driftlock");
                assert_eq!(text("ref"), DRIFTLOCK);
                driftlock_at(&place.workspace.join("driftlock"));
            }
            "actions/checkout" => {
                self.lab
                    .clone(&self.commit, &place.workspace.join(text("path")));
            }
            "actions/cache" => {}
            "actions/upload-artifact" => {
                let from = PathBuf::from(text("path"));
                fs::copy(&from, place.artifacts.join(from.file_name().unwrap())).unwrap();
            }
            "actions/download-artifact" => {
                let into = PathBuf::from(text("path"));
                fs::create_dir_all(&into).unwrap();
                for entry in fs::read_dir(place.artifacts).unwrap() {
                    let entry = entry.unwrap();
                    fs::copy(entry.path(), into.join(entry.file_name())).unwrap();
                }
            }
            local => {
                let path = place.workspace.join(local.strip_prefix("./").unwrap());
                return self.action(&path, &with, contexts, place, job);
            }
        }
        (true, Map::new())
    }

    /// A composite action.
    fn action(
        &self,
        path: &Path,
        with: &Value,
        contexts: &Value,
        place: &mut Place<'_>,
        job: &mut Job,
    ) -> (bool, Map<String, Value>) {
        let action = yaml(path.join("action.yml"));
        let mut own = contexts.clone();
        own["steps"] = json!({});
        own["secrets"] = json!({});
        let mut declared = action["inputs"].clone();
        for (_, input) in declared.as_object_mut().unwrap() {
            input["default"] = json!(expand(&as_text(&input["default"]), contexts));
        }
        own["inputs"] = with_defaults(&declared, with);
        let steps = action["runs"]["steps"].as_array().unwrap();
        let failed = self.steps(steps, &mut own, Some(path), place, job);
        let outputs = action["outputs"].as_object().unwrap();
        let outputs = outputs.iter().map(|(name, output)| {
            let value = expand(output["value"].as_str().unwrap(), &own);
            (name.clone(), Value::String(value))
        });
        (!failed, outputs.collect())
    }
}

/// The files of driftlock that an action needs, at a place of their own.
pub fn driftlock_at(folder: &Path) {
    for path in [
        super::ACTION,
        super::RECIPE,
        "Cargo.toml",
        "Cargo.lock",
        "src/lib.rs",
    ] {
        let to = folder.join(path);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(root().join(path), to).unwrap();
    }
}

fn with_defaults(declared: &Value, given: &Value) -> Value {
    let mut inputs = Map::new();
    for (name, input) in declared.as_object().unwrap() {
        let value = given.get(name).unwrap_or(&input["default"]);
        inputs.insert(name.clone(), value.clone());
    }
    for name in given.as_object().unwrap().keys() {
        assert!(inputs.contains_key(name), "there is no input {name}");
    }
    Value::Object(inputs)
}
