//! Values are recovered by hand: the shell text that the README shows, run with GNU tools, with
//! busybox, and with a second implementation of age.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::support::peers;
use crate::support::world::World;

const SCRIPT: &str = include_str!("support/recover.sh");

/// `age -d -i KEYFILE`, by the npm package `age-encryption`.
const NODE_AGE: &str = "import fs from 'node:fs';
const age = await import('file://' + process.argv[2]);
const key = fs.readFileSync(process.argv[5], 'utf8').split('\\n').find(l => l.startsWith('AGE-'));
const d = new age.Decrypter();
d.addIdentity(key);
fs.writeFileSync(1, await d.decrypt(new Uint8Array(fs.readFileSync(0))));
";

fn values() -> Vec<(&'static str, String)> {
    let long: String = (0..32 * 1024)
        .map(|at| char::from(b' ' + u8::try_from(at % 95).unwrap()))
        .collect();
    vec![
        ("PLAIN", "hunter2".to_owned()),
        ("PLAIN_2", "its name begins as another's".to_owned()),
        ("EMPTY", String::new()),
        (
            "PEM",
            "-----BEGIN PRIVATE KEY-----\nMC4C\nAQAw\n-----END PRIVATE KEY-----\n\n".to_owned(),
        ),
        ("ODD", " '\"`$${X}\\n \u{a0}é😀\t\\".to_owned()),
        (
            "BINDING",
            "driftlock/1 dev BINDING 1\nage: |\n  x".to_owned(),
        ),
        ("LONG", long),
    ]
}

/// A key of ssh-keygen's making.
fn key(world: &World, kind: &str, bits: &str) -> Option<PathBuf> {
    let path = world.path(format!("id_{kind}"));
    let made = Command::new(peers::program("ssh-keygen")?)
        .args(["-q", "-t", kind, "-b", bits, "-N", "", "-C", "a comment"])
        .arg("-f")
        .arg(&path)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    Some(path)
}

struct Recovery {
    world: World,
    ssh_key: PathBuf,
    /// Its stanza has a last line with nothing on it.
    rsa_key: PathBuf,
}

impl Recovery {
    /// A manifest of the binary's own making, for an X25519, an ssh-ed25519 and an ssh-rsa recipient.
    fn new() -> Option<Self> {
        let world = World::new();
        let [ssh_key, rsa_key] =
            [("ed25519", "256"), ("rsa", "3072")].map(|(kind, bits)| key(&world, kind, bits));
        let (ssh_key, rsa_key) = (ssh_key?, rsa_key?);
        let public = std::fs::read_to_string(ssh_key.with_extension("pub")).unwrap();
        let public: Vec<&str> = public.split_whitespace().take(2).collect();
        let init = ["init", "--yes", "--name", "dev", "--recipient"];
        let init = init.into_iter().map(str::to_owned);
        let command = world.command(init.chain([public.join(" ")]));
        crate::support::world::Run::of(command).success();
        world.run("recipients add --file id_rsa.pub").success();
        for (name, value) in values() {
            let file = world.write("value", &value);
            let line = format!("set {name} --from-file {}", file.display());
            world.run(&line).success();
        }
        world.write("recover.sh", SCRIPT);
        Some(Self {
            world,
            ssh_key,
            rsa_key,
        })
    }

    fn run(&self, shell: &[&str], tools: &Path, name: &str, key: &Path) -> Output {
        Command::new(shell[0])
            .args(&shell[1..])
            .arg(self.world.path("recover.sh"))
            .arg(self.world.path("manifests/dev.yaml"))
            .arg(name)
            .arg(key)
            .env_clear()
            .env("PATH", tools)
            .output()
            .unwrap()
    }

    fn check(&self, shell: &[&str], tools: &Path, key: &Path) {
        for (name, value) in values() {
            let output = self.run(shell, tools, name, key);
            let words = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{shell:?} {name}: {words}");
            assert!(output.stdout == value.as_bytes(), "{shell:?} {name}");
        }
        let missing = self.run(shell, tools, "MISSING", key);
        assert!(!missing.status.success(), "{shell:?}");
        assert_eq!(missing.stdout, b"");
    }

    fn keys(&self) -> [PathBuf; 3] {
        let own = self.world.config("driftlock/keys.txt");
        [own, self.ssh_key.clone(), self.rsa_key.clone()]
    }

    /// A folder with nothing but these commands.
    fn tools(&self, folder: &str, tools: &[(&str, &Path)]) -> PathBuf {
        let folder = self.world.path(folder);
        std::fs::create_dir(&folder).unwrap();
        for (name, program) in tools {
            symlink(program, folder.join(name)).unwrap();
        }
        folder
    }
}

#[test]
fn every_value_by_hand_with_gnu_and_busybox() {
    let (Some(recovery), Some(age)) = (Recovery::new(), peers::program("age")) else {
        return;
    };
    let gnu: Vec<(&str, PathBuf)> = ["sed", "base64", "cat"]
        .into_iter()
        .filter_map(|name| Some((name, peers::program(name)?)))
        .collect();
    let mut tools: Vec<(&str, &Path)> = gnu.iter().map(|(name, path)| (*name, &**path)).collect();
    tools.push(("age", &age));
    let folder = recovery.tools("gnu", &tools);
    for key in recovery.keys() {
        for shell in ["dash", "bash"] {
            if let Some(shell) = peers::program(shell) {
                recovery.check(&[shell.to_str().unwrap()], &folder, &key);
            }
        }
    }
    let Some(busybox) = peers::program("busybox") else {
        return;
    };
    let applets = ["sed", "base64", "cat"].map(|name| (name, &*busybox));
    let folder = recovery.tools("busybox", &[&applets[..], &[("age", &age)]].concat());
    for key in recovery.keys() {
        recovery.check(&[busybox.to_str().unwrap(), "sh"], &folder, &key);
    }
}

#[test]
fn every_value_by_hand_with_a_second_implementation() {
    let (Some(node), Some(package)) = (
        peers::program("node"),
        peers::installed("node_modules/age-encryption"),
    ) else {
        return;
    };
    let Some(recovery) = Recovery::new() else {
        return;
    };
    let script = recovery.world.write("age.mjs", NODE_AGE);
    let tools = recovery.tools("none", &[]);
    let age = tools.join("age");
    let text = format!(
        "#!/bin/sh\nexec '{}' '{}' '{}' \"$@\"\n",
        node.display(),
        script.display(),
        package.join("dist/index.js").display()
    );
    std::fs::write(&age, text).unwrap();
    std::fs::set_permissions(&age, std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["sed", "base64", "cat"] {
        if let Some(program) = peers::program(name) {
            symlink(program, tools.join(name)).unwrap();
        }
    }
    let key = recovery.world.config("driftlock/keys.txt");
    recovery.check(&["/bin/sh"], &tools, &key);
}

#[test]
fn a_value_under_another_name_is_not_taken_for_it() {
    let (Some(recovery), Some(_)) = (Recovery::new(), peers::program("age")) else {
        return;
    };
    let text = recovery.world.read("manifests/dev.yaml");
    let swapped = text
        .replace("  PLAIN:", "  SWAP:")
        .replace("  PLAIN_2:", "  PLAIN:");
    recovery.world.write("manifests/dev.yaml", swapped);
    let path = std::env::var("PATH").unwrap();
    let key = recovery.world.config("driftlock/keys.txt");
    let output = recovery.run(&["/bin/sh"], Path::new(&path), "PLAIN", &key);
    assert!(!output.status.success());
    assert_eq!(output.stdout, b"");
}
