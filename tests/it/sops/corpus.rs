//! Every shape times every rule of what is encrypted: the real program encrypts it, and each file is
//! taken in exactly as the real program decrypts it, or refused for the reason that was expected.

use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

use super::lab::Lab;

/// A text, and what it is refused for, if it is.
type Shape = (&'static str, &'static str, Option<&'static str>);

const YAML: &[Shape] = &[
    (
        "texts",
        "A: hello\nB_plain: 'it''s'\nC_secret: \"two\\nlines\"\n",
        None,
    ),
    (
        "whole numbers",
        "A: 8080\nB_plain: -3\nC_secret: 9223372036854775807\n",
        None,
    ),
    (
        "other bases",
        "A: 0x1F\nB_plain: 0o17\nC_secret: 1_000\n",
        None,
    ),
    (
        "fractions",
        "A: 1.5\nB_plain: -0.25\nC_secret: 0.001\n",
        None,
    ),
    (
        "a whole fraction",
        "A: 1.0\nC_secret: 1.0\n",
        Some("several ways"),
    ),
    (
        "a long fraction",
        "A: 1234567.5\nC_secret: 1234567.5\n",
        Some("several ways"),
    ),
    (
        "an exponent",
        "A: 1e21\nC_secret: 2.5e30\n",
        Some("several ways"),
    ),
    ("truths", "A: true\nB_plain: False\nC_secret: TRUE\n", None),
    (
        "words that are no truths",
        "A: yes\nB_plain: off\nC_secret: y\n",
        None,
    ),
    ("empty", "A: \"\"\nB_plain: ''\nC_secret: ''\n", None),
    (
        "nothing",
        "A:\nB_plain: ~\nC_secret: null\n",
        Some("is null"),
    ),
    (
        "comments",
        "# head\nA: x # line\n# between\nB_plain: y # another\n\nC_secret: z\n# foot\n",
        None,
    ),
    (
        "comments inside",
        "A:\n  # in a map\n  k: v # line\n  # foot\nB_plain:\n  # in a list\n  - 1 # one\n  - two\n  # end\n",
        None,
    ),
    (
        "lists",
        "A: [1, two, 3.5, true]\nB_plain:\n  - a\n  - b\n",
        None,
    ),
    (
        "an empty list",
        "A: []\nC_secret: x\n",
        Some("is an empty list"),
    ),
    (
        "an empty map",
        "A: {}\nC_secret: x\n",
        Some("is an empty map"),
    ),
    (
        "nested",
        "A:\n  b:\n    c: 1\n    d_plain: 2\n  e_secret: [x, {f: y}]\n",
        None,
    ),
    (
        "a block",
        "A: |\n  one\n   two\n\n  three\nB_plain: |\n  x\n  y\nC_secret: |+\n  z\n\n",
        None,
    ),
    (
        "a folded block",
        "A: >\n  one\n  two\n\n  three\nC_secret: >-\n  x\n  y\n",
        None,
    ),
    (
        "letters of the world",
        "A: ünïcødé 日本 🎉\nB_plain: \"\\u202e\\u00a0\"\nC_secret: \"\\ufeffx\"\n",
        None,
    ),
    (
        "odd texts",
        "A: '# no comment'\nB_plain: 'a: b'\nC_secret: '{\"j\": [1]}'\n",
        None,
    ),
    (
        "texts like numbers",
        "A: '017'\nB_plain: '1e3'\nC_secret: 'true'\n",
        None,
    ),
    (
        "texts like nothing",
        "A: 'null'\nB_plain: '~'\nC_secret: ''\n",
        None,
    ),
    (
        "moments",
        "A: 2001-12-14\nB_plain: 2001-12-14T01:02:03Z\nC_secret: 2001-12-14t21:59:43.10-05:00\n",
        None,
    ),
    (
        "tabs and returns",
        "A: \"a\\tb\\r\\nc\"\nB_plain: \"\\t\"\nC_secret: \" lead and trail \"\n",
        None,
    ),
    (
        "a key",
        "A: |\n  -----BEGIN PRIVATE KEY-----\n  MIIEvQ==\n  -----END PRIVATE KEY-----\n",
        None,
    ),
    (
        "a name that is none",
        "my-key: x\nA: y\n",
        Some("is no name"),
    ),
    ("a NUL", "A: \"a\\0b\"\n", Some("NUL")),
    ("an alias", "A: &x hello\nB_plain: *x\n", None),
    (
        "one name of two",
        "a:\n  b: 1\na_b: 2\n",
        Some("would both be a_b"),
    ),
];

const JSON: &[Shape] = &[
    (
        "texts",
        r#"{"A": "hello", "B_plain": "it's", "C_secret": "two\nlines"}"#,
        None,
    ),
    (
        "whole numbers",
        r#"{"A": 8080, "B_plain": -3, "C_secret": 65536}"#,
        None,
    ),
    (
        "fractions",
        r#"{"A": 1.5, "B_plain": 1234567.5, "C_secret": 0.001}"#,
        None,
    ),
    (
        "an exponent",
        r#"{"A": 1e21, "C_secret": 2.5e30}"#,
        Some("several ways"),
    ),
    (
        "truths",
        r#"{"A": true, "B_plain": false, "C_secret": true}"#,
        None,
    ),
    ("empty", r#"{"A": "", "B_plain": "", "C_secret": ""}"#, None),
    (
        "nothing",
        r#"{"A": null, "C_secret": null}"#,
        Some("is null"),
    ),
    (
        "lists",
        r#"{"A": [1, "two", 3.5, true], "B_plain": ["a", "b"]}"#,
        None,
    ),
    (
        "an empty list",
        r#"{"A": [], "C_secret": "x"}"#,
        Some("is an empty list"),
    ),
    (
        "nested",
        r#"{"A": {"b": {"c": 1, "d_plain": 2}, "e_secret": ["x", {"f": "y"}]}}"#,
        None,
    ),
    (
        "letters of the world",
        r#"{"A": "ünï 日本 🎉", "B_plain": "\u202e<&>", "C_secret": "\u2028"}"#,
        None,
    ),
    (
        "odd texts",
        r#"{"A": "\"quoted\"", "B_plain": "back\\slash", "C_secret": "ENC[x]"}"#,
        None,
    ),
    (
        "a name that is none",
        r#"{"my.key": "x", "A": "y"}"#,
        Some("is no name"),
    ),
    ("a NUL", r#"{"A": "a\u0000b"}"#, Some("NUL")),
];

const DOTENV: &[Shape] = &[
    ("texts", "A=hello\nB_plain=it's\nC_secret=x=y\n", None),
    ("numbers", "A=8080\nB_plain=1.50\nC_secret=1e3\n", None),
    ("empty", "A=\nB_plain=\nC_secret=\n", None),
    (
        "comments",
        "# head\nA=x\n#no blank\nB_plain=y\n\nC_secret=z\n# foot",
        None,
    ),
    ("lines", "A=one\\ntwo\nB_plain=a\\nb\nC_secret=\\n\n", None),
    ("quotes", "A=\"x y\"\nB_plain='z'\nC_secret=\"\n", None),
    ("blanks", "A= lead\nB_plain=trail \nC_secret=\t\n", None),
    (
        "letters of the world",
        "A=ünï 日本 🎉\nB_plain=ü\nC_secret=\u{202e}\n",
        None,
    ),
    (
        "odd texts",
        "A=$HOME `x` $(y)\nB_plain=# no comment\nC_secret=a\\\\b\n",
        None,
    ),
    ("returns", "A=x\r\nB_plain=y\r\nC_secret=z\r\n", None),
    (
        "an exported name",
        "export A=x\nC_secret=y\n",
        Some("is no name"),
    ),
    ("no end", "A=x\nC_secret=y", None),
];

/// What is encrypted, as the real program's flags say it.
const RULES: &[&[&str]] = &[
    &[],
    &["--unencrypted-suffix", "_plain"],
    &["--encrypted-suffix", "_secret"],
    &["--unencrypted-regex", "^(A|B_.*)$"],
    &["--encrypted-regex", "secret$"],
    &["--mac-only-encrypted", "--encrypted-suffix", "_secret"],
    &["--mac-only-encrypted", "--unencrypted-regex", "(?i)PLAIN"],
    &["--unencrypted-comment-regex", "head|in a"],
    &["--encrypted-comment-regex", "between|in a map|no blank"],
];

/// How a corpus ended.
#[derive(Debug, Default)]
struct Tally {
    exact: usize,
    refused: usize,
    values: usize,
    /// The real program did not write it.
    unwritten: usize,
}

impl Tally {
    /// Whether it was taken. `refused` is the only reason not to.
    fn take(
        &mut self,
        lab: &Lab,
        file: &str,
        text: &str,
        rules: &[&str],
        refused: Option<&str>,
    ) -> bool {
        let Ok(encrypted) = lab.encrypt(&format!("in.{file}"), text, rules) else {
            self.unwritten += 1;
            return false;
        };
        let theirs = lab.theirs(&format!("out.{file}"), &encrypted).unwrap();
        match lab.ours(&encrypted, &[]) {
            Ok(ours) => {
                assert_eq!(ours, theirs, "{text:?} {rules:?}\n{encrypted}");
                self.exact += 1;
                self.values += ours.len();
                true
            }
            Err(why) => {
                let reason =
                    refused.unwrap_or_else(|| panic!("{why}: {text:?} {rules:?}\n{encrypted}"));
                assert!(why.contains(reason), "{why}: {text:?} {rules:?}");
                self.refused += 1;
                false
            }
        }
    }
}

fn all(file: &str, shapes: &[Shape]) -> Option<Tally> {
    let lab = Lab::new()?;
    let mut tally = Tally::default();
    for (_, text, refused) in shapes {
        for rules in RULES {
            let taken = tally.take(&lab, file, text, rules, *refused);
            // a rule may leave in clear what nobody needs to refuse
            assert!(!taken || refused.is_none() || !rules.is_empty(), "{text:?}");
        }
    }
    println!("{file}: {tally:?}");
    Some(tally)
}

#[test]
fn every_yaml_file_is_taken_exactly_or_refused() {
    let Some(tally) = all("yaml", YAML) else {
        return;
    };
    assert!(tally.exact > 150 && tally.refused > 30, "{tally:?}");
    assert_eq!(tally.unwritten, 0);
}

#[test]
fn every_json_file_is_taken_exactly_or_refused() {
    let Some(tally) = all("json", JSON) else {
        return;
    };
    assert!(tally.exact > 70 && tally.refused > 20, "{tally:?}");
    assert_eq!(tally.unwritten, 0);
}

#[test]
fn every_dotenv_file_is_taken_exactly_or_refused() {
    let Some(tally) = all("env", DOTENV) else {
        return;
    };
    assert!(tally.exact > 80, "{tally:?}");
    assert_eq!(tally.unwritten, 0);
}

/// Texts out of everything that a store could take for something else.
fn text(random: &mut StdRng) -> String {
    let parts = [
        "a", "Z9", " ", "  ", "\n", "\t", "#", ": ", "- ", "'", "\"", "\\", "=", "{", "}", "[",
        "]", ",", "&x", "*x", "!t", "|", ">", "%", "@", "`", "~", "null", "true", "0", "1.5",
        "ENC[", "ü", "日", "🎉", "\u{2028}", "\u{feff}", "\r", "---", "...", "<<", "?",
    ];
    let count = random.gen_range(0..6);
    (0..count).map(|_| *parts.choose(random).unwrap()).collect()
}

#[test]
fn random_documents_are_taken_exactly() {
    let Some(lab) = Lab::new() else { return };
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_130);
    println!("DRIFTLOCK_SEED={seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let mut tally = Tally::default();
    for round in 0..60 {
        let count = random.gen_range(1..8);
        let entries: Vec<(String, String)> = (0..count)
            .map(|index| {
                let end = ["", "_plain", "_secret"].choose(&mut random).unwrap();
                (format!("K{index}{end}"), text(&mut random))
            })
            .collect();
        let map: serde_json::Map<String, serde_json::Value> = entries
            .iter()
            .map(|(key, value)| (key.clone(), value.clone().into()))
            .collect();
        let json = serde_json::Value::Object(map).to_string();
        let rules = RULES.choose(&mut random).unwrap();
        // a JSON text is YAML too, quoted; sops writes it out in its own way
        let file = if round % 2 == 0 { "yaml" } else { "json" };
        // only where it stays in clear
        let separates = json.contains('\u{2028}') && file == "yaml";
        let refused = separates.then_some("line separator");
        tally.take(&lab, file, &json, rules, refused);
    }
    println!("{tally:?}");
    assert_eq!(tally.exact + tally.refused + tally.unwritten, 60);
    assert!(tally.unwritten < 20, "{tally:?}");
}
