//! A folder that Railway's own command has linked.

use super::Aurora;
use crate::support::terminal::{Typed, at_terminal};

impl Aurora {
    /// Links the parent of the working folder, as `railway link` does.
    fn link(&self, with_environment: bool) {
        let folder = self.world.path("").canonicalize().unwrap();
        let folder = folder.parent().unwrap().to_str().unwrap().to_owned();
        let mut project = serde_json::json!({
            "projectPath": folder,
            "name": "aurora",
            "project": self.fake.project("aurora").id,
        });
        if with_environment {
            project["environment"] = self.production.id.clone().into();
            project["environmentName"] = "production".into();
        }
        let config = serde_json::json!({
            "projects": { folder: project },
            "user": { "token": "canary-user-token", "accessToken": "canary-access" },
        });
        std::fs::create_dir(self.world.home(".railway")).unwrap();
        let text = serde_json::to_string(&config).unwrap();
        std::fs::write(self.world.home(".railway/config.json"), text).unwrap();
    }

    fn account(&mut self) {
        let account = self.fake.account_token();
        self.world.variable("RAILWAY_API_TOKEN", &account);
    }
}

#[test]
fn the_link_says_which_environment() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    aurora.link(true);
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("is linked to the Railway project aurora")
        .says("RAILWAY_TOKEN");
    aurora.account();
    aurora.run("import railway --yes").success();
    let text = aurora.manifest("production");
    assert!(text.contains("# project aurora\n"), "{text}");
    aurora.run("plan --detailed-exitcode").success();
    // its tokens are never used
    let used = aurora.fake.requests();
    assert!(used.iter().all(|one| one.token.kind.is_some()));
}

#[test]
fn what_is_named_comes_before_the_link() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    aurora.link(true);
    aurora.account();
    let other = aurora.fake.project("other").environment("production");
    other.service("x").set("ONLY_HERE", "1");
    let run =
        aurora.run("import railway --yes --name other --project other --environment production");
    assert!(!run.success().all().contains("is linked"));
    assert!(aurora.manifest("other").contains("project: other"));
    // the link still says the project where only the environment is named
    let staging = aurora.fake.project("aurora").environment("staging");
    staging.service("api").set("A", "1");
    aurora
        .run("import railway --yes --environment staging")
        .success();
    assert!(aurora.manifest("staging").contains("environment: staging"));
}

#[test]
fn a_link_without_an_environment_is_not_enough() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    aurora.link(false);
    aurora.account();
    aurora
        .run("import railway --yes")
        .exits(1)
        .says("--environment");
}

#[test]
fn init_names_the_link_and_goes_on_where_nobody_can_be_asked() {
    let Some(aurora) = Aurora::new() else {
        return;
    };
    aurora.link(true);
    aurora.world.write(".env", "A=1\n");
    aurora
        .run("init --yes")
        .success()
        .says("this folder is linked to the Railway project aurora (environment production)")
        .says("driftlock import railway")
        .says("wrote manifests/dev.yaml");
    assert_eq!(aurora.fake.requests().len(), 0);
}

#[test]
fn init_imports_what_is_linked_once_a_person_says_so() {
    let Some(mut aurora) = Aurora::new() else {
        return;
    };
    aurora.link(true);
    aurora.account();
    let yes = [
        Typed::Shown("Import its variables", "y"),
        Typed::Shown("Make one in", "y"),
        Typed::Shown("Write manifests/prod.yaml?", "y"),
    ];
    let Some(run) = at_terminal(&aurora.world, "init --name prod --clear LOG_LEVEL", &yes) else {
        return;
    };
    aurora.quiet(run).exits(0);
    let text = aurora.manifest("prod");
    assert!(text.contains("name: prod\n"));
    assert!(text.contains("  LOG_LEVEL: info\n"));
    aurora.run("plan --detailed-exitcode").success();
}

#[test]
fn init_takes_the_dotenv_file_in_after_a_no() {
    let Some(aurora) = Aurora::new() else {
        return;
    };
    aurora.link(true);
    aurora.world.write(".env", "A=1\n");
    let no = [
        Typed::Shown("Import its variables", "n"),
        Typed::Shown("Make one in", "y"),
        Typed::Shown("Write manifests/dev.yaml?", "y"),
    ];
    let Some(run) = at_terminal(&aurora.world, "init", &no) else {
        return;
    };
    aurora.quiet(run).exits(0);
    assert!(aurora.manifest("dev").contains("path: ../.env"));
    assert_eq!(aurora.fake.requests().len(), 0);
}
