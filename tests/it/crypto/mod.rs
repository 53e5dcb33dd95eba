//! What we encrypt, held against other implementations of age.
#![expect(
    clippy::unwrap_used,
    reason = "a helper that cannot go on fails its test"
)]

mod plugin;
mod stock_age;
mod typage;
mod vectors;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use driftlock::crypto::{
    Envelope, IdentityRequest, NoPrompt, Prompt, Recipient, SharedPrompt, identity_file_text,
};
use driftlock::model::{ManifestName, SecretValue};
use jiff::Timestamp;
use zeroize::Zeroizing;

fn quiet() -> SharedPrompt {
    Arc::new(NoPrompt)
}

/// Answers every question with one text, and remembers what was shown.
struct Says {
    answer: &'static str,
    shown: std::sync::Mutex<Vec<String>>,
}

impl Says {
    fn new(answer: &'static str) -> Arc<Self> {
        Arc::new(Self {
            answer,
            shown: std::sync::Mutex::default(),
        })
    }

    fn shown(&self) -> Vec<String> {
        self.shown.lock().unwrap().clone()
    }
}

impl Prompt for Says {
    fn message(&self, text: &str) {
        self.shown.lock().unwrap().push(text.to_owned());
    }
    fn confirm(&self, _: &str, _: &str, _: Option<&str>) -> Option<bool> {
        None
    }
    fn ask(&self, _: &str) -> Option<String> {
        None
    }
    fn passphrase(&self, text: &str) -> Option<Zeroizing<String>> {
        self.message(text);
        Some(Zeroizing::new(self.answer.to_owned()))
    }
}

fn manifest() -> ManifestName {
    ManifestName::new("production").unwrap()
}

fn at() -> Timestamp {
    "2026-01-31T23:59:59Z".parse().unwrap()
}

/// Header and payload bytes, as a person recovers them by hand: an age file.
fn age_file(recipients: &[Recipient], value: &str) -> Vec<u8> {
    let envelope = Envelope::generate(&manifest());
    let header = envelope.wrap(recipients, &quiet()).unwrap();
    let payload = envelope
        .seal("TOKEN", 1, at(), &SecretValue::new(value))
        .unwrap();
    let mut file = header.to_text().into_bytes();
    file.extend(BASE64_STANDARD.decode(payload).unwrap());
    file
}

/// The plaintext without its first line, which must be the binding line.
fn value_of(plaintext: &[u8]) -> &str {
    let text = std::str::from_utf8(plaintext).unwrap();
    let (line, value) = text.split_once('\n').unwrap();
    assert!(line.starts_with("driftlock/1 production TOKEN 1 2026-01-31T23:59:59Z ."));
    value
}

/// An identity in a file, and its recipient.
fn identity_file(folder: &Path) -> (PathBuf, Recipient) {
    let (secret, public) = driftlock::crypto::generate_identity();
    let path = folder.join("identity");
    std::fs::write(&path, &*identity_file_text(&secret, &public, at())).unwrap();
    (path, Recipient::parse(&public).unwrap())
}

fn request(path: &Path) -> IdentityRequest {
    IdentityRequest {
        explicit: vec![path.to_owned()],
        ..IdentityRequest::default()
    }
}

/// Runs a program with this on its standard input.
fn run(command: &mut Command, input: &[u8]) -> Output {
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        // A program that stops early says why on stderr.
        drop(stdin.write_all(&input));
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output
}

/// The same, and it must work.
fn run_well(command: &mut Command, input: &[u8]) -> Vec<u8> {
    let output = run(command, input);
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{command:?}: {words}");
    output.stdout
}
