//! The fake Railway against the facts about the real one, with documents written by hand, over a
//! plain socket.

mod authors;
mod commits;
mod deploys;
mod faults;
mod http;
mod limits;
mod paging;
mod patches;
mod places;
mod reading;
mod real_cli;
mod tokens;
mod wire;
mod writing;

use std::path::Path;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::fake_railway::FakeRailway;
use crate::support::fake_railway::handles::{EnvironmentAt, Place, ProjectAt};
use crate::support::peers;
use http::{Answer, post};

/// How a request says who it is.
#[derive(Clone)]
enum Auth {
    Nobody,
    Bearer(String),
    Project(String),
}

/// A small world: the project `aurora` with `production`, the services `api` and `worker`, and
/// shared variables.
struct Lab {
    fake: FakeRailway,
    project: ProjectAt,
    production: EnvironmentAt,
    api: Place,
    worker: Place,
    shared: Place,
    auth: Auth,
}

/// The published schema; none if it is not there and need not be.
fn schema() -> Option<&'static str> {
    static SDL: OnceLock<Option<String>> = OnceLock::new();
    let read = |path: std::path::PathBuf| std::fs::read_to_string(path).unwrap();
    let find = || peers::facts("railway-schema.graphql", "DRIFTLOCK_RAILWAY_SCHEMA").map(read);
    SDL.get_or_init(find).as_deref()
}

impl Lab {
    fn open() -> Option<Self> {
        let fake = FakeRailway::start(schema()?);
        let project = fake.project("aurora");
        let production = project.environment("production");
        Some(Self {
            api: production.service("api"),
            worker: production.service("worker"),
            shared: production.shared(),
            auth: Auth::Project(production.token()),
            production,
            project,
            fake,
        })
    }

    /// One request as somebody, with the client named in the query string.
    fn send(&self, auth: &Auth, body: &Value) -> Answer {
        let url = format!("{}?source=tests", self.fake.url());
        post(&url, auth, &body.to_string()).expect("an answer")
    }

    /// The whole answer to a document.
    fn answer(&self, auth: &Auth, query: &str, variables: &Value) -> Value {
        let answer = self.send(auth, &json!({ "query": query, "variables": variables }));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The data of a document that must succeed.
    fn ask(&self, query: &str, variables: &Value) -> Value {
        let answer = self.answer(&self.auth, query, variables);
        assert_eq!(answer["errors"], Value::Null, "{answer}");
        answer["data"].clone()
    }

    /// The first error's message of a document that must fail as a whole.
    fn refusal(&self, query: &str, variables: &Value) -> String {
        self.refusal_of(&self.auth, query, variables)
    }

    fn refusal_of(&self, auth: &Auth, query: &str, variables: &Value) -> String {
        let answer = self.answer(auth, query, variables);
        assert_eq!(answer["data"], Value::Null, "{answer}");
        let message = answer["errors"][0]["message"].as_str();
        message.expect("an error with a message").to_owned()
    }

    /// The raw variables of a service, or the shared ones.
    fn raw(&self, place: &Place) -> Value {
        self.view(place, true)
    }

    fn view(&self, place: &Place, unrendered: bool) -> Value {
        let query = "query($p: String!, $e: String!, $s: String, $u: Boolean) {
            variables(projectId: $p, environmentId: $e, serviceId: $s, unrendered: $u) }";
        let mut ids = self.ids(place);
        ids["u"] = json!(unrendered);
        self.ask(query, &ids)["variables"].clone()
    }

    /// Project, environment and service as the variables `p`, `e` and `s`.
    fn ids(&self, place: &Place) -> Value {
        json!({ "p": place.project, "e": place.environment, "s": place.service })
    }

    /// Upserts through the API.
    fn upsert(&self, place: &Place, values: &Value, skip_deploys: bool) -> Value {
        let query = "mutation($i: VariableCollectionUpsertInput!) {
            variableCollectionUpsert(input: $i) }";
        self.ask(query, &json!({ "i": input(place, values, skip_deploys) }))
    }
}

fn input(place: &Place, values: &Value, skip_deploys: bool) -> Value {
    json!({
        "projectId": place.project,
        "environmentId": place.environment,
        "serviceId": place.service,
        "variables": values,
        "skipDeploys": skip_deploys,
    })
}

/// The fake is no judge of a program that it shares code with.
#[test]
fn it_knows_nothing_of_the_program_under_test() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/support/fake_railway");
    let mut folders = vec![folder];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for word in ["driftlock", "crate::", "operation_name =="] {
                assert!(!text.contains(word), "{} says {word:?}", path.display());
            }
            files += 1;
        }
    }
    assert!(files > 20, "only {files} files were looked at");
}
