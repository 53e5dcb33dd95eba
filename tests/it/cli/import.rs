//! `import railway`: what an environment holds becomes a manifest, nothing is shown, nothing is
//! written to Railway, and the next plan is empty.

mod clear;
mod linked;
mod neighbours;
mod refusals;
mod scale;

use std::collections::BTreeMap;

use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::handles::EnvironmentAt;
use crate::support::railway::fake;
use crate::support::world::{Run, World};

pub(super) const SECRET: &str = "canary-secret-4f1c \"q\" $HOME\nline two";
pub(super) const SHARED: &str = "canary-shared-8d20";
pub(super) const MIXED: &str = "postgres://canary-user:${{Postgres.PASSWORD}}@db/canary";
pub(super) const SEALED: &str = "canary-sealed-77aa";

/// A project `aurora` with an environment `production`, and a folder to work in.
pub(super) struct Aurora {
    pub(super) fake: FakeRailway,
    pub(super) production: EnvironmentAt,
    pub(super) world: World,
    pub(super) token: String,
}

impl Aurora {
    /// `None`, and noted as skipped, where the published schema is missing.
    pub(super) fn new() -> Option<Self> {
        let fake = fake()?;
        let production = fake.project("aurora").environment("production");
        production
            .shared()
            .set("REGION", "eu")
            .set("SIGNING_SECRET", SHARED);
        production
            .service("api")
            .set("DATABASE_URL", "${{Postgres.DATABASE_URL}}")
            .set("DSN", MIXED)
            .set("EMPTY", "")
            .set("LOG_LEVEL", "info")
            .set("PORT", "8080")
            .set("SESSION_SECRET", SECRET)
            .set("STRIPE_KEY", SEALED)
            .set("SIGNING_SECRET", "${{shared.SIGNING_SECRET}}")
            .seal("STRIPE_KEY");
        production
            .service("Web App")
            .set("LOG_LEVEL", "info")
            .set("PORT", "3000")
            .set("SESSION_SECRET", SECRET)
            .set("RAILWAY_RUN_UID", "0");
        production.service("idle");
        let token = production.token();
        let mut world = World::new();
        world.variable("DRIFTLOCK_RAILWAY_URL", &fake.url());
        Some(Self {
            fake,
            production,
            world,
            token,
        })
    }

    /// With the environment's own token in the environment of every command.
    pub(super) fn with_token() -> Option<Self> {
        let mut aurora = Self::new()?;
        let token = aurora.token.clone();
        aurora.world.variable("RAILWAY_TOKEN", &token);
        Some(aurora)
    }

    /// Runs, and looks for every value and the token in what it said.
    #[track_caller]
    pub(super) fn run(&self, line: &str) -> Run {
        self.quiet(self.world.run(line))
    }

    #[track_caller]
    pub(super) fn quiet(&self, run: Run) -> Run {
        ["canary", &self.token, "${{Postgres.PASSWORD}}"]
            .iter()
            .fold(run, |run, secret| run.hides(secret))
    }

    #[track_caller]
    pub(super) fn wrote_nothing_there(&self) {
        let mutations = self
            .fake
            .requests()
            .iter()
            .filter(|one| one.mutation)
            .count();
        assert_eq!(mutations, 0, "the import or a plan wrote to Railway");
    }

    pub(super) fn manifest(&self, name: &str) -> String {
        self.world.read(format!("manifests/{name}.yaml"))
    }
}

/// The lines of a manifest, ciphertext and keys cut away.
fn shape(text: &str) -> String {
    let short = |line: &str| match line.split_once("age: ") {
        Some((lead, _)) if !lead.is_empty() => format!("{lead}age: …"),
        _ => line.to_owned(),
    };
    let end = text.find("\nkey: ").unwrap();
    let body: Vec<String> = text[..end].lines().map(short).collect();
    let start = body.iter().position(|line| line == "variables:").unwrap();
    body[start..].join("\n")
}

#[test]
fn an_environment_becomes_a_manifest_that_plans_empty() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora
        .run("import railway --yes")
        .success()
        .says("made your identity in")
        .says("api: STRIPE_KEY is sealed")
        .says("nothing to take in: idle")
        .says("wrote manifests/production.yaml with 9 declared variables for 3 targets of aurora/production (13 variables there)")
        .says("next: driftlock plan manifests/production.yaml");
    let requests = aurora.fake.requests().len();
    assert!(requests <= 3, "{requests} requests");
    let text = aurora.manifest("production");
    assert!(!text.contains("canary"));
    insta::assert_snapshot!(shape(&text), @r#"
    variables:
      API_PORT:
        age: …

      DSN:
        age: …
        reference: true

      EMPTY:
        age: …

      LOG_LEVEL:
        age: …

      RAILWAY_RUN_UID:
        age: …

      REGION:
        age: …

      SESSION_SECRET:
        age: …

      SIGNING_SECRET:
        age: …

      WEB_APP_PORT:
        age: …

    targets:
      shared:
        railway: { project: aurora, environment: production, shared: true }
        variables:
          - REGION
          - SIGNING_SECRET

      Web-App:
        railway: { project: aurora, environment: production, service: Web App }
        variables:
          - LOG_LEVEL
          - PORT: { from: WEB_APP_PORT }
          - RAILWAY_RUN_UID
          - SESSION_SECRET

      api:
        railway: { project: aurora, environment: production, service: api }
        variables:
          - DATABASE_URL: "${{Postgres.DATABASE_URL}}"
          - DSN
          - EMPTY
          - LOG_LEVEL
          - PORT: { from: API_PORT }
          - SESSION_SECRET
          - SIGNING_SECRET: "${{shared.SIGNING_SECRET}}"
    "#);
    aurora.world.run("check --require-identity").success();
    aurora
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    aurora.wrote_nothing_there();
    aurora.run("apply --yes").success();
    aurora
        .run("plan --detailed-exitcode")
        .success()
        .says("No changes.");
    aurora.wrote_nothing_there();
    assert_eq!(aurora.production.deployed(), Vec::<String>::new());
}

#[test]
fn what_was_taken_in_is_what_was_there() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.run("import railway --yes").success();
    for (name, value) in [
        ("SESSION_SECRET", SECRET),
        ("DSN", MIXED),
        ("API_PORT", "8080"),
    ] {
        assert_eq!(aurora.world.revealed(name), value);
    }
}

#[test]
fn a_change_after_the_import_reaches_the_service() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora.run("import railway --yes").success();
    aurora.run("apply --yes").success();
    let set = aurora.world.run_with("set SESSION_SECRET", "canary next");
    aurora.quiet(set).success();
    aurora.run("apply --yes").success();
    for service in ["api", "Web App"] {
        let place = aurora.production.service(service);
        assert_eq!(
            place.value("SESSION_SECRET").as_deref(),
            Some("canary next")
        );
    }
    let api = aurora.production.service("api");
    assert!(api.is_sealed("STRIPE_KEY"));
    let dsn = api.values().remove("DSN");
    assert_eq!(dsn.as_deref(), Some(MIXED));
}

#[test]
fn only_some_services() {
    let Some(aurora) = Aurora::with_token() else {
        return;
    };
    aurora
        .run("import railway --yes --name web --service web-app-is-no-service")
        .exits(1)
        .says("nothing was written");
    let mut command = aurora
        .world
        .command(["import", "railway", "--yes", "--name", "web"]);
    command.args(["--service", "web app"]);
    aurora.quiet(Run::of(command)).success();
    let text = aurora.manifest("web");
    assert!(text.contains("service: Web App"), "{text}");
    assert!(!text.contains("service: api"));
    assert!(!text.contains("shared: true"));
    // the rest can follow in a manifest of its own
    aurora
        .run("import railway --yes --name api --service api")
        .success();
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn an_account_token_needs_to_be_told_which() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let account = aurora.fake.account_token();
    aurora.world.variable("RAILWAY_API_TOKEN", &account);
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("--project and --environment");
    aurora
        .run("import railway --yes --project aurora --environment production")
        .success();
    let text = aurora.manifest("production");
    assert!(text.contains("{ project: aurora, environment: production, service: api }"));
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn a_token_of_another_name_is_what_the_targets_say() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let token = aurora.token.clone();
    aurora.world.variable("RAILWAY_TOKEN_PRODUCTION", &token);
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("RAILWAY_TOKEN");
    aurora
        .run("import railway --yes --token RAILWAY_TOKEN_PRODUCTION")
        .success();
    let text = aurora.manifest("production");
    assert_eq!(text.matches("token: RAILWAY_TOKEN_PRODUCTION }").count(), 3);
    aurora.run("plan --detailed-exitcode").success();
    aurora
        .run("import railway --yes --name other --token AWS_SECRET_ACCESS_KEY")
        .exits(64)
        .says("begins with RAILWAY_");
}

#[test]
fn two_projects_of_one_name_are_told_apart_by_id() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    let other = aurora.fake.workspace("Acme").another_project("aurora");
    other.environment("production").service("api").set("A", "1");
    let account = aurora.fake.account_token();
    aurora.world.variable("RAILWAY_API_TOKEN", &account);
    aurora
        .run("import railway --yes --project aurora --environment production")
        .exits(1)
        .says(&other.id);
    let line = format!(
        "import railway --yes --project {} --environment production",
        other.id
    );
    aurora.run(&line).success();
    let text = aurora.manifest("production");
    assert!(text.contains("# project aurora\n"), "{text}");
    assert!(text.contains(&format!("project: {}", other.id)));
    aurora.run("plan --detailed-exitcode").success();
}

/// What every service of an environment has, raw.
pub(super) fn held(
    environment: &EnvironmentAt,
    services: &[&str],
) -> Vec<BTreeMap<String, String>> {
    services
        .iter()
        .map(|service| environment.service(service).values())
        .collect()
}
