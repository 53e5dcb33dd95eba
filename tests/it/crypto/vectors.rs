//! age's published test vectors (the npm package `cctv-age`), against our header and payload code.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use driftlock::crypto::{Header, HeaderError, PayloadError, UnwrapError, decrypt_payload};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::run_well;
use crate::support::peers::{installed, program};

/// Writes each vector to a file, its age part inflated where it is compressed.
const UNPACK: &str = "
    import fs from 'node:fs'; import path from 'node:path'; import zlib from 'node:zlib';
    const vectors = await import('file://' + process.argv[1] + '/index.js');
    for (const [name, bytes] of Object.entries(vectors)) {
        const file = Buffer.from(bytes);
        const end = file.indexOf('\\n\\n') + 2;
        const head = file.subarray(0, end).toString();
        let body = file.subarray(end);
        if (head.includes('compressed: zlib')) body = zlib.inflateSync(body);
        fs.writeFileSync(path.join(process.argv[2], name), Buffer.concat([file.subarray(0, end), body]));
    }";

struct Vector {
    name: String,
    keys: Vec<(String, String)>,
    file: Vec<u8>,
}

impl Vector {
    fn load(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.windows(2).position(|two| two == b"\n\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let keys = head.lines().map(|line| line.split_once(": ").unwrap());
        Self {
            name: path.file_name().unwrap().to_str().unwrap().to_owned(),
            keys: keys
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect(),
            file: bytes[end + 2..].to_vec(),
        }
    }

    fn all(&self, key: &str) -> Vec<&str> {
        let pairs = self.keys.iter().filter(|(name, _)| name == key);
        pairs.map(|(_, value)| value.as_str()).collect()
    }

    /// What our code makes of it, in the words of the vectors.
    fn outcome(&self) -> &'static str {
        let Ok((header, payload)) = Header::split(&self.file) else {
            return "header failure";
        };
        let before = &self.file[..self.file.len() - payload.len()];
        assert_eq!(header.to_text().as_bytes(), before, "{}", self.name);
        for identity in self.all("identity") {
            let identity: age::x25519::Identity = identity.parse().unwrap();
            let file_key = match header.unwrap(&identity) {
                Ok(file_key) => file_key,
                Err(UnwrapError::NoMatch) => continue,
                Err(UnwrapError::Tampered) => return "HMAC failure",
                Err(_) => return "header failure",
            };
            let plain = match decrypt_payload(&file_key, payload.to_vec()) {
                Ok(plain) => plain,
                // The vectors count the nonce to the header; to us it is the payload's.
                Err(PayloadError::Truncated) if payload.len() < 16 => return "header failure",
                Err(_) => return "payload failure",
            };
            let digest = Sha256::digest(&*plain);
            let hex: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(self.all("payload"), [hex], "{}", self.name);
            return "success";
        }
        "no match"
    }
}

#[test]
fn published_vectors_come_out_as_they_say() {
    let (Some(node), Some(package)) = (program("node"), installed("node_modules/cctv-age")) else {
        return;
    };
    let folder = TempDir::new().unwrap();
    let mut unpack = Command::new(node);
    unpack.args(["--input-type=module", "-e", UNPACK]);
    run_well(unpack.arg(package).arg(folder.path()), b"");

    let mut held: BTreeMap<&str, usize> = BTreeMap::new();
    let (mut armored, mut passphrase, mut hybrid) = (0, 0, 0);
    let files = std::fs::read_dir(folder.path()).unwrap();
    for file in files.map(|file| file.unwrap().path()) {
        let vector = Vector::load(&file);
        if vector.all("armored") == ["yes"] {
            armored += 1;
        } else if vector.name.starts_with("scrypt") {
            // Passphrases are refused before anything else is looked at. `SCRYPT` is another type,
            // unknown to us as to everybody.
            match Header::split(&vector.file) {
                Err(HeaderError::Passphrase | HeaderError::Line { .. }) => {}
                Ok(_) if vector.name == "scrypt_uppercase" => {}
                other => panic!("{}: {other:?}", vector.name),
            }
            passphrase += 1;
        } else if vector
            .all("identity")
            .iter()
            .any(|identity| identity.starts_with("AGE-SECRET-KEY-PQ-"))
        {
            hybrid += 1;
        } else {
            let outcome = vector.outcome();
            assert_eq!(vec![outcome], vector.all("expect"), "{}", vector.name);
            *held.entry(outcome).or_default() += 1;
        }
    }
    let held: Vec<(&str, usize)> = held.into_iter().collect();
    let expected = [
        ("HMAC failure", 1),
        ("header failure", 31),
        ("no match", 3),
        ("payload failure", 18),
        ("success", 14),
    ];
    assert_eq!(held, expected);
    // Not ours to hold: other armor than the canonical one, passphrases, post-quantum identities.
    assert_eq!((armored, passphrase, hybrid), (33, 25, 18));
}
