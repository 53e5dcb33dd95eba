//! `comment` through the binary, against a GitHub and a GitLab of our own.

mod chance;
mod everyday;
pub mod fake;
mod fork;
mod gitlab;
mod input;
mod limits;
mod places;
mod refusals;
mod status;
mod strangers;
mod wire;

use fake::github::GitHub;
use fake::gitlab::GitLab;
use fake::{Api, Asked, Fake};

use crate::support::world::{Run, World};

/// The last commit of the pull request.
pub const HEAD: &str = "6dcb09b5b57875f334f61aebed695e2e4193db5e";
/// The tokens, which nothing may show.
const JOB_TOKEN: &str = "ghs_c4naryTokenOfTheJob7f31d09a";
const LAB_TOKEN: &str = "glpat-c4naryTokenOfTheProject-55";

const MARKER: &str = "<!-- driftlock:plan dev -->";

/// A report with this summary.
fn report(summary: &str) -> String {
    format!("{MARKER}\n**{summary}**\n\n- `~` `API_TOKEN`: **change**\n")
}

/// A forge, and a job of its CI.
struct Lab<A> {
    world: World,
    fake: Fake<A>,
    token: &'static str,
}

impl Lab<GitHub> {
    /// A job for pull request 7 of `o/r`; `None` where GitHub's descriptions are not installed.
    fn github() -> Option<Self> {
        let fake = GitHub::start(JOB_TOKEN)?;
        let mut world = World::new();
        let event = world.path("event.json").display().to_string();
        for (name, value) in [
            ("GITHUB_ACTIONS", "true"),
            ("GITHUB_API_URL", &fake.address()),
            ("GITHUB_SERVER_URL", "https://github.com"),
            ("GITHUB_REPOSITORY", "o/r"),
            ("GITHUB_RUN_ID", "99"),
            ("GITHUB_EVENT_NAME", "pull_request"),
            ("GITHUB_EVENT_PATH", &event),
            ("GITHUB_REF", "refs/pull/7/merge"),
            ("GITHUB_TOKEN", JOB_TOKEN),
            ("DRIFTLOCK_FORGE_HASTE", "10"),
        ] {
            world.variable(name, value);
        }
        let lab = Self {
            world,
            fake,
            token: JOB_TOKEN,
        };
        lab.event("o/r");
        Some(lab)
    }

    /// The pull request's head is in this repository.
    fn event(&self, head: &str) {
        let event = serde_json::json!({
            "action": "synchronize",
            "number": 7,
            "pull_request": {
                "number": 7,
                "head": { "sha": HEAD, "repo": { "full_name": head } },
                "base": { "sha": "b", "repo": { "full_name": "o/r" } },
            },
        });
        self.world.write("event.json", event.to_string());
    }

    fn bodies(&self) -> Vec<String> {
        let own = |github: &mut GitHub| github.bodies(7).into_iter().map(str::to_owned).collect();
        self.fake.with(own)
    }
}

impl Lab<GitLab> {
    /// A job for merge request 11 of project 5.
    fn gitlab() -> Self {
        let fake = GitLab::start(LAB_TOKEN);
        let mut world = World::new();
        for (name, value) in [
            ("GITLAB_CI", "true"),
            (
                "CI_API_V4_URL",
                format!("{}/api/v4", fake.address()).as_str(),
            ),
            ("CI_PROJECT_ID", "5"),
            ("CI_PROJECT_URL", "https://gitlab.example/g/r"),
            ("CI_PIPELINE_SOURCE", "merge_request_event"),
            ("CI_MERGE_REQUEST_IID", "11"),
            ("CI_MERGE_REQUEST_PROJECT_ID", "5"),
            ("CI_MERGE_REQUEST_SOURCE_PROJECT_ID", "5"),
            ("CI_COMMIT_SHA", HEAD),
            ("CI_JOB_URL", "https://gitlab.example/g/r/-/jobs/3"),
            ("CI_JOB_TOKEN", "c4nary-glcbt-64_job"),
            ("DRIFTLOCK_GITLAB_TOKEN", LAB_TOKEN),
            ("DRIFTLOCK_FORGE_HASTE", "10"),
        ] {
            world.variable(name, value);
        }
        Self {
            world,
            fake,
            token: LAB_TOKEN,
        }
    }

    fn bodies(&self) -> Vec<String> {
        let own = |gitlab: &mut GitLab| gitlab.notes.iter().map(|note| note.body.clone()).collect();
        self.fake.with(own)
    }
}

impl<A: Api + 'static> Lab<A> {
    /// Runs with this text, and holds the run to what must never happen.
    fn run(&self, line: &str, text: &str) -> Run {
        let run = self.world.run_with(line, text);
        for part in ["c4nary", self.token] {
            assert!(!run.all().contains(part), "the token is in the output");
        }
        assert!(!run.stderr.contains("panicked"), "{}", run.all());
        assert_eq!(self.fake.wrong(), [""; 0], "what the forge publishes");
        run
    }

    /// Posts a report with this summary.
    fn post(&self, summary: &str) -> Run {
        self.run("comment", &report(summary))
    }

    /// What was asked, and that the token was only where it belongs.
    fn asked(&self) -> Vec<Asked> {
        let asked = self.fake.asked();
        for one in &asked {
            let head = &one.seen.head;
            let places = head.matches("c4nary").count();
            assert!(places <= 1, "one header holds the token: {}", one.line());
            assert!(!one.line().contains("c4nary"), "no URL holds it");
            let body = String::from_utf8_lossy(&one.seen.body);
            assert!(!body.contains("c4nary"), "no body holds it");
        }
        asked
    }

    /// The same as lines.
    fn lines(&self) -> Vec<String> {
        self.asked().iter().map(Asked::line).collect()
    }

    fn set(&mut self, name: &str, value: &str) -> &mut Self {
        self.world.variable(name, value);
        self
    }
}

const LIST: &str = "GET /repos/o/r/issues/7/comments?per_page=100&page=1";
const POST: &str = "POST /repos/o/r/issues/7/comments";
const WHO: &str = "POST /graphql";
