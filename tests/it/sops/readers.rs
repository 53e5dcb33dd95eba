//! For whom a file is encrypted: one to twenty recipients, keys of SSH, groups, and nobody of ours.

use std::process::Command;

use driftlock::crypto::generate_identity;

use super::lab::{Lab, keyring, ours};
use crate::support::peers::program;

#[test]
fn one_of_twenty_recipients_is_enough() {
    let Some(lab) = Lab::new() else { return };
    for count in 1..=20 {
        let mut keys: Vec<String> = (1..count).map(|_| generate_identity().1).collect();
        keys.insert(count / 2, lab.recipient.clone());
        let list = keys.join(",");
        for (file, text) in [
            ("a.yaml", "A: x\n"),
            ("a.json", "{\"A\": \"x\"}"),
            ("a.env", "A=x\n"),
        ] {
            let encrypted = lab.encrypt_for(file, text, &list, &[]).unwrap();
            let found = lab.ours(&encrypted, &[]).unwrap();
            assert_eq!(found["A"], "x", "{count} {file}");
        }
    }
}

#[test]
fn keys_of_ssh_open_a_file() {
    let Some(lab) = Lab::new() else { return };
    let Some(keygen) = program("ssh-keygen") else {
        return;
    };
    for kind in ["ed25519", "rsa"] {
        let path = lab.path(kind);
        let status = Command::new(&keygen)
            .args(["-q", "-t", kind, "-N", "", "-C", "a comment", "-f"])
            .arg(&path)
            .status()
            .unwrap();
        assert!(status.success());
        let public = std::fs::read_to_string(path.with_extension("pub")).unwrap();
        let words: Vec<&str> = public.split_whitespace().take(2).collect();
        let stranger = generate_identity().1;
        for recipients in [words.join(" "), format!("{stranger},{}", words.join(" "))] {
            let text = "A: x\nB:\n  - 1\n";
            let encrypted = lab.encrypt_for("a.yaml", text, &recipients, &[]).unwrap();
            let found = ours(&encrypted, &mut keyring(&path), &[]).unwrap();
            assert_eq!((found["A"].as_str(), found["B_0"].as_str()), ("x", "1"));
        }
    }
}

#[test]
fn a_file_for_others_says_for_whom_and_what_was_tried() {
    let Some(lab) = Lab::new() else { return };
    let strangers: Vec<String> = (0..7).map(|_| generate_identity().1).collect();
    let encrypted = lab
        .encrypt_for("a.yaml", "A: hunter2\n", &strangers.join(","), &[])
        .unwrap();
    let why = lab.ours(&encrypted, &[]).unwrap_err();
    for words in [&strangers[0], "and 2 more", "keys.txt", &lab.recipient] {
        assert!(why.contains(words), "{why}");
    }
    assert_eq!(why.matches("keys.txt").count(), 1, "{why}");
}

#[test]
fn several_groups_are_refused_and_one_is_not() {
    let Some(lab) = Lab::new() else { return };
    let mine = &lab.recipient;
    let other = generate_identity().1;
    for (groups, works) in [
        (
            format!("      - age: [\"{mine}\"]\n      - age: [\"{other}\"]\n"),
            false,
        ),
        (format!("      - age: [\"{mine}\", \"{other}\"]\n"), true),
    ] {
        let threshold = if works {
            ""
        } else {
            "shamir_threshold: 2\n    "
        };
        lab.write(
            ".sops.yaml",
            format!("creation_rules:\n  - {threshold}key_groups:\n{groups}"),
        );
        for (file, text) in [
            ("a.yaml", "A: x\n"),
            ("a.json", "{\"A\": \"x\"}"),
            ("a.env", "A=x\n"),
        ] {
            let encrypted = lab.encrypt_for(file, text, "", &[]).unwrap();
            let found = lab.ours(&encrypted, &[]);
            assert_eq!(found.is_ok(), works, "{found:?}\n{encrypted}");
            if let Err(why) = found {
                assert!(why.contains("2 groups at once"), "{why}");
            }
        }
    }
}

#[test]
fn a_file_without_an_age_key_says_what_it_has() {
    let Some(lab) = Lab::new() else { return };
    let encrypted = lab.encrypt("a.yaml", "A: x\n", &[]).unwrap();
    let begin = encrypted.find("    age:\n").unwrap();
    let end = encrypted.find("    lastmodified:").unwrap();
    let keys = "    kms:\n        - arn: arn:aws:kms:x\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: AAAA\n          aws_profile: \"\"\n    pgp:\n        - created_at: \"2026-01-01T00:00:00Z\"\n          enc: AAAA\n          fp: 85D77543B3D624B63CEA9E6DBC17301B491B3F21\n    hc_vault:\n        - vault_address: https://vault\n          engine_path: sops\n          key_name: k\n          created_at: \"2026-01-01T00:00:00Z\"\n          enc: AAAA\n";
    let without = format!("{}{keys}{}", &encrypted[..begin], &encrypted[end..]);
    let why = lab.ours(&without, &[]).unwrap_err();
    assert_eq!(
        why,
        "is encrypted for no age recipient, only for PGP, AWS KMS, HashiCorp Vault"
    );
    // beside an age key they do not matter
    let both = format!("{}{keys}{}", &encrypted[..begin], &encrypted[begin..]);
    assert_eq!(lab.ours(&both, &[]).unwrap()["A"], "x");
    let none = format!("{}{}", &encrypted[..begin], &encrypted[end..]);
    assert!(lab.ours(&none, &[]).unwrap_err().contains("names no keys"));
}

#[test]
fn the_ini_store_and_several_documents_are_refused() {
    let Some(lab) = Lab::new() else { return };
    let ini = lab.encrypt("a.ini", "[db]\nA = x\n", &[]).unwrap();
    assert!(lab.ours(&ini, &[]).unwrap_err().contains("INI store"));
    let two = lab.encrypt("a.yaml", "A: x\n---\nB: y\n", &[]).unwrap();
    assert!(lab.ours(&two, &[]).unwrap_err().contains("second document"));
}
