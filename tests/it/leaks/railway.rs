//! The same for what Railway holds: its values and the tokens for it are canaries.

use super::forms::Canary;
use super::runs::{LIVE, Leaky, NEXT, SECRET, STRANGER};
use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::handles::EnvironmentAt;
use crate::support::railway::fake;

const USER_TOKEN: &str = "canary-railway-user-c41b";
const WRONG_TOKEN: &str = "canary-railway-wrong-0aa7";

impl Leaky {
    /// An environment with canaries in every kind of value, and a folder that is linked to it.
    fn with_railway(fake: &FakeRailway) -> (Self, EnvironmentAt) {
        let production = fake.project("aurora").environment("production");
        production.shared().set("SHARED_SECRET", STRANGER);
        production
            .service("api")
            .set("LIVE_SECRET", LIVE)
            .set(
                "DSN",
                &format!("postgres://{SECRET}:${{{{Db.PASSWORD}}}}@db"),
            )
            .set("PORT", "8080")
            .set("SEALED", NEXT)
            .seal("SEALED");
        production.service("web").set("LIVE_SECRET", LIVE);
        let mut leaky = Self::new();
        let (project, account) = (production.token(), fake.account_token());
        for (name, text) in [
            ("a project token", project.as_str()),
            ("an account token", &account),
            ("a token of Railway's own command", USER_TOKEN),
            ("a wrong token", WRONG_TOKEN),
        ] {
            leaky.canaries.push(Canary::new(name, text));
        }
        let world = &mut leaky.world;
        world.variable("DRIFTLOCK_RAILWAY_URL", &fake.url());
        world.variable("RAILWAY_TOKEN", &project);
        world.variable("RAILWAY_TOKEN_WRONG", WRONG_TOKEN);
        let folder = world.path("").canonicalize().unwrap();
        let config = serde_json::json!({
            "projects": { folder.to_str().unwrap(): {
                "project": production.project, "environment": production.id, "name": "aurora",
            } },
            "user": { "token": USER_TOKEN, "accessToken": USER_TOKEN, "refreshToken": USER_TOKEN },
        });
        std::fs::create_dir(world.home(".railway")).unwrap();
        std::fs::write(world.home(".railway/config.json"), config.to_string()).unwrap();
        world.write(".railway/railway.ts", format!("env: {{ A: `{SECRET}` }}"));
        (leaky, production)
    }

    fn imports(&mut self, production: &EnvironmentAt) {
        let key = "age1lggyhqrw2nlhcxprm67z43rta597azn8gknawjehu9d9dl0jq3yqqvfafg";
        for line in [
            "import railway --name a --token RAILWAY_TOKEN_WRONG",
            "import railway --name a --project nowhere --environment production",
            "import railway --name a --service nowhere",
            "import railway --name a --clear LIVE_SECRETS",
            "import railway --name a --recipient age1x",
            "-vv import railway --name a --clear-suggested --service web",
            "import railway --name a",
            "import railway --name b --service web",
        ] {
            self.runs(line, "");
        }
        std::fs::remove_file(self.world.path("manifests/a.yaml")).unwrap();
        let id = &production.project;
        let line = format!(
            "-vv import railway --yes --project {id} --environment production --clear PORT --recipient {key}"
        );
        self.runs(&line, "").success();
    }
}

#[test]
fn no_command_shows_what_railway_holds() {
    let (Some(_), Some(fake)) = (crate::support::peers::program("git"), fake()) else {
        return;
    };
    let (mut leaky, production) = Leaky::with_railway(&fake);
    leaky.imports(&production);
    std::fs::remove_file(leaky.world.path("manifests/dev.yaml")).unwrap();
    leaky.looks_on_railway();
    production
        .service("api")
        .set("LIVE_SECRET", SECRET)
        .set("NEW", NEXT);
    leaky.looks_on_railway();
    leaky.asks_railway_who(&production);
    leaky.runs("apply --yes --overwrite LIVE_SECRET@api -vv", "");
    leaky.runs("set LIVE_SECRET --apply --yes --take-over api -vv", NEXT);
    fake.expire(&production.token());
    let id = production.service("api").id();
    fake.switches(|switches| {
        switches.forbidden_services.insert(id);
    });
    leaky.looks_on_railway();
    leaky.runs("import railway --name c", "");
    leaky.runs("init --name d", "");
}

impl Leaky {
    fn looks_on_railway(&mut self) {
        for line in [
            "plan -vv",
            "plan --json",
            "plan --markdown",
            "status -vv",
            "status --json",
            "doctor -vv --all",
            "doctor LIVE_SECRET --json",
            "check -vv",
            "history --json",
            "apply --yes -vv",
            "apply --yes --json --no-activate",
        ] {
            self.runs(line, "");
        }
    }
}
