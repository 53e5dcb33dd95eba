//! A repository whose manifest has a long history under several file keys, as re-keying leaves it:
//! commits come by `git fast-import`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::process::{Command, Stdio};
use std::sync::Arc;

use driftlock::crypto::{
    Envelope, NoPrompt, Recipient, SharedPrompt, generate_identity, identity_file_text,
};
use driftlock::manifest::{Fresh, FreshTarget, Payload, Seal, Source, render_new};
use driftlock::model::{FileAddress, FingerprintKey, Machine, ManifestName, SecretValue, VarName};
use driftlock::reconcile::load::{FINGERPRINT_ENTRY, fingerprint_key_text};
use jiff::Timestamp;

use super::world::World;

/// Where the manifest lies.
pub const FILE: &str = "manifests/test.yaml";

/// Who may read, and what they read with.
pub struct Reader {
    pub recipient: Recipient,
    /// The text of an identity file.
    pub identity: String,
}

impl Reader {
    pub fn new() -> Self {
        let (secret, public) = generate_identity();
        Self {
            recipient: Recipient::parse(&public).unwrap(),
            identity: identity_file_text(&secret, &public, "2026-01-31T23:59:59Z".parse().unwrap())
                .to_string(),
        }
    }
}

/// One file key at work.
pub struct Keys {
    envelope: Envelope,
    print: FingerprintKey,
    former: Vec<FingerprintKey>,
    readers: Vec<Recipient>,
    /// The end of the file, made once.
    seal: Seal,
}

fn name() -> ManifestName {
    "test".parse().unwrap()
}

/// When everything is sealed, where nobody says otherwise.
fn then() -> Timestamp {
    "2026-01-31T23:59:59Z".parse().unwrap()
}

fn payload(
    envelope: &Envelope,
    entry: &str,
    (sequence, at): (u64, Timestamp),
    value: &SecretValue,
) -> Payload {
    Payload {
        key: envelope.key_id().short(),
        base64: envelope.seal(entry, sequence, at, value).unwrap(),
    }
}

impl Keys {
    /// A first key.
    pub fn new(readers: &[&Reader], print: u8) -> Self {
        let readers = readers.iter().map(|one| one.recipient.clone()).collect();
        Self::with(readers, FingerprintKey::new([print; 32]), vec![])
    }

    /// The next one, as a reader of this one makes it: the fingerprint key stays among the former.
    pub fn next(&self, print: u8) -> Self {
        let mut former = self.former.clone();
        former.insert(0, self.print.clone());
        Self::with(
            self.readers.clone(),
            FingerprintKey::new([print; 32]),
            former,
        )
    }

    fn with(readers: Vec<Recipient>, print: FingerprintKey, former: Vec<FingerprintKey>) -> Self {
        let envelope = Envelope::generate(&name());
        let quiet: SharedPrompt = Arc::new(NoPrompt);
        let entry = |key: &FingerprintKey| {
            payload(
                &envelope,
                FINGERPRINT_ENTRY,
                (1, then()),
                &fingerprint_key_text(key),
            )
        };
        let seal = Seal {
            key_id: envelope.key_id(),
            recipients_mac: envelope.recipients_mac(&readers),
            header: envelope.wrap(&readers, &quiet).unwrap().to_text(),
            fingerprints: Some(entry(&print)),
            former_fingerprints: former.iter().map(entry).collect(),
        };
        Self {
            envelope,
            print,
            former,
            readers,
            seal,
        }
    }

    /// A sealed value.
    pub fn value(&self, entry: &VarName, sequence: u64, value: &str) -> Source {
        self.value_at(entry, (sequence, then()), value)
    }

    /// The same, sealed at another time.
    pub fn value_at(&self, entry: &VarName, sealed: (u64, Timestamp), value: &str) -> Source {
        let value = SecretValue::new(value);
        Source::Sealed(payload(&self.envelope, entry.as_str(), sealed, &value))
    }

    /// The manifest: all variables on one target.
    pub fn manifest(&self, variables: &BTreeMap<VarName, Source>) -> String {
        let file = FileAddress {
            machine: Machine::Any,
            path: "../app.env".to_owned(),
            format: "portable".to_owned(),
            at: None,
        };
        let uses = variables.keys().cloned().collect();
        let readers: Vec<(String, String)> = self
            .readers
            .iter()
            .map(|one| (one.canonical().to_owned(), String::new()))
            .collect();
        render_new(&Fresh {
            comment: None,
            name: &name(),
            recipients: &readers,
            variables,
            references: &BTreeSet::new(),
            targets: &[FreshTarget::file("app".parse().unwrap(), file, uses)],
            seal: Some(&self.seal),
        })
    }
}

/// `V000`, `V001` …
pub fn variable(number: usize) -> VarName {
    VarName::new(format!("V{number:03}")).unwrap()
}

/// A value as they look in life.
pub fn secret(variable: usize, round: usize) -> String {
    format!(
        "{variable:04x}{round:08x}{:020x}",
        variable * 7919 + round * 104_729
    )
}

/// Texts of a manifest with so many variables: each revision sets one of them anew, in turn, and the
/// keys change twice. The last key, and which round each variable is at.
pub fn history(reader: &Reader, variables: usize, revisions: usize) -> Vec<String> {
    let mut keys = Keys::new(&[reader], 1);
    let mut rounds = vec![0; variables];
    let all = |keys: &Keys, rounds: &[usize], sequence: u64| -> BTreeMap<VarName, Source> {
        let values = rounds.iter().enumerate().map(|(one, round)| {
            let name = variable(one);
            let value = keys.value(&name, sequence, &secret(one, *round));
            (name, value)
        });
        values.collect()
    };
    let mut sources = all(&keys, &rounds, 1);
    let mut texts = vec![keys.manifest(&sources)];
    for revision in 1..revisions {
        if revision == revisions / 3 || revision == 2 * revisions / 3 {
            keys = keys.next(u8::try_from(revision % 200).unwrap() + 2);
            sources = all(&keys, &rounds, revision as u64 + 1);
        } else {
            let one = revision % variables;
            rounds[one] += 1;
            let (name, value) = (variable(one), secret(one, rounds[one]));
            let sealed = keys.value(&name, revision as u64 + 1, &value);
            sources.insert(name, sealed);
        }
        texts.push(keys.manifest(&sources));
    }
    texts
}

/// A repository in a world, with one commit for each text, and the last one checked out.
pub fn commit_all(world: &World, texts: &[String]) {
    let mut stream = Vec::new();
    for (number, text) in texts.iter().enumerate() {
        let (length, at) = (text.len(), 1_700_000_000 + number * 3600);
        write!(
            stream,
            "commit refs/heads/main\ncommitter t <t@example.com> {at} +0000\ndata 1\nx\n\
             M 100644 inline {FILE}\ndata {length}\n{text}\n"
        )
        .unwrap();
    }
    git(world, &["init", "-q", "-b", "main"], &[]);
    git(world, &["fast-import", "--quiet"], &stream);
    git(world, &["reset", "-q", "--hard", "main"], &[]);
}

fn git(world: &World, arguments: &[&str], input: &[u8]) {
    let mut child = Command::new("git")
        .args(arguments)
        .current_dir(world.path(""))
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .stdin(Stdio::piped())
        .spawn()
        .expect("git is installed");
    child.stdin.take().unwrap().write_all(input).unwrap();
    assert!(child.wait().unwrap().success(), "git {arguments:?}");
}
