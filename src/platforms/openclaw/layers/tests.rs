//! The tables of precedence, row by row.

use super::*;
use crate::activation::openclaw::{GatewayProcess, Runs};

/// One installation, put together by hand.
struct Lab {
    config: Config,
    dotenv: Variables,
    fallback: Variables,
    gateway: Gateway,
    referred: BTreeMap<Place, Held>,
}

fn secret(text: &str) -> SecretValue {
    SecretValue::new(text)
}

fn token() -> VarName {
    VarName::new(OPENCLAW_GATEWAY_TOKEN).unwrap()
}

impl Lab {
    fn new(config: &str) -> Self {
        Self {
            config: Config::parse(Some(config)).unwrap(),
            dotenv: Variables::new(),
            fallback: Variables::new(),
            gateway: Gateway {
                runs: Runs::Yes(GatewayProcess {
                    what: "the gateway (process 1)".to_owned(),
                    since: None,
                    process_since: None,
                    environment: Some(BTreeMap::new()),
                    port: None,
                    config: None,
                }),
                flag: None,
                port: None,
                session: None,
            },
            referred: BTreeMap::new(),
        }
    }

    fn environment(mut self, name: &str, value: &str) -> Self {
        if let Runs::Yes(process) = &mut self.gateway.runs {
            let vars = process.environment.get_or_insert_default();
            vars.insert(VarName::new(name).unwrap(), secret(value));
        }
        self
    }

    fn env(self, value: &str) -> Self {
        self.environment(OPENCLAW_GATEWAY_TOKEN, value)
    }

    fn dotenv(mut self, value: &str) -> Self {
        self.dotenv.insert(token(), Ok(secret(value)));
        self
    }

    fn flag(mut self, value: &str) -> Self {
        self.gateway.flag = Some(Ok(secret(value)));
        self
    }

    fn sources(&self) -> Sources<'_> {
        Sources {
            config: &self.config,
            dotenv: &self.dotenv,
            fallback: &self.fallback,
            gateway: &self.gateway,
            referred: &self.referred,
        }
    }

    fn takes(&self) -> Option<String> {
        let found = self.sources().gateway();
        found.value().map(|value| value.expose().to_owned())
    }

    fn shows(&self, caller: Caller) -> Option<String> {
        let found = self.sources().shown_by(caller);
        found.value().map(|value| value.expose().to_owned())
    }
}

const A: &str = "{ gateway: { auth: { token: 'A' } } }";
const BARE: &str = "{ gateway: { mode: 'local' } }";
const BY_NAME: &str = "{ gateway: { auth: { token: '${OPENCLAW_GATEWAY_TOKEN}' } } }";
const BY_REF: &str = "{ gateway: { auth: { token: { source: 'env', provider: 'default', id: 'OPENCLAW_GATEWAY_TOKEN' } } } }";

#[test]
fn what_the_gateway_takes() {
    let rows = [
        (
            "config, environment, .env",
            Lab::new(A).env("B").dotenv("C"),
            Some("A"),
        ),
        (
            "environment, .env",
            Lab::new(BARE).env("B").dotenv("C"),
            Some("B"),
        ),
        (".env only", Lab::new(BARE).dotenv("C"), Some("C")),
        (
            "config by name",
            Lab::new(BY_NAME).env("B").dotenv("C"),
            Some("B"),
        ),
        (
            "config by reference, .env",
            Lab::new(BY_REF).dotenv("C"),
            Some("C"),
        ),
        ("a flag over all", Lab::new(A).env("B").flag("F"), Some("F")),
        ("nothing", Lab::new(BARE), None),
    ];
    for (row, lab, wanted) in rows {
        assert_eq!(lab.takes().as_deref(), wanted, "{row}");
    }
    assert_eq!(Lab::new(BARE).sources().gateway().place, Place::Generated);
}

#[test]
fn what_else_is_documented_of_the_gateway() {
    let inline = "{ env: { vars: { OPENCLAW_GATEWAY_TOKEN: 'V' } } }";
    assert_eq!(Lab::new(inline).takes().as_deref(), Some("V"));
    assert_eq!(Lab::new(inline).dotenv("C").takes().as_deref(), Some("C"));
    assert_eq!(
        Lab::new(BARE).env(" B \r").takes().as_deref(),
        Some("B"),
        "taken without blanks"
    );
    // measured: an empty one hides the file, and the gateway makes one up
    let hidden = Lab::new(BARE).env("  ").dotenv("C");
    assert_eq!(hidden.takes(), None);
    assert_eq!(hidden.sources().gateway().held, Held::Nothing);
    let mut older = Lab::new(BARE);
    older.fallback.insert(token(), Ok(secret("G")));
    assert_eq!(older.takes().as_deref(), Some("G"));
    assert_eq!(
        older.dotenv("C").takes().as_deref(),
        Some("C"),
        "the newer file wins"
    );
    // what the config names is not replaced by anything else
    let named = "{ gateway: { auth: { token: '${OTHER}' } } }";
    let lab = Lab::new(named).env("B").dotenv("C");
    assert_eq!(lab.takes(), None);
    assert_eq!(lab.sources().gateway().held, Held::Nothing);
}

#[test]
fn what_openclaw_installed_itself_gives_way_to_the_file() {
    let managed = |config| {
        Lab::new(config)
            .env("B")
            .environment(MANAGED, "A, OPENCLAW_GATEWAY_TOKEN")
    };
    assert_eq!(managed(BARE).dotenv("C").takes().as_deref(), Some("C"));
    assert_eq!(managed(BARE).takes(), None, "nothing names it any more");
    assert_eq!(managed(BY_NAME).takes().as_deref(), Some("B"));
    let others = Lab::new(BARE)
        .env("B")
        .environment(MANAGED, "OPENCLAW_GATEWAY_TOKENS");
    assert_eq!(others.dotenv("C").takes().as_deref(), Some("B"));
}

#[test]
fn files_and_the_store_behind_references() {
    let file = "{ gateway: { auth: { token: { source: 'file', provider: 'f', id: 'value' } } }, secrets: { providers: { f: { source: 'file', path: '/f', mode: 'singleValue' } } } }";
    let mut lab = Lab::new(file).env("B");
    assert!(
        matches!(lab.sources().gateway().held, Held::Unknown(_)),
        "not read is not known"
    );
    let place = Place::File {
        path: "/f".to_owned(),
        at: None,
    };
    lab.referred.insert(place.clone(), Held::Value(secret("X")));
    assert_eq!(lab.takes().as_deref(), Some("X"));
    lab.referred.insert(place, Held::Nothing);
    assert_eq!(
        lab.sources().gateway().held,
        Held::Nothing,
        "the environment does not stand in"
    );
    let store = "{ gateway: { auth: { token: { source: 'store', id: 'T' } } } }";
    let mut lab = Lab::new(store).env("B");
    lab.referred
        .insert(Place::Store("T".to_owned()), Held::Sealed(None));
    assert_eq!(lab.sources().gateway().held, Held::Sealed(None));
}

const LOCAL: &str = "{ gateway: { mode: 'local', auth: { token: 'A' }, remote: { token: 'R' } } }";
const REMOTE: &str =
    "{ gateway: { mode: 'remote', auth: { token: 'A' }, remote: { token: 'R' } } }";
const ONLY_REMOTE: &str = "{ gateway: { mode: 'local', remote: { token: 'R' } } }";
const NO_REMOTE: &str = "{ gateway: { mode: 'remote', auth: { token: 'A' } } }";

#[test]
fn what_commands_show_in_local_mode() {
    let rows = [
        (
            "gateway.auth.token",
            Lab::new(LOCAL).env("B"),
            Caller::Cli,
            Some("A"),
        ),
        (
            "the environment",
            Lab::new(ONLY_REMOTE).env("B"),
            Caller::Cli,
            Some("B"),
        ),
        (
            "gateway.remote.token",
            Lab::new(ONLY_REMOTE),
            Caller::Cli,
            Some("R"),
        ),
        ("nothing", Lab::new(BARE), Caller::Cli, None),
    ];
    for (row, lab, caller, wanted) in rows {
        assert_eq!(lab.shows(caller).as_deref(), wanted, "{row}");
    }
}

#[test]
fn what_commands_show_in_remote_mode() {
    let rows = [
        ("gateway.remote.token", Lab::new(REMOTE).env("B"), Some("R")),
        ("the environment", Lab::new(NO_REMOTE).env("B"), Some("B")),
        ("gateway.auth.token", Lab::new(NO_REMOTE), Some("A")),
    ];
    for (row, lab, wanted) in rows {
        assert_eq!(lab.shows(Caller::Cli).as_deref(), wanted, "{row}");
        let effective = lab.sources().effective();
        assert_eq!(
            effective.value().map(SecretValue::expose),
            wanted,
            "{row}: that is what counts there"
        );
    }
    let nothing = Lab::new("{ gateway: { mode: 'remote' } }");
    assert_eq!(
        nothing.sources().effective().place,
        Place::Config(config::remote_path()),
        "where a client's token belongs"
    );
}

#[test]
fn an_address_from_the_environment_gets_secrets_of_the_environment_only() {
    for config in [LOCAL, REMOTE] {
        let elsewhere = || Lab::new(config).environment(GATEWAY_URL, "wss://gateway.example.com");
        assert_eq!(
            elsewhere().env("B").shows(Caller::Cli).as_deref(),
            Some("B")
        );
        assert_eq!(elsewhere().shows(Caller::Cli), None);
    }
}

#[test]
fn node_hosts_take_the_environment_first() {
    assert_eq!(
        Lab::new(LOCAL).env("B").shows(Caller::NodeHost).as_deref(),
        Some("B")
    );
    assert_eq!(
        Lab::new(REMOTE)
            .dotenv("C")
            .shows(Caller::NodeHost)
            .as_deref(),
        Some("C")
    );
    assert_eq!(
        Lab::new(LOCAL).shows(Caller::NodeHost).as_deref(),
        Some("A")
    );
    assert_eq!(
        Lab::new(REMOTE).shows(Caller::NodeHost).as_deref(),
        Some("R")
    );
}

#[test]
fn every_place_is_found_whether_it_counts_or_not() {
    let lab = Lab::new(LOCAL).env("B").dotenv("C").flag("F");
    let all = lab.sources().all();
    let values: Vec<&str> = all
        .iter()
        .filter_map(|found| Some(found.value()?.expose()))
        .collect();
    assert_eq!(values, ["F", "A", "B", "C", "R"]);
}

#[test]
fn a_file_that_cannot_be_read_makes_unknown_only_what_it_decides() {
    let mut lab = Lab::new(BARE);
    lab.dotenv
        .insert(token(), Err("it may not be read".to_owned()));
    assert!(matches!(lab.sources().gateway().held, Held::Unknown(_)));
    let mut lab = Lab::new(A);
    lab.dotenv
        .insert(token(), Err("it may not be read".to_owned()));
    assert_eq!(lab.takes().as_deref(), Some("A"));
}
