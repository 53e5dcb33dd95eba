//! A command that is told.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use super::lab::{built, opened, outside};
use crate::alert::{FaultKind, Sink, event_schema};
use crate::model::SinkSpec;
use crate::platforms::http::{Client, HttpSettings};

fn command(line: &[&str], limit: Duration) -> Box<dyn Sink> {
    let spec = SinkSpec::Command {
        line: line.iter().map(|word| (*word).to_owned()).collect(),
        limit,
    };
    let outside = outside(Client::new(HttpSettings::default()), None);
    built(&spec, &outside, &[])
}

const PATIENCE: Duration = Duration::from_secs(30);

#[tokio::test]
async fn it_reads_the_document_and_knows_nothing_else_of_us() {
    let folder = tempfile::tempdir().unwrap();
    let (script, out) = (folder.path().join("notify"), folder.path().join("out"));
    let text = format!(
        "#!/bin/sh\ncat >{0}\nenv >{0}.env\nprintf '%s|' \"$@\" >{0}.words\n",
        out.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).unwrap();
    let program = script.to_str().unwrap();
    let sink = command(&[program, "--to", "a b; $(id)"], PATIENCE);
    assert_eq!(sink.send(&opened(), None).await.unwrap(), None);
    let json: serde_json::Value = serde_json::from_slice(&fs::read(&out).unwrap()).unwrap();
    let validator = jsonschema::validator_for(&event_schema()).unwrap();
    assert!(validator.is_valid(&json));
    assert_eq!(json["events"][0]["alert"]["target"], "api");
    let words = fs::read_to_string(out.with_extension("words")).unwrap();
    assert_eq!(words, "--to|a b; $(id)|");
    let environment = fs::read_to_string(out.with_extension("env")).unwrap();
    for line in environment.lines() {
        let name = line.split('=').next().unwrap();
        let known = [
            "PATH",
            "LC_ALL",
            "PWD",
            "SHLVL",
            "_",
            "XDG_RUNTIME_DIR",
            "OLDPWD",
        ];
        assert!(known.contains(&name), "{name}");
    }
}

#[tokio::test]
async fn how_it_ends_is_told() {
    for (line, limit, kind, words) in [
        (
            &["sh", "-c", "exit 3"][..],
            PATIENCE,
            FaultKind::Passes,
            "exit status 3",
        ),
        (
            &["sh", "-c", "exit 127"],
            PATIENCE,
            FaultKind::Stays,
            "exit status 127",
        ),
        (
            &["/nowhere/notify"],
            PATIENCE,
            FaultKind::Stays,
            "is not there",
        ),
        (&["/"], PATIENCE, FaultKind::Stays, "may not be run"),
        (
            &["sh", "-c", "sleep 600"],
            Duration::from_secs(1),
            FaultKind::Passes,
            "did not end within 1 s",
        ),
    ] {
        let fault = command(line, limit)
            .send(&opened(), None)
            .await
            .unwrap_err();
        assert_eq!(fault.kind, kind, "{fault}");
        assert!(fault.what.contains(words), "{fault}");
    }
    // one that reads nothing is content
    command(&["true"], PATIENCE)
        .send(&opened(), None)
        .await
        .unwrap();
}
