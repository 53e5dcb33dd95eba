//! Scheduled runs in every form: rounds, loops with both logs, what receivers are told, the pages of
//! metrics, and a checkout. Every value that there is differs from what it should be.

use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use super::runs::{LIVE, Leaky, NEXT, STRANGER, git};
use super::sink;
use crate::probe::server::{Reply, Server};
use crate::support::page;
use crate::support::shop::MANIFEST;
use crate::support::world::Run;

/// So long a loop may take to say something.
const PATIENCE: Duration = Duration::from_secs(60);

impl Leaky {
    pub(super) fn reconciles(&mut self) {
        let receiver = Server::start(|seen| match seen.head.contains("/bad") {
            // it says back what it is told
            true => Reply::Answer(
                400,
                "content-type: text/plain\r\n".to_owned(),
                seen.body.clone(),
            ),
            false => Reply::status(200),
        });
        let settings = format!(
            "driftlock-alerts: 1\nsinks:\n  good: {{ webhook: {{ url: 'http://127.0.0.1:{port}/good' }} }}\n  \
             bad: {{ webhook: {{ url: 'http://127.0.0.1:{port}/bad' }} }}\nping: {{ url: 'http://127.0.0.1:{port}/ping' }}\n",
            port = receiver.port
        );
        let alerts = self.world.config("driftlock/alerts.yaml");
        std::fs::write(&alerts, settings).unwrap();
        std::fs::set_permissions(&alerts, std::fs::Permissions::from_mode(0o600)).unwrap();
        let good = self.world.manifest();
        let healing = good.replacen("name: dev\n", "name: dev\nreconcile: { mode: heal }\n", 1);
        assert_ne!(good, healing);
        let env = self.world.read(".env");
        self.world.write(MANIFEST, &healing);
        self.runs("apply --yes", "");
        self.rounds();
        self.broken(&healing);
        self.loops();
        self.follows();
        for seen in receiver.seen() {
            let body = [seen.head.as_bytes(), &seen.body].concat();
            sink::search(
                "reconcile",
                "what a receiver is told",
                &body,
                &self.canaries,
            );
        }
        assert!(receiver.seen().len() > 2, "receivers are told");
        std::fs::remove_file(&alerts).unwrap();
        self.world.write(MANIFEST, good);
        self.world.write(".env", env);
    }

    fn rounds(&mut self) {
        let drifted = format!("TOKEN='{LIVE}'\nEXTRA={STRANGER}\n");
        for line in [
            "reconcile --once",
            "reconcile --once --json",
            "reconcile --once --detailed-exitcode -vv",
            "reconcile --once --target local --every 30s manifests/dev.yaml",
            "reconcile --once --budget railway=10 --no-undo",
            "reconcile --once --alerts nowhere",
            "reconcile --once --metrics-file metrics.prom",
            "reconcile --once --target nowhere",
            "reconcile --once nowhere",
        ] {
            self.world.write(".env", &drifted);
            self.runs(line, "");
        }
        // moved in the manifest
        self.runs("set TOKEN", NEXT);
        self.runs("reconcile --once -vv", "");
        self.runs("reconcile --once --json", "");
    }

    fn broken(&mut self, healing: &str) {
        for (from, to) in [
            ("variables:\n", "variables: [\n"),
            ("    age: ", "    age: x"),
            ("  LOG_LEVEL:", "  LOG_LEVEL: &a"),
        ] {
            self.world.write(MANIFEST, healing.replacen(from, to, 1));
            self.runs("reconcile --once -vv", "");
            self.runs("reconcile --once --json", "");
        }
        self.world.write(MANIFEST, healing);
        let keys = self.world.config("driftlock/keys.txt");
        let away = self.world.hide_identity();
        self.runs("reconcile --once -vv", "");
        std::fs::rename(away, keys).unwrap();
    }

    /// Loops that find drift: with either log, and a page of metrics.
    fn loops(&mut self) {
        let socket = self.world.root().join("metrics.sock");
        for form in ["text", "json"] {
            self.world
                .write(".env", format!("TOKEN='{LIVE}'\nEXTRA={STRANGER}\n"));
            let listen = format!("unix:{}", socket.display());
            let line = format!("reconcile -vv --every 10s --log-format {form} --listen {listen}");
            let mut child = self.begin(&line);
            let until = Instant::now() + PATIENCE;
            let metrics = loop {
                let metrics = page::ask(&socket, "/metrics").unwrap_or_default();
                if metrics.contains("driftlock_target_looks_total{")
                    && !looks(&metrics).contains(" 0\n")
                {
                    break metrics;
                }
                assert!(Instant::now() < until, "no look: {metrics}");
                assert_eq!(child.try_wait().unwrap(), None, "it has ended");
                std::thread::sleep(Duration::from_millis(50));
            };
            let health =
                page::ask(&socket, "/readyz").unwrap() + &page::ask(&socket, "/healthz").unwrap();
            for (place, text) in [("metrics", &metrics), ("health", &health)] {
                sink::search(&line, place, text.as_bytes(), &self.canaries);
            }
            self.end(&line, child);
        }
    }

    /// A branch of this very repository.
    fn follows(&mut self) {
        git(&self.world, &["branch", "-f", "followed"]);
        let url = format!("file://{}#followed", self.world.path("").display());
        for line in [
            format!("reconcile --once --checkout {url}"),
            format!("reconcile --once --checkout {url} --accept-rewind 0123456789ab"),
            "reconcile --once --checkout https://me:x@127.0.0.1:1/x".to_owned(),
            "reconcile --once --checkout https://127.0.0.1:1/x".to_owned(),
        ] {
            self.runs(&line, "");
        }
    }

    fn begin(&self, line: &str) -> Child {
        let mut command = self.world.command(line.split_whitespace());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn end(&mut self, line: &str, child: Child) {
        let pid = child.id().to_string();
        let sent = std::process::Command::new("kill")
            .args(["-TERM", &pid])
            .status();
        assert!(sent.unwrap().success());
        let run = Run::from_output(&child.wait_with_output().unwrap());
        assert_eq!(run.code, 0, "{line}");
        assert!(run.stderr.contains("began"), "it logs");
        self.searched(line, &run);
    }
}

/// The counts of looks.
fn looks(page: &str) -> String {
    let lines = page
        .lines()
        .filter(|line| line.starts_with("driftlock_target_looks_total{"));
    lines.map(|line| format!("{line}\n")).collect()
}
