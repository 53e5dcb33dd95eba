//! The real Railway CLI in front of the fake: what its users see of it, they see here. Opt-in, since it has
//! to be built from source in debug form (only that one takes another address):
//! `cargo install railwayapp --version 5.71.0 --locked --debug`, then `DRIFTLOCK_RAILWAY_CLI=…/bin/railway`.

use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::support::fake_railway::FakeRailway;
use crate::support::railway::fake;

struct Cli {
    program: std::ffi::OsString,
    home: tempfile::TempDir,
    fake: FakeRailway,
    token: String,
}

impl Cli {
    fn new() -> Option<Self> {
        let program = std::env::var_os("DRIFTLOCK_RAILWAY_CLI")?;
        let fake = fake()?;
        // it does not name itself in the address, and starts more often a second than a person
        fake.switches(|switches| switches.edge_guard = false);
        let production = fake.project("aurora").environment("production");
        production
            .service("api")
            .set("PORT", "8080")
            .set("URL", "http://${{web.HOST}}:1")
            .set("KEY", "s3cret")
            .seal("KEY");
        production.service("web").set("HOST", "web.internal");
        production.shared().set("REGION", "eu");
        let token = production.token();
        let home = tempfile::tempdir().unwrap();
        Some(Self {
            program,
            home,
            fake,
            token,
        })
    }

    fn run(&self, line: &str) -> Output {
        Command::new(&self.program)
            .args(line.split(' '))
            .current_dir(self.home.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.home.path())
            .env("CI", "true")
            .env("DO_NOT_TRACK", "1")
            .env("RAILWAY_NO_TELEMETRY", "1")
            .env("RAILWAY_BACKBOARD_URL", self.fake.url())
            .env("RAILWAY_TOKEN", &self.token)
            .output()
            .unwrap()
    }

    fn json(&self, line: &str) -> Value {
        let output = self.run(line);
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{line}: {output:?}");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{line}: {text}"))
    }

    fn api(&self, name: &str) -> Option<String> {
        let production = self.fake.project("aurora").environment("production");
        production.service("api").value(name)
    }
}

#[test]
fn it_lists_sets_and_deletes() {
    let Some(cli) = Cli::new() else { return };
    let listed = cli.json("variable list --service api --json");
    assert_eq!(listed["PORT"], "8080");
    assert_eq!(listed["URL"], "http://web.internal:1", "rendered");
    assert_eq!(listed["KEY"], Value::Null, "sealed");
    assert_eq!(listed["RAILWAY_SERVICE_NAME"], "api");

    let set = cli.json("variable set NEW=1=2 EMPTY= --service api --skip-deploys --json");
    assert_eq!(set, json!({ "keys": ["NEW", "EMPTY"], "set": true }));
    assert_eq!(cli.api("NEW").as_deref(), Some("1=2"));
    assert_eq!(cli.api("EMPTY").as_deref(), Some(""));
    let production = cli.fake.project("aurora").environment("production");
    assert!(production.deployed().is_empty());

    cli.json("variable set PORT=9090 --service api --json");
    assert_eq!(production.deployed(), ["api"]);

    let deleted = cli.json("variable delete NEW --service api --json");
    assert_eq!(deleted, json!({ "deleted": true, "key": "NEW" }));
    assert_eq!(cli.api("NEW"), None);
    let absent = cli.run("variable delete NEW --service api --json");
    assert_eq!(absent.status.code(), Some(1));
    assert!(absent.stdout.is_empty());
    assert!(String::from_utf8_lossy(&absent.stderr).contains("not found"));
    assert_eq!(cli.fake.unexpected(), Vec::<String>::new());
}

#[test]
fn it_reads_the_environment_as_a_whole() {
    let Some(cli) = Cli::new() else { return };
    let config = cli.json("environment config --json");
    let production = cli.fake.project("aurora").environment("production");
    let api = &config["services"][production.service("api").id()]["variables"];
    assert_eq!(api["PORT"]["value"], "8080");
    assert_eq!(api["URL"]["value"], "http://${{web.HOST}}:1", "as stored");
    assert_eq!(api["KEY"]["isSealed"], true);
    assert_eq!(config["sharedVariables"]["REGION"]["value"], "eu");
    assert_eq!(cli.fake.unexpected(), Vec::<String>::new());
}

#[test]
fn a_dead_token_is_told() {
    let Some(cli) = Cli::new() else { return };
    cli.fake.expire(&cli.token);
    let output = cli.run("variable list --service api --json");
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    assert!(
        said.contains("token") || said.contains("unauthorized"),
        "{said}"
    );
}
