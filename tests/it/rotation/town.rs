//! Services that accept a secret and services that use it, on Railway (a double), behind a real OpenSSH
//! server, and on this machine; each runs with what its platform last put in force.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::railway::yard::{Yard, service};
use crate::support::fake_railway::FakeRailway;
use crate::support::sshd::{Far, HOST, Sshd};
use crate::support::world::Run;

pub const OLD: &str = "c4nary-0ld-0123456789abcdef";
pub const MANIFEST: &str = "manifests/dev.yaml";

pub struct Town {
    pub yard: Yard,
    sshd: Sshd,
}

/// How a service gets what it runs with.
pub enum Runs {
    /// From its last deployment that succeeded.
    Railway(&'static str),
    /// From this file, which its activation copies or its platform writes.
    File(PathBuf),
}

impl Town {
    /// Everything has [`OLD`]; `None` where a peer is missing.
    pub fn new(overlap: &str) -> Option<Self> {
        let sshd = Sshd::start(Far::Own)?;
        fs::create_dir_all(sshd.path("srv")).unwrap();
        let mut yard = Yard::with_secrets(&format!("AUTH={OLD}\n"), &[])?;
        let config = sshd.path("client").display().to_string();
        yard.world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        yard.service("api");
        yard.service("worker");
        let town = Self { yard, sshd };
        town.put_manifest(overlap);
        town.yard.run("apply --yes").success();
        town.yard.fake.switches(|switches| {
            switches.deployment_course = vec!["QUEUED", "DEPLOYING", "SUCCESS"];
        });
        town.yard.later();
        town.yard.in_sync();
        Some(town)
    }

    fn put_manifest(&self, overlap: &str) {
        let far = self.sshd.path("srv").display().to_string();
        let restart = |folder: &str, name: &str| {
            // a killed run's own may be under way beside it
            format!("cd {folder} && cp {name}.env {name}.$$ && mv {name}.$$ {name}.running")
        };
        let here = self.yard.world.path("").display().to_string();
        let here = here.trim_end_matches('/');
        self.yard.retarget(&[
            &service("api", "AUTH"),
            &service("worker", "{ TOKEN: { from: AUTH } }"),
            &format!(
                "gate: {{ file: {{ host: {HOST}, path: {far}/gate.env }}, activate: '{}', variables: [AUTH] }}",
                restart(&far, "gate")
            ),
            &format!(
                "cron: {{ file: {{ host: {HOST}, path: {far}/cron.env }}, variables: [{{ TOKEN: {{ from: AUTH }} }}] }}"
            ),
            &format!(
                "mesh: {{ file: {{ path: ../mesh.env }}, activate: '{}', variables: [AUTH] }}",
                restart(here, "mesh")
            ),
            "agent: { file: { path: ../agent.env }, variables: [{ TOKEN: { template: '${AUTH}' } }] }",
        ]);
        let text = self.yard.world.read(MANIFEST);
        let begin = text.find("    age: ").unwrap();
        let end = begin + text[begin..].find('\n').unwrap();
        let roles = format!(
            "\n    overlap: {overlap}\n    accepted_by: [api, gate, mesh]\n    used_by: [worker, cron, agent, mesh]"
        );
        let text = format!("{}{roles}{}", &text[..end], &text[end..]);
        self.yard.world.write(MANIFEST, text);
    }

    pub fn far(&self, name: &str) -> PathBuf {
        self.sshd.path("srv").join(name)
    }

    pub fn acceptors(&self) -> [Runs; 3] {
        [
            Runs::Railway("api"),
            Runs::File(self.far("gate.running")),
            Runs::File(self.yard.world.path("mesh.running")),
        ]
    }

    /// Each with the name that it has the secret under.
    pub fn users(&self) -> [(Runs, &'static str); 4] {
        [
            (Runs::Railway("worker"), "TOKEN"),
            (Runs::File(self.far("cron.env")), "TOKEN"),
            (Runs::File(self.yard.world.path("agent.env")), "TOKEN"),
            (Runs::File(self.yard.world.path("mesh.running")), "AUTH"),
        ]
    }

    pub fn run(&self, line: &str) -> Run {
        self.yard.run(line)
    }

    pub fn command(&self, line: &str) -> Command {
        self.yard.command(line)
    }
}

impl std::fmt::Display for Runs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Railway(service) => f.write_str(service),
            Self::File(path) => path.file_name().unwrap_or_default().display().fmt(f),
        }
    }
}

impl Runs {
    /// What the service has under this name.
    pub fn value(&self, fake: &FakeRailway, name: &str) -> Option<String> {
        match self {
            Self::Railway(service) => running(fake, service, name),
            Self::File(path) => line_of(path, name),
        }
    }

    /// Whether the service takes a credential.
    pub fn accepts(&self, fake: &FakeRailway, credential: &str) -> bool {
        ["AUTH", "AUTH_PREVIOUS"]
            .into_iter()
            .filter_map(|name| self.value(fake, name))
            .any(|known| !known.is_empty() && known == credential)
    }
}

/// A deployment that did not succeed yet leaves the one before it at work.
fn running(fake: &FakeRailway, service: &str, name: &str) -> Option<String> {
    fake.world(|world| {
        let mut services = world.services.iter();
        let id = services.find(|known| known.name == service)?.id.clone();
        let mut mine = world
            .deployments
            .iter()
            .rev()
            .filter(|known| known.service == id);
        let last = mine.next()?;
        let at_work = match last.status() {
            "SUCCESS" => last,
            _ => mine.find(|known| known.served)?,
        };
        at_work.variables.get(name).cloned()
    })
}

/// Files are replaced whole, so one read sees one version.
fn line_of(path: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    let mut lines = text.lines();
    lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
}
