//! A fake Railway, a world of the binary, and the token that joins them.

use std::process::Command;

use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::handles::{EnvironmentAt, Place};
use crate::support::railway;
use crate::support::world::{Run, World};

/// The project `aurora` with its environment `production`, and a manifest folder.
pub struct Yard {
    pub fake: FakeRailway,
    pub world: World,
    pub environment: EnvironmentAt,
    /// The environment of each run: names of token variables and tokens.
    pub tokens: Vec<(String, String)>,
}

/// What each value that nobody may see begins with.
pub const CANARY: &str = "c4nary-";

impl Yard {
    /// With an account token; `None` where the schema is missing.
    pub fn new() -> Option<Self> {
        Self::in_world(World::new())
    }

    /// The same with a manifest of these encrypted values (lines of a dotenv file).
    pub fn with_secrets(dotenv: &str, targets: &[&str]) -> Option<Self> {
        // nothing is made in vain
        let yard = Self::in_world(World::new())?;
        let yard = Self {
            world: World::with_env(dotenv),
            ..yard
        };
        yard.retarget(targets);
        Some(yard)
    }

    fn in_world(world: World) -> Option<Self> {
        let fake = railway::fake()?;
        let environment = fake.project("aurora").environment("production");
        let token = fake.account_token();
        Some(Self {
            fake,
            world,
            environment,
            tokens: vec![("RAILWAY_API_TOKEN".to_owned(), token)],
        })
    }

    pub fn service(&self, name: &str) -> Place {
        self.environment.service(name)
    }

    pub fn shared(&self) -> Place {
        self.environment.shared()
    }

    /// Other tokens from now on.
    pub fn use_tokens(&mut self, tokens: &[(&str, String)]) {
        let owned = tokens.iter();
        self.tokens = owned
            .map(|(name, token)| ((*name).to_owned(), token.clone()))
            .collect();
    }

    /// Clear variables, and targets as lines.
    pub fn declare(&self, variables: &[(&str, &str)], targets: &[&str]) {
        self.world.declare_on(variables, targets);
    }

    /// Other targets for the variables that the manifest has.
    pub fn retarget(&self, targets: &[&str]) {
        let text = self.world.read("manifests/dev.yaml");
        let begin = text.find("\ntargets:\n").unwrap();
        let end = text.find("\nkey: ").unwrap();
        let mut lines = String::from("\ntargets:\n");
        for target in targets {
            lines.push_str(&format!("  {target}\n"));
        }
        let text = format!("{}{lines}{}", &text[..begin], &text[end..]);
        self.world.write("manifests/dev.yaml", text);
    }

    pub fn command(&self, line: &str) -> Command {
        let mut command = self.world.command(line.split_whitespace());
        command.env("DRIFTLOCK_RAILWAY_URL", self.fake.url());
        for (name, token) in &self.tokens {
            command.env(name, token);
        }
        command
    }

    /// Runs the binary. Whatever comes of it: every request was one that Railway knows, none was
    /// anonymous, no token and no secret is shown.
    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        let run = Run::of(self.command(line));
        assert_eq!(self.fake.unexpected(), Vec::<String>::new(), "{line}");
        assert_eq!(self.fake.counters().without_source, 0, "{line}");
        assert!(self.fake.most_concurrent_mutations() <= 1, "{line}");
        assert!(!run.all().contains(CANARY), "{line}: a secret is shown");
        for (_, token) in &self.tokens {
            assert!(!run.all().contains(token), "{line}: a token is shown");
        }
        run
    }

    /// The next plan is empty, in the machine's words too.
    #[track_caller]
    pub fn in_sync(&self) {
        let run = self.run("plan --detailed-exitcode");
        assert_eq!(run.code, 0, "{}", run.all());
        run.says("No changes.");
    }

    /// Pastes a printed command into a shell with the same environment.
    pub fn paste(&self, line: &str) -> Run {
        let words = line.strip_prefix("driftlock ").expect("a command of ours");
        assert!(!words.contains(['\'', '"', '\\']), "{line} needs a shell");
        self.run(words)
    }

    /// Time passes in Railway: what is stored after this is later than what was deployed before.
    pub fn later(&self) {
        self.fake.world(|world| world.clock.advance(600));
    }
}

/// One target on a line: `keys` are more of the place, `more` more of the target.
pub fn target(name: &str, keys: &str, variables: &str, more: &str) -> String {
    format!(
        "{name}: {{ railway: {{ project: aurora, environment: production, {keys} }}, \
         variables: [{variables}]{more} }}"
    )
}

/// A service of the same name.
pub fn service(name: &str, variables: &str) -> String {
    target(name, &format!("service: {name}"), variables, "")
}

/// The shared variables, as target `shared`.
pub fn shared(variables: &str) -> String {
    target("shared", "shared: true", variables, "")
}
