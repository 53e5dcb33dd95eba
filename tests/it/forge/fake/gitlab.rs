//! GitLab: notes of merge requests, statuses of commits. No package carries GitLab's OpenAPI file, so
//! it is held to tables of what its documentation says:
//! <https://docs.gitlab.com/api/notes/#merge-requests>, <https://docs.gitlab.com/api/commits/#commit-status>,
//! <https://docs.gitlab.com/api/merge_requests/>, <https://docs.gitlab.com/api/users/>,
//! <https://docs.gitlab.com/api/rest/#offset-based-pagination>.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::{Answer, Api, Asked, Fake};

/// A request: method, path with `*` for what varies, attributes of the query and of the body, those of
/// the answer (of its items, if it is a list), and the status.
type Row = (
    &'static str,
    &'static str,
    &'static [(&'static str, Kind)],
    &'static [(&'static str, Kind)],
    u16,
);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Text,
    /// At most so many characters.
    Short(usize),
    Number,
    Flag,
    Person,
    One(&'static [&'static str]),
    /// A text, or null.
    Perhaps,
}
use Kind::{Flag, Number, One, Perhaps, Person, Short, Text};

const NOTE: &[(&str, Kind)] = &[
    ("id", Number),
    ("body", Text),
    ("author", Person),
    ("created_at", Text),
    ("updated_at", Text),
    ("system", Flag),
    ("noteable_id", Number),
    ("noteable_type", Text),
    ("project_id", Number),
    ("noteable_iid", Number),
    ("resolvable", Flag),
    ("internal", Flag),
];
const REQUEST: &[(&str, Kind)] = &[
    ("id", Number),
    ("iid", Number),
    ("project_id", Number),
    ("state", One(&["opened", "closed", "locked", "merged"])),
    ("sha", Text),
    ("merge_commit_sha", Perhaps),
    ("squash_commit_sha", Perhaps),
    ("source_project_id", Number),
    ("target_project_id", Number),
    ("web_url", Text),
];
const BODY: &[(&str, Kind)] = &[("body", Short(1_000_000))];
const ROWS: &[Row] = &[
    (
        "GET",
        "projects/*/merge_requests/*/notes",
        &[
            ("sort", One(&["asc", "desc"])),
            ("order_by", One(&["created_at", "updated_at"])),
            ("page", Number),
            ("per_page", Number),
        ],
        NOTE,
        200,
    ),
    ("POST", "projects/*/merge_requests/*/notes", BODY, NOTE, 201),
    (
        "PUT",
        "projects/*/merge_requests/*/notes/*",
        BODY,
        NOTE,
        200,
    ),
    (
        "GET",
        "user",
        &[],
        &[("id", Number), ("username", Text), ("state", Text)],
        200,
    ),
    ("GET", "projects/*/merge_requests/*", &[], REQUEST, 200),
    (
        "GET",
        "projects/*/repository/commits/*/merge_requests",
        &[],
        REQUEST,
        200,
    ),
    (
        "POST",
        "projects/*/statuses/*",
        &[
            (
                "state",
                One(&[
                    "pending", "running", "success", "failed", "canceled", "skipped",
                ]),
            ),
            ("name", Text),
            ("description", Short(255)),
            ("target_url", Short(255)),
        ],
        &[
            ("id", Number),
            ("sha", Text),
            ("status", Text),
            ("name", Text),
            ("author", Person),
        ],
        201,
    ),
];

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Text => value.is_string(),
            Short(most) => value
                .as_str()
                .is_some_and(|text| text.chars().count() <= most),
            Number => {
                value.is_u64()
                    || value
                        .as_str()
                        .is_some_and(|text| text.parse::<u64>().is_ok())
            }
            Flag => value.is_boolean(),
            Person => {
                value["id"].is_u64() && value["username"].is_string() && value["name"].is_string()
            }
            One(words) => value.as_str().is_some_and(|text| words.contains(&text)),
            Perhaps => value.is_string() || value.is_null(),
        }
    }
}

#[derive(Clone, Debug)]
pub struct Note {
    pub id: u64,
    pub author: u64,
    pub body: String,
    pub system: bool,
    pub edits: usize,
}

/// The owner of a token.
#[derive(Clone, Copy)]
pub struct Account {
    pub id: u64,
    pub writes: bool,
}

pub struct GitLab {
    pub accounts: BTreeMap<String, Account>,
    /// Of merge request 11 of project 5 (`g/r`).
    pub notes: Vec<Note>,
    pub statuses: Vec<(String, Value)>,
    /// The state of the merge request, and the commit by which it came in.
    pub merged: Option<&'static str>,
    last: u64,
}

pub const BOT: u64 = 42;

impl GitLab {
    pub fn start(token: &str) -> Fake<Self> {
        let account = Account {
            id: BOT,
            writes: true,
        };
        let gitlab = Self {
            accounts: BTreeMap::from([(token.to_owned(), account)]),
            notes: vec![],
            statuses: vec![],
            merged: None,
            last: 300,
        };
        Fake::start(move || gitlab)
    }

    pub fn write(&mut self, author: u64, body: &str) -> u64 {
        self.last += 1;
        self.notes.push(Note {
            id: self.last,
            author,
            body: body.to_owned(),
            system: false,
            edits: 0,
        });
        self.last
    }

    fn person(id: u64) -> Value {
        json!({ "id": id, "username": format!("user{id}"), "name": "Somebody", "state": "active" })
    }

    fn note(note: &Note) -> Value {
        json!({
            "id": note.id, "body": note.body, "author": Self::person(note.author),
            "created_at": "2026-01-02T03:04:05.000Z", "updated_at": "2026-01-02T03:04:05.000Z",
            "system": note.system, "noteable_id": 900, "noteable_type": "MergeRequest",
            "project_id": 5, "noteable_iid": 11, "resolvable": false, "internal": false,
            "confidential": false, "attachment": null, "type": null,
        })
    }

    fn request(&self) -> Value {
        let state = if self.merged.is_some() {
            "merged"
        } else {
            "opened"
        };
        json!({
            "id": 900, "iid": 11, "project_id": 5, "state": state, "sha": super::super::HEAD,
            "merge_commit_sha": self.merged, "squash_commit_sha": null,
            "source_project_id": 5, "target_project_id": 5,
            "web_url": "https://gitlab.example/g/r/-/merge_requests/11",
        })
    }

    fn list(&self, asked: &Asked) -> Answer {
        let (size, page) = (
            asked.number("per_page", 20).min(100),
            asked.number("page", 1),
        );
        let mut all: Vec<&Note> = self.notes.iter().collect();
        if asked.query("sort") != Some("asc") {
            all.reverse();
        }
        let shown = all.iter().skip(size * (page - 1)).take(size);
        let shown: Vec<Value> = shown.map(|note| Self::note(note)).collect();
        let more = page * size < all.len();
        let next = match more {
            true => (page + 1).to_string(),
            false => String::new(),
        };
        let answer = Answer::new(200, json!(shown));
        let host = asked.seen.header("host").unwrap_or_default();
        let link = format!(
            "<http://{host}/api/v4{}?page={next}&per_page={size}&sort=asc>; rel=\"next\"",
            asked.path
        );
        let answer = match more {
            true => answer.with("link", link),
            false => answer,
        };
        answer
            .with("x-next-page", next)
            .with("x-page", page.to_string())
            .with("x-per-page", size.to_string())
            .with("x-total", all.len().to_string())
    }

    fn status(&mut self, asked: &Asked, commit: &str) -> Answer {
        let state = asked.text("state").unwrap_or_default();
        let name = asked.text("name").unwrap_or("default");
        let mut known = self.statuses.iter().rev();
        let before = known.find(|(of, body)| of == commit && body["name"] == name);
        let waits = before.is_some_and(|(_, body)| body["state"] == "pending");
        if waits && state == "pending" {
            let words = "Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via \"enqueue\")";
            return Answer::new(400, json!({ "message": words }));
        }
        let answer = json!({ "id": 70, "sha": commit, "status": state, "name": name,
            "author": Self::person(BOT), "description": asked.text("description") });
        self.statuses
            .push((commit.to_owned(), asked.body.clone().unwrap_or_default()));
        Answer::new(201, answer)
    }
}

impl Api for GitLab {
    fn answer(&mut self, asked: &Asked) -> Answer {
        let token = asked.seen.header("private-token").unwrap_or_default();
        let Some(who) = self.accounts.get(token).copied() else {
            return Answer::new(401, json!({ "message": "401 Unauthorized" }));
        };
        let parts = asked.parts();
        let missing = Answer::new(404, json!({ "message": "404 Not found" }));
        if parts[..] == ["user"] {
            return Answer::new(200, Self::person(who.id));
        }
        if !matches!(parts[..], ["projects", "5" | "g%2Fr", ..]) {
            return missing;
        }
        if asked.method != "GET" && !who.writes {
            let body = json!({ "error": "insufficient_scope", "scope": "api",
                "error_description": "The request requires higher privileges than provided by the access token." });
            return Answer::new(403, body);
        }
        match (asked.method.as_str(), &parts[2..]) {
            ("GET", ["merge_requests", "11", "notes"]) => self.list(asked),
            ("POST", ["merge_requests", "11", "notes"]) => {
                self.write(who.id, asked.text("body").unwrap_or_default());
                Answer::new(201, Self::note(self.notes.last().expect("just written")))
            }
            ("PUT", ["merge_requests", "11", "notes", id]) => {
                let mut notes = self.notes.iter_mut();
                match notes.find(|note| note.id.to_string() == *id) {
                    None => missing,
                    // not even a maintainer changes what others wrote
                    Some(note) if note.author != who.id => {
                        Answer::new(403, json!({ "message": "403 Forbidden" }))
                    }
                    Some(note) => {
                        note.body = asked.text("body").unwrap_or_default().to_owned();
                        note.edits += 1;
                        Answer::new(200, Self::note(note))
                    }
                }
            }
            ("GET", ["merge_requests", "11"]) => Answer::new(200, self.request()),
            ("GET", ["repository", "commits", commit, "merge_requests"]) => {
                let of = *commit == super::super::HEAD || self.merged == Some(*commit);
                let found = of.then(|| self.request());
                Answer::new(200, json!(Vec::from_iter(found)))
            }
            ("POST", ["statuses", commit]) => self.status(asked, commit),
            _ => missing,
        }
    }

    fn wrong(&self, asked: &Asked, answer: &Answer) -> Option<String> {
        let parts = asked.parts();
        let row = ROWS.iter().find(|(method, path, ..)| {
            let wanted: Vec<_> = path.split('/').collect();
            let mut both = wanted.iter().zip(&parts);
            *method == asked.method
                && wanted.len() == parts.len()
                && both.all(|(wanted, given)| *wanted == "*" || wanted == given)
        });
        let Some((method, _, given, answered, status)) = row else {
            return Some(format!("{}: no such request", asked.line()));
        };
        let attributes: Map<String, Value> = match *method {
            "GET" => asked
                .query
                .iter()
                .map(|(key, text)| (key.clone(), json!(text)))
                .collect(),
            _ => asked
                .body
                .as_ref()
                .and_then(Value::as_object)
                .cloned()
                .unwrap_or_default(),
        };
        let mut wrong: Vec<String> = attributes
            .iter()
            .filter(|(key, value)| {
                let mut known = given.iter();
                known
                    .find(|(name, _)| name == key)
                    .is_none_or(|(_, kind)| !kind.fits(value))
            })
            .map(|(key, _)| format!("attribute {key}"))
            .collect();
        if answer.status < 400 {
            let items = answer.body.as_array().cloned();
            for item in items.unwrap_or_else(|| vec![answer.body.clone()]) {
                let missing = answered
                    .iter()
                    .filter(|(name, kind)| !kind.fits(&item[*name]));
                wrong.extend(missing.map(|(name, _)| format!("answer's {name}")));
            }
            if answer.status != *status {
                wrong.push(format!("status {}", answer.status));
            }
        }
        (!wrong.is_empty()).then(|| format!("{}: {}", asked.line(), wrong.join(", ")))
    }
}
