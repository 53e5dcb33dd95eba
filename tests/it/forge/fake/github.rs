//! GitHub: comments of issues, statuses of commits, pulls, and the one question of GraphQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::validation::Valid;
use serde_json::{Value, json};

use super::{Answer, Api, Asked, Fake};
use crate::support::openapi::OpenApi;
use crate::support::peers;

/// What it is held to.
struct Published {
    rest: OpenApi,
    graph: Valid<apollo_compiler::Schema>,
}

/// What GitHub publishes, if it is installed here.
fn published() -> Option<&'static Published> {
    static READ: OnceLock<Published> = OnceLock::new();
    let rest = peers::installed("github-rest/api.github.com.json")?;
    let graph = peers::installed("node_modules/@octokit/graphql-schema/schema.graphql")?;
    Some(READ.get_or_init(|| {
        let text = std::fs::read_to_string(graph).unwrap();
        let parsed = apollo_compiler::Schema::parse(text, "schema.graphql");
        Published {
            rest: OpenApi::load(&rest),
            // what GitHub publishes is not ours to judge, and takes long
            graph: Valid::assume_valid(parsed.unwrap_or_else(|partly| partly.partial)),
        }
    }))
}

/// The owner of a token.
#[derive(Clone)]
pub struct Account {
    pub login: &'static str,
    pub id: u64,
    pub comments: bool,
    pub statuses: bool,
}

#[derive(Clone, Debug)]
pub struct Comment {
    pub id: u64,
    pub login: String,
    pub body: String,
    /// How often it was changed.
    pub edits: usize,
}

pub struct GitHub {
    published: &'static Published,
    pub accounts: BTreeMap<String, Account>,
    /// By number of the pull request.
    pub comments: BTreeMap<u64, Vec<Comment>>,
    /// Bodies of `POST …/statuses/SHA`, with the commit.
    pub statuses: Vec<(String, Value)>,
    /// Number, head, and the commit by which it came in.
    pub pulls: Vec<(u64, &'static str, Option<&'static str>)>,
    /// Numbers of those whose head is in another repository.
    pub forks: BTreeSet<u64>,
    pub locked: bool,
    last: u64,
}

/// Who a job's own token is.
pub const JOB: Account = Account {
    login: "github-actions[bot]",
    id: 41_898_282,
    comments: true,
    statuses: true,
};

impl GitHub {
    /// One with pull request 7, and a token that a job has. `None` where there is nothing to hold it
    /// to.
    pub fn start(token: &str) -> Option<Fake<Self>> {
        let published = published()?;
        let mut github = Self {
            published,
            accounts: BTreeMap::new(),
            comments: BTreeMap::new(),
            statuses: vec![],
            pulls: vec![(7, super::super::HEAD, None)],
            forks: BTreeSet::new(),
            locked: false,
            last: 1000,
        };
        github.accounts.insert(token.to_owned(), JOB);
        Some(Fake::start(move || github))
    }

    /// Somebody writes a comment.
    pub fn write(&mut self, pull: u64, login: &str, body: &str) -> u64 {
        self.last += 1;
        let comment = Comment {
            id: self.last,
            login: login.to_owned(),
            body: body.to_owned(),
            edits: 0,
        };
        self.comments.entry(pull).or_default().push(comment);
        self.last
    }

    pub fn bodies(&self, pull: u64) -> Vec<&str> {
        let all = self.comments.get(&pull).into_iter().flatten();
        all.map(|comment| comment.body.as_str()).collect()
    }

    fn user(&self, login: &str) -> Value {
        let mut user = self.published.rest.example("issue-comment")["user"].clone();
        let mut known = self.accounts.values();
        let id = known.find(|known| known.login == login);
        user["login"] = json!(login);
        user["id"] = json!(id.map_or(5_000_000, |known| known.id));
        user["type"] = json!(if login.ends_with("[bot]") {
            "Bot"
        } else {
            "User"
        });
        user
    }

    fn comment(&self, pull: u64, comment: &Comment) -> Value {
        let mut value = self.published.rest.example("issue-comment");
        let id = comment.id;
        value["id"] = json!(id);
        value["body"] = json!(comment.body);
        value["user"] = self.user(&comment.login);
        value["html_url"] = json!(format!(
            "https://github.com/o/r/pull/{pull}#issuecomment-{id}"
        ));
        value["url"] = json!(format!(
            "https://api.github.com/repos/o/r/issues/comments/{id}"
        ));
        value
    }

    fn list(&self, asked: &Asked, pull: u64) -> Answer {
        let (size, page) = (asked.number("per_page", 30), asked.number("page", 1));
        let none = vec![];
        let all = self.comments.get(&pull).unwrap_or(&none);
        let shown = all.iter().skip(size * (page - 1)).take(size);
        let shown: Vec<Value> = shown.map(|comment| self.comment(pull, comment)).collect();
        let last = all.len().div_ceil(size).max(1);
        let at = |page: usize, rel: &str| {
            format!(
                "<https://api.github.com/repositories/1/issues/{pull}/comments?per_page={size}&page={page}>; rel=\"{rel}\""
            )
        };
        let mut links = vec![];
        if page > 1 {
            links.extend([at(page - 1, "prev"), at(1, "first")]);
        }
        if page < last {
            links.extend([at(page + 1, "next"), at(last, "last")]);
        }
        let answer = Answer::new(200, json!(shown));
        match links.is_empty() {
            true => answer,
            false => answer.with("link", links.join(", ")),
        }
    }

    fn post(&mut self, asked: &Asked, pull: u64, who: &Account) -> Answer {
        if self.locked {
            return Answer::error(403, "Unable to create comment because issue is locked.");
        }
        if !who.comments {
            return Answer::error(403, "Resource not accessible by integration");
        }
        let body = asked.text("body").unwrap_or_default().to_owned();
        if body.chars().count() > 65_536 || body.is_empty() {
            return Answer::error(422, "Validation Failed");
        }
        self.write(pull, who.login, &body);
        let new = self.comments[&pull].last().expect("just written");
        Answer::new(201, self.comment(pull, new))
    }

    /// Who may write in the repository may change anybody's comment.
    fn patch(&mut self, asked: &Asked, id: u64, who: &Account) -> Answer {
        let body = asked.text("body").unwrap_or_default().to_owned();
        let pulls = self.comments.iter_mut();
        let found = pulls.flat_map(|(pull, all)| all.iter_mut().map(|one| (*pull, one)));
        let Some((pull, comment)) = found.into_iter().find(|(_, one)| one.id == id) else {
            return Answer::error(404, "Not Found");
        };
        if !who.comments {
            return Answer::error(403, "Resource not accessible by integration");
        }
        comment.body = body;
        comment.edits += 1;
        let comment = comment.clone();
        Answer::new(200, self.comment(pull, &comment))
    }

    fn status(&mut self, asked: &Asked, commit: &str, who: &Account) -> Answer {
        if !who.statuses {
            return Answer::error(403, "Resource not accessible by integration");
        }
        let body = asked.body.clone().unwrap_or_default();
        let long = asked
            .text("description")
            .unwrap_or_default()
            .chars()
            .count()
            > 140;
        if long || commit.starts_with("dead") {
            return Answer::error(422, "No commit found for SHA");
        }
        let mut value = self.published.rest.example("status");
        for key in ["state", "context", "description", "target_url"] {
            value[key] = body.get(key).cloned().unwrap_or(Value::Null);
        }
        self.statuses.push((commit.to_owned(), body));
        Answer::new(201, value)
    }

    fn pull(&self, example: Value, pull: &(u64, &str, Option<&str>)) -> Value {
        let mut value = example;
        // GitHub's example has teams of a former shape
        value["requested_teams"] = json!([]);
        value["number"] = json!(pull.0);
        value["state"] = json!(if pull.2.is_some() { "closed" } else { "open" });
        value["head"]["sha"] = json!(pull.1);
        value["merge_commit_sha"] = json!(pull.2);
        value["merged_at"] = json!(pull.2.map(|_| "2026-01-02T03:04:05Z"));
        if self.forks.contains(&pull.0) {
            value["head"]["repo"]["id"] = json!(99);
        }
        value
    }

    fn graphql(&self, asked: &Asked, who: &Account) -> Answer {
        let query = asked.text("query").unwrap_or_default();
        let schema = &self.published.graph;
        if ExecutableDocument::parse_and_validate(schema, query, "query.graphql").is_err() {
            let errors = json!({ "errors": [{ "message": "it does not fit the schema" }] });
            return Answer::new(200, errors);
        }
        assert_eq!(
            query, "query { viewer { login } }",
            "all that is known here"
        );
        Answer::new(200, json!({ "data": { "viewer": { "login": who.login } } }))
    }
}

impl Api for GitHub {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let token = asked.seen.header("authorization").unwrap_or_default();
        let token = token.strip_prefix("Bearer ").unwrap_or_default();
        let Some(who) = self.accounts.get(token).cloned() else {
            return Answer::error(401, "Bad credentials");
        };
        let known = |number: &str| {
            let number: u64 = number.parse().ok()?;
            self.pulls.iter().find(|pull| pull.0 == number).copied()
        };
        let missing = || Answer::error(404, "Not Found");
        match (asked.method.as_str(), &asked.parts()[..]) {
            ("POST", ["graphql"]) => self.graphql(asked, &who),
            (method, ["repos", "o", "r", "issues", number, "comments"]) => match known(number) {
                None => missing(),
                Some((pull, ..)) if method == "GET" => self.list(asked, pull),
                Some((pull, ..)) => self.post(asked, pull, &who),
            },
            ("PATCH", ["repos", "o", "r", "issues", "comments", id]) => {
                let id = id.parse().unwrap_or_default();
                self.patch(asked, id, &who)
            }
            ("POST", ["repos", "o", "r", "statuses", commit]) => self.status(asked, commit, &who),
            ("GET", ["repos", "o", "r", "pulls", number]) => match known(number) {
                None => missing(),
                Some(pull) => {
                    let example = self.published.rest.example("pull-request");
                    Answer::new(200, self.pull(example, &pull))
                }
            },
            ("GET", ["repos", "o", "r", "commits", commit, "pulls"]) => {
                let example = &self.published.rest.example("pull-request-simple-items")[0];
                let of = |pull: &&(u64, &str, Option<&str>)| {
                    pull.1 == *commit || pull.2 == Some(*commit)
                };
                let found = self.pulls.iter().filter(of);
                let found: Vec<Value> =
                    found.map(|pull| self.pull(example.clone(), pull)).collect();
                Answer::new(200, json!(found))
            }
            _ => missing(),
        }
    }

    fn wrong(&self, asked: &Asked, answer: &Answer) -> Option<String> {
        let agent = asked.seen.header("user-agent").unwrap_or_default();
        if !agent.starts_with("driftlock/") {
            return Some("GitHub refuses who does not say who it is".to_owned());
        }
        if asked.path == "/graphql" {
            let errors = answer.body.get("errors")?;
            return Some(format!("{}: {errors}", asked.line()));
        }
        let rest = &self.published.rest;
        let body = asked.body.as_ref();
        let checked = match rest.request(&asked.method, &asked.path, &asked.query, body) {
            Err(wrong) => Err(wrong),
            Ok(_) if answer.status == 401 => rest.is_a("basic-error", &answer.body),
            // the description lists some of its errors, and not all
            Ok(_) if answer.status == 422 => rest.is_a("validation-error", &answer.body),
            Ok(_) if answer.status >= 400 => rest.is_a("basic-error", &answer.body),
            Ok(operation) => rest.answer(&operation, answer.status, &answer.body),
        };
        checked
            .err()
            .map(|wrong| format!("{}: {wrong}", asked.line()))
    }
}
