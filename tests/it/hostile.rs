//! Texts made to hurt: parsers of files that others wrote neither panic, nor take long, nor repeat
//! what they read.

use std::time::Duration;

use driftlock::crypto::{Envelope, FileKey, Header, Recipient, decrypt_payload};
use driftlock::manifest::{self, Editor};
use driftlock::model::{Diagnostic, VarName};
use driftlock::platforms::file::format::{Dialect, Edit, Reading, RewriteError};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};

fn random(salt: u64) -> StdRng {
    let set = std::env::var("DRIFTLOCK_SEED").ok();
    let seed: u64 = set.and_then(|text| text.parse().ok()).unwrap_or(20_261_122);
    println!("DRIFTLOCK_SEED={seed}");
    StdRng::seed_from_u64(seed ^ salt)
}

fn cases(count: usize) -> usize {
    match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => count * 20,
        None => count,
    }
}

/// Bytes as text: any, or of the few that have a meaning somewhere.
fn noise(random: &mut StdRng, most: usize) -> String {
    const PARTS: [&str; 34] = [
        "A", "B=", "=", "'", "\"", "`", "\\", "\n", "\r", "\r\n", "\\\n", " ", "\t", "#", " #",
        "$", "${", "${A", "}", "$(", "((", ")", "<<E", ";", "&", "|", "export ", "\u{feff}",
        "\u{a0}", "é", "😀", "\u{85}", "\\'", "\\\"",
    ];
    let length = random.gen_range(0..=most);
    match random.gen_range(0..3) {
        0 => {
            let bytes: Vec<u8> = (0..length).map(|_| random.r#gen()).collect();
            String::from_utf8_lossy(&bytes).into_owned()
        }
        1 => (0..length).map(|_| random.r#gen::<char>()).collect(),
        _ => (0..length)
            .map(|_| *PARTS.choose(random).unwrap())
            .collect(),
    }
}

#[test]
fn no_file_makes_a_dialect_panic_and_no_rewrite_lies() {
    let mut random = random(1);
    let (mut written, mut refused, mut unread) = (0, 0, 0);
    for _ in 0..cases(2_000) {
        let text = noise(&mut random, 60);
        let value = noise(&mut random, 8);
        let edits = [
            edit("A", Some(&value)),
            edit("B", None),
            edit("NEW", Some("x y")),
        ];
        for dialect in Dialect::ALL {
            let Ok(document) = dialect.parse(&text) else {
                unread += 1;
                continue;
            };
            let _notes = document.notes();
            match document.rewrite(&edits) {
                Ok(new) => {
                    let after = dialect.parse(&new).expect("what we wrote is read");
                    let a = after.value(&edits[0].name);
                    assert_eq!(a, Some(Reading::Value(value.clone())), "{dialect} {text:?}");
                    assert_eq!(after.value(&edits[1].name), None, "{dialect} {text:?}");
                    for (name, reading) in document.values() {
                        if edits.iter().all(|edit| edit.name != name)
                            && let Reading::Value(_) = reading
                        {
                            assert_eq!(after.value(&name), Some(reading), "{dialect} {text:?}");
                        }
                    }
                    written += 1;
                }
                Err(RewriteError::Unrepresentable(_)) => refused += 1,
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    println!("dialects: {written} rewritten, {refused} refused, {unread} unreadable");
}

fn edit<'a>(name: &str, value: Option<&'a str>) -> Edit<'a> {
    Edit {
        name: VarName::new(name).unwrap(),
        value,
    }
}

/// What this thread has computed so far; other tests do not count.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let first = text.split(' ').next().and_then(|first| first.parse().ok());
    Duration::from_nanos(first.unwrap_or_default())
}

/// Each is repeated to the length wanted, behind its beginning.
const PATTERNS: [(&str, &str); 35] = [
    ("A=", "'"),
    ("A=", "\""),
    ("A=", "`"),
    ("A=", "\\"),
    ("A=\"", "\\\""),
    ("A='", "\\'"),
    ("A=`", "\\`"),
    ("A=\"", "\\\"\n"),
    ("A=\"", "\\\" \n"),
    ("", "A=\"\n"),
    ("", "A='\\'\n"),
    ("", "A='\nB=\"\nC=`\n"),
    ("", "A=\n"),
    ("", "A=1\n"),
    ("", "A= \n\n"),
    ("", "\n"),
    ("", " "),
    ("", "\r"),
    ("", "#\n"),
    ("", "A=x\\\n"),
    ("A=", "$("),
    ("A=", "${"),
    ("A=\"", "${A:-"),
    ("A=\"", "$(\""),
    ("", "A=`"),
    ("", "A=<<E\n"),
    ("", "export "),
    ("", "A"),
    ("", "é\u{a0}"),
    ("A=x #", " #"),
    ("", "A=1\nfoo\n"),
    ("", "foo A=1\n"),
    ("", "A=1;"),
    ("", "A=1 "),
    ("", "'x\n"),
];

/// A parser that looks at the rest of the file from each place in it takes minutes for this.
#[test]
fn long_files_take_no_longer_than_their_length() {
    let length = match std::env::var_os("DRIFTLOCK_LONG") {
        Some(_) => 1 << 20,
        None => 1 << 15,
    };
    // `portable` is six readers, and a debug build is slow
    let limit = Duration::from_secs(5).max(Duration::from_micros(20 * length as u64));
    let mut slow = vec![];
    let mut worst = (Duration::ZERO, String::new());
    for (begin, part) in PATTERNS {
        let text = begin.to_owned() + &part.repeat(length / part.len());
        for dialect in Dialect::ALL {
            let before = cpu();
            if let Ok(document) = dialect.parse(&text) {
                let _values = document.values();
            }
            let took = cpu() - before;
            let what = format!("{dialect}: {begin:?} and {part:?} repeated: {took:?}");
            if took > limit {
                slow.push(what.clone());
            }
            worst = worst.max((took, what));
        }
    }
    println!("{length} bytes, the slowest: {}", worst.1);
    assert!(slow.is_empty(), "over {limit:?}:\n{}", slow.join("\n"));
}

/// Its values hold a word that nothing else does.
const CANARIES: &str = "\
driftlock: 1
name: production
recipients:
  - age1first
  - ssh-ed25519 AAAAC3Nz server

variables:
  DATABASE_URL:
    template: postgres://canary:${DB_PASSWORD|url}@canary.internal/${LOG_LEVEL|json}

  DB_PASSWORD:
    age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
    rotate: 90d
    owner: ops

  LOG_LEVEL: canary-info

  QUOTED: \"canary \\\" canary\"

  SINGLE: { value: 'canary: ''canary', owner: ops }

  WELCOME:
    value: |
      canary
      two: canary

targets:
  here:
    file: { path: .env }
    variables: [LOG_LEVEL, WELCOME, { EXTRA: { value: canary } }, { PORT: canary8080 }]

key: 3fa9c1000000000000000000000000ff.0101010101010101010101010101010101010101010101010101010101010101
fingerprints: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
age: |
  age-encryption.org/v1
  -> X25519 stanza1
  body
  --- mac1
";

/// One to three small injuries.
fn mutate(text: &str, random: &mut StdRng) -> String {
    const SIGNS: [char; 27] = [
        ' ', '\n', '\t', ':', '-', '#', '\'', '"', '{', '}', '[', ']', ',', '&', '*', '!', '|',
        '>', '%', '@', '`', '$', '?', '\\', '\r', '\u{feff}', 'é',
    ];
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..random.gen_range(1..=3) {
        let at = random.gen_range(0..chars.len());
        let end = (at + random.gen_range(1..80)).min(chars.len());
        match random.gen_range(0..6) {
            0 => chars.insert(at, *SIGNS.choose(random).unwrap()),
            1 => chars[at] = *SIGNS.choose(random).unwrap(),
            2 => drop(chars.drain(at..end)),
            3 => drop(chars.remove(at)),
            4 => {
                let part = chars[at..end].to_vec();
                let to = random.gen_range(0..chars.len());
                chars.splice(to..to, part);
            }
            _ => chars.truncate(at.max(1)),
        }
        if chars.is_empty() {
            break;
        }
    }
    chars.into_iter().collect()
}

#[test]
fn a_damaged_manifest_is_explained_without_its_values() {
    let mut random = random(2);
    let (mut valid, mut invalid) = (0, 0);
    let mut shown = vec![];
    for _ in 0..cases(2_000) {
        let text = mutate(CANARIES, &mut random);
        let found = match manifest::parse(&text) {
            Ok(parsed) => {
                valid += 1;
                parsed.warnings
            }
            Err(found) => {
                invalid += 1;
                assert!(!found.is_empty(), "refused without a reason: {text}");
                found
            }
        };
        shown.extend(found.iter().filter_map(repeats));
        if let Ok(mut editor) = Editor::new(&text) {
            let name = VarName::new("LOG_LEVEL").unwrap();
            if editor.unset(&name, true).is_ok() {
                let _edited = editor.finish();
            }
        }
    }
    println!("manifests: {valid} still valid, {invalid} refused");
    assert!(shown.is_empty(), "values are shown: {shown:#?}");
}

/// What is not YAML, or hardly.
#[test]
fn noise_is_not_a_manifest() {
    let mut random = random(3);
    for _ in 0..cases(2_000) {
        let text = noise(&mut random, 60);
        if let Err(found) = manifest::parse(&text) {
            assert!(!found.is_empty());
        }
    }
}

/// What an entry is called is a name, also where damage has put a piece of a value into it.
fn repeats(found: &Diagnostic) -> Option<String> {
    if found.code == "unused-variable" {
        return None;
    }
    let text = format!("{} {}", found.message, found.help.as_deref().unwrap_or(""));
    let lower = text.to_lowercase();
    lower.contains("canary").then_some(text)
}

#[test]
fn damaged_headers_and_payloads_do_not_panic_or_open() {
    let mut random = random(4);
    let (_, public) = driftlock::crypto::generate_identity();
    let name = "production".parse().unwrap();
    let envelope = Envelope::generate(&name);
    let recipient = Recipient::parse(&public).unwrap();
    let quiet: driftlock::crypto::SharedPrompt = std::sync::Arc::new(driftlock::crypto::NoPrompt);
    let header = envelope.wrap(&[recipient], &quiet).unwrap().to_text();
    let at = "2026-01-31T23:59:59Z".parse().unwrap();
    let value = driftlock::model::SecretValue::new("hunter2");
    let payload = envelope.seal("TOKEN", 1, at, &value).unwrap();
    assert!(envelope.open("TOKEN", &payload).is_ok());
    for _ in 0..cases(2_000) {
        let text = mutate(&header, &mut random);
        if let Ok(parsed) = Header::parse(&text) {
            assert_eq!(
                parsed.to_text(),
                text,
                "another spelling of a header is taken"
            );
        }
        let bytes: Vec<u8> = (0..random.gen_range(0..200))
            .map(|_| random.r#gen())
            .collect();
        let _split = Header::split(&bytes).is_ok();
        let _parsed = Recipient::parse(&noise(&mut random, 20)).is_ok();
        let damaged = mutate(&payload, &mut random);
        if damaged != payload {
            assert!(envelope.open("TOKEN", &damaged).is_err(), "{damaged}");
        }
        assert!(envelope.open("TOKEN", &noise(&mut random, 80)).is_err());
        let key = FileKey::new(Box::new(random.r#gen()));
        assert!(decrypt_payload(&key, bytes).is_err());
    }
}

/// Whatever a reason, a note, a place or a clear value says, it moves no cursor, turns no text around,
/// hides nothing, and does not fill the window.
#[test]
fn no_report_of_a_plan_drives_a_terminal() {
    use crate::markdown::{hostile::text, plans};
    let mut random = random(5);
    for _ in 0..cases(40) {
        let texts: Vec<String> = (0..plans::TEXTS).map(|_| text(&mut random)).collect();
        let values: Vec<String> = (0..plans::VALUES).map(|_| text(&mut random)).collect();
        let (call, plan) = plans::everywhere(&texts, &values);
        let mut out = String::new();
        for (width, unicode) in [(40, true), (120, false)] {
            let style = driftlock::render::Style {
                color: false,
                width,
                unicode,
            };
            driftlock::render::text::render_plan(&mut out, &style, &call, &plan).unwrap();
        }
        let drives = |c: &char| {
            (c.is_control() && *c != '\n')
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        };
        let found = out.chars().find(drives);
        assert_eq!(found, None, "{}", out.escape_debug());
        // no line begins with what a text says: our words or spaces do
        for line in out.lines().filter(|line| !line.is_empty()) {
            assert!(
                !line.starts_with(['/', ':', '#', '<', '`', '|', '*', '@']),
                "{line:?}"
            );
        }
    }
}

/// A clear value of a megabyte, or of as many lines, is shown where it changes.
#[test]
fn no_clear_value_fills_the_window() {
    use crate::markdown::plans::{UPDATED, call, change, plan, target};
    use driftlock::plan::Glimpse;
    let mut random = random(6);
    let long = |random: &mut StdRng| match random.gen_range(0..4) {
        0 => "x".repeat(1 << 20),
        1 => format!("{}y{}", "x".repeat(1 << 19), "\u{1b}".repeat(1 << 19)),
        2 => (0..100_000)
            .map(|_| random.gen_range(0..10).to_string() + "\n")
            .collect(),
        _ => noise(random, 40).repeat(10_000),
    };
    for _ in 0..cases(6) {
        let values = (
            Glimpse::Text(long(&mut random)),
            Glimpse::Text(long(&mut random)),
        );
        let change = change("A", UPDATED, values);
        let plan = plan("dev", vec![target("app", "/srv/.env", vec![change])]);
        let mut out = String::new();
        let style = driftlock::render::Style::plain();
        driftlock::render::text::render_plan(&mut out, &style, &call(), &plan).unwrap();
        // forty lines of four hundred characters, an escape is up to ten of them
        assert!(out.len() < 40 * 400 * 10, "{} bytes", out.len());
    }
}
