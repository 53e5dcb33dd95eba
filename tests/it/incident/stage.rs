//! The team's places, and the manifest of `manifests/incident` with their addresses put in.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use serde_json::{Value, json};

use crate::hosts::service::Vps;
use crate::railway::yard::Yard;
use crate::support::openclaw::{Gateway, Home, Kind, Start};
use crate::support::world::Run;

pub const SECRET: &str = "INTERNAL_AUTH_SECRET";
pub const TOKEN: &str = "OPENCLAW_GATEWAY_TOKEN";
pub const OLD: &str = "c4nary-abc123old";
pub const NEW: &str = "c4nary-xyz789new";
pub const STALE: &str = "c4nary-gateway-stale";
pub const FRESH: &str = "c4nary-gateway-fresh";
const MANIFEST: &str = "manifests/incident.yaml";

pub struct Stage {
    pub yard: Yard,
    pub vps: Vps,
    pub home: Home,
    pub gateway: Gateway,
}

impl Stage {
    /// All is well, with [`NEW`] and [`FRESH`] everywhere; `None` where a peer is missing.
    pub fn new() -> Option<Self> {
        let vps = Vps::new()?;
        let home = Home::new(Kind::StandIn)?;
        let mut yard = Yard::new()?;
        let config = vps.stage.sshd.path("client").display().to_string();
        vps.stage.sshd.also_named("vps.example.com");
        yard.world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        yard.world.variable("DRIFTLOCK_MACHINE", "mac-mini");
        yard.service("api");
        vps.unit("app.env", "");
        home.write_config(&config_with(STALE));
        std::fs::create_dir_all(yard.world.home("app")).unwrap();
        let gateway = home.start(&Start::default());
        let stage = Self {
            yard,
            vps,
            home,
            gateway,
        };
        stage.put_manifest();
        stage.set(SECRET, OLD);
        stage.set(TOKEN, FRESH);
        let take_over = "apply --yes --take-over gateway";
        stage.run(take_over).success();
        stage.set(SECRET, NEW);
        stage.run("apply --yes").success();
        stage.yard.later();
        assert_eq!(stage.everywhere(), [NEW; 4]);
        assert_eq!(stage.gateway.probe(FRESH), 400);
        Some(stage)
    }

    /// The file that ships, with the key of the examples and the addresses of this stage.
    fn put_manifest(&self) {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("manifests");
        let mut text = std::fs::read_to_string(shipped.join("incident/manifest.yaml")).unwrap();
        let far = self.vps.stage.far("app.env").display().to_string();
        let state = self.home.state("").display().to_string();
        for (from, to) in [
            ("deploy@vps.example.com", "vps.example.com".to_owned()),
            ("/srv/app/app.env", far),
            (
                "systemd: app.service",
                format!("systemd: {}", self.vps.app()),
            ),
            ("http://127.0.0.1:8080/auth", self.vps.url("/auth")),
            (
                "{ machine: mac-mini }",
                format!("{{ machine: mac-mini, state: {state} }}"),
            ),
        ] {
            assert_eq!(text.matches(from).count(), 1, "{from}");
            text = text.replace(from, &to);
        }
        self.yard.world.write(MANIFEST, text);
        let identity = std::fs::read_to_string(shipped.join("example/identity.txt")).unwrap();
        let keys = self.yard.world.config("driftlock/keys.txt");
        crate::gateway::lab::write_private(&keys, &identity);
    }

    /// Somebody rotates the secret everywhere but on Railway, and does not restart the VPS's service;
    /// an older config comes back on the gateway.
    pub fn happens(&self) {
        self.yard.service("api").set(SECRET, OLD);
        self.vps_runs_with_the_old_one();
        let mark = self.home.config();
        let mut older = mark;
        older["gateway"]["auth"]["token"] = json!(STALE);
        self.gateway.reload(&self.home, &older);
        assert_eq!(self.gateway.probe(STALE), 400);
    }

    fn vps_runs_with_the_old_one(&self) {
        let right = self.vps.stage.far_text("app.env");
        let old = right.replace(NEW, OLD);
        assert_ne!(old, right);
        self.vps.stage.far_write("app.env", &old);
        self.vps.systemctl(&format!("restart {}", self.vps.app()));
        self.vps.stage.far_write("app.env", &right);
        self.vps.written_later();
        assert_eq!(self.vps.runs_with(SECRET).as_deref(), Some(OLD));
    }

    /// What Railway, the VPS, its process and the Mac Mini have.
    pub fn everywhere(&self) -> [String; 4] {
        let runs = self.vps.runs_with(SECRET).unwrap_or_default();
        let [api, vps, mac] = self.stored();
        [api, vps, runs, mac]
    }

    /// What is stored of the secret; what runs is another thing.
    pub fn stored(&self) -> [String; 3] {
        let line = |text: &str| {
            let mut lines = text.lines();
            lines.find_map(|line| Some(line.strip_prefix(SECRET)?.strip_prefix('=')?.to_owned()))
        };
        let mac = std::fs::read_to_string(self.yard.world.home("app/.env")).unwrap_or_default();
        [
            self.yard.service("api").value(SECRET),
            line(&self.vps.stage.far_text("app.env")),
            line(&mac),
        ]
        .map(Option::unwrap_or_default)
    }

    /// What the gateway's config and Railway have.
    pub fn tokens(&self) -> [String; 2] {
        let config = self.home.config();
        let config = config["gateway"]["auth"]["token"].as_str();
        [
            config.unwrap_or_default().to_owned(),
            self.yard.service("api").value(TOKEN).unwrap_or_default(),
        ]
    }

    pub fn set(&self, name: &str, value: &str) {
        let world = &self.yard.world;
        world.run_with(&format!("set {name}"), value).success();
    }

    #[track_caller]
    pub fn run(&self, line: &str) -> Run {
        self.yard.run(line)
    }

    pub fn command(&self, line: &str) -> Command {
        self.yard.command(line)
    }

    /// The same, and how long it took.
    #[track_caller]
    pub fn timed(&self, line: &str) -> (Run, std::time::Duration) {
        let begin = Instant::now();
        let run = self.run(line);
        (run, begin.elapsed())
    }

    /// Everything is as wanted, runs and works, and there is nothing left to do.
    #[track_caller]
    pub fn is_well(&self) {
        assert_eq!(self.everywhere(), [NEW; 4]);
        assert_eq!(self.tokens(), [FRESH; 2]);
        assert_eq!(self.gateway.probe(FRESH), 400);
        self.yard.later();
        self.yard.in_sync();
        self.run("doctor").success();
    }
}

pub fn config_with(token: &str) -> Value {
    json!({
        "gateway": {
            "mode": "local",
            "auth": { "mode": "token", "token": token },
            "controlUi": { "enabled": true },
        },
        "agents": { "defaults": { "model": "left as it is" } },
        "meta": { "lastTouchedVersion": "2026.9.6" },
    })
}
