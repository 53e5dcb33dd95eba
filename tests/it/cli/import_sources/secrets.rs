//! SOPS files through the command: what becomes of them, and every way in which they do not.

use crate::sops::lab::Lab;
use crate::support::world::World;

/// A world whose identity opens what the lab's program writes.
fn world(lab: &Lab) -> World {
    let mut world = World::new();
    let keys = lab.path("keys.txt").display().to_string();
    world.variable("SOPS_AGE_KEY_FILE", &keys);
    world
}

#[test]
fn each_store_declares_its_variables() {
    let Some(lab) = Lab::new() else { return };
    for (file, text) in [
        (
            "s.yaml",
            "TOKEN: c4nary-1\nPORT: 8080\nLINES: |\n  c4nary\n  two\nOPEN_unencrypted: c4nary-open\n",
        ),
        (
            "s.json",
            r#"{"TOKEN": "c4nary-1", "PORT": 8080, "LINES": "c4nary\ntwo\n", "OPEN_unencrypted": "c4nary-open"}"#,
        ),
        (
            "s.env",
            "TOKEN=c4nary-1\nPORT=8080\nLINES=c4nary\\ntwo\\n\nOPEN_unencrypted=c4nary-open\n",
        ),
    ] {
        let world = world(&lab);
        world.write(file, lab.encrypt(file, text, &[]).unwrap());
        let run = world.quietly(&format!("import {file} --yes")).success();
        run.says("encrypted, though anybody might read: OPEN_unencrypted, PORT");
        let values = world.values_of(&["TOKEN", "PORT", "LINES", "OPEN_unencrypted"]);
        let texts: Vec<&str> = values.values().map(String::as_str).collect();
        assert_eq!(texts, ["c4nary\ntwo\n", "c4nary-open", "8080", "c4nary-1"]);
        assert_eq!(world.targets_of("manifests/dev.yaml"), Vec::<String>::new());
        world.quietly("check").success();
        // and by standard input
        let sealed = world.read(file);
        world
            .run_with("import - -f manifests/dev.yaml --clear-suggested", &sealed)
            .success()
            .says("shared: LINES, OPEN_unencrypted, PORT, TOKEN");
    }
}

#[test]
fn nested_values_want_a_word() {
    let Some(lab) = Lab::new() else { return };
    let world = world(&lab);
    let text = "db:\n  password: c4nary-1\n  hosts: [c4nary-a, c4nary-b]\nTOP: c4nary-t\n";
    world.write("s.yaml", lab.encrypt("s.yaml", text, &[]).unwrap());
    let run = world.quietly("import s.yaml --yes").exits(3);
    run.clone()
        .says("db.password is nested, and variables are not");
    run.says("help: --flatten names nested values after their paths");
    assert!(!world.path("manifests").exists());
    world
        .quietly("import s.yaml --yes --flatten --except db.hosts")
        .success();
    assert_eq!(world.revealed("db_password"), "c4nary-1");
    world
        .quietly("import s.yaml --name top --except db")
        .success();
    assert!(!world.read("manifests/top.yaml").contains("db_"));
}

#[test]
fn what_cannot_be_taken_is_said_and_nothing_is_written() {
    let Some(lab) = Lab::new() else { return };
    let good = lab
        .encrypt("s.yaml", "A: c4nary-a\nB: c4nary-b\n", &[])
        .unwrap();
    let stranger = driftlock::crypto::generate_identity().1;
    let for_others = lab
        .encrypt_for("s.yaml", "A: c4nary\n", &stranger, &[])
        .unwrap();
    let ini = lab.encrypt("s.ini", "[x]\nA = c4nary\n", &[]).unwrap();
    let binary = lab.encrypt("s.txt", "A=c4nary\n", &[]).unwrap();
    let cut = &good[..good.find("sops:").unwrap()];
    let kms = good.replace("    age:\n        - recipient:", "    kms:\n        - arn:");
    let mixed = format!("driftlock: 1\n{good}");
    let cases: [(&str, &str, i32, &str); 9] = [
        ("s.yaml", &for_others, 1, "no identity opens the header"),
        ("s.ini", &ini, 3, "INI store"),
        ("s.txt", &binary, 3, "its binary store"),
        ("s.yaml", cut, 1, "not its metadata"),
        ("s.yaml", &kms, 3, "only for AWS KMS"),
        (
            "s.yaml",
            &mixed,
            3,
            "is a driftlock manifest, and a SOPS file too",
        ),
        (
            "s.yaml",
            &good.replace("B: ENC", "C: ENC"),
            1,
            "C does not authenticate",
        ),
        ("s.yaml", &good[..good.len() / 2], 1, ""),
        (
            "s.env",
            "A=ENC[AES256_GCM,data:x,iv:y,tag:z,type:str]\n",
            1,
            "not its metadata",
        ),
    ];
    for (file, text, code, words) in cases {
        let world = world(&lab);
        world.write(file, text);
        world.write(".env", "X=c4nary-x\n");
        let run = world.quietly(&format!("import .env {file} --yes"));
        assert!(run.stderr.contains("help: "), "{}", run.all());
        run.exits(code).says(words);
        assert!(!world.path("manifests").exists(), "{file} {words}");
    }
}

#[test]
fn a_clear_value_that_nothing_holds_is_said() {
    let Some(lab) = Lab::new() else { return };
    let world = world(&lab);
    let rules = ["--mac-only-encrypted", "--unencrypted-suffix", "_open"];
    let text = "A: c4nary-a\nLEVEL_open: info\n";
    world.write("s.yaml", lab.encrypt("s.yaml", text, &rules).unwrap());
    world
        .quietly("import s.yaml --yes")
        .success()
        .says("anybody may have changed LEVEL_open");
    let quoted = lab
        .encrypt("s.env", "Q=\"c4nary\"\nR=c4nary\n", &[])
        .unwrap();
    world.write("s.env", quoted);
    world
        .quietly("import s.env --name q")
        .success()
        .says("s.env: Q with the quotes around");
    assert_eq!(
        world
            .run("reveal Q --manifest manifests/q.yaml --yes-print-the-secret")
            .stdout
            .trim_end(),
        "\"c4nary\""
    );
}
