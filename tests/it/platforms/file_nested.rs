//! What property lists and JSON files have that dotenv files have not: a place inside the file, a
//! file that cannot be made from nothing, values that are no texts.

use std::fs;
use std::path::Path;

use driftlock::model::{Address, Live, LiveVar, SecretValue, Target};
use driftlock::platforms::file::FilePlatform;
use driftlock::platforms::{
    Batch, BatchOutcome, LiveRead, Operation, Outcome, Platform, ReadError,
};

use super::contract::{CANARY, name};
use super::file::target;

fn at(path: &Path, format: &str, place: &str) -> Target {
    let mut target = target(path, format);
    if let Address::File(file) = &mut target.address {
        file.at = Some(place.parse().unwrap());
    }
    target
}

async fn read(target: &Target) -> Result<Live, ReadError> {
    let mut outcomes = FilePlatform::local()
        .read(std::slice::from_ref(target))
        .await;
    outcomes.remove(0)
}

fn set(target: &Target, live: &Live, variable: &str, value: &str) -> Batch {
    Batch {
        target: target.clone(),
        expected: live.version.clone(),
        exists: live.exists,
        operations: vec![Operation::Set(name(variable), SecretValue::new(value))],
        activate: true,
        message: "a test".to_owned(),
    }
}

fn refusal(outcome: &BatchOutcome) -> &str {
    let [Outcome::Refused(why)] = &outcome.operations[..] else {
        panic!("expected a refusal, got {outcome:?}");
    };
    why
}

#[tokio::test]
async fn two_objects_of_one_file_are_written_together() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    fs::write(&path, "{\n  // ours\n  a: { K: 'old' },\n  b: {},\n}\n").unwrap();
    let (a, b) = (at(&path, "json5", "a"), at(&path, "json5", "b.c"));
    let (first, second) = (read(&a).await.unwrap(), read(&b).await.unwrap());
    let batches = [set(&a, &first, "K", "1"), set(&b, &second, "K", "2")];
    for outcome in FilePlatform::local().write(&batches).await {
        assert_eq!(outcome.operations, [Outcome::Done]);
    }
    assert_eq!(
        fs::read_to_string(&path).unwrap(),
        "{\n  // ours\n  a: { K: \"1\" },\n  b: {\n    \"c\": {\n      \"K\": \"2\"\n    }\n  },\n}\n"
    );
}

#[tokio::test]
async fn what_is_no_text_is_unknown_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.json");
    let text = format!("{{\"env\": {{\"PORT\": 8080, \"T\": \"{CANARY}\"}}}}\n");
    fs::write(&path, &text).unwrap();
    let target = at(&path, "json", "env");
    let live = read(&target).await.unwrap();
    assert_eq!(
        live.vars[&name("PORT")],
        LiveVar::Unknown("line 1: a number, not a string".to_owned())
    );
    let outcome = FilePlatform::local()
        .write(&[set(&target, &live, "PORT", "9090")])
        .await
        .remove(0);
    assert_eq!(
        refusal(&outcome),
        "PORT (line 1) is a number, not a string; it is not replaced, mend the file by hand"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn unreadable_is_never_empty() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let absent = read(&target(&path, "launchd")).await.unwrap_err();
    assert!(absent.reason.contains("it does not exist"), "{absent}");
    assert!(absent.help.is_some());
    for (format, content) in [
        ("json", &b"{\"A\": \"canary"[..]),
        ("json", b""),
        ("json", b"{\"A\": \"canary\",}"),
        ("json", b"\xff\xfe{\0}\0"),
        ("json5", b"A=canary\n"),
        ("json5", b"['canary']"),
        ("launchd", b""),
        ("launchd", b"<plist><dict><key>A</key><string>canary"),
        (
            "launchd",
            b"<plist><dict><key>A</key><string>canary</string></dict></plist>",
        ),
        ("launchd", b"bplist00canary"),
        (
            "launchd",
            b"bplist00canarycanarycanarycanarycanarycanarycanary",
        ),
    ] {
        fs::write(&path, content).unwrap();
        let error = read(&target(&path, format)).await.unwrap_err();
        assert!(error.help.is_some());
        let said = format!("{error} {error:?}");
        assert!(!said.contains("canary"), "{said}");
        assert!(said.contains(&path.display().to_string()), "{said}");
    }
    fs::write(&path, r#"{"a": "canary"}"#).unwrap();
    let error = read(&at(&path, "json", "a.b")).await.unwrap_err();
    assert!(
        error
            .reason
            .ends_with("a (line 1) is a string, not an object"),
        "{error}"
    );
}
