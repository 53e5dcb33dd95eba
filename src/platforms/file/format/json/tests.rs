//! Readings, refusals and edits of JSON and JSON5.

use proptest::collection::vec;
use proptest::prelude::*;

use super::{Flavour, Tree, Variables, What};
use crate::model::{KeyPath, VarName};
use crate::platforms::file::format::{Edit, EditError, Format, Reading};

fn path(text: &str) -> KeyPath {
    text.parse().unwrap()
}

fn edit(text: &str, flavour: Flavour, edits: &[(&str, Option<&str>)]) -> String {
    let edits: Vec<_> = edits.iter().map(|(at, value)| (path(at), *value)).collect();
    Tree::parse(text, flavour).unwrap().edit(&edits).unwrap()
}

fn json5(text: &str, edits: &[(&str, Option<&str>)]) -> String {
    edit(text, Flavour::Json5, edits)
}

fn found(text: &str, at: &str) -> Option<String> {
    match Tree::parse(text, Flavour::Json5).unwrap().find(&path(at)) {
        Ok(Some((_, What::Text(value)))) => Some(value.to_owned()),
        _ => None,
    }
}

#[test]
fn texts_are_read_as_json5_says() {
    for (literal, value) in [
        (r#""plain""#, "plain"),
        (r"'it\'s'", "it's"),
        (r#"'say "hi"'"#, r#"say "hi""#),
        (r#""\u0041\x42\103""#.replace("\\103", "C").as_str(), "ABC"),
        (r#""\b\f\n\r\t\v\0\\\/""#, "\u{8}\u{c}\n\r\t\u{b}\0\\/"),
        (r#""\q\ä""#, "qä"),
        ("'two\\\n lines\\\r\n three'", "two lines three"),
        (r#""\ud83d\ude00""#, "😀"),
        ("\"\u{2028}\"", "\u{2028}"),
        (
            r#""// no comment /* neither */""#,
            "// no comment /* neither */",
        ),
        (r#""""#, ""),
    ] {
        let text = format!("{{ a: {{ 'b c': {literal} }} }}");
        assert_eq!(
            found(&text, r#"a."b c""#).as_deref(),
            Some(value),
            "{literal}"
        );
    }
}

#[test]
fn a_whole_json5_file_is_read() {
    let text = "\u{feff}// head\n{\n  unquoted: 'a', $d: 1, \"é\": .5, hex: 0xFF, neg: -Infinity,\n  \
                list: [ 'x', { env: { K: \"v\" }, }, ], /* b */ nothing: null, yes: true, n: NaN, p: +1.e3,\n}\n// tail";
    assert_eq!(found(text, "unquoted").as_deref(), Some("a"));
    assert_eq!(found(text, "list[1].env.K").as_deref(), Some("v"));
    let tree = Tree::parse(text, Flavour::Json5).unwrap();
    let kinds: Vec<_> = [
        "hex", "list", "list[1]", "nothing", "yes", "gone", "list[7]",
    ]
    .map(|at| {
        tree.find(&path(at))
            .unwrap()
            .map(|(line, what)| (line, format!("{what:?}")))
    })
    .into_iter()
    .map(|found| found.map_or("-".to_owned(), |(line, what)| format!("{line} {what}")))
    .collect();
    assert_eq!(
        kinds,
        [
            "3 Other(a number)",
            "4 Other(a list)",
            "4 Other(an object)",
            "4 Other(null)",
            "4 Other(true or false)",
            "-",
            "-"
        ]
    );
}

#[test]
fn what_a_reader_refuses_is_refused() {
    use Flavour::{Json, Json5};
    let deep = |by: usize| format!("{}{}", "[".repeat(by), "]".repeat(by));
    assert!(Tree::parse(&deep(100), Json).is_ok());
    let (deep, huge) = (deep(101), deep(200_000));
    for (flavours, text) in [
        (&[Json, Json5][..], ""),
        (&[Json, Json5], "   \n"),
        (&[Json, Json5], "{"),
        (&[Json, Json5], "{} {}"),
        (&[Json, Json5], r#"{"a" "b"}"#),
        (&[Json, Json5], r#"{"a":"b" "c":"d"}"#),
        (&[Json, Json5], "{\"a\":\"b\nc\"}"),
        (&[Json, Json5], "{\"a\":\"b\rc\"}"),
        (&[Json, Json5], "{a-b: 1}"),
        (&[Json, Json5], "{1: 1}"),
        (&[Json, Json5], r#"{"a":"\ud800"}"#),
        (&[Json, Json5], r#"{"a":"\x4"}"#),
        (&[Json, Json5], r#"{"a":01}"#),
        (&[Json, Json5], "{\"a\":\u{85}1}"),
        (&[Json, Json5], "{\"a\":1,,}"),
        (&[Json, Json5], "{\"a\":1/* }"),
        (&[Json, Json5], "{} // a\u{2028}b"),
        (&[Json, Json5], &deep),
        (&[Json, Json5], &huge),
        (&[Json], "{'a':1}"),
        (&[Json], "{a:1}"),
        (&[Json], r#"{"a":1,}"#),
        (&[Json], r#"{"a":0x1}"#),
        (&[Json], "{} // c"),
        (&[Json], "\u{feff}{}"),
        (&[Json], "{\"a\":\"b\tc\"}"),
        (&[Json], r#"{"a":"\v"}"#),
        (&[Json], "{\u{a0}}"),
        (&[Json], "{\u{b}}"),
    ] {
        for flavour in flavours {
            let error = Tree::parse(text, *flavour).err();
            assert!(error.is_some(), "{flavour:?} {text:.60}");
        }
    }
    let other = Tree::parse("{\n a: 1}", Json).unwrap_err();
    assert_eq!(
        other.to_string(),
        "line 2: not JSON but JSON5; if its reader takes that, write `format: json5`"
    );
}

#[test]
fn the_layout_of_the_neighbours_is_taken_over() {
    for (before, at, value, after) in [
        ("{}", "A", "1", r#"{"A":"1"}"#),
        ("{}\n", "A", "1", "{\n  \"A\": \"1\"\n}\n"),
        (
            "{\n}\n",
            "e.f.A",
            "1",
            "{\n  \"e\": {\n    \"f\": {\n      \"A\": \"1\"\n    }\n  }\n}\n",
        ),
        (r#"{"a":1}"#, "e.A", "1", r#"{"a":1,"e":{"A":"1"}}"#),
        (r#"{"a": 1}"#, "A", "1", r#"{"a": 1, "A": "1"}"#),
        ("{ a: 1, }", "A", "1", "{ a: 1, \"A\": \"1\", }"),
        (
            "{\n\t\"a\": 1\n}",
            "A",
            "1",
            "{\n\t\"a\": 1,\n\t\"A\": \"1\"\n}",
        ),
        (
            "{\r\n    a : 1, // note\r\n}\r\n",
            "A",
            "1",
            "{\r\n    a : 1, // note\r\n    \"A\" : \"1\",\r\n}\r\n",
        ),
        (
            "{\n  a: 'x' // note, {\n  // tail\n}",
            "A",
            "1",
            "{\n  a: 'x', // note, {\n  \"A\": \"1\"\n  // tail\n}",
        ),
        (
            "{\n  // nothing yet\n}\n",
            "A",
            "1",
            "{\n  // nothing yet\n  \"A\": \"1\"\n}\n",
        ),
        (
            "{\n  env: {},\n  z: [1],\n}\n",
            "env.A",
            "1",
            "{\n  env: {\n    \"A\": \"1\"\n  },\n  z: [1],\n}\n",
        ),
        (
            "{ l: [ { env: { a: 'x' } } ] }",
            "l[0].env.A",
            "1",
            "{ l: [ { env: { a: 'x', \"A\": \"1\" } } ] }",
        ),
    ] {
        assert_eq!(json5(before, &[(at, Some(value))]), after);
    }
}

#[test]
fn a_value_in_place_is_all_that_changes() {
    let before =
        "// top\n{ gateway: { auth: { mode: 'token', token: 'old', /* why */ }, port: 0x1F },\n}\n";
    let after = before.replace("'old'", "\"new\\\"\\n\\u2028\\u0000\"");
    assert_eq!(
        json5(before, &[("gateway.auth.token", Some("new\"\n\u{2028}\0"))]),
        after
    );
    assert_eq!(
        json5(before, &[("gateway.auth.token", Some("old"))]),
        before
    );
    assert_eq!(json5(before, &[("gateway.none", None)]), before);
}

#[test]
fn deleting_keeps_comments_and_commas_right() {
    for (before, at, after) in [
        (r#"{"a":"1"}"#, "a", "{}"),
        (r#"{"a":"1","b":"2"}"#, "a", r#"{"b":"2"}"#),
        (r#"{"a":"1","b":"2"}"#, "b", r#"{"a":"1"}"#),
        ("{ a: '1', b: '2', c: '3' }", "b", "{ a: '1', c: '3' }"),
        ("{\n  a: '1',\n  b: '2',\n}", "a", "{\n  b: '2',\n}"),
        (
            "{\n  \"a\": \"1\",\n  \"b\": \"2\"\n}",
            "b",
            "{\n  \"a\": \"1\"\n}",
        ),
        (
            "{\n  a: '1', // one\n  b: '2' // two\n}",
            "b",
            "{\n  a: '1' // one\n  // two\n}",
        ),
        (
            "{\n  a: '1', // one\n  b: '2' // two\n}",
            "a",
            "{\n  // one\n  b: '2' // two\n}",
        ),
        (
            "{ a: '1' /* x */ , /* y */ b: '2' }",
            "b",
            "{ a: '1' /* x */  /* y */ }",
        ),
        (
            "{\n  a: // why\n    'x', /* z */\n}",
            "a",
            "{\n  // why\n    /* z */\n}",
        ),
    ] {
        assert_eq!(json5(before, &[(at, None)]), after, "{before}");
    }
}

#[test]
fn nothing_but_a_text_is_replaced() {
    let text = "{ n: 1, o: {}, d: 'x', d: 'y', s: 'z', l: [] }";
    let tree = Tree::parse(text, Flavour::Json5).unwrap();
    for (at, why) in [
        ("n", "n (line 1) is a number, not a string"),
        ("o", "o (line 1) is an object, not a string"),
        ("n.k", "n (line 1) is a number, not an object"),
        ("s.k", "s (line 1) is a string, not an object"),
        (
            "l[0].k",
            "l[0].k is not there, and lists are not made longer",
        ),
        ("o[0]", "o (line 1) is an object, not a list"),
        (
            "d",
            "d is there more than once (line 1); readers differ in which one counts",
        ),
    ] {
        let error = tree.edit(&[(path(at), Some("new"))]).unwrap_err();
        assert_eq!(error.to_string(), why);
        assert!(!format!("{error:?}").contains("'z'"));
    }
    let bad = Tree::parse("[1]", Flavour::Json).unwrap();
    let error = bad.edit(&[(path("a"), Some("x"))]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the outermost value (line 1) is a list, not an object"
    );
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

#[test]
fn only_texts_are_variables() {
    let text = "{ env: { A: 'a', 'not-a-name': 'x', N: 5, D: '1', D: '1', O: {} }, X: 'out' }";
    let env = Variables::parse(text, Flavour::Json5, Some(path("env"))).unwrap();
    let told = format!("{:?}", env.values());
    assert_eq!(
        told,
        "{\"A\": Value(redacted), \
         \"D\": Ambiguous(line 1: there more than once), \
         \"N\": Ambiguous(line 1: a number, not a string), \
         \"O\": Ambiguous(line 1: an object, not a string)}"
    );
    assert_eq!(env.notes(), ["1 key is not a name of a variable"]);
    for key in ["N", "D"] {
        let set = Edit {
            name: name(key),
            value: Some("new"),
        };
        let refused = env.rewrite(std::slice::from_ref(&set));
        assert!(matches!(refused, Err(EditError::NotReplaced { .. })));
    }
    let none = Variables::parse(text, Flavour::Json5, Some(path("gone.deep"))).unwrap();
    assert!(none.values().is_empty());
    assert!(Variables::parse(text, Flavour::Json5, Some(path("X"))).is_err());
    assert!(Variables::parse("[]", Flavour::Json, None).is_err());
}

#[test]
fn a_file_that_is_not_there_is_made() {
    let format = Format::new("json", Some(&path("env"))).unwrap();
    let set = Edit {
        name: name("A"),
        value: Some("1"),
    };
    let made = format.open(None).unwrap().rewrite(&[set]).unwrap();
    assert_eq!(
        String::from_utf8(made.to_vec()).unwrap(),
        "{\n  \"env\": {\n    \"A\": \"1\"\n  }\n}\n"
    );
    // empty is not absent, and no JSON
    assert!(format.open(Some(b"")).is_err());
    assert!(format.open(Some(b"\xff\xfe{}")).is_err());
}

/// A member as it may be written: text before it, key, text around the colon, value, text after it.
#[derive(Debug, Clone)]
struct Piece {
    lead: String,
    quoted: bool,
    colon: String,
    value: String,
    trail: String,
}

fn trivia(loose: bool) -> BoxedStrategy<String> {
    let blank = prop_oneof![
        4 => Just(String::new()),
        3 => Just(" ".to_owned()),
        3 => Just("\n  ".to_owned()),
        1 => Just("\r\n\t".to_owned()),
        1 => Just("\n\n".to_owned()),
    ];
    if !loose {
        return blank.boxed();
    }
    prop_oneof![
        6 => blank,
        1 => Just(" /* , } \" ' */ ".to_owned()),
        1 => Just(" // it's { \"a\": ,\n ".to_owned()),
        1 => Just("/**/".to_owned()),
    ]
    .boxed()
}

fn value(loose: bool) -> BoxedStrategy<String> {
    let strict = prop_oneof![
        4 => any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
        2 => "[a-z,{}/*' ]{0,8}".prop_map(|text| format!("\"{text}\"")),
        1 => Just(r#""\u00e9\n\/""#.to_owned()),
        1 => Just("{ }".to_owned()),
        1 => Just("{\n \"A\": \"x\" ,\"q\": [1, {}]\n}".to_owned()),
        1 => Just("[]".to_owned()),
        1 => Just("-1.5e3".to_owned()),
        1 => Just("null".to_owned()),
    ];
    if !loose {
        return strict.boxed();
    }
    prop_oneof![
        4 => strict,
        2 => "[a-z,{}/*\" ]{0,8}".prop_map(|text| format!("'{text}'")),
        1 => Just("'a\\\nb\\x41\\v'".to_owned()),
        1 => Just("{ A: 'x', // c\n }".to_owned()),
        1 => Just("0xAf".to_owned()),
        1 => Just("+.5".to_owned()),
    ]
    .boxed()
}

fn piece(loose: bool) -> impl Strategy<Value = Piece> {
    (
        trivia(loose),
        any::<bool>(),
        trivia(loose),
        value(loose),
        trivia(loose),
    )
        .prop_map(move |(lead, quoted, colon, value, trail)| Piece {
            lead,
            quoted: quoted || !loose,
            // the parser takes no comment right after a bare key; such a file is refused
            colon: colon.replacen('/', " /", 1),
            value,
            trail,
        })
}

const KEYS: [&str; 6] = ["A", "B_1", "c", "DD", "e9", "_f"];

/// A document whose members are the first of [`KEYS`], and whether JSON5 only.
fn document() -> impl Strategy<Value = (String, Flavour)> {
    any::<bool>().prop_flat_map(|loose| {
        (
            vec(piece(loose), 0..5),
            any::<bool>(),
            trivia(loose),
            trivia(loose),
        )
            .prop_map(move |(pieces, trailing, head, tail)| {
                let mut text = format!("{head}{{");
                let last = pieces.len().saturating_sub(1);
                for (number, piece) in pieces.iter().enumerate() {
                    let quote = if piece.quoted { "\"" } else { "" };
                    let comma = if number < last || (loose && trailing) {
                        ","
                    } else {
                        ""
                    };
                    let Piece {
                        lead,
                        colon,
                        value,
                        trail,
                        ..
                    } = piece;
                    let key = KEYS[number];
                    text.push_str(&format!(
                        "{lead}{quote}{key}{quote}{colon}:{colon}{value}{trail}{comma}"
                    ));
                }
                text.push_str(&format!("{tail}}}{tail}"));
                let flavour = if loose { Flavour::Json5 } else { Flavour::Json };
                (text, flavour)
            })
    })
}

fn edits() -> impl Strategy<Value = Vec<(usize, Option<String>)>> {
    vec((0..KEYS.len(), proptest::option::of(any::<String>())), 0..5)
}

/// Everything but blanks and commas between tokens, in order.
fn bones(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

proptest! {
    /// A stranger (serde_json, or json5) reads the new text as the old one with the edits made.
    #[test]
    fn a_stranger_reads_the_edits_and_nothing_else((text, flavour) in document(), edits in edits()) {
        let read = |text: &str| -> serde_json::Map<String, serde_json::Value> {
            match flavour {
                Flavour::Json => serde_json::from_str(text).unwrap(),
                Flavour::Json5 => json5::from_str(text).unwrap(),
            }
        };
        let tree = Tree::parse(&text, flavour).unwrap();
        let paths: Vec<_> = edits.iter().map(|(key, value)| (path(KEYS[*key]), value.as_deref())).collect();
        let mut expected = read(&text);
        let blocked = paths.iter().any(|(at, _)| matches!(tree.find(at), Ok(Some((_, What::Other(_))))));
        match tree.edit(&paths) {
            Err(error) => prop_assert!(blocked, "{error}"),
            Ok(new) => {
                for (key, value) in &edits {
                    match value {
                        Some(value) => { expected.insert(KEYS[*key].to_owned(), value.clone().into()); }
                        None => { expected.remove(KEYS[*key]); }
                    }
                }
                prop_assert_eq!(read(&new), expected);
                let again = Tree::parse(&new, flavour).unwrap();
                prop_assert_eq!(again.edit(&paths).unwrap(), new);
            }
        }
    }

    /// What was added and is taken away again leaves every token as it was.
    #[test]
    fn adding_and_deleting_is_doing_nothing((text, flavour) in document(), value: String) {
        let added = edit(&text, flavour, &[("NEW", Some(&value))]);
        let back = edit(&added, flavour, &[("NEW", None)]);
        prop_assert_eq!(bones(&back), bones(&text));
    }

    /// Where a text is replaced, every byte before and after it stays.
    #[test]
    fn every_other_byte_stays((text, flavour) in document(), value: String) {
        let tree = Tree::parse(&text, flavour).unwrap();
        for key in KEYS {
            let Ok(Some((_, What::Text(old)))) = tree.find(&path(key)) else { continue };
            if old == value { continue }
            let new = edit(&text, flavour, &[(key, Some(&value))]);
            let literal = super::splice::literal(&value);
            let kept = text.len().min(new.len());
            let front = (0..kept).take_while(|at| text.as_bytes()[*at] == new.as_bytes()[*at]).count();
            let back = (0..kept - front)
                .take_while(|at| text.as_bytes()[text.len() - 1 - at] == new.as_bytes()[new.len() - 1 - at])
                .count();
            prop_assert!(new.len() - front - back <= literal.len());
        }
    }

    #[test]
    fn random_text_never_panics(text in "[{}\\[\\]:,'\"\\\\/*a0x.+\\-u\n\r \u{2028}é]{0,40}", value: String) {
        for flavour in [Flavour::Json, Flavour::Json5] {
            if let Ok(tree) = Tree::parse(&text, flavour) {
                let _ = tree.edit(&[(path("a"), Some(&value)), (path("a0x"), None)]).is_ok();
            }
        }
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>) {
        for format in ["json", "json5"] {
            let _ = Format::new(format, None).unwrap().open(Some(&bytes)).is_ok();
        }
    }

    /// A file cut off anywhere is refused, or reads as itself.
    #[test]
    fn a_cut_file_is_refused((text, flavour) in document(), at: proptest::sample::Index) {
        let end = at.index(text.len() + 1);
        if let Some(cut) = text.get(..end)
            && let Ok(tree) = Tree::parse(cut, flavour)
        {
            let whole = Tree::parse(&text, flavour).unwrap();
            prop_assert_eq!(
                tree.members(None).unwrap().len(),
                whole.members(None).unwrap().len()
            );
        }
    }
}

#[test]
fn a_reading_shows_no_value() {
    let text = r#"{"A":"hidden-value"}"#;
    let variables = Variables::parse(text, Flavour::Json, None).unwrap();
    assert_eq!(
        variables.values().get(&name("A")),
        Some(&Reading::Value("hidden-value".to_owned()))
    );
    let tree = Tree::parse(text, Flavour::Json).unwrap();
    let found = tree.find(&path("A")).unwrap();
    assert!(!format!("{variables:?} {tree:?} {found:?}").contains("hidden"));
}
