//! GitHub and GitLab for tests, as far as comments and statuses go: with state, faults, and a record of
//! what was asked. They know nothing of the program under test. What is asked and what they answer is
//! held to what the forges publish; what does not keep to it is told by [`Fake::wrong`].

pub mod github;
pub mod gitlab;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use crate::probe::server::{Reply, Seen, Server};

/// A request.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub path: String,
    pub query: Vec<(String, String)>,
    /// None where there is none, or none that is JSON.
    pub body: Option<Value>,
    pub seen: Seen,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Value,
}

impl Answer {
    pub fn new(status: u16, body: Value) -> Self {
        Self {
            status,
            headers: vec![],
            body,
        }
    }

    /// An error with these words.
    pub fn error(status: u16, message: &str) -> Self {
        let docs = "https://docs.github.com/rest";
        let body =
            json!({ "message": message, "documentation_url": docs, "status": status.to_string() });
        Self::new(status, body)
    }

    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn reply(&self) -> Reply {
        let mut headers = "content-type: application/json; charset=utf-8\r\n".to_owned();
        for (name, value) in &self.headers {
            headers.push_str(&format!("{name}: {value}\r\n"));
        }
        Reply::Answer(self.status, headers, self.body.to_string().into_bytes())
    }
}

/// What a forge does.
pub trait Api: Send {
    /// Carries a request out.
    fn answer(&mut self, asked: &Asked) -> Answer;
    /// What is wrong with a request and with its answer, by what the forge publishes.
    fn wrong(&self, asked: &Asked, answer: &Answer) -> Option<String>;
}

/// What becomes of the requests that it fits, in place of an answer.
pub struct Rule {
    pub method: &'static str,
    /// A part of the path.
    pub part: &'static str,
    /// Whether the request is carried out all the same.
    pub acts: bool,
    pub reply: Reply,
    pub times: usize,
}

struct State<A> {
    api: A,
    rules: Vec<Rule>,
    asked: Vec<Asked>,
    wrong: Vec<String>,
}

/// A running forge.
pub struct Fake<A> {
    server: Server,
    state: Arc<Mutex<State<A>>>,
}

impl<A: Api + 'static> Fake<A> {
    pub fn start(make: impl FnOnce() -> A) -> Self {
        let state = Arc::new(Mutex::new(State {
            api: make(),
            rules: vec![],
            asked: vec![],
            wrong: vec![],
        }));
        let shared = Arc::clone(&state);
        let server = Server::start(move |seen| lock(&shared).reply(seen));
        Self { server, state }
    }

    pub fn address(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port)
    }

    /// Looks at what it holds, or changes it.
    pub fn with<T>(&self, look: impl FnOnce(&mut A) -> T) -> T {
        look(&mut lock(&self.state).api)
    }

    pub fn rule(&self, rule: Rule) {
        lock(&self.state).rules.push(rule);
    }

    /// The next `times` requests like this get that answer, and nothing happens.
    pub fn refuse(&self, method: &'static str, part: &'static str, times: usize, answer: &Answer) {
        let reply = answer.reply();
        self.rule(Rule {
            method,
            part,
            acts: false,
            reply,
            times,
        });
    }

    /// What was asked since the last time, as `GET /path?query`.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut lock(&self.state).asked)
    }

    /// What did not keep to what the forge publishes.
    pub fn wrong(&self) -> Vec<String> {
        lock(&self.state).wrong.clone()
    }

    /// From now on all goes well.
    pub fn forget_rules(&self) {
        lock(&self.state).rules.clear();
    }

    /// Faults that nothing has met yet.
    pub fn rules_left(&self) -> usize {
        let state = lock(&self.state);
        state.rules.iter().map(|rule| rule.times).sum()
    }
}

fn lock<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl<A: Api> State<A> {
    fn reply(&mut self, seen: &Seen) -> Reply {
        let asked = Asked::of(seen);
        self.asked.push(asked.clone());
        let mut rules = self.rules.iter_mut();
        let rule = rules.find(|rule| {
            rule.times > 0 && rule.method == asked.method && asked.path.contains(rule.part)
        });
        let rule = rule.map(|rule| {
            rule.times -= 1;
            (rule.acts, rule.reply.clone())
        });
        if let Some((false, reply)) = rule {
            return reply;
        }
        let answer = self.api.answer(&asked);
        if let Some(wrong) = self.api.wrong(&asked, &answer) {
            self.wrong.push(wrong);
        }
        rule.map_or_else(|| answer.reply(), |(_, reply)| reply)
    }
}

impl Asked {
    fn of(seen: &Seen) -> Self {
        let mut words = seen.head.split_whitespace();
        let method = words.next().unwrap_or_default().to_owned();
        let target = words.next().unwrap_or_default();
        let url = reqwest::Url::parse(&format!("http://x{target}")).expect("a target of a request");
        Self {
            method,
            path: url.path().trim_start_matches("/api/v4").to_owned(),
            query: url.query_pairs().into_owned().collect(),
            body: serde_json::from_slice(&seen.body).ok(),
            seen: seen.clone(),
        }
    }

    pub fn query(&self, name: &str) -> Option<&str> {
        let mut pairs = self.query.iter();
        let (_, value) = pairs.find(|(key, _)| key == name)?;
        Some(value)
    }

    pub fn number(&self, name: &str, otherwise: usize) -> usize {
        let given = self.query(name).and_then(|text| text.parse().ok());
        given.unwrap_or(otherwise)
    }

    /// The parts of the path.
    pub fn parts(&self) -> Vec<&str> {
        self.path.trim_matches('/').split('/').collect()
    }

    /// A text of the body.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.body.as_ref()?.get(name)?.as_str()
    }

    pub fn line(&self) -> String {
        let pairs = self
            .query
            .iter()
            .map(|(key, value)| format!("{key}={value}"));
        let query = pairs.collect::<Vec<_>>().join("&");
        match query.is_empty() {
            true => format!("{} {}", self.method, self.path),
            false => format!("{} {}?{query}", self.method, self.path),
        }
    }
}
