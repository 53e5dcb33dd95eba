//! A person's machine, and a VPS behind a real OpenSSH server.

use std::fs;
use std::path::PathBuf;

use crate::support::sshd::{Far, HOST, Sshd};
use crate::support::world::{Run, World};

/// The world of the person, and the server.
pub struct Stage {
    pub world: World,
    pub sshd: Sshd,
}

impl Stage {
    /// `None` where there is no server to start.
    pub fn new() -> Option<Self> {
        Self::with(Far::Own, World::new())
    }

    /// The same with a far side and a world of one's choice.
    pub fn with(far: Far, world: World) -> Option<Self> {
        Some(Self::on(Sshd::start(far)?, world))
    }

    /// The same with a server that runs already.
    pub fn on(sshd: Sshd, mut world: World) -> Self {
        let config = sshd.path("client").display().to_string();
        world.variable("DRIFTLOCK_SSH_CONFIG", &config);
        fs::create_dir_all(sshd.path("srv")).unwrap();
        Self { world, sshd }
    }

    /// A path on the VPS.
    pub fn far(&self, name: &str) -> PathBuf {
        self.sshd.path("srv").join(name)
    }

    pub fn far_text(&self, name: &str) -> String {
        fs::read_to_string(self.far(name)).unwrap()
    }

    pub fn far_write(&self, name: &str, text: &str) {
        fs::write(self.far(name), text).unwrap();
    }

    /// Writes `manifests/dev.yaml`, of clear variables: name and value, and targets as YAML.
    pub fn declare(&self, variables: &[(&str, &str)], targets: &str) {
        let variables: String = variables
            .iter()
            .map(|(name, value)| format!("  {name}: \"{value}\"\n\n"))
            .collect();
        let text = format!("driftlock: 1\nname: dev\nvariables:\n{variables}targets:\n{targets}");
        self.world.write("manifests/dev.yaml", text);
    }

    /// One target on the VPS: its keys beside `file`.
    pub fn target(&self, name: &str, file: &str, more: &str) -> String {
        let path = self.far(file);
        format!(
            "  {name}:\n    file: {{ host: {HOST}, path: {} }}\n{more}",
            path.display()
        )
    }

    pub fn run(&self, line: &str) -> Run {
        self.world.run(line)
    }

    /// Nothing is left to do.
    #[track_caller]
    pub fn in_sync(&self) {
        self.run("plan --detailed-exitcode").success();
    }
}

/// `    variables: […]`, a line of a target.
pub fn uses(names: &str) -> String {
    format!("    variables: [{names}]\n")
}
