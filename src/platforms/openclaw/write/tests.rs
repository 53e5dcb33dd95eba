use super::*;
use crate::model::Segment;

fn file(text: &str) -> FileRead {
    FileRead {
        content: Some(Zeroizing::new(text.as_bytes().to_vec())),
        link_to: None,
        changed_at: None,
    }
}

#[test]
fn one_value_changes_and_every_other_byte_stays() {
    let text = "// mine\n{\n  gateway: {\n    auth: { mode: 'token', token: 'old', }, // shared\n  },\n  \"meta\": { \"lastTouchedVersion\": \"2026.9.6\" },\n}\n";
    let at = super::super::config::gateway_path();
    let new = edited(&file(text), Flavour::Json5, &at, &SecretValue::new("new")).unwrap();
    assert_eq!(
        std::str::from_utf8(&new).unwrap(),
        text.replace("'old'", "\"new\"")
    );
}

#[test]
fn a_patch_is_json_whatever_the_value() {
    let at = KeyPath::of(&["a", "b c"].map(|key| Segment::Key(key.to_owned()))).unwrap();
    let value = SecretValue::new("x\"y\\z\u{1}ü");
    let text = patch(&at, &value);
    let read: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(read["a"]["b c"], value.expose());
}

#[test]
fn meta_is_found_where_it_is() {
    assert!(has_meta(&file("{ meta: {} }")));
    for text in ["{}", "{ gateway: { meta: {} } }", "{ broken", "[]"] {
        assert!(!has_meta(&file(text)), "{text}");
    }
}

#[test]
fn how_a_command_of_openclaw_ended() {
    let what = "openclaw config patch";
    assert_eq!(
        ended(Ended::Done(Zeroizing::default()), what),
        Outcome::Done
    );
    assert!(
        matches!(ended(Ended::Failed(78), what), Outcome::Refused(why) if why.contains("status 78"))
    );
    assert!(
        matches!(ended(Ended::Missing, what), Outcome::Refused(why) if why.contains("no program"))
    );
    assert!(matches!(
        ended(Ended::InDoubt("lost".into()), what),
        Outcome::InDoubt(_)
    ));
}

#[test]
fn a_file_of_many_lines_is_no_token() {
    for (text, so) in [
        ("", false),
        ("token", false),
        ("token\r\n\n", false),
        ("root:x:0:0\ndaemon:x:1:1\n", true),
    ] {
        assert_eq!(holds_lines(&file(text)), so, "{text:?}");
    }
}

#[test]
fn only_files_of_the_state_folder_are_written_for_a_reference() {
    let within = |path: &str| is_within(Path::new(path), Path::new("/home/me/.openclaw"));
    assert!(within("/home/me/.openclaw/secrets.json"));
    assert!(within("/home/me/.openclaw/secrets/token.txt"));
    for path in [
        "/etc/passwd",
        "/home/me/.openclaw-work/x",
        "/home/me/.openclaw/../x",
        "~/.openclaw/x",
    ] {
        assert!(!within(path), "{path}");
    }
}
