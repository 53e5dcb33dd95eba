//! Stock `age` and OpenSSH's keys.

use std::path::{Path, PathBuf};
use std::process::Command;

use driftlock::crypto::{
    Header, Keyring, Recipient, UnlockError, decrypt_payload, open_armored, open_header,
    seal_armored,
};
use driftlock::model::SecretValue;
use tempfile::TempDir;

use super::{Says, age_file, at, identity_file, manifest, quiet, request, run_well, value_of};
use crate::support::peers::program;

fn values() -> Vec<String> {
    vec![
        String::new(),
        "hunter2".to_owned(),
        "-----BEGIN X-----\nüñí ${A}\n\n".to_owned(),
        "x".repeat(65_536),
        "y".repeat(1 << 20),
    ]
}

fn ssh_key(folder: &Path, kind: &str, passphrase: &str) -> Option<(PathBuf, Recipient)> {
    let path = folder.join(format!("{kind}-{}", passphrase.len()));
    let mut command = Command::new(program("ssh-keygen")?);
    command.args(["-q", "-t", kind, "-N", passphrase, "-C", "a comment", "-f"]);
    run_well(command.arg(&path), b"");
    let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
    Some((path, Recipient::parse(&public).unwrap()))
}

#[test]
fn stock_age_opens_header_and_payload_with_each_kind_of_key() {
    let folder = TempDir::new().unwrap();
    let Some(age) = program("age") else { return };
    let Some(ed25519) = ssh_key(folder.path(), "ed25519", "") else {
        return;
    };
    let Some(rsa) = ssh_key(folder.path(), "rsa", "") else {
        return;
    };
    let keys = [identity_file(folder.path()), ed25519, rsa];
    let recipients = keys.each_ref().map(|(_, recipient)| recipient.clone());
    for value in values() {
        let file = age_file(&recipients, &value);
        for (identity, recipient) in &keys {
            let plain = run_well(Command::new(&age).arg("-d").arg("-i").arg(identity), &file);
            assert!(plain.len().is_multiple_of(32));
            assert!(value_of(&plain) == value, "{recipient}");
        }
    }
}

#[test]
fn we_open_what_stock_age_writes_for_each_kind_of_key() {
    let folder = TempDir::new().unwrap();
    let Some(age) = program("age") else { return };
    let Some(ed25519) = ssh_key(folder.path(), "ed25519", "") else {
        return;
    };
    let Some(rsa) = ssh_key(folder.path(), "rsa", "") else {
        return;
    };
    for (identity, recipient) in [identity_file(folder.path()), ed25519, rsa] {
        for value in values() {
            let mut command = Command::new(&age);
            let file = run_well(
                command.arg("-r").arg(recipient.canonical()),
                value.as_bytes(),
            );
            let (header, payload) = Header::split(&file).unwrap();
            let unlocked = open_header(&header, &request(&identity), &quiet()).unwrap();
            assert!(unlocked.source.contains(recipient.canonical()));
            let plain = decrypt_payload(&unlocked.file_key, payload.to_vec()).unwrap();
            assert!(*plain == value.as_bytes());
        }
    }
}

#[test]
fn a_key_file_of_age_keygen_opens_a_header() {
    let folder = TempDir::new().unwrap();
    let Some(keygen) = program("age-keygen") else {
        return;
    };
    let path = folder.path().join("keys.txt");
    run_well(Command::new(&keygen).arg("-o").arg(&path), b"");
    let public = run_well(Command::new(&keygen).arg("-y").arg(&path), b"");
    let recipient = Recipient::parse(std::str::from_utf8(&public).unwrap()).unwrap();
    let file = age_file(&[recipient], "v");
    let (header, _) = Header::split(&file).unwrap();
    let unlocked = open_header(&header, &request(&path), &quiet()).unwrap();
    assert!(unlocked.source.contains("line 3"));
    assert!(unlocked.notes.is_empty());
}

#[test]
fn our_identity_file_is_one_for_age_keygen() {
    let folder = TempDir::new().unwrap();
    let Some(keygen) = program("age-keygen") else {
        return;
    };
    let (path, recipient) = identity_file(folder.path());
    let public = run_well(Command::new(keygen).arg("-y").arg(path), b"");
    assert_eq!(
        std::str::from_utf8(&public).unwrap().trim(),
        recipient.canonical()
    );
}

#[test]
fn an_ssh_key_asks_for_its_passphrase_once_and_only_if_it_is_meant() {
    let folder = TempDir::new().unwrap();
    let Some((path, recipient)) = ssh_key(folder.path(), "ed25519", "correct horse") else {
        return;
    };
    let (_, other) = identity_file(folder.path());
    let meant = age_file(&[recipient, other.clone()], "v");
    let (meant, _) = Header::split(&meant).unwrap();
    let not_meant = age_file(&[other], "v");
    let (not_meant, _) = Header::split(&not_meant).unwrap();

    let asked = Says::new("correct horse");
    let mut keyring = Keyring::new(&request(&path), asked.clone());
    assert!(keyring.open(&not_meant).is_err());
    assert_eq!(asked.shown().len(), 0);
    for _ in 0..3 {
        keyring.open(&meant).unwrap();
    }
    assert_eq!(asked.shown().len(), 1);

    let reason = |prompt| match open_header(&meant, &request(&path), &prompt).unwrap_err() {
        UnlockError::NoIdentity { tried, .. } => tried[0].why.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reason(quiet()),
        "needs a passphrase, and nobody can be asked"
    );
    assert_eq!(
        reason(Says::new("hunter2")),
        "does not open with this passphrase"
    );
}

#[test]
fn stock_age_and_we_read_each_others_armored_values() {
    let folder = TempDir::new().unwrap();
    let Some(age) = program("age") else { return };
    let (path, recipient) = identity_file(folder.path());
    let text = seal_armored(
        std::slice::from_ref(&recipient),
        &manifest(),
        "TOKEN",
        1,
        at(),
        &SecretValue::new("hunter2"),
        &quiet(),
    )
    .unwrap();
    let plain = run_well(
        Command::new(&age).arg("-d").arg("-i").arg(&path),
        text.as_bytes(),
    );
    assert_eq!(value_of(&plain), "hunter2");

    let mut command = Command::new(&age);
    let again = run_well(
        command.arg("-a").arg("-r").arg(recipient.canonical()),
        &plain,
    );
    let mut keyring = Keyring::new(&request(&path), quiet());
    let text = std::str::from_utf8(&again).unwrap();
    let opened = open_armored(text, &manifest(), "TOKEN", &mut keyring).unwrap();
    assert_eq!(opened.opened.value.expose(), "hunter2");
}
