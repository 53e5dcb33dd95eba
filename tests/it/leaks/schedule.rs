//! Schedules name keys and tokens by their files; and what a journal keeps is shown in every form.

use std::os::unix::fs::PermissionsExt;

use super::runs::{Leaky, SECRET};
use crate::support::world::Run;

impl Leaky {
    /// With tokens in the environment and in a file beside.
    pub(super) fn schedules(&mut self) {
        let tokens = self
            .world
            .write("odd.env", format!("RAILWAY_TOKEN='{SECRET}'\n"));
        std::fs::set_permissions(&tokens, std::fs::Permissions::from_mode(0o600)).unwrap();
        let keys = self.world.config("driftlock/keys.txt");
        let key = std::fs::read_to_string(&keys).unwrap();
        let key = key.lines().last().unwrap().to_owned();
        for line in [
            "schedule print cron",
            "-vv schedule print systemd --user --environment-file odd.env --listen 127.0.0.1:1",
            "schedule print systemd-timer --system --every 7m --metrics-file x.prom --name two",
            "schedule print launchd --user --alerts nowhere.yaml --target local",
            "schedule print launchd-interval --checkout https://git.example/x#main",
            "schedule print github --every 7m --round",
            "schedule print systemd --user --output units",
            "schedule print systemd --checkout https://me:x@git.example/x",
            "schedule install cron",
            "schedule install systemd --user --alerts nowhere.yaml",
            "schedule install systemd --user",
            "schedule install systemd --user --every 1h",
            "schedule install systemd --user --environment-file .env",
            "schedule remove systemd --user",
            "schedule remove systemd --user -vv",
        ] {
            let mut command = self.world.command(line.split_whitespace());
            // no crontab of this machine is touched
            command
                .env("PATH", "/nowhere")
                .env("RAILWAY_TOKEN", SECRET)
                .env("DRIFTLOCK_AGE_KEY", &key);
            let run = Run::of(command);
            self.searched(line, &run);
        }
        std::fs::remove_file(tokens).unwrap();
        for line in [
            "status --from-journal",
            "-vv status --from-journal --json",
            "status --from-journal --require-all",
            "status --live",
            "status --watch",
            "status --watch=1s --live",
        ] {
            self.runs(line, "");
        }
    }
}
