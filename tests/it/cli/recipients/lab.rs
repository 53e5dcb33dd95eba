//! People with keys of stock programs, and what each of them can read of a manifest by hand: with sed,
//! base64 and age, as the README shows it.

use std::path::{Path, PathBuf};
use std::process::Command;

use driftlock::manifest::{self, Source};
use driftlock::model::VarName;

use crate::support::peers;
use crate::support::shop::MANIFEST;
use crate::support::world::{Run, World};

const SCRIPT: &str = include_str!("../../support/recover.sh");

/// Somebody with a key.
#[derive(Debug, Clone)]
pub struct Person {
    pub name: String,
    /// The private key's file.
    pub file: PathBuf,
    /// The line of the public key, with a comment where its program writes one.
    pub public: String,
}

impl Person {
    /// Made by age-keygen. `None` where it is not there.
    pub fn age(world: &World, name: &str) -> Option<Self> {
        let keygen = peers::program("age-keygen")?;
        let file = world.root().join(format!("{name}.key"));
        let made = Command::new(&keygen).arg("-o").arg(&file).output().unwrap();
        assert!(made.status.success());
        let public = Command::new(keygen).arg("-y").arg(&file).output().unwrap();
        Some(Self {
            name: name.to_owned(),
            file,
            public: String::from_utf8(public.stdout).unwrap().trim().to_owned(),
        })
    }

    /// Made by ssh-keygen, with the name as its comment.
    pub fn ssh(world: &World, name: &str, kind: &[&str]) -> Option<Self> {
        let file = world.root().join(format!("{name}.key"));
        let made = Command::new(peers::program("ssh-keygen")?)
            .args(["-q", "-N", "", "-C", name, "-f"])
            .arg(&file)
            .arg("-t")
            .args(kind)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        let public = std::fs::read_to_string(file.with_extension("key.pub")).unwrap();
        Some(Self {
            name: name.to_owned(),
            file,
            public: public.trim().to_owned(),
        })
    }

    /// Without the comment.
    pub fn key(&self) -> String {
        let words: Vec<&str> = self.public.split(' ').take(2).collect();
        match self.public.starts_with("ssh-") {
            true => words.join(" "),
            false => self.public.clone(),
        }
    }
}

/// Runs with words that hold blanks.
pub fn run(world: &World, line: &str, more: &[&str]) -> Run {
    let words = line.split_whitespace();
    Run::of(world.command(words.chain(more.iter().copied())))
}

/// Runs as somebody whose only key is this one.
pub fn run_as(world: &World, who: &Person, line: &str, more: &[&str]) -> Run {
    let words = line.split_whitespace();
    let mut command = world.command(words.chain(more.iter().copied()));
    command
        .env("XDG_CONFIG_HOME", world.root().join("nobody"))
        .env("DRIFTLOCK_AGE_KEY_FILE", &who.file);
    Run::of(command)
}

/// The value of a variable in a manifest's text, by hand; `None` where age opens nothing.
pub fn recovered(world: &World, text: &str, name: &str, key: &Path) -> Option<String> {
    let age = peers::program("age")?;
    let script = world.root().join("recover.sh");
    std::fs::write(&script, SCRIPT).unwrap();
    let file = world.root().join("recover.yaml");
    std::fs::write(&file, text).unwrap();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(age.parent().unwrap().to_owned());
    let folders = folders.chain(std::env::split_paths(&path));
    let output = Command::new("sh")
        .arg(script)
        .arg(file)
        .arg(name)
        .arg(key)
        .env("PATH", std::env::join_paths(folders).unwrap())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    match output.status.success() {
        true => Some(String::from_utf8(output.stdout).unwrap()),
        false => {
            assert!(
                said.contains("no identity matched"),
                "it did not open for another reason: {said}"
            );
            None
        }
    }
}

/// Whether everybody of these, and nobody of those, opens this variable of the manifest as it is.
#[track_caller]
pub fn opens_for(world: &World, name: &str, value: &str, these: &[&Path], those: &[&Path]) {
    let text = world.manifest();
    for key in these {
        let got = recovered(world, &text, name, key);
        assert_eq!(got.as_deref(), Some(value), "{}", key.display());
    }
    for key in those {
        let got = recovered(world, &text, name, key);
        assert!(got.is_none(), "{} still opens {name}", key.display());
    }
}

/// The key that `init` made.
pub fn own(world: &World) -> PathBuf {
    world.config("driftlock/keys.txt")
}

/// Every sealed line of a manifest's variables.
pub fn sealed_lines(text: &str) -> Vec<String> {
    let parsed = manifest::parse(text).unwrap().manifest;
    let payload = |(name, variable): (&VarName, &manifest::Variable)| match &variable.source {
        Source::Sealed(payload) => Some(format!("{name} {}.{}", payload.key, payload.base64)),
        _ => None,
    };
    parsed.variables.iter().filter_map(payload).collect()
}

pub fn put(world: &World, text: &str) {
    world.write(MANIFEST, text);
}

/// What the list of the manifest is, in the words of the file.
pub fn listed(text: &str) -> Vec<String> {
    let parsed = manifest::parse(text).unwrap().manifest;
    parsed.recipients.into_iter().map(|(key, _)| key).collect()
}

/// The first line of the list, as it stands in the file.
pub fn first_line(text: &str) -> &str {
    let mut lines = text.lines();
    lines.find(|line| line.starts_with("  - ")).unwrap()
}

/// As somebody does who may write to the repository and has no key.
pub fn with_line(text: &str, key: &str, comment: &str) -> String {
    let first = first_line(text);
    let spelled = match key.contains(' ') {
        true => format!("\"{key}\""),
        false => key.to_owned(),
    };
    text.replacen(first, &format!("{first}\n  - {spelled} # {comment}"), 1)
}
