use std::path::PathBuf;

use jiff::Timestamp;
use zeroize::Zeroizing;

use super::*;
use crate::activation::openclaw::Gateway;
use crate::model::SecretValue;
use crate::platforms::openclaw::config::Config;
use crate::platforms::openclaw::layers::Variables;
use crate::platforms::openclaw::survey::Paths;

fn at(second: i64) -> Option<Timestamp> {
    Timestamp::from_second(second).ok()
}

fn file(text: Option<&str>, changed: i64) -> FileRead {
    FileRead {
        content: text.map(|text| Zeroizing::new(text.as_bytes().to_vec())),
        link_to: None,
        changed_at: text.and_then(|_| at(changed)),
    }
}

/// An installation whose files were written at second 100, and whose gateway began at second 200.
fn survey(config: Option<&str>, dotenv: Option<&str>) -> Survey {
    let token = |text: &str| {
        let name = OpenclawSecret::Gateway.variable();
        Variables::from([(name, Ok(SecretValue::new(text)))])
    };
    Survey {
        paths: Paths {
            state: PathBuf::from("/home/me/.openclaw"),
            config: PathBuf::from("/home/me/.openclaw/openclaw.json"),
        },
        config_file: file(config, 100),
        config: Config::parse(config).unwrap(),
        dotenv_file: file(dotenv, 100),
        dotenv: dotenv.map(token).unwrap_or_default(),
        fallback: Variables::new(),
        gateway: Gateway {
            runs: Runs::Yes(GatewayProcess {
                what: "the gateway (process 1)".to_owned(),
                since: at(200),
                process_since: at(200),
                environment: Some(BTreeMap::new()),
                port: Some(18789),
                config: Some("/home/me/.openclaw/openclaw.json".to_owned()),
            }),
            flag: None,
            port: None,
            session: None,
        },
        referred: BTreeMap::new(),
        files: BTreeMap::new(),
        taken_over: Some(true),
    }
}

fn process(survey: &mut Survey) -> &mut GatewayProcess {
    match &mut survey.gateway.runs {
        Runs::Yes(process) => process,
        other => panic!("{other:?}"),
    }
}

fn says(live: &Live, words: &str) -> bool {
    live.notes.iter().any(|note| note.contains(words))
}

const CONFIG: &str = "{ gateway: { mode: 'local', auth: { mode: 'token', token: 'A' } } }";
const BARE: &str = "{ gateway: { mode: 'local' } }";

fn token(live: &Live) -> Option<&LiveVar> {
    live.vars.get(&OpenclawSecret::Gateway.variable())
}

#[test]
fn a_config_is_taken_over_and_a_file_of_variables_is_not() {
    let live = survey(Some(CONFIG), None).live();
    assert_eq!(token(&live), Some(&LiveVar::Value(SecretValue::new("A"))));
    assert_eq!(
        (live.running.clone(), live.notes.len()),
        (Running::Current, 0),
        "{live:?}"
    );
    let both = OpenclawSecret::ALL.map(OpenclawSecret::variable);
    assert_eq!(live.taken_over, both.clone().into());
    let live = survey(Some(BARE), Some("C")).live();
    assert_eq!(live.running, Running::Current);
    assert_eq!(live.taken_over, [both[1].clone()].into());
    let off = "{ gateway: { auth: { token: 'A' }, reload: { mode: 'off' } } }";
    assert_eq!(survey(Some(off), None).live().taken_over, [].into());
}

#[test]
fn what_was_written_after_the_gateway_began_does_not_run() {
    let mut late = survey(Some(BARE), Some("C"));
    late.dotenv_file.changed_at = at(300);
    let live = late.live();
    let Running::Behind(behind) = &live.running else {
        panic!("{live:?}");
    };
    assert!(
        behind.restart_helps && behind.why.contains(".env"),
        "{behind:?}"
    );
    assert_eq!((behind.since, live.stored_at), (at(300), at(300)));
    let mut refused = survey(Some(CONFIG), None);
    refused.taken_over = Some(false);
    let live = refused.live();
    assert!(
        matches!(&live.running, Running::Behind(behind) if !behind.restart_helps && behind.help.is_some())
    );
    let mut nobody = survey(Some(CONFIG), None);
    nobody.taken_over = None;
    let live = nobody.live();
    assert_eq!(live.running, Running::Unknown);
    assert!(says(&live, "what runs is not known"));
}

/// It reads its config anew when it begins anew in its process, and no file of variables.
#[test]
fn a_gateway_that_began_anew_in_its_process_has_its_first_variables() {
    let mut again = survey(Some(BARE), Some("C"));
    again.dotenv_file.changed_at = at(190);
    process(&mut again).process_since = at(180);
    assert!(matches!(again.live().running, Running::Behind(_)));
    let mut config = survey(Some(CONFIG), None);
    config.config_file.changed_at = at(190);
    process(&mut config).process_since = at(180);
    assert_eq!(config.live().running, Running::Current);
}

#[test]
fn where_the_gateway_listens() {
    let config = "{ gateway: { mode: 'local', port: 3 } }";
    let mut all = survey(Some(config), None);
    assert_eq!(all.port(), 18789, "by its own word");
    process(&mut all).port = None;
    assert_eq!(all.port(), 3);
    let name = crate::model::VarName::new("OPENCLAW_GATEWAY_PORT").unwrap();
    let environment = process(&mut all).environment.as_mut().unwrap();
    environment.insert(name, SecretValue::new("2"));
    assert_eq!(all.port(), 2);
    all.gateway.port = Some(1);
    assert_eq!(all.port(), 1);
    assert_eq!(survey(None, None).port(), 18789);
}

#[test]
fn a_gateway_that_does_not_run_or_is_not_seen() {
    let mut down = survey(Some(CONFIG), None);
    down.gateway.runs = Runs::No {
        why: "it does not run".to_owned(),
    };
    assert!(matches!(down.live().running, Running::Behind(behind) if behind.restart_helps));
    let mut hidden = survey(Some(CONFIG), None);
    hidden.gateway.runs = Runs::Unknown {
        why: "nobody".to_owned(),
    };
    let live = hidden.live();
    assert_eq!(live.running, Running::Unknown);
    assert!(says(&live, "what runs is not known: nobody"));
}

#[test]
fn places_that_do_not_count_are_told() {
    let mut many = survey(Some(CONFIG), Some("C"));
    let vars = BTreeMap::from([(OpenclawSecret::Gateway.variable(), SecretValue::new("B"))]);
    process(&mut many).environment = Some(vars);
    many.gateway.session = Some(SecretValue::new("S"));
    let live = many.live();
    assert!(
        says(
            &live,
            "in the environment of the gateway holds another token"
        ),
        "{live:?}"
    );
    assert!(says(
        &live,
        "in the .env of the state folder holds another token"
    ));
    assert!(says(&live, "launchctl unsetenv"));
    assert!(says(&live, "a node host on this machine shows"));
    let same = survey(Some(CONFIG), Some("A")).live();
    assert_eq!(same.notes, Vec::<String>::new());
    let mut flag = survey(Some(CONFIG), None);
    flag.gateway.flag = Some(Ok(SecretValue::new("F")));
    let live = flag.live();
    assert_eq!(token(&live), Some(&LiveVar::Value(SecretValue::new("F"))));
    assert!(says(&live, "the `openclaw` commands on this machine show"));
}

#[test]
fn findings_about_the_gateway() {
    let of = |config: &str| survey(Some(config), None).live();
    assert!(says(
        &of("{ gateway: { auth: { mode: 'none', token: 'A' } } }"),
        "asks nobody"
    ));
    assert!(says(
        &of("{ gateway: { auth: { mode: 'password', token: 'A' } } }"),
        "`password`"
    ));
    assert!(says(&of(BARE), "makes one up at each start"));
    assert!(says(
        &of("{ gateway: { auth: { token: 'A' } }, hooks: { token: 'A' } }"),
        "the same"
    ));
    let beta =
        "{ gateway: { auth: { token: 'A' } }, meta: { lastTouchedVersion: '2026.10.1-beta.2' } }";
    assert!(says(&of(beta), "2026.10.1, which is newer than 2026.9.6"));
    for old in [
        "2026.9.6",
        "2026.9.5",
        "2025.12.31",
        "next",
        "9999",
        "2027.1.1\u{1b}[31m",
    ] {
        assert_eq!(newer(old), None, "{old}");
    }
    let mut padded = survey(Some(BARE), Some("C \r"));
    padded.config_file = file(Some(BARE), 100);
    let live = padded.live();
    assert_eq!(
        token(&live),
        Some(&LiveVar::Value(SecretValue::new("C"))),
        "no drift"
    );
    assert!(says(&live, "blanks or a line end"));
    let mut unseen = survey(Some(BARE), Some("C"));
    process(&mut unseen).environment = None;
    assert!(says(&unseen.live(), "cannot be seen"));
    let mut other = survey(Some(CONFIG), None);
    process(&mut other).config = Some("/etc/openclaw.json".to_owned());
    assert!(says(
        &other.live(),
        "reads another config, /etc/openclaw.json"
    ));
}

#[test]
fn where_a_secret_is_written() {
    let place = |survey: &Survey| place_to_write(&survey.sources().effective(), survey);
    let config = Place::Config(config::gateway_path());
    let dotenv = Place::Dotenv(OPENCLAW_GATEWAY_TOKEN.to_owned());
    assert_eq!(place(&survey(Some(CONFIG), Some("C"))), config);
    assert_eq!(place(&survey(Some(BARE), Some("C"))), dotenv);
    assert_eq!(place(&survey(Some(BARE), None)), config, "nothing has one");
    assert_eq!(place(&survey(None, None)), dotenv, "no config is made");
    let mut given = survey(Some(BARE), None);
    let vars = BTreeMap::from([(OpenclawSecret::Gateway.variable(), SecretValue::new("B"))]);
    process(&mut given).environment = Some(vars);
    assert_eq!(
        place(&given),
        config,
        "what the config says wins over an environment"
    );
    let mut client = survey(
        Some("{ gateway: { mode: 'remote', auth: { token: 'A' } } }"),
        Some("C"),
    );
    assert_eq!(
        place(&client),
        dotenv,
        "a client's file wins over the gateway's own token"
    );
    client.dotenv = Variables::new();
    let vars = BTreeMap::from([(OpenclawSecret::Gateway.variable(), SecretValue::new("B"))]);
    process(&mut client).environment = Some(vars);
    assert_eq!(place(&client), Place::Config(config::remote_path()));
    let inline = "{ gateway: { mode: 'local' }, env: { vars: { OPENCLAW_GATEWAY_TOKEN: 'V' } } }";
    let inline = survey(Some(inline), None);
    assert_eq!(place(&inline), config, "it wins over inline variables, too");
    assert_eq!(inline.live().taken_over.len(), 2);
    given.config = Config::parse(Some(
        "{ gateway: { auth: { token: '${OPENCLAW_GATEWAY_TOKEN}' } } }",
    ))
    .unwrap();
    assert!(
        matches!(place(&given), Place::Environment(_)),
        "a reference is not overwritten"
    );
}

#[test]
fn no_debug_text_holds_a_token() {
    let mut secret = survey(Some(&CONFIG.replace('A', "c4nary-a")), Some("c4nary-b"));
    secret.gateway.flag = Some(Ok(SecretValue::new("c4nary-c")));
    let text = format!(
        "{secret:?} {:?} {:?}",
        secret.sources().all(),
        secret.live()
    );
    assert!(!text.contains("c4nary"), "{text}");
}
