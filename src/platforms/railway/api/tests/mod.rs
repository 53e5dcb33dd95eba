//! Calls against a server that answers by script.

mod forged;
mod identify;
mod mutations;
mod queries;

use std::time::Duration;

use serde_json::Value;

use super::documents::{self, Document};
use super::{Answer, Api, ApiError, Pace};
use crate::model::SecretValue;
use crate::platforms::http::tests::server::{Reply, Seen, Server};
use crate::platforms::railway::settings::RailwaySettings;
use crate::platforms::railway::token::{Auth, Scheme, Token};

/// What a server says where it quotes what came.
pub(super) const CANARY: &str = "hunter2-canary";

pub(super) fn pace() -> Pace {
    Pace {
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_millis(8),
        give_up: Duration::from_millis(400),
        read_timeout: Duration::from_secs(5),
        write_timeout: Duration::from_secs(5),
        problem_tries: 2,
    }
}

pub(super) fn api(server: &Server, pace: Pace) -> Api {
    let settings = RailwaySettings {
        endpoint: Some(server.url()),
        pace,
        ..RailwaySettings::default()
    };
    Api::new(&settings).unwrap()
}

pub(super) fn token(variable: &str) -> Token {
    Token::new(variable, &SecretValue::new(CANARY)).unwrap()
}

pub(super) fn auth() -> Auth {
    Auth {
        token: token("RAILWAY_API_TOKEN"),
        scheme: Scheme::Bearer,
    }
}

/// These replies in turn, the last one for ever.
pub(super) fn scripted(replies: Vec<Reply>) -> Server {
    Server::start(move |number, _: &Seen| replies[number.min(replies.len() - 1)].clone())
}

pub(super) async fn ask(api: &Api) -> Result<Answer<Value>, ApiError> {
    let (auth, none) = (auth(), Value::Object(serde_json::Map::new()));
    api.query(&auth, &documents::API_TOKEN, &none, api.deadline())
        .await
}

pub(super) fn one_field() -> Document {
    documents::upserts(1)
}
