//! The Railway client below the platform: its documents against the published schema, and how places
//! are found, against the fake.

mod documents;
mod limits;
mod names;
mod pages;
mod tokens;

use std::time::Duration;

use driftlock::model::SecretValue;
use driftlock::platforms::http::HttpSettings;
use driftlock::platforms::railway::RailwaySettings;
use driftlock::platforms::railway::api::{Api, Pace};
use driftlock::platforms::railway::resolve::{Environment, ResolveError, Resolved, resolve};
use driftlock::platforms::railway::token::Token;

use crate::support::fake_railway::FakeRailway;
use crate::support::railway::fake;

fn quick() -> Pace {
    Pace {
        first_wait: Duration::from_millis(2),
        longest_wait: Duration::from_millis(8),
        give_up: Duration::from_secs(2),
        read_timeout: Duration::from_secs(10),
        write_timeout: Duration::from_secs(10),
        problem_tries: 2,
    }
}

fn api(fake: &FakeRailway) -> Api {
    Api::new(&RailwaySettings {
        endpoint: Some(fake.url()),
        http: HttpSettings::default(),
        pace: quick(),
        ..RailwaySettings::default()
    })
    .unwrap()
}

fn token(variable: &str, text: &str) -> Token {
    Token::new(variable, &SecretValue::new(text)).unwrap()
}

/// What a fresh client makes of a place, and with how many requests.
async fn find(
    fake: &FakeRailway,
    variable: &str,
    text: &str,
    (project, environment): (&str, &str),
) -> (Result<Resolved, ResolveError>, u64) {
    let api = api(fake);
    let token = token(variable, text);
    let found = resolve(&api, &token, project, environment, api.deadline()).await;
    if let Err(error) = &found {
        let all = format!("{error} {error:?} {:?}", error.help());
        assert!(!all.contains(text), "the token is in {all}");
    }
    assert!(fake.unexpected().is_empty(), "{:?}", fake.unexpected());
    (found, api.requests())
}

fn services(environment: &Environment) -> Vec<&str> {
    let all = environment.instances.iter();
    let mut names: Vec<&str> = all.map(|one| one.service_name.as_str()).collect();
    names.sort_unstable();
    names
}
