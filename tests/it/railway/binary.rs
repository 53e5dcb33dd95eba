//! The binary in front of a fake Railway, with a file of this machine beside it.

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::handles::{EnvironmentAt, Place, ProjectAt};
use crate::support::railway::fake;
use crate::support::shop::MANIFEST;
use crate::support::world::{Run, World};

/// What the manifest says.
pub const DESIRED: &str = "c4nary desired";
/// What Railway holds in its place.
pub const LIVE: &str = "c4nary live";
/// What Railway holds and the manifest does not know.
pub const STRANGER: &str = "c4nary stranger";

/// Targets `api` and `worker` on Railway, and `local`, a file. `worker` and `local` are as the
/// manifest has them; `api` is not, in its `TOKEN`.
pub struct Setup {
    pub fake: FakeRailway,
    pub world: World,
    pub project: ProjectAt,
    pub environment: EnvironmentAt,
    pub api: Place,
    pub worker: Place,
    variables: BTreeMap<String, String>,
}

impl Setup {
    /// With a project token. `None` where the schema is missing.
    pub fn new() -> Option<Self> {
        let fake = fake()?;
        let project = fake.project("aurora");
        let environment = project.environment("production");
        let api = environment.service("api");
        let api = api.set("TOKEN", LIVE).set("EXTRA", STRANGER);
        let worker = environment.service("worker").set("LOG_LEVEL", "info");
        let world = World::new();
        world.write(".env", format!("TOKEN='{DESIRED}'\nLOG_LEVEL=info\n"));
        world
            .run("init --yes --name dev --clear LOG_LEVEL")
            .success();
        let setup = Self {
            variables: [
                ("DRIFTLOCK_RAILWAY_URL".to_owned(), fake.url()),
                ("DRIFTLOCK_RAILWAY_HASTE".to_owned(), "20".to_owned()),
                ("RAILWAY_TOKEN".to_owned(), environment.token()),
            ]
            .into(),
            fake,
            world,
            project,
            environment,
            api,
            worker,
        };
        let text = setup.world.manifest();
        let targets = "targets:\n  \
             api: { railway: { project: aurora, environment: production, service: api }, variables: [TOKEN] }\n  \
             worker: { railway: { project: aurora, environment: production, service: worker }, variables: [LOG_LEVEL] }\n";
        setup
            .world
            .write(MANIFEST, text.replace("targets:\n", targets));
        Some(setup)
    }

    /// After a first apply, and with a new desired value: `api` is to change. Nothing is on record in
    /// the fake.
    pub fn applied() -> Option<Self> {
        let setup = Self::new()?;
        setup
            .run("apply --yes --take-over api --take-over worker")
            .success();
        assert_eq!(setup.api.value("TOKEN").as_deref(), Some(DESIRED));
        let new = setup.run_with("set TOKEN", "c4nary new");
        new.success().hides("c4nary");
        setup.world.write(".env", "TOKEN='c4nary new'\nLOG_LEVEL=info\n");
        setup.fake.clear_record();
        Some(setup)
    }

    /// Sets a variable of the runs to come.
    pub fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.variables.insert(name.to_owned(), value.to_owned());
        self
    }

    pub fn without(&mut self, name: &str) -> &mut Self {
        self.variables.remove(name);
        self
    }

    /// Takes the project token away and puts an account's in.
    pub fn with_account(&mut self) -> &mut Self {
        let token = self.fake.account_token();
        self.without("RAILWAY_TOKEN")
            .env("RAILWAY_API_TOKEN", &token)
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = self.world.command(line.split_whitespace());
        command.envs(&self.variables);
        command
    }

    /// Runs a line; what must not come out never does.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.checked(Run::of(self.command(line)))
    }

    #[track_caller]
    pub fn checked(&self, run: Run) -> Run {
        let mut run = run.hides("c4nary");
        for (name, value) in &self.variables {
            if name.contains("TOKEN") && value.trim().len() > 5 {
                run = run.hides(value.trim());
            }
        }
        assert!(!run.stderr.contains("panicked"), "{}", run.all());
        run
    }

    pub fn run_with(&self, line: &str, input: &str) -> Run {
        use std::io::Write;
        let mut command = self.command(line);
        command
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        Run::from_output(&child.wait_with_output().expect("it ends"))
    }

    /// Changes the text of the manifest.
    #[track_caller]
    pub fn edit(&self, from: &str, to: &str) -> &Self {
        let text = self.world.manifest();
        assert!(text.contains(from), "`{from}` is not in {text}");
        self.world.write(MANIFEST, text.replacen(from, to, 1));
        self
    }

    /// The targets that a plan could read.
    #[track_caller]
    pub fn readable(&self) -> Vec<String> {
        let run = self.run("plan --json");
        let plan: Value = serde_json::from_str(&run.stdout).unwrap_or_else(|_| panic!("{run:?}"));
        let targets = plan["plans"][0]["targets"].as_array().expect("targets");
        targets
            .iter()
            .filter(|target| target["state"]["is"] == "read")
            .map(|target| target["target"].as_str().expect("a name").to_owned())
            .collect()
    }

    /// Nothing was sent that changes anything.
    #[track_caller]
    pub fn untouched(&self) {
        assert_eq!(self.fake.counters().mutation_fields, 0);
        assert_eq!(self.fake.unexpected(), Vec::<String>::new());
    }

    /// The plan ends with 1 and says all of this; only `readable` can be read.
    #[track_caller]
    pub fn plans(&self, readable: &[&str], words: &[&str]) {
        says(self.run("plan").exits(1), words);
        assert_eq!(self.readable(), readable);
        self.untouched();
    }

    /// Plan and apply both end with 1 and say all of this; only `readable` can be read; nothing is
    /// written.
    #[track_caller]
    pub fn refuses(&self, readable: &[&str], words: &[&str]) {
        let before = (self.api.values(), self.worker.values());
        self.plans(readable, words);
        says(self.run("apply --yes").exits(1), words);
        self.untouched();
        assert!(before == (self.api.values(), self.worker.values()));
    }
}

#[track_caller]
fn says(mut run: Run, words: &[&str]) {
    for words in words {
        run = run.says(words);
    }
}

/// It all works without any of the troubles.
#[test]
fn the_setup_itself_is_sound() {
    let Some(setup) = Setup::applied() else { return };
    setup.run("plan").success().says("TOKEN");
    assert_eq!(setup.readable(), ["api", "worker", "local"]);
    setup.untouched();
    setup.run("apply --yes").success();
    assert_eq!(setup.api.value("TOKEN").as_deref(), Some("c4nary new"));
    assert_eq!(setup.api.value("EXTRA").as_deref(), Some(STRANGER));
    assert_eq!(setup.api.deploys().len(), 1);
    assert_eq!(setup.worker.deploys().len(), 0);
    setup.run("plan --detailed-exitcode").exits(0);
}
