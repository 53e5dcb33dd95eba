//! Readings and rewrites that the fact sheet's cases do not cover.

use proptest::prelude::*;

use super::{Dialect, Edit, Obstacle, Reading, RewriteError};
use crate::model::VarName;

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

/// The value of `K`; `None` for an ambiguous one or none.
fn read(dialect: Dialect, text: &str) -> Option<String> {
    match dialect.parse(text).unwrap().value(&name("K")) {
        Some(Reading::Value(value)) => Some(value),
        _ => None,
    }
}

fn set<'a>(key: &str, value: &'a str) -> Edit<'a> {
    Edit {
        name: name(key),
        value: Some(value),
    }
}

fn delete(key: &str) -> Edit<'static> {
    Edit {
        name: name(key),
        value: None,
    }
}

fn rewrite(dialect: Dialect, text: &str, edits: &[Edit<'_>]) -> Result<String, RewriteError> {
    dialect.parse(text).unwrap().rewrite(edits)
}

#[test]
fn names_round_trip() {
    for dialect in Dialect::ALL {
        assert_eq!(dialect.to_string().parse(), Ok(dialect));
    }
    assert!("dotenv".parse::<Dialect>().is_err());
}

#[test]
fn zsh_would_look_a_command_up() {
    // zsh reads K=a:=ls as a:/usr/bin/ls
    let text = Dialect::Portable.encode(&name("K"), "a:=ls").unwrap();
    assert_eq!(text, "'a:=ls'");
    assert_eq!(read(Dialect::Shell, "K=a:=ls\n"), None);
}

#[test]
fn expansion_is_never_guessed() {
    use Dialect::{Compose, Portable, Python, Shell};
    for (dialect, text) in [
        (Shell, "K=$HOME/x\n"),
        (Shell, "K=\"$(id)\"\n"),
        (Shell, "K=`id`\n"),
        (Shell, "K=~/x\n"),
        (Shell, "K=$'a'\n"),
        (Shell, "export K=*\n"),
        (Shell, "K=v\r\n"),
        (Shell, "K=1\nif true; then\nK=2\nfi\n"),
        (Shell, "K=1\nreadonly K=2\n"),
        (Shell, "K=1\n. ./other\n"),
        (Shell, "K=1 command\n"),
        (Compose, "K=a$b\n"),
        (Compose, "K=\"${b}\"\n"),
        (Compose, "K\n"),
        (Python, "K='${b}'\n"),
        (Portable, "K=a$b\n"),
        (Portable, "K=abc#def\n"),
        (Portable, "K=v # note\n"),
        (Portable, "export K=v\n"),
        (Portable, "K=hello world\n"),
        (Portable, "K='it'\\''s'\n"),
        (Portable, "K=\"a\\nb\"\n"),
    ] {
        let document = dialect.parse(text).unwrap();
        let reading = document.value(&name("K"));
        assert!(
            matches!(reading, Some(Reading::Ambiguous { .. })),
            "{dialect}: {text:?}: {reading:?}"
        );
    }
}

#[test]
fn each_dialect_reads_by_its_own_rule() {
    use Dialect::{Compose, Docker, Node, Portable, Python, Shell, Systemd};
    for (dialect, text, value) in [
        (Docker, "K='v' # c\n", "'v' # c"),
        (Docker, "  K= v\n", " v"),
        (Systemd, "K='1' # c\n", "1# c"),
        (Systemd, "K=a\\\nb\n", "ab"),
        (Systemd, "; K=no\n  K = v  \n", "v"),
        (Shell, "export K='it'\\''s' # c\n", "it's"),
        (Shell, "A=1; K=\"a\\nb\"; B=2\n", "a\\nb"),
        (Shell, "set -a\nK=a\\ b\n", "a b"),
        (Compose, "K=\"a\\nb\"\n", "a\nb"),
        (Compose, "K=abc#def # c\n", "abc#def"),
        (Compose, "export K = v\n", "v"),
        (Node, "K=abc#def\n", "abc"),
        (Node, "K=`it's \"x\"`\n", "it's \"x\""),
        (Node, "K=\"a\\nb\" # c\n", "a\nb"),
        (Python, "K='it\\'s'\n", "it's"),
        (Python, "export K = a # c\n", "a"),
        (Portable, "K=1\n# c\nK='a\nb'\n", "a\nb"),
        (Portable, "K=\"it's\"\n", "it's"),
    ] {
        assert_eq!(
            read(dialect, text).as_deref(),
            Some(value),
            "{dialect}: {text:?}"
        );
    }
}

#[test]
fn a_refusal_names_the_reason_and_another_format_and_no_value() {
    let value = "hunter2 it's \"$x\"";
    let error = Dialect::Portable.encode(&name("K"), value).unwrap_err();
    assert_eq!(error.obstacle, Obstacle::MixedQuotes);
    assert!(error.alternatives.contains(&Dialect::Systemd));
    assert!(!error.to_string().contains("hunter2"), "{error}");
    for (dialect, value, obstacle) in [
        (Dialect::Docker, "a\nb", Obstacle::Newline),
        (Dialect::Docker, "a\r", Obstacle::CarriageReturn),
        (Dialect::Systemd, "\u{FDD0}", Obstacle::Noncharacter),
        (Dialect::Portable, "\u{1FFFE}", Obstacle::Noncharacter),
        (Dialect::Python, "${", Obstacle::DollarBrace),
        (Dialect::Shell, "\0", Obstacle::Nul),
        (Dialect::Compose, &"x".repeat(128 * 1024), Obstacle::TooLong),
        (Dialect::Docker, &"x".repeat(65_534), Obstacle::LongLine),
    ] {
        let error = dialect.encode(&name("K"), value).unwrap_err();
        assert_eq!(error.obstacle, obstacle, "{dialect}");
    }
}

#[test]
fn a_file_that_its_reader_refuses_is_not_read() {
    for (dialect, text) in [
        (Dialect::Docker, "A=1\nexport K=v\n"),
        (Dialect::Compose, "A=1\nK='it'\\''s'\n"),
        (Dialect::Compose, "A=1\nK='open\n"),
        (Dialect::Shell, "A=1\nK='open\n"),
        (Dialect::Portable, "A=1\nK=a\0\n"),
    ] {
        let error = dialect.parse(text).unwrap_err();
        assert_eq!(error.line, 2, "{dialect}: {error}");
    }
}

#[test]
fn the_last_duplicate_changes_and_all_are_deleted() {
    let text = "K=1\nA=a\nK=2\n";
    let new = rewrite(Dialect::Portable, text, &[set("K", "3")]).unwrap();
    assert_eq!(new, "K=1\nA=a\nK=3\n");
    let new = rewrite(Dialect::Portable, text, &[delete("K")]).unwrap();
    assert_eq!(new, "A=a\n");
}

#[test]
fn comments_ends_and_prefixes_stay() {
    use Dialect::{Compose, Node, Portable, Shell, Systemd};
    for (dialect, text, value, expected) in [
        (
            Shell,
            "  export K=1 # why\nB=2",
            "x y",
            "  export K='x y' # why\nB=2",
        ),
        (Compose, "A=1\r\nK=1\r\n", "x", "A=1\r\nK=x\r\n"),
        (Portable, "A=1\nK=1\r\n", "x", "A=1\nK=x\n"),
        (Portable, "K=1 # why\nB=2\n", "x", "# why\nK=x\nB=2\n"),
        (Portable, "export K=1\n", "x", "K=x\n"),
        (
            Portable,
            "\u{FEFF}# c\n\nA=1",
            "x",
            "\u{FEFF}# c\n\nA=1\nK=x\n",
        ),
        (Systemd, "A=1\r\n", "x", "A=1\r\nK=x\r\n"),
        (Node, "K='a\nb'\nB=1\n", "c", "K=c\nB=1\n"),
        (Shell, "A=1; K=2; B=3\n", "c", "A=1; K=c; B=3\n"),
    ] {
        let new = rewrite(dialect, text, &[set("K", value)]);
        assert_eq!(new.as_deref(), Ok(expected), "{dialect}: {text:?}");
    }
}

#[test]
fn a_rewrite_that_would_mislead_is_refused() {
    let shared = rewrite(Dialect::Shell, "A=1; K=2\n", &[delete("K")]);
    assert!(
        matches!(shared, Err(RewriteError::SharedLine { line: 1, .. })),
        "{shared:?}"
    );
    let command = rewrite(Dialect::Shell, "readonly K=2\n", &[delete("K")]);
    assert!(
        matches!(command, Err(RewriteError::Misread { .. })),
        "{command:?}"
    );
    let eaten = rewrite(Dialect::Systemd, "# a \\\n", &[set("K", "1")]);
    assert!(
        matches!(eaten, Err(RewriteError::Misread { .. })),
        "{eaten:?}"
    );
}

#[test]
fn other_quotes_help_where_a_backslash_misleads_dotenv() {
    let text = "K=1\nB='# x'\n";
    let new = rewrite(Dialect::Node, text, &[set("K", "a b\\")]).unwrap();
    assert_eq!(new, "K=`a b\\`\nB='# x'\n");
}

#[test]
fn an_edit_that_changes_nothing_touches_nothing() {
    let text = "K = \"v\"  # c\r\n";
    let edits = [set("K", "v"), delete("GONE")];
    assert_eq!(rewrite(Dialect::Node, text, &edits).unwrap(), text);
}

#[test]
fn notes_name_lines_and_no_values() {
    let text = "\u{FEFF}A=hunter2\r\nA=2\nhunter2\n \nexport  B=1\n1x=2\n";
    let notes = Dialect::Portable.parse(text).unwrap().notes().join("\n");
    for part in [
        "CR LF",
        "byte order",
        "A is set more than once",
        "no `=`",
        "blanks only",
        "export",
        "not a name",
    ] {
        assert!(notes.contains(part), "{part}: {notes}");
    }
    assert!(!notes.contains("hunter2"));
}

fn adversarial() -> impl Strategy<Value = String> {
    let parts = prop::sample::select(vec![
        "'", "\"", "`", "$", "${", "$(", "}", ")", "\\", "\\\\", "\\n", "\n", "\r", "\r\n", "#",
        " #", " ", "  ", "\t", "=", ":", ":=", "~", "*", "!", ";", "&", "|", "a", "b1", "K=", "é",
        "漢", "\u{a0}", "\u{FEFF}", "export ", "{", "[", "<", "^", "%", "x/y",
    ]);
    prop::collection::vec(parts, 0..12).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_encoded_is_read_back(value in adversarial()) {
        for dialect in Dialect::ALL {
            let Ok(text) = dialect.encode(&name("K"), &value) else { continue };
            let file = format!("A=first\nK={text}\nZ=last\n");
            let read = dialect.parse(&file).unwrap();
            prop_assert_eq!(read.value(&name("K")), Some(Reading::Value(value.clone())));
            prop_assert_eq!(read.value(&name("Z")), Some(Reading::Value("last".into())));
            prop_assert_eq!(read.values().len(), 3);
        }
    }

    #[test]
    fn no_file_makes_a_parser_panic_or_a_rewrite_lie(text in prop::collection::vec(adversarial(), 0..8), value in adversarial()) {
        let text = text.join("\nK=");
        for dialect in Dialect::ALL {
            let Ok(old) = dialect.parse(&text) else { continue };
            let Ok(new) = old.rewrite(&[set("K", &value), delete("b1")]) else { continue };
            let new = dialect.parse(&new).unwrap();
            prop_assert_eq!(new.value(&name("K")), Some(Reading::Value(value.clone())));
            prop_assert_eq!(new.value(&name("b1")), None);
        }
    }
}
