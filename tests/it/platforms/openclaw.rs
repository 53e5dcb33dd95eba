//! Installations of OpenClaw, below the binary: what a write needs, leaves alone and reports.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use driftlock::machine::LocalHost;
use driftlock::model::{
    Address, Live, LiveVar, Machine, OpenclawAddress, OpenclawSecret, Rails, SecretValue, Target,
    Who,
};
use driftlock::platforms::openclaw::OpenclawPlatform;
use driftlock::platforms::{Ask, Batch, BatchOutcome, LiveRead, Operation, Outcome, Platform};

/// As people write it: their comments, their blanks, other people's keys.
const CONFIG: &str = "// mine\n{\n  gateway: {mode:'local', /* here */ auth: { mode: \"token\",\n      token : 'old-gateway', }, port: 1 },\n\thooks:{ token: \"old-hooks\" , enabled: false, },  // two\n  'agents': { \"list\": [ 1, 2.50, +3, 0x10, ], },\n  meta: { lastTouchedVersion: '2026.9.6' },\n}\n\n";
const DOTENV: &str =
    "# mine\nexport A = 'x' # why\n\nOPENCLAW_GATEWAY_TOKEN=\"old-gateway\" # here\nB=`c`\r\n";

struct Lab {
    folder: tempfile::TempDir,
    platform: OpenclawPlatform,
}

impl Lab {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            platform: OpenclawPlatform::new(Arc::new(LocalHost::new())),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The installation in this folder.
    fn target(&self, name: &str) -> Target {
        let state = self.path(name);
        Target {
            name: name.parse().unwrap(),
            address: Address::Openclaw(OpenclawAddress {
                machine: Machine::Any,
                profile: None,
                state: Some(state.display().to_string()),
                config: None,
                url: None,
                service: None,
            }),
            place: state.display().to_string(),
            path: Some(state),
            known: String::new(),
            prune: false,
            rails: Rails::default(),
            activation: None,
            process: None,
        }
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    async fn read(&self, target: &Target) -> Live {
        let mut all = self.platform.read(std::slice::from_ref(target)).await;
        all.pop().unwrap().unwrap()
    }

    async fn set(
        &self,
        target: &Target,
        live: &Live,
        all: &[(OpenclawSecret, &str)],
    ) -> BatchOutcome {
        let set = |(secret, value): &(OpenclawSecret, &str)| {
            Operation::Set(secret.variable(), SecretValue::new(*value))
        };
        let batch = Batch {
            target: target.clone(),
            expected: live.version.clone(),
            exists: live.exists,
            operations: all.iter().map(set).collect(),
            activate: false,
            message: String::new(),
        };
        self.platform.write(&[batch]).await.pop().unwrap()
    }
}

fn value(live: &Live, secret: OpenclawSecret) -> Option<&str> {
    match live.vars.get(&secret.variable()) {
        Some(LiveVar::Value(value)) => Some(value.expose()),
        _ => None,
    }
}

const GATEWAY: OpenclawSecret = OpenclawSecret::Gateway;
const HOOKS: OpenclawSecret = OpenclawSecret::Hooks;

#[tokio::test]
async fn every_other_byte_of_the_config_stays() {
    let lab = Lab::new();
    lab.write("a/openclaw.json", CONFIG);
    let target = lab.target("a");
    let live = lab.read(&target).await;
    let all = [(GATEWAY, "new 'quoted' \"gateway\""), (HOOKS, "new-hooks")];
    let done = lab.set(&target, &live, &all).await;
    assert_eq!(done.operations, [Outcome::Done, Outcome::Done]);
    let text = lab.text("a/openclaw.json");
    let rest = |text: &str, gateway: &str, hooks: &str| {
        let (head, tail) = text.split_once(gateway).expect("the gateway's token");
        let (middle, tail) = tail.split_once(hooks).expect("the token of the hooks");
        format!("{head}<>{middle}<>{tail}")
    };
    assert_eq!(
        rest(&text, r#""new 'quoted' \"gateway\"""#, r#""new-hooks""#),
        rest(CONFIG, "'old-gateway'", "\"old-hooks\"")
    );
    let live = lab.read(&target).await;
    assert_eq!(value(&live, GATEWAY), Some("new 'quoted' \"gateway\""));
}

#[tokio::test]
async fn every_other_byte_of_the_env_file_stays() {
    let lab = Lab::new();
    lab.write("a/openclaw.json", "{ gateway: { mode: 'local' } }");
    lab.write("a/.env", DOTENV);
    let target = lab.target("a");
    let live = lab.read(&target).await;
    let done = lab.set(&target, &live, &[(GATEWAY, "new-gateway")]).await;
    assert_eq!(done.operations, [Outcome::Done]);
    let text = lab.text("a/.env");
    let (head, tail) = text.split_once("OPENCLAW_GATEWAY_TOKEN=").unwrap();
    assert_eq!(head, "# mine\nexport A = 'x' # why\n\n");
    assert!(tail.ends_with("\nB=`c`\r\n"), "{text}");
    assert_eq!(
        value(&lab.read(&target).await, GATEWAY),
        Some("new-gateway")
    );
}

#[tokio::test]
async fn a_strangers_edit_between_read_and_write_is_not_lost() {
    let lab = Lab::new();
    for (file, text) in [
        ("a/openclaw.json", CONFIG.replace("port: 1", "port: 2")),
        ("a/.env", "B=2\n".to_owned()),
    ] {
        lab.write("a/openclaw.json", CONFIG);
        lab.write("a/.env", "B=1\n");
        let target = lab.target("a");
        let live = lab.read(&target).await;
        lab.write(file, &text);
        let done = lab.set(&target, &live, &[(GATEWAY, "new-gateway")]).await;
        assert!(done.stale, "{file}");
        assert!(matches!(done.operations[..], [Outcome::Refused(_)]));
        assert_eq!(lab.text(file), text);
        let again = lab.read(&target).await;
        let done = lab.set(&target, &again, &[(GATEWAY, "new-gateway")]).await;
        assert_eq!(done.operations, [Outcome::Done], "{file}");
    }
}

#[tokio::test]
async fn one_that_fails_hides_no_other() {
    let lab = Lab::new();
    lab.write("a/openclaw.json", CONFIG);
    lab.write("b/openclaw.json", "{ half");
    lab.write("c/openclaw.json", CONFIG);
    let targets = ["a", "b", "gone", "c"].map(|name| lab.target(name));
    let all = lab.platform.read(&targets).await;
    let read: Vec<bool> = all.iter().map(Result::is_ok).collect();
    assert_eq!(read, [true, false, false, true]);
}

/// The gateway's token is in a file of somebody else, the other one in the config.
#[tokio::test]
async fn each_secret_has_an_outcome_of_its_own() {
    let lab = Lab::new();
    let swap = lab.path("open");
    fs::create_dir(&swap).unwrap();
    fs::set_permissions(&swap, fs::Permissions::from_mode(0o777)).unwrap();
    lab.write("open/.env", "OPENCLAW_GATEWAY_TOKEN=old-gateway\n");
    lab.write(
        "a/openclaw.json",
        "{ gateway: { mode: 'local' }, hooks: { token: 'old-hooks' } }",
    );
    symlink(Path::new("../open/.env"), lab.path("a/.env")).unwrap();
    let target = lab.target("a");
    let live = lab.read(&target).await;
    let all = [(GATEWAY, "new-gateway"), (HOOKS, "new-hooks")];
    let done = lab.set(&target, &live, &all).await;
    assert!(
        matches!(done.operations[..], [Outcome::Refused(_), Outcome::Done]),
        "{:?}",
        done.operations
    );
    assert!(lab.text("open/.env").contains("old-gateway"));
    assert!(lab.text("a/openclaw.json").contains("new-hooks"));
}

#[tokio::test]
async fn who_changed_a_secret_is_asked_of_the_file_that_counts() {
    let lab = Lab::new();
    lab.write("a/openclaw.json", CONFIG);
    lab.write("b/openclaw.json", "{ gateway: { mode: 'local' } }");
    lab.write("b/.env", DOTENV);
    let store = "{ gateway: { auth: { mode: 'token', token: { source: 'store', provider: 'default', id: 'X' } } } }";
    lab.write("c/openclaw.json", store);
    // each of them was written at another time
    for (file, minutes) in [
        ("a/openclaw.json", 10),
        ("b/openclaw.json", 20),
        ("b/.env", 30),
    ] {
        let at = jiff::Timestamp::now() - jiff::SignedDuration::from_mins(minutes);
        let done = std::process::Command::new("touch")
            .args(["-d", &at.to_string()])
            .arg(lab.path(file))
            .status();
        assert!(done.unwrap().success());
    }
    let targets = ["a", "b", "c", "d"].map(|name| lab.target(name));
    let name = GATEWAY.variable();
    let asks: Vec<Ask<'_>> = targets
        .iter()
        .map(|target| Ask {
            target,
            name: &name,
            since: Some(jiff::Timestamp::now() - jiff::SignedDuration::from_hours(2)),
            stamp: None,
        })
        .collect();
    let answers = lab.platform.traces(&asks).await;
    let minutes = |answer: &Result<Who, String>| {
        let who = answer.as_ref().unwrap();
        assert_eq!(who.by, None, "a file names nobody");
        let age = jiff::Timestamp::now().duration_since(who.at.unwrap());
        age.as_secs() / 60
    };
    assert!((10..15).contains(&minutes(&answers[0])), "{answers:?}");
    assert!((30..35).contains(&minutes(&answers[1])), "{answers:?}");
    let why = answers[2].as_ref().unwrap_err();
    assert!(why.contains("secret store"), "{why}");
    assert!(answers[3].is_err(), "there is no OpenClaw");
}
