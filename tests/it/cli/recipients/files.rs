//! Keys in files as others write them.

use super::lab::{Person, listed, opens_for, put, run};
use crate::support::peers;
use crate::support::shop::{TOKEN, shop};
use crate::support::world::World;

/// Two keys that age can encrypt to, and the lines of two that it cannot.
fn keys(world: &World) -> Option<(Person, Person, [String; 2])> {
    let alice = Person::ssh(world, "alice", &["ed25519"])?;
    let bob = Person::ssh(world, "bob", &["rsa", "-b", "3072"])?;
    let ecdsa = Person::ssh(world, "ecdsa", &["ecdsa"])?;
    let security_key = format!(
        "sk-ssh-ed25519@openssh.com {} token",
        alice.key().split(' ').nth(1).unwrap()
    );
    Some((alice, bob, [ecdsa.public, security_key]))
}

#[test]
fn authorized_keys_with_options_and_comments() {
    let world = shop();
    let Some((alice, bob, _)) = keys(&world) else {
        return;
    };
    let text = format!(
        "# ops\n\nno-pty,command=\"echo \\\"x y\\\"\" {}\r\nfrom=\"10.0.0.1\" {}\n{}\n",
        alice.public,
        bob.public,
        alice.key()
    );
    world.write("authorized_keys", text);
    world
        .run("recipients add --file authorized_keys")
        .success()
        .says("alice (ssh-ed25519 SHA256:")
        .says("bob (ssh-rsa SHA256:");
    let manifest = world.manifest();
    assert_eq!(listed(&manifest).len(), 3);
    assert!(manifest.contains(&format!("{} # bob\n", bob.key())));
    opens_for(&world, "API_TOKEN", TOKEN, &[&alice.file, &bob.file], &[]);
}

#[test]
fn a_line_that_cannot_be_a_reader_stops_all_or_is_left_out() {
    let world = shop();
    let Some((alice, bob, [ecdsa, security_key])) = keys(&world) else {
        return;
    };
    world.write(
        "team.keys",
        format!(
            "{}\n{ecdsa}\n{security_key}\n{}\n",
            alice.public, bob.public
        ),
    );
    let before = world.files();
    world
        .run("recipients add --file team.keys")
        .exits(3)
        .says("line 2 of team.keys: this type of SSH key cannot decrypt")
        .says("line 3 of team.keys: this type of SSH key cannot decrypt")
        .says("nothing was changed")
        .says("--skip-unusable adds the others");
    assert_eq!(world.files(), before);
    world
        .run("recipients add --file team.keys --skip-unusable")
        .success()
        .says("left out: line 2 of team.keys");
    assert_eq!(listed(&world.manifest()).len(), 3);
}

#[test]
fn standard_input_and_age_recipients() {
    let world = shop();
    let (Some(alice), Some(bob)) = (Person::age(&world, "alice"), Person::age(&world, "bob"))
    else {
        return;
    };
    let text = format!("# team\n{}\n{} # bob at home\n", alice.public, bob.public);
    world
        .run_with("recipients add --file -", &text)
        .success()
        .says("bob at home (X25519");
    let manifest = world.manifest();
    assert!(manifest.contains(&format!("  - {}\n", alice.public)));
    assert!(manifest.contains(&format!("  - {} # bob at home\n", bob.public)));
    world.run("recipients remove --yes nobody").exits(1);
    run(&world, "recipients remove", &["bob at home"]).success();
    opens_for(&world, "API_TOKEN", TOKEN, &[&alice.file], &[&bob.file]);
}

#[test]
fn a_file_of_allowed_signers_that_ssh_keygen_takes() {
    let world = shop();
    let Some((alice, _, _)) = keys(&world) else {
        return;
    };
    let Some(keygen) = peers::program("ssh-keygen") else {
        return;
    };
    let line = format!("alice@example.com namespaces=\"git\" {}\n", alice.key());
    let signers = world.write("signers", &line);
    // the real reader of this format takes the line for alice's
    let message = world.write("message", "x");
    let signed = std::process::Command::new(&keygen)
        .args(["-q", "-Y", "sign", "-n", "git", "-f"])
        .arg(&alice.file)
        .arg(&message)
        .output()
        .unwrap();
    assert!(signed.status.success(), "{signed:?}");
    let verified = std::process::Command::new(&keygen)
        .args(["-Y", "verify", "-n", "git", "-I", "alice@example.com", "-f"])
        .arg(&signers)
        .arg("-s")
        .arg(message.with_extension("sig"))
        .stdin(std::fs::File::open(&message).unwrap())
        .output()
        .unwrap();
    assert!(verified.status.success(), "{verified:?}");
    world
        .run("recipients add --file signers")
        .success()
        .says("alice@example.com (ssh-ed25519");
    world.write(
        "limited",
        line.replace("namespaces=\"git\"", "valid-before=\"20300101\""),
    );
    put(&world, &shop().manifest());
    world
        .run("recipients add --file limited")
        .exits(3)
        .says("limited in time");
}

#[test]
fn files_that_hold_no_keys() {
    let world = shop();
    let Some(alice) = Person::age(&world, "alice") else {
        return;
    };
    let before = world.manifest();
    world.write("empty", "\n# nothing\n");
    world.write("binary", [0xff, 0xfe, 0]);
    world.write("large", vec![b'#'; (1 << 20) + 1]);
    std::fs::create_dir(world.path("folder")).unwrap();
    std::fs::copy(&alice.file, world.path("private")).unwrap();
    for (file, code, words) in [
        ("empty", 1, "empty holds no key to encrypt to"),
        ("binary", 1, "it is not UTF-8"),
        ("large", 1, "it is larger than 1 MiB"),
        ("folder", 1, "it is not a regular file"),
        ("missing", 1, "there is no such file"),
        ("private", 3, "line 3 of private is a private key"),
    ] {
        world
            .run(&format!("recipients add --file {file}"))
            .exits(code)
            .says(words)
            .says("nothing was changed");
    }
    let private = std::fs::read_to_string(&alice.file).unwrap();
    let secret = private.lines().last().unwrap();
    world
        .run("recipients add --skip-unusable --file private")
        .exits(3)
        .says("age-keygen -y private")
        .hides(secret);
    world
        .run_with("recipients add --file -", secret)
        .exits(3)
        .hides(secret);
    assert_eq!(world.manifest(), before);
}
