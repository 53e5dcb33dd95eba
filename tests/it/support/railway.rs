//! A fake Railway, and our platform in front of it, in a hurry.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use driftlock::model::{Address, Rails, RailwayAddress, SecretValue, Target};
use driftlock::platforms::railway::api::Pace;
use driftlock::platforms::railway::{RailwayPlatform, RailwaySettings};
use tokio_rustls::rustls::ServerConfig;

use super::fake_railway::FakeRailway;
use super::peers;

/// A fake that serves the published schema; `None`, and noted as skipped, where that is missing.
pub fn fake() -> Option<FakeRailway> {
    Some(FakeRailway::start(&schema()?))
}

/// The same over TLS.
pub fn fake_over_tls(config: Arc<ServerConfig>) -> Option<FakeRailway> {
    Some(FakeRailway::start_tls(&schema()?, config))
}

fn schema() -> Option<String> {
    let schema = peers::facts("railway-schema.graphql", "DRIFTLOCK_RAILWAY_SCHEMA")?;
    Some(std::fs::read_to_string(schema).expect("the schema can be read"))
}

/// The real waits by the thousandth.
pub fn pace() -> Pace {
    Pace {
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(8),
        give_up: Duration::from_millis(800),
        read_timeout: Duration::from_millis(250),
        write_timeout: Duration::from_millis(250),
        problem_tries: 2,
    }
}

/// Our side of the fake.
pub fn platform(fake: &FakeRailway, tokens: &[(&str, &str)]) -> RailwayPlatform {
    RailwayPlatform::new(settings(fake, tokens))
}

pub fn settings(fake: &FakeRailway, tokens: &[(&str, &str)]) -> RailwaySettings {
    let tokens: BTreeMap<String, SecretValue> = tokens
        .iter()
        .map(|(name, value)| ((*name).to_owned(), SecretValue::new(*value)))
        .collect();
    RailwaySettings {
        endpoint: Some(fake.url()),
        tokens,
        pace: pace(),
        ..RailwaySettings::default()
    }
}

pub fn address(project: &str, environment: &str, service: Option<&str>) -> RailwayAddress {
    RailwayAddress {
        project: project.to_owned(),
        environment: environment.to_owned(),
        service: service.map(str::to_owned),
        token: None,
        sealed: [].into(),
    }
}

pub fn target(name: &str, address: RailwayAddress) -> Target {
    let address = Address::Railway(address);
    Target {
        name: name.parse().unwrap(),
        place: format!("railway:{address}"),
        address,
        path: None,
        known: String::new(),
        prune: true,
        rails: Rails::default(),
        activation: None,
        process: None,
    }
}
