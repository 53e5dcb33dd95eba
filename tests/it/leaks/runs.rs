//! The runs: days on which all goes well, and days on which nothing does.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;
use std::process::Command;

use super::forms::Canary;
use super::sink;
use crate::probe::server::{Reply, Server};
use crate::support::shop::MANIFEST;
use crate::support::world::{Run, World};

pub(super) const SECRET: &str = "canary-desired-\"q\"-7c21";
const PEM: &str = "canary-pem-9d02\n-----BEGIN x\nline two\n";
pub(super) const LIVE: &str = "canary-live-5e77-$HOME";
pub(super) const STRANGER: &str = "canary-unmanaged-31aa";
pub(super) const NEXT: &str = "canary-next-88f0 with spaces";

const HEX: &str = "c4a2100f5e77aa31c4a2100f5e77aa31";
const UUID: &str = "a2c4100f-5e77-4a31-8c4a-2100f5e77aa3";

/// A world of canaries, and which commands ran in it.
pub struct Leaky {
    pub world: World,
    /// By command: the lines that were run.
    pub ran: BTreeMap<String, Vec<String>>,
    pub(super) canaries: Vec<Canary>,
    seen: HashSet<u64>,
}

impl Leaky {
    pub fn new() -> Self {
        let world = World::new();
        git(&world, &["init", "-q"]);
        world.write(
            ".env",
            format!("TOKEN='{SECRET}'\nLOG_LEVEL=info\nEXTRA={STRANGER}\n"),
        );
        let mut leaky = Self {
            world,
            ran: BTreeMap::new(),
            seen: HashSet::new(),
            canaries: [
                ("a desired value", SECRET),
                ("a PEM value", PEM),
                ("a live value", LIVE),
                ("an unmanaged value", STRANGER),
                ("a new value", NEXT),
                ("a hex value", HEX),
                ("a UUID", UUID),
            ]
            .map(|(name, text)| Canary::new(name, text))
            .into(),
        };
        leaky.runs(
            "init --yes --name dev --env-file .env --format node --clear LOG_LEVEL",
            "",
        );
        let keys = std::fs::read_to_string(leaky.world.config("driftlock/keys.txt")).unwrap();
        let key = keys.lines().last().unwrap();
        leaky.canaries.push(Canary::new("the identity", key));
        let manifest = leaky.world.manifest();
        let text = manifest.replace(
            "      - LOG_LEVEL",
            "      - LOG_LEVEL\n      - URL: { template: 'https://${TOKEN|url}.x/${TOKEN|base64}' }",
        );
        leaky.world.write(MANIFEST, text);
        git(&leaky.world, &["add", "manifests"]);
        git(
            &leaky.world,
            &[
                "-c",
                "user.name=t",
                "-c",
                "user.email=t@t",
                "commit",
                "-qm",
                "x",
            ],
        );
        leaky
    }

    /// Runs one line and searches everything.
    pub fn runs(&mut self, line: &str, input: &str) -> Run {
        let run = self.world.run_with(line, input);
        self.searched(line, &run);
        run
    }

    /// The same for a line that makes new values: they are looked up, and searched for too.
    pub(super) fn rotates(&mut self, line: &str, names: &[&str]) {
        let run = self.world.run(line);
        for name in names {
            self.knows(name);
        }
        self.searched(line, &run);
    }

    /// Whatever this variable holds now is looked for from here on.
    pub(super) fn knows(&mut self, name: &str) {
        let canary = Canary::new("a value of today", &self.world.revealed(name));
        self.canaries.insert(0, canary);
    }

    pub(super) fn searched(&mut self, line: &str, run: &Run) {
        let command = line.split_whitespace().find(|word| !word.starts_with('-'));
        let lines = self
            .ran
            .entry(command.unwrap_or_default().to_owned())
            .or_default();
        lines.push(line.to_owned());
        assert!(
            [0, 1, 2, 3, 4, 64, 127].contains(&run.code),
            "{line}: {}",
            run.code
        );
        assert!(!run.stderr.contains("panicked"), "`{line}` panicked");
        let meant: Vec<PathBuf> = [".env", "value.pem", "odd.env"]
            .map(|path| self.world.path(path))
            .into_iter()
            .chain([
                self.world.config("driftlock/keys.txt"),
                self.world.config("driftlock/authority.yaml"),
                self.world.path("manifests/rails.yaml"),
                self.world.root().join("away.txt"),
                self.world.home(".railway/config.json"),
                self.world.path(".railway/railway.ts"),
            ])
            .collect();
        let meant: Vec<_> = meant.iter().map(PathBuf::as_path).collect();
        let seen = &mut self.seen;
        sink::search_run(line, run, &self.world, &meant, &self.canaries, seen);
    }

    /// Everything that only looks, in every form.
    fn looks(&mut self) {
        for line in [
            "plan",
            "plan --json",
            "plan --markdown",
            "plan --detailed-exitcode",
            "plan --since HEAD",
            "plan --target local",
            "plan --only TOKEN",
            "plan --require-all",
            "plan --take-over local",
            "plan --overwrite TOKEN@local",
            "plan --adopt TOKEN@local",
            "plan --allow placeholder@local",
            "plan --partial TOKEN",
            "plan --color always",
            "status",
            "status --json",
            "status --target local",
            "status --only TOKEN",
            "status --since HEAD",
            "status --require-all",
            "doctor",
            "doctor --json",
            "doctor --target local --all",
            "doctor TOKEN --no-probe",
            "doctor --probe",
            "doctor --require-all --manifest manifests/dev.yaml",
            "history",
            "history --json",
            "history TOKEN --target local",
            "history --limit 1",
            "history --manifest manifests/dev.yaml",
            "journal",
            "journal --json",
            "-vv journal manifests/dev.yaml",
            "journal move ../moved.sqlite3",
            "journal move git",
            "journal restore --yes",
            "journal accept --yes",
            "diff",
            "diff HEAD",
            "diff --json",
            "diff --markdown -vv",
            "diff --detailed-exitcode --no-history HEAD",
            "check",
            "check --json",
            "check --strict",
            "check --require-identity",
            "check --drift -vv",
            "check --drift --json --target local --since HEAD --require-all",
            "check --only drift,lint --report junit",
            "check --skip keys --drift --report sarif --report junit=check.xml",
            "check --drift --report annotations --report code-quality=check.json",
            "check --drift --report summary=check.md --report sarif=check.sarif",
        ] {
            self.runs(line, "");
        }
        self.glances();
        self.keeps();
    }

    /// A plan in a file, in every form, and what comes of it; `apply` is told another id, so that it
    /// only looks.
    fn keeps(&mut self) {
        for line in [
            "plan --out kept.json",
            "plan --out kept.json --json -vv --overwrite TOKEN@local --take-over local",
            "plan --out kept.json --markdown --since HEAD",
            "apply kept.json --id 0123456789abcdef",
            "apply kept.json --id short",
            "apply kept.json",
        ] {
            self.runs(line, "");
        }
    }

    /// The same, carried out.
    fn approves(&mut self) {
        self.runs("plan --out kept.json", "").success();
        let file: serde_json::Value = serde_json::from_str(&self.world.read("kept.json")).unwrap();
        let line = format!("apply kept.json --id {} -vv", file["id"].as_str().unwrap());
        self.runs(&line, "").success();
        self.runs(&format!("{line} --json"), "").success();
        // somebody typed into it
        for text in [
            format!("{{\"driftlock\": \"saved-plan/1\", \"id\": {SECRET:?}"),
            format!("{{\"driftlock\": \"saved-plan/{NEXT}\"}}"),
            format!("{{\"driftlock\": \"saved-plan/1\", {NEXT:?}: {SECRET:?}}}"),
        ] {
            self.world.write("odd.env", text);
            self.runs("apply odd.env --yes -vv", "").exits(3);
        }
        std::fs::remove_file(self.world.path("odd.env")).unwrap();
    }

    /// Each of them once, with everything logged.
    fn glances(&mut self) {
        for line in [
            "-vv plan --json",
            "-vv plan",
            "-vv status --json",
            "-vv status",
            "-vv doctor --all",
            "-vv doctor TOKEN --json",
            "-vv history",
            "-vv check",
        ] {
            self.runs(line, "");
        }
    }

    pub fn good_days(&mut self) {
        self.looks();
        self.runs("apply --yes --take-over local", "").success();
        self.looks();
        self.world.write("value.pem", PEM);
        for (line, input) in [
            ("set TOKEN", NEXT),
            ("set TOKEN --manifest manifests/dev.yaml", NEXT),
            ("set PEM --from-file value.pem --target local", ""),
            ("set LOG_LEVEL=debug", ""),
            ("set LOG_LEVEL --clear", "warn"),
            ("set LOG_LEVEL --secret", NEXT),
            ("set MADE --generate --target local", ""),
            ("set TOKEN --apply --yes -vv", SECRET),
            ("apply --yes --json --no-activate -vv", ""),
            (
                "apply --yes --target local --only TOKEN --since HEAD --require-all",
                "",
            ),
        ] {
            self.runs(line, input);
        }
        self.runs("set TOKEN", NEXT);
        self.approves();
        self.rotations();
        self.recipes();
        self.goes_back();
        self.looks();
        for line in [
            "unset MADE --with-uses",
            "unset PEM --manifest manifests/dev.yaml",
            "schema",
            "man",
            "man set",
            "completions bash",
        ] {
            self.runs(line, "");
        }
        let list = self.world.root().join("list");
        std::fs::write(list, "driftlock-authority: 1\nallow: []\n").unwrap();
        self.runs("plan --authority ../list", "").success();
        self.alerts();
        self.asks_who();
        self.schedules();
        self.git_runs_us();
        self.alerts_are_tested();
        self.reconciles();
        self.imports_sources();
        self.readers();
        self.reveals();
        self.comments();
        self.argv();
    }

    /// A forge that takes what it is given, and one that says the token back.
    fn comments(&mut self) {
        let token = "canary-forge-token-77c1";
        self.canaries
            .insert(0, Canary::new("a forge's token", token));
        let report = "<!-- driftlock:plan dev -->\n**1 change.**\n";
        self.world.write("report.md", report);
        let said = format!("{{\"message\": \"{token}\"}}");
        let comment = r#"{"id": 1, "body": "x", "user": null, "html_url": "https://x/1"}"#;
        let server = Server::start(move |seen| {
            let (status, body) = match seen.head.split_whitespace().next() {
                Some("GET") => (200, "[]"),
                _ if seen.head.contains("/issues/1/") => (201, comment),
                _ => (403, said.as_str()),
            };
            Reply::Answer(status, String::new(), body.as_bytes().to_vec())
        });
        let address = format!("http://127.0.0.1:{}", server.port);
        for (line, code) in [
            (
                "comment report.md --forge github --repository o/r --number 1",
                0,
            ),
            (
                "comment report.md --forge github --repository o/r --number 2 -vv",
                1,
            ),
            (
                "comment report.md --forge github --repository o/r --number 1 -vv --status failure \
              --context x --commit 0123456789012345678901234567890123456789",
                1,
            ),
            (
                "comment report.md --forge gitlab --repository g/r --number 1 -vv",
                1,
            ),
            (
                "comment .env --forge github --repository o/r --number 1",
                64,
            ),
            ("comment", 1),
        ] {
            let mut command = self.world.command(line.split_whitespace());
            command
                .env("GITHUB_API_URL", &address)
                .env("CI_API_V4_URL", &address)
                .env("GITHUB_TOKEN", token)
                .env("GITLAB_TOKEN", token);
            let run = Run::of(command);
            assert_eq!(run.code, code, "{line}: {}", run.all());
            self.searched(line, &run);
        }
        assert!(server.seen().len() >= 6, "the forge was asked");
    }

    /// What was overwritten is put back, in every form.
    fn goes_back(&mut self) {
        for line in [
            "undo",
            "undo --list",
            "undo --list --json --manifest manifests/dev.yaml",
            "-vv undo",
        ] {
            self.runs(line, "").success();
        }
        self.runs("apply --yes --allow authority@local", "")
            .success();
        self.runs("set TOKEN --apply --yes", NEXT).success();
        let last = self.runs("history --json --limit 1", "").stdout;
        let number = last
            .split("\"receipt\": ")
            .nth(1)
            .and_then(|rest| rest.split(',').next())
            .expect("a receipt has a number")
            .to_owned();
        self.runs(&format!("undo {number}"), "").exits(64);
        for more in [
            "--yes -vv",
            "--yes --json --manifest manifests/dev.yaml",
            "--yes --overwrite TOKEN@local --partial TOKEN",
            "--yes --allow changes=9 --no-activate",
        ] {
            self.runs(&format!("undo {number} {more}"), "");
        }
        self.runs("undo 4711 --yes", "").exits(3);
        self.runs("apply --yes --no-undo", "");
        self.runs("apply --yes --lock-timeout 5s", "");
        self.runs("apply --yes --break-lease because", "");
        let lease = "--lock-timeout 5s --break-lease because";
        self.runs(&format!("undo {number} --yes {lease}"), "");
        self.runs("set TOKEN --apply --yes", SECRET).success();
        let run = Run::of({
            let mut command = self.world.command(["apply", "--yes"]);
            command.env("DRIFTLOCK_UNDO", SECRET);
            command
        });
        self.searched("apply --yes", &run);
        self.runs("undo", "").success();
    }

    /// New values of what is a canary already, and refusals that have read one.
    fn rotations(&mut self) {
        self.rotates("rotate MADE", &["MADE"]);
        self.rotates("rotate MADE --manifest manifests/dev.yaml -vv", &["MADE"]);
        self.rotates(
            "rotate TOKEN LOG_LEVEL --apply --yes -vv",
            &["TOKEN", "LOG_LEVEL"],
        );
        self.runs("rotate TOKEN --apply", "").exits(64);
        self.runs("rotate TOKEN PEM -vv", "").exits(3);
        self.runs("rotate URL", "").exits(1);
        self.overlaps();
        for value in [HEX, UUID] {
            self.runs("set TOKEN", value);
            self.rotates("rotate TOKEN --apply --yes", &["TOKEN"]);
        }
        self.runs("set TOKEN --apply --yes", SECRET);
    }

    /// The one command that may print, and only the one value.
    fn reveals(&mut self) {
        self.runs("reveal TOKEN", "").exits(3);
        self.runs("reveal NOPE --yes-print-the-secret", "").exits(1);
        self.runs(
            "reveal URL --target nowhere --manifest manifests/dev.yaml",
            "",
        );
        let line = "reveal TOKEN --yes-print-the-secret -vv";
        let mut run = self.world.run(line).success();
        assert_eq!(run.stdout, SECRET);
        run.stdout.clear();
        self.searched(line, &run);
    }

    /// Somebody edits the file, damages the manifest, hides the key, types into the wrong place.
    pub fn bad_days(&mut self) {
        self.world
            .write(".env", format!("TOKEN=\"{LIVE}\"\nEXTRA={STRANGER}\n"));
        self.looks();
        for line in [
            "apply --yes",
            "apply --yes --json",
            "apply --yes --adopt TOKEN@local",
            "apply --yes --overwrite TOKEN@local --partial TOKEN --allow authority@*",
            "apply",
            "apply --yes --target nowhere",
            "apply --yes --since nowhere",
            "--journal no/where/x.sqlite3 plan",
            "import railway --yes",
            "import railway --yes -vv --project p --environment e --token RAILWAY_TOKEN_X",
            "--journal /dev/null apply --yes",
            "-i nowhere plan",
        ] {
            self.runs(line, "");
        }
        self.world.write(
            ".env",
            format!("TOKEN={LIVE}\n'{STRANGER}\n\u{0}=\"{SECRET}"),
        );
        self.looks();
        self.wrong_places();
        let good = self.world.manifest();
        for (from, to) in [
            ("  LOG_LEVEL:", "  LOG_LEVEL: &a"),
            ("variables:\n", "variables: [\n"),
            ("name: dev", "name: prod"),
            ("    age: ", "    age: x"),
            ("  --- ", "  --- A"),
        ] {
            self.world.write(MANIFEST, good.replacen(from, to, 1));
            self.glances();
            self.runs("set TOKEN", NEXT);
            self.runs("unset TOKEN", "");
            self.runs("rotate TOKEN", "");
            self.runs("accept TOKEN", "");
            self.runs("reveal TOKEN --yes-print-the-secret", "");
        }
        self.world.write(MANIFEST, &good);
        let away = self.world.hide_identity();
        self.looks();
        self.runs("rotate TOKEN", "").exits(1);
        self.runs("set TOKEN", NEXT).success();
        self.runs("accept TOKEN --manifest manifests/dev.yaml", "")
            .exits(1);
        self.runs(&format!("rotate TOKEN -i {away}"), "").exits(3);
        self.runs(&format!("-i {away} plan"), "");
        self.runs(&format!("accept TOKEN -i {away}"), "").success();
        self.looks();
        self.strange_env_files();
    }

    /// Values where the command line wants something else.
    fn wrong_places(&mut self) {
        let key = self.canaries.last().map(|canary| canary.text.clone());
        for value in [SECRET.to_owned(), LIVE.to_owned(), key.unwrap_or_default()] {
            for command in super::commands(&self.world) {
                // these take files or revisions, and what is not there must be named
                if !matches!(
                    command.as_str(),
                    "plan" | "apply" | "status" | "check" | "journal" | "diff" | "reconcile"
                ) {
                    let run = Run::of(self.world.command([&command, &value, &value]));
                    assert_eq!(run.code, 64, "{command}");
                    self.searched(&command, &run);
                }
                for arguments in [
                    vec![&command, "--no-such-flag", &value],
                    vec![&command, &format!("--no-such-flag={value}")],
                    vec![&command, "--identity", &value, "--no-such-flag"],
                    vec![&command, "--color", &value],
                ] {
                    let run = Run::of(self.world.command(&arguments));
                    assert_eq!(run.code, 64, "{command}: {}", run.code);
                    self.searched(&command, &run);
                }
            }
            for arguments in [
                vec!["set", &format!("TOKEN={value}")],
                vec!["unset", &value],
                vec!["reveal", &value],
                vec!["init", "--name", &value],
                vec![
                    "init",
                    "--recipient",
                    &value,
                    "--name",
                    "x",
                    "--env-file",
                    "odd.env",
                ],
                vec!["init", "--clear", &value],
                vec!["import", &value],
                vec!["import", "railway", &value],
                vec!["import", "railway", "--name", &value],
                vec!["import", "railway", "--token", &value],
                vec!["import", "railway", "--clear", &value],
                vec!["plan", "--allow", &value],
                vec!["plan", "--overwrite", &value],
                vec!["plan", "--target", &value],
                vec!["apply", "--id", &value],
                vec!["man", &value],
                vec!["schema", &value],
                vec![&value],
            ] {
                let run = Run::of(self.world.command(&arguments));
                assert!(
                    run.code == 64 || run.code == 1,
                    "{}: {}",
                    arguments[0],
                    run.code
                );
                self.searched(
                    if arguments[0] == value {
                        ""
                    } else {
                        arguments[0]
                    },
                    &run,
                );
            }
        }
    }

    /// `init` on files that hold what it cannot take in.
    fn strange_env_files(&mut self) {
        for (number, text) in [
            format!("A=${{B:-{LIVE}}}\nC='{STRANGER}\n"),
            format!("{SECRET}\nexport X=\"{NEXT}\n=\n"),
            format!("A=\u{0}{LIVE}\n"),
        ]
        .iter()
        .enumerate()
        {
            self.world.write("odd.env", text);
            for format in [
                "portable", "compose", "docker", "systemd", "shell", "node", "python",
            ] {
                self.runs(&format!("init --name odd{number}-{format} --env-file odd.env --format {format} --recipient age1x"), "");
                self.runs(
                    &format!(
                        "init --name odd{number}-{format} --env-file odd.env --format {format}"
                    ),
                    "",
                );
                let made = self
                    .world
                    .path(format!("manifests/odd{number}-{format}.yaml"));
                let _absent = std::fs::remove_file(made);
            }
        }
    }

    /// What processes are started with: ours, and `git` as its only child.
    fn argv(&mut self) {
        for (line, input) in [
            ("set TOKEN --apply --yes", NEXT),
            ("rotate TOKEN --apply --yes", ""),
            ("plan --since HEAD", ""),
            ("apply --yes", ""),
        ] {
            let Some(trace) = sink::started(&self.world, line, input) else {
                return;
            };
            self.knows("TOKEN");
            sink::search(
                line,
                "the arguments of a process",
                trace.as_bytes(),
                &self.canaries,
            );
            let programs = trace
                .lines()
                .filter_map(|line| line.split("execve(\"").nth(1));
            for program in programs.map(|rest| rest.split('"').next().unwrap_or_default()) {
                let known = ["/driftlock", "/git"]
                    .iter()
                    .any(|name| program.ends_with(name));
                assert!(known, "`{line}` starts {program}");
            }
        }
        self.runs("set TOKEN --apply --yes", SECRET);
    }
}

pub(super) fn git(world: &World, arguments: &[&str]) {
    let status = Command::new("git")
        .args(arguments)
        .current_dir(world.path(""))
        .status()
        .unwrap();
    assert!(status.success());
}
