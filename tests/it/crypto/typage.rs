//! The npm package `age-encryption`, run by node: a second implementation, in another language.

use std::path::Path;
use std::process::Command;

use driftlock::crypto::{Header, decrypt_payload, open_header};
use tempfile::TempDir;

use super::{age_file, identity_file, quiet, request, run_well, value_of};
use crate::support::peers::{installed, program};

/// A node script with the package as `age`, stdin as `input`, its argument as `key`.
fn node(body: &str, key: &str, input: &[u8]) -> Option<Vec<u8>> {
    let package = installed("node_modules/age-encryption")?;
    let script = format!(
        "import fs from 'node:fs';
         const age = await import(process.argv[1]);
         const [key, input] = [process.argv[2], new Uint8Array(fs.readFileSync(0))];
         const write = (bytes) => fs.writeFileSync(1, bytes);
         {body}"
    );
    let mut command = Command::new(program("node")?);
    command
        .args(["--input-type=module", "-e", &script])
        .arg(entry(&package))
        .arg(key);
    Some(run_well(&mut command, input))
}

fn entry(package: &Path) -> String {
    format!("file://{}", package.join("dist/index.js").display())
}

#[test]
fn it_opens_header_and_payload() {
    let folder = TempDir::new().unwrap();
    let (path, recipient) = identity_file(folder.path());
    let text = std::fs::read_to_string(path).unwrap();
    let secret = text.lines().nth(2).unwrap();
    let elsewhere = TempDir::new().unwrap();
    let (_, other) = identity_file(elsewhere.path());
    for value in ["", "hunter2", "two\nlines\n", &"x".repeat(200_000)] {
        let file = age_file(&[recipient.clone(), other.clone()], value);
        let decrypt = "const d = new age.Decrypter(); d.addIdentity(key);
                       write(await d.decrypt(input));";
        let Some(plain) = node(decrypt, secret, &file) else {
            return;
        };
        assert!(value_of(&plain) == value);
    }
}

#[test]
fn we_open_what_it_writes() {
    let folder = TempDir::new().unwrap();
    let (path, recipient) = identity_file(folder.path());
    for length in [0, 1, 65_535, 65_536, 65_537, 131_072] {
        let plain = vec![b'x'; length];
        let encrypt = "const e = new age.Encrypter(); e.addRecipient(key);
                       write(await e.encrypt(input));";
        let Some(file) = node(encrypt, recipient.canonical(), &plain) else {
            return;
        };
        let (header, payload) = Header::split(&file).unwrap();
        let unlocked = open_header(&header, &request(&path), &quiet()).unwrap();
        let opened = decrypt_payload(&unlocked.file_key, payload.to_vec()).unwrap();
        assert!(*opened == plain);
    }
}
