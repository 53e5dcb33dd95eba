//! A reader of property lists that is not ours reads the words back as they were meant.

use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;

use super::{odd_folders, printed, program, world};
use crate::support::peers;

const READ: &str =
    "import json, plistlib, sys; json.dump(plistlib.loads(sys.stdin.buffer.read()), sys.stdout)";

fn read(text: &str) -> Option<Value> {
    let python = peers::program("python3")?;
    let mut child = Command::new(python)
        .args(["-c", READ])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{text}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn every_word_is_as_it_was_meant() {
    let world = world();
    let folders = odd_folders(&world);
    let mut read_back = 0;
    for folder in folders.iter().map(String::as_str) {
        let Some(plist) = read(&printed(
            &world,
            &["launchd-interval", "--user", "--", folder],
        )) else {
            return;
        };
        let words: Vec<&str> = plist["ProgramArguments"]
            .as_array()
            .unwrap()
            .iter()
            .map(|word| word.as_str().unwrap())
            .collect();
        let program = program();
        let keys = world.config("driftlock/keys.txt");
        let wanted = [
            program.to_str().unwrap(),
            "reconcile",
            "--once",
            "--identity",
            keys.to_str().unwrap(),
            "--",
            folder,
        ];
        assert_eq!(words, wanted);
        read_back += 1;
    }
    assert_eq!(read_back, folders.len());
}

#[test]
fn a_job_is_kept_alive_or_started_again_and_again() {
    let world = world();
    let tokens = world.write("it's.env", "RAILWAY_TOKEN=x\n");
    std::fs::set_permissions(&tokens, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let Some(kept) = read(&printed(
        &world,
        &[
            "launchd",
            "--user",
            "--every",
            "7m",
            "--environment-file",
            "it's.env",
        ],
    )) else {
        return;
    };
    assert_eq!(kept["KeepAlive"]["SuccessfulExit"], false);
    assert_eq!(kept["ProcessType"], "Background");
    assert_eq!(kept["Umask"], 0o077);
    assert_eq!(kept["EnvironmentVariables"]["DRIFTLOCK_MACHINE"], "here");
    assert!(kept.get("StartInterval").is_none() && kept.get("UserName").is_none());
    let words = kept["ProgramArguments"].as_array().unwrap();
    assert_eq!(words[0], "/bin/sh");
    assert_eq!(words[3], tokens.to_str().unwrap());
    assert_eq!(words[5], "reconcile");
    let again = read(&printed(
        &world,
        &["launchd-interval", "--system", "--every", "7m"],
    ))
    .unwrap();
    assert_eq!(again["StartInterval"], 420);
    assert!(again.get("KeepAlive").is_none());
    assert!(again["UserName"].is_string());
    assert!(
        again["StandardErrorPath"]
            .as_str()
            .unwrap()
            .starts_with("/Library/Logs/")
    );
}

#[test]
fn the_shell_hands_on_tokens_and_words() {
    let world = world();
    let tokens = world.write("it's.env", "RAILWAY_TOKEN='a token'\n");
    std::fs::set_permissions(&tokens, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let words = ["launchd", "--user", "--environment-file", "it's.env"];
    let Some(plist) = read(&printed(&world, &words)) else {
        return;
    };
    let mut command: Vec<&str> = plist["ProgramArguments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|word| word.as_str().unwrap())
        .collect();
    // in the place of driftlock: a shell that shows what it has
    command[4] = "/bin/sh";
    command.truncate(5);
    command.extend(["-c", "printf '%s|%s' \"$RAILWAY_TOKEN\" \"$0\"", "a b"]);
    let output = Command::new(command[0])
        .args(&command[1..])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "a token|a b");
}
