//! Key pairs: both halves in one edit, as the programs that read them see them.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use super::{refuses, with_recipe};
use crate::support::peers;
use crate::support::shop::{MANIFEST, changed_lines};
use crate::support::world::World;

/// What a program makes of the private half on its standard input.
fn asked(program: &Path, arguments: &[&str], input: &str) -> String {
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?} {arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// A pair, made twice by `rotate`: the private half and the public one.
fn made(world: &World) -> (String, String) {
    let run = world
        .run("rotate API_TOKEN")
        .success()
        .says("its public half is PUBLIC, in clear");
    let secret = world.revealed("API_TOKEN");
    for line in secret.lines().filter(|line| !line.starts_with("-----")) {
        assert!(
            !run.all().contains(line),
            "a line of the key is in the output"
        );
    }
    (secret, world.revealed("PUBLIC"))
}

#[test]
fn both_halves_change_in_one_edit() {
    let world = with_recipe("{ ed25519: hex, public: PUBLIC }");
    let before = world.manifest();
    let (_, first) = made(&world);
    let changed = changed_lines(&before, &world.manifest());
    let added = format!("+  PUBLIC: {first}");
    assert!(
        changed.contains(&added) && changed.len() == 3,
        "{changed:#?}"
    );
    let before = world.manifest();
    let (_, second) = made(&world);
    assert_ne!(first, second);
    let changed = changed_lines(&before, &world.manifest());
    assert_eq!(changed.len(), 4, "{changed:#?}");
    // the apply takes both along
    world.run("apply --yes --take-over local").success();
    let run = world
        .run("set API_TOKEN --generate --target local")
        .success()
        .says("its public half is PUBLIC, in clear");
    run.hides(&world.revealed("API_TOKEN"));
    world.write(
        MANIFEST,
        world
            .manifest()
            .replace("      - API_TOKEN", "      - API_TOKEN\n      - PUBLIC"),
    );
    world.run("apply --yes").success();
    let run = world.run("rotate API_TOKEN --apply --yes").success();
    let public = world.revealed("PUBLIC");
    run.says("PUBLIC, in clear, used by local");
    assert!(world.read(".env").contains(&format!("PUBLIC={public}")));
    assert!(world.read(".env").contains(&world.revealed("API_TOKEN")));
}

#[test]
fn openssh_reads_its_own_format() {
    let Some(keygen) = peers::program("ssh-keygen") else {
        return;
    };
    let world = with_recipe("{ ed25519: openssh, public: PUBLIC }");
    for _ in 0..3 {
        let (secret, public) = made(&world);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, secret).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
        std::fs::set_permissions(&path, mode).unwrap();
        let said = asked(&keygen, &["-y", "-f", path.to_str().unwrap()], "");
        assert_eq!(said.trim(), public);
        assert!(public.ends_with(" API_TOKEN"));
    }
}

#[test]
fn openssl_reads_the_pem() {
    let Some(openssl) = peers::program("openssl") else {
        return;
    };
    for curve in ["ed25519", "x25519"] {
        let world = with_recipe(&format!("{{ {curve}: pkcs8, public: PUBLIC }}"));
        let (secret, public) = made(&world);
        assert_eq!(asked(&openssl, &["pkey", "-pubout"], &secret), public);
        let text = asked(&openssl, &["pkey", "-noout", "-text"], &secret);
        assert!(text.to_ascii_lowercase().contains(curve), "{text}");
        // the bare bytes are the last 32 of the same DER
        for spelling in ["hex", "base64"] {
            let world = with_recipe(&format!("{{ {curve}: {spelling}, public: PUBLIC }}"));
            let (secret, public) = made(&world);
            let bytes = |text: &str| match spelling {
                "hex" => (0..32)
                    .map(|at| u8::from_str_radix(&text[2 * at..2 * at + 2], 16).unwrap())
                    .collect(),
                _ => base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap(),
            };
            let oid = if curve == "ed25519" { 0x70 } else { 0x6e };
            let mut der = vec![
                0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, oid, 4, 0x22, 4, 0x20,
            ];
            der.extend(bytes(&secret));
            let pem = format!(
                "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
                base64::Engine::encode(&base64::prelude::BASE64_STANDARD, der)
            );
            let told = asked(&openssl, &["pkey", "-pubout"], &pem);
            let line = told.lines().nth(1).unwrap();
            let der = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, line).unwrap();
            assert_eq!(der[12..], bytes(&public), "{curve} {spelling}");
        }
    }
}

#[test]
fn age_reads_its_own_identity() {
    let Some(keygen) = peers::program("age-keygen") else {
        return;
    };
    let world = with_recipe("{ x25519: age, public: PUBLIC }");
    let (secret, public) = made(&world);
    assert_eq!(
        asked(&keygen, &["-y"], &format!("{secret}\n")).trim(),
        public
    );
}

#[test]
fn a_public_half_goes_into_no_secret() {
    let world = with_recipe("{ ed25519: hex, public: DB_PASSWORD }");
    let before = world.files();
    world
        .run("rotate API_TOKEN")
        .exits(1)
        .says("the public half would go into a variable that is a secret")
        .says("name a clear variable");
    assert!(before == world.files());
    let world = with_recipe("{ ed25519: hex, public: LOG_LEVEL }");
    world.run("rotate API_TOKEN").success();
    assert_eq!(world.revealed("LOG_LEVEL").len(), 64);
}

#[test]
fn without_an_identity_no_half_goes_out_alone() {
    let world = with_recipe("{ ed25519: hex, public: PUBLIC }");
    world.hide_identity();
    let why = ["no identity of yours opens this manifest", "--identity"];
    refuses(&world, "set API_TOKEN --generate", 3, &why);
    refuses(&world, "rotate API_TOKEN", 1, &["stays sealed"]);
}
