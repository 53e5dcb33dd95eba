mod chance;

use std::collections::BTreeMap;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::{Head, Subject, without_head};
use crate::manifest::spec::Payload;
use crate::manifest::{EditError, parse};
use crate::model::{Diagnostic, Position, SecretValue, Severity, VarName};

const KEY: &str = "0a1b2c0a1b2c0a1b2c0a1b2c0a1b2c0a.00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn payload(fill: u8) -> Payload {
    Payload {
        key: "0a1b2c".to_owned(),
        base64: BASE64_STANDARD.encode([fill; 64]),
    }
}

fn text_of(fill: u8) -> String {
    let payload = payload(fill);
    format!("{}.{}", payload.key, payload.base64)
}

fn end() -> String {
    let print = text_of(9);
    format!(
        "\nkey: {KEY}\nfingerprints: {print}\nage: |\n  age-encryption.org/v1\n  -> X25519 x\n  y\n  --- z\n"
    )
}

/// Comments, styles and metadata of all kinds.
fn manifest() -> String {
    format!(
        "# top\ndriftlock: 1\nname: t\nrecipients:\n  - age1xyz # ops\nvariables:\n  A:\n    age: {} # note\n    \
         rotate: 90d\n\n  # above B\n  B: {{ age: '{}', owner: x }}\n\n  C:\n    # inside\n    age: {}\n\n  CLEAR: info\n\n  \
         T: {{ template: 'x${{A}}' }}\n\ntargets:\n  one:\n    file: {{ path: ../.env }}\n    variables: [A, B, C, CLEAR, T]\n{}",
        text_of(1),
        text_of(2),
        text_of(3),
        end()
    )
}

fn values(texts: [&str; 3]) -> BTreeMap<VarName, SecretValue> {
    ["A", "B", "C"]
        .iter()
        .zip(texts)
        .map(|(name, text)| (name.parse().unwrap(), SecretValue::new(text)))
        .collect()
}

fn messages(problems: &[Diagnostic]) -> String {
    let lines = problems.iter().map(|one| {
        let Position { line, column } = one.position;
        format!("{line}:{column} {} [{}]\n", one.message, one.code)
    });
    lines.collect()
}

/// What is wrong with this view of the manifest above.
fn refused(change: impl Fn(&str) -> String) -> String {
    let text = manifest();
    let subject = Subject::new(&text).unwrap();
    let view = subject.view(&values(["hunter-aaa", "hunter-bbb", "hunter-ccc"]));
    let view = change(&view);
    let problems = subject.take_back(&view).map(|_| ()).unwrap_err();
    let said = format!("{problems:?}");
    assert!(!said.contains("hunter"), "a value is quoted: {said}");
    messages(&problems)
}

#[test]
fn a_view_is_the_text_with_values_and_without_its_end() {
    let text = manifest();
    let subject = Subject::new(&text).unwrap();
    let view = subject.view(&values(["plain/val:ue", "two words", "one\n  two\n"]));
    let wanted = "# top\ndriftlock: 1\nname: t\nrecipients:\n  - age1xyz # ops\nvariables:\n  A:\n    secret: plain/val:ue # note\n    \
                  rotate: 90d\n\n  # above B\n  B: { secret: \"two words\", owner: x }\n\n  C:\n    # inside\n    secret: |\n      \
                  one\n        two\n\n  CLEAR: info\n\n  T: { template: 'x${A}' }\n\ntargets:\n  one:\n    file: { path: ../.env }\n    \
                  variables: [A, B, C, CLEAR, T]\n\n";
    assert_eq!(*view, wanted);
}

#[test]
fn nothing_edited_is_the_same_file_to_the_byte() {
    for text in [manifest(), manifest().replace('\n', "\r\n")] {
        let subject = Subject::new(&text).unwrap();
        let values = values(["a b", "\n\nx \n", "- k: {v}\nnext #"]);
        let view = subject.view(&values);
        let taken = subject.take_back(&view).unwrap();
        for (name, secret) in &taken.secrets {
            assert_eq!(secret.value, values[name], "{name}");
        }
        let (back, _) = taken.finish(&BTreeMap::new(), None).unwrap();
        assert_eq!(back, text);
    }
}

#[test]
fn only_what_was_sealed_anew_has_another_line() {
    let text = manifest();
    let subject = Subject::new(&text).unwrap();
    let view = subject
        .view(&values(["aaa", "bbb", "ccc"]))
        .replace("bbb", "'other'")
        .replace("CLEAR: info", "CLEAR: debug # louder")
        .replace(
            "# inside\n    secret: ccc",
            "secret: | # now\n      x\n      y",
        )
        + "  two: { file: { path: ../two.env }, variables: [NEW] }\n";
    let view = view.replace(
        "  CLEAR",
        "  NEW: { secret: new, expires: 2030-01-01 }\n\n  CLEAR",
    );
    let taken = subject.take_back(&view).unwrap();
    let names: Vec<&str> = taken.secrets.keys().map(VarName::as_str).collect();
    assert_eq!(names, ["A", "B", "C", "NEW"]);
    assert_eq!(taken.secrets["C"].value.expose(), "x\ny\n");
    let payloads = [("B", 5), ("C", 6), ("NEW", 7)]
        .map(|(name, fill)| (name.parse().unwrap(), payload(fill)))
        .into();
    let (back, parsed) = taken.finish(&payloads, None).unwrap();
    let wanted = text
        .replace(
            &format!("age: '{}'", text_of(2)),
            &format!("age: {}", text_of(5)),
        )
        .replace("    # inside\n", "")
        .replace(&text_of(3), &format!("{} # now", text_of(6)))
        .replace(
            "  CLEAR: info",
            &format!(
                "  NEW: {{ age: {}, expires: 2030-01-01 }}\n\n  CLEAR: debug # louder",
                text_of(7)
            ),
        )
        .replace(
            "\n\nkey:",
            "\n\n  two: { file: { path: ../two.env }, variables: [NEW] }\nkey:",
        );
    assert_eq!(back, wanted);
    assert_eq!(parsed.manifest.targets.len(), 2);
}

#[test]
fn a_secret_can_become_clear_and_the_other_way_round() {
    let text = manifest();
    let subject = Subject::new(&text).unwrap();
    let view = subject
        .view(&values(["aaa", "bbb", "ccc"]))
        .replace("secret: aaa", "value: aaa")
        .replace("CLEAR: info", "CLEAR: { secret: info }");
    let taken = subject.take_back(&view).unwrap();
    let payloads = [("CLEAR".parse().unwrap(), payload(8))].into();
    let (back, _) = taken.finish(&payloads, None).unwrap();
    assert!(back.contains("    value: aaa # note\n"), "{back}");
    assert!(
        back.contains(&format!("CLEAR: {{ age: {} }}\n", text_of(8))),
        "{back}"
    );
}

#[test]
fn what_somebody_wrote_without_the_key_stays_as_it_is() {
    let armor =
        "-----BEGIN AGE ENCRYPTED FILE-----\n      abcd\n      -----END AGE ENCRYPTED FILE-----";
    let text = manifest().replace(&text_of(3), &format!("|\n      {armor}"));
    let subject = Subject::new(&text).unwrap();
    assert_eq!(subject.sealed().count(), 2);
    let view = subject.view(&values(["aaa", "bbb", "ccc"]));
    assert!(view.contains(armor) && !view.contains("ccc"));
    let taken = subject.take_back(&view).unwrap();
    assert_eq!(taken.finish(&BTreeMap::new(), None).unwrap().0, text);
}

#[test]
fn a_ciphertext_keeps_its_text_in_whatever_layout_it_had() {
    let folded = format!(">-\n      {}", text_of(3));
    let text = manifest().replace(&text_of(3), &folded);
    let subject = Subject::new(&text).unwrap();
    let view = subject.view(&values(["aaa", "bbb", "ccc"]));
    assert!(view.contains("secret: ccc\n"));
    let taken = subject.take_back(&view).unwrap();
    assert_eq!(taken.finish(&BTreeMap::new(), None).unwrap().0, text);
    // in braces a folded text cannot stand
    let moved = view.replace(
        "  C:\n    # inside\n    secret: ccc\n",
        "  C: { secret: ccc }\n",
    );
    let taken = subject.take_back(&moved).unwrap();
    let (back, _) = taken.finish(&BTreeMap::new(), None).unwrap();
    assert!(
        back.contains(&format!("  C: {{ age: {} }}\n", text_of(3))),
        "{back}"
    );
}

#[test]
fn an_end_in_the_middle_goes_to_the_end() {
    let text = manifest();
    let (body, end) = text.split_once("\nkey:").unwrap();
    let (head, rest) = body.split_once("variables:").unwrap();
    let text = format!("{head}key:{end}variables:{rest}\n");
    let subject = Subject::new(&text).unwrap();
    let view = subject
        .view(&values(["aaa", "bbb", "ccc"]))
        .replace("info", "debug");
    assert!(!view.contains("fingerprints"));
    let taken = subject.take_back(&view).unwrap();
    let (back, parsed) = taken.finish(&BTreeMap::new(), None).unwrap();
    assert!(back.ends_with("--- z\n"), "{back}");
    assert_eq!(parsed.manifest.seal, parse(&text).unwrap().manifest.seal);
}

#[test]
fn the_first_secret_of_a_clear_manifest() {
    let text = "driftlock: 1\nname: t\nvariables:\n  A: x\n";
    let subject = Subject::new(text).unwrap();
    let view = subject.view(&BTreeMap::new());
    assert_eq!(*view, text);
    let without = view.replace("A: x", "A: { secret: x }");
    let problems = subject.take_back(&without).map(|_| ()).unwrap_err();
    assert!(
        messages(&problems).contains("no `recipients`"),
        "{}",
        messages(&problems)
    );
    // nothing is bound to the name, and nobody vouches for the list yet
    let with = without.replace("name: t\n", "name: u\nrecipients: [age1xyz]\n");
    let taken = subject.take_back(&with).unwrap();
    assert_eq!(taken.secrets.len(), 1);
    let sealed = manifest();
    let seal = parse(&sealed).unwrap().manifest.seal.unwrap();
    let payloads = [("A".parse().unwrap(), payload(4))].into();
    let (back, parsed) = taken.finish(&payloads, Some(&seal)).unwrap();
    assert!(
        back.contains(&format!("A: {{ age: {} }}", text_of(4))),
        "{back}"
    );
    assert_eq!(parsed.manifest.seal, Some(seal));
}

#[test]
fn what_is_driftlocks_own_is_refused_with_what_to_run() {
    let text = refused(|view| view.replace("name: t", "name: u"));
    assert!(
        text.starts_with("3:1 `name` cannot be changed here"),
        "{text}"
    );
    for change in ["  - age1new\n", ""] {
        let text = refused(|view| view.replace("  - age1xyz # ops\n", change));
        assert!(
            text.contains("`recipients` cannot be changed here"),
            "{text}"
        );
    }
    let text = refused(|view| view.replace("- age1xyz # ops", "- age1xyz\n  - age1new"));
    assert!(text.starts_with("4:1 `recipients` cannot"), "{text}");
    let text = refused(|view| format!("{view}{}", end()));
    assert_eq!(text.matches("is written by driftlock").count(), 3, "{text}");
    let text = refused(|view| {
        view.replace("hunter-aaa", &text_of(1))
            .replace("secret: 0a1b", "age: 0a1b")
    });
    assert!(text.contains("A has a ciphertext"), "{text}");
}

#[test]
fn problems_have_their_place_in_the_view_and_no_value() {
    let cases: [(&str, &str, &str); 14] = [
        (
            "secret: hunter-aaa",
            "secret: \"hunter\\0\"",
            "8:13 A holds a NUL character [bad-value]",
        ),
        ("secret: hunter-aaa", "secret:", "A has no value"),
        ("secret: hunter-aaa", "secret: ~", "8:13 A has no value"),
        (
            "secret: hunter-aaa",
            "secret: [hunter]",
            "8:13 A must be text",
        ),
        (
            "secret: hunter-aaa",
            "secret: hunter\n    value: hunter",
            "only one of `secret`",
        ),
        (
            "secret: hunter-aaa",
            "secret: hunter\n    secret: hunter",
            "8:5 `secret` stands here a second time",
        ),
        (
            "secret: hunter-aaa",
            "secret: &a hunter",
            "8:16 anchors and aliases",
        ),
        ("secret: hunter-aaa", "secret: !x hunter", "tags (`!…`)"),
        ("secret: hunter-aaa", "\tsecret: hunter", "[not-yaml]"),
        ("secret: hunter-aaa", "secret: 'hunter", "[not-yaml]"),
        (
            "secret: hunter-aaa",
            "sceret: hunter-aaa",
            "8:5 a variable has no key like this [unknown-key]\n",
        ),
        ("  CLEAR: info", "  A: hunter", "stands here a second time"),
        ("[A, B, C, CLEAR, T]", "[A, B, C, CLEAR, HUNT]", "HUNT"),
        (
            "  CLEAR: info",
            "  CLEAR: |\n    -----BEGIN PRIVATE KEY-----\n    hunter",
            "CLEAR is a private key",
        ),
    ];
    for (from, to, wanted) in cases {
        let text = refused(|view| view.replace(from, to));
        assert!(text.contains(wanted), "{to}: {text}");
    }
    assert!(refused(|_| " \n\n".to_owned()).contains("nothing is left of the manifest"));
    assert!(refused(|_| "{driftlock: 1, name: t}".to_owned()).contains("lines of their own"));
    assert!(refused(|_| "x".repeat(9 * 1024 * 1024)).contains("larger than 8 MiB"));
}

#[test]
fn the_whole_manifest_in_braces_is_left_to_people() {
    let error = Subject::new("{driftlock: 1, name: t}").unwrap_err();
    assert!(matches!(error, EditError::ByHand { .. }), "{error:?}");
}

#[test]
fn a_head_comes_and_goes() {
    let problem = Diagnostic {
        position: Position { line: 2, column: 3 },
        severity: Severity::Error,
        code: "x",
        message: "bad\nthing".to_owned(),
        help: Some("mend it".to_owned()),
    };
    for body in [
        "a: 1\nb: 2\n",
        "\u{feff}a: 1\r\nb: 2\r\n",
        "# driftlock edits this\n",
        "",
    ] {
        let notes = ["A note.".to_owned()];
        let problems = [problem.clone()];
        let head = Head {
            name: "t",
            notes: &notes,
            problems: &problems,
        };
        let text = head.above(body);
        assert_eq!(*without_head(&text), body);
        assert_eq!(head.height(), 5);
        assert_eq!(head.moved()[0].position.line, 7);
        assert!(
            text.contains("# driftlock edit: error: line 7, column 3: bad thing"),
            "{}",
            *text
        );
        assert!(text.contains("# driftlock edit:   mend it"), "{}", *text);
    }
    assert_eq!(*without_head("# driftlock edit:\nx"), "x");
}
