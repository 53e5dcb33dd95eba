//! The same for what lies on a machine over SSH: values, the environment of `ssh`, its arguments and
//! its log, and what everybody can see on the far side.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::forms::Canary;
use super::runs::Leaky;
use super::sink;
use crate::probe::server::{Reply, Server};
use crate::support::peers;
use crate::support::shop::MANIFEST;
use crate::support::sshd::{Far, Sshd};

const STORED: &str = "canary-far-stored-\"q\"-5d19";
const NEXT: &str = "canary-far-next-$HOME-e0b7";
const FOREIGN: &str = "canary-far-foreign-27ac";
const AROUND: &str = "canary-far-environment-91fe";
const SAID: &str = "canary-far-said-c3d4";

/// Canaries on a VPS, and an `ssh` that tells what it is started with.
struct OverSsh {
    leaky: Leaky,
    sshd: Sshd,
    server: Server,
    /// Processes that showed a canary in their arguments while a probe was under way.
    shown: Arc<Mutex<Vec<String>>>,
}

fn canaries() -> Vec<Canary> {
    [
        ("a stored value", STORED),
        ("the next value", NEXT),
        ("a value of somebody else", FOREIGN),
    ]
    .map(|(name, text)| Canary::new(name, text))
    .into()
}

/// Arguments of every process of this machine that hold one.
fn arguments_with(canaries: &[Canary]) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let lines = processes.filter_map(|process| fs::read(process.path().join("cmdline")).ok());
    lines
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .filter(|line| canaries.iter().any(|one| one.found_in(line).is_some()))
        .collect()
}

impl OverSsh {
    fn new() -> Option<Self> {
        let sshd = Sshd::start(Far::Own)?;
        let ssh = peers::program("ssh")?;
        let mut leaky = Leaky::new();
        leaky.canaries.extend(canaries());
        for (name, text) in [("the environment", AROUND), ("what a program says", SAID)] {
            leaky.canaries.push(Canary::new(name, text));
        }
        let world = &mut leaky.world;
        let root = world.root().to_owned();
        for folder in ["tmp", "ssh", "bin"] {
            fs::create_dir(root.join(folder)).unwrap();
        }
        let wrapper = format!(
            "#!/bin/sh\nat='{}'/$$\nenv >\"$at.env\"\nprintf '%s\\n' \"$@\" >\"$at.args\"\n\
             before=\nfor word in \"$@\"; do [ \"$before\" = -E ] && ln \"$word\" \"$at.log\"; before=$word; done\n\
             exec '{}' \"$@\"\n",
            root.join("ssh").display(),
            ssh.display()
        );
        let program = root.join("bin/ssh");
        fs::write(&program, wrapper).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o700)).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        for (name, value) in [
            ("PATH", format!("{}:{path}", root.join("bin").display())),
            ("TMPDIR", root.join("tmp").display().to_string()),
            (
                "DRIFTLOCK_SSH_CONFIG",
                sshd.path("client").display().to_string(),
            ),
            ("RAILWAY_TOKEN", AROUND.to_owned()),
            ("SOME_SECRET", AROUND.to_owned()),
            ("SSH_ASKPASS_REQUIRE", AROUND.to_owned()),
        ] {
            world.variable(name, &value);
        }
        fs::create_dir(sshd.path("srv")).unwrap();
        let shown = Arc::<Mutex<Vec<String>>>::default();
        let (list, ours) = (Arc::clone(&shown), canaries());
        let server = Server::start(move |request| {
            list.lock().unwrap().extend(arguments_with(&ours));
            match request.header("x-auth") {
                Some(STORED | NEXT) => Reply::status(200),
                _ => Reply::status(401),
            }
        });
        let far = Self {
            leaky,
            sshd,
            server,
            shown,
        };
        far.declare("true");
        Some(far)
    }

    fn file(&self) -> PathBuf {
        self.sshd.path("srv/.env")
    }

    /// What the activation saw of the far side's processes, and what was said there.
    fn seen(&self) -> PathBuf {
        self.sshd.path("srv/seen")
    }

    /// A target on the VPS, with an activation that does this, and probes of every kind.
    fn declare(&self, then: &str) {
        let look = format!(
            "for p in /proc/[0-9]*; do tr '\\\\0' ' ' <$p/cmdline; echo; done >{seen} 2>/dev/null; env >>{seen}; cat {file}; cat {file} >&2; {then}",
            seen = self.seen().display(),
            file = self.file().display()
        );
        let url = self.server.url();
        let target = format!(
            "targets:\n  vps:\n    file: {{ host: vps, path: {} }}\n    activate: \"{look}\"\n    probe:\n\
             \x20     - {{ http: \"{url}\", header: {{ X-Auth: \"${{TOKEN}}\" }} }}\n\
             \x20     - {{ http: \"{url}\", header: {{ X-Auth: \"${{TOKEN}}\" }}, from: target }}\n\
             \x20     - {{ command: \"echo $TOKEN; echo $TOKEN >&2; {then}\", from: target }}\n\
             \x20     - {{ command: \"echo $TOKEN; echo $TOKEN >&2; {then}\" }}\n\
             \x20   reconcile: {{ probe: 1m }}\n\
             \x20   variables: [TOKEN]\n",
            self.file().display()
        );
        let text = self.leaky.world.manifest();
        let text = match text.split_once("targets:\n  vps:") {
            None => text.replacen("targets:\n", &target, 1),
            Some((before, after)) => {
                let end =
                    after.find("variables: [TOKEN]\n").unwrap() + "variables: [TOKEN]\n".len();
                format!("{before}{target}{}", &after[end..])
            }
        };
        self.leaky.world.write(MANIFEST, text);
    }

    /// Runs one line, and searches everything here and there.
    fn runs(&mut self, line: &str, input: &str) -> i32 {
        let run = self.leaky.runs(line, input);
        for name in ["seen", "../login", "../client", "../known_hosts"] {
            if let Ok(bytes) = fs::read(self.sshd.path("srv").join(name)) {
                sink::search(line, name, &bytes, &canaries());
            }
        }
        let left = fs::read_dir(self.sshd.path("srv")).unwrap().flatten();
        for entry in left {
            let name = entry.file_name().into_string().unwrap();
            assert!([".env", "seen"].contains(&&*name), "`{line}` leaves {name}");
        }
        assert_eq!(*self.shown.lock().unwrap(), [""; 0], "{line}");
        run.code
    }

    /// Rounds of a schedule: the first sends the probes.
    fn rounds(&mut self) {
        let before = self.server.seen().len();
        self.runs("-vv reconcile --once --json --target vps", "");
        assert!(self.server.seen().len() > before, "nobody was asked");
        for line in [
            "-vv reconcile --once --target vps",
            "reconcile --once --metrics-file metrics.prom",
            "alert list --json",
        ] {
            self.runs(line, "");
        }
    }

    fn looks(&mut self) {
        for line in [
            "plan",
            "plan --json",
            "plan --markdown",
            "status",
            "status --json",
            "history --json",
            "-vv plan",
            "-vv status --json",
            "-vv doctor --probe --all",
            "doctor TOKEN --probe --json",
        ] {
            self.runs(line, "");
        }
    }
}

#[test]
fn nothing_of_a_machine_over_ssh_is_shown() {
    let Some(mut far) = OverSsh::new() else {
        return;
    };
    fs::write(far.file(), format!("OTHER={FOREIGN}\nTOKEN='{NEXT}'\n")).unwrap();
    far.runs("set TOKEN", STORED);
    far.looks();
    let apply = "-vv apply --yes --take-over vps --take-over local";
    assert_eq!(far.runs(apply, ""), 0);
    let text = fs::read_to_string(far.file()).unwrap();
    assert!(text.contains("canary-far-stored") && text.contains(FOREIGN));
    assert!(far.seen().exists() && !far.server.seen().is_empty());
    far.rounds();
    assert_eq!(far.runs("set TOKEN --apply --yes -vv", NEXT), 0);
    assert_eq!(far.runs("set TOKEN --apply --yes", STORED), 0);
    far.looks();
    // somebody edits it there
    fs::write(far.file(), format!("OTHER={FOREIGN}\nTOKEN={SAID}\n")).unwrap();
    far.looks();
    assert_eq!(far.runs("apply --yes --json", ""), 0);
    let logs = fs::read_dir(far.leaky.world.root().join("ssh")).unwrap();
    let names: Vec<_> = logs.flatten().map(|entry| entry.file_name()).collect();
    for end in [".env", ".args", ".log"] {
        let is_one = |name: &std::ffi::OsString| name.to_string_lossy().ends_with(end);
        assert!(names.iter().any(is_one), "no {end} was kept");
    }
}

#[test]
fn nothing_is_shown_on_bad_days_either() {
    let Some(mut far) = OverSsh::new() else {
        return;
    };
    fs::write(far.file(), format!("OTHER={FOREIGN}\n")).unwrap();
    far.runs("set TOKEN", STORED);
    // it prints everything it has, and fails
    far.declare("exit 3");
    assert_eq!(far.runs("-vv apply --yes --take-over local", ""), 4);
    far.declare("echo canary-far-$TOKEN; kill -9 $$");
    assert_eq!(far.runs("-vv apply --yes --allow authority@vps", ""), 4);
    // the service wants another one
    far.runs("set TOKEN --apply --yes", "canary-far-wrong-77aa");
    far.runs("-vv reconcile --once --target vps", "");
    for profile in [
        format!("echo '{SAID}'; echo '{SAID}' >&2"),
        format!("echo '{SAID}' >&2; exit 1"),
        format!("echo 'sudo: {SAID}'; exit 1"),
        format!("cat() {{ echo '{SAID}'; }}; exec sh -c 'echo {SAID}'"),
    ] {
        far.sshd.profile(Far::Own, &profile);
        far.runs("-vv plan", "");
        far.runs("-vv apply --yes", "");
        far.runs("set TOKEN --apply --yes", STORED);
    }
    far.sshd.profile(Far::Own, "");
    for text in [
        format!("TOKEN='{STORED}\n"),
        format!("\u{0}{FOREIGN}"),
        format!("{FOREIGN} {STORED}\n=\n"),
    ] {
        fs::write(far.file(), text).unwrap();
        far.looks();
        far.runs("-vv apply --yes", "");
    }
    let line = format!("no host's key {SAID}");
    far.sshd.know(&line);
    far.runs("-vv plan", "");
    far.sshd.know_host();
    fs::write(far.sshd.path("authorized_keys"), "").unwrap();
    far.runs("-vv apply --yes", "");
}
