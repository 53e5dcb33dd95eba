//! Property lists and JSON that we wrote, read by programs that we did not write: Python's plistlib
//! and json, Node's JSON.parse. Random values, random layouts.

mod json;
mod plist;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use driftlock::model::VarName;
use driftlock::platforms::file::format::{Edit, Format};
use serde_json::Value;

/// Runs a program that reads a JSON list of texts (base64 for what is not text) and answers with one
/// JSON value for each.
fn ask(program: &Path, arguments: &[&str], texts: &[String]) -> Vec<Value> {
    let mut child = Command::new(program)
        .args(arguments)
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("LANG", "C.UTF-8")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .expect("the reader starts");
    let mut stdin = child.stdin.take().unwrap();
    let question = serde_json::to_vec(texts).unwrap();
    let asking = std::thread::spawn(move || stdin.write_all(&question));
    let output = child.wait_with_output().unwrap();
    asking.join().unwrap().unwrap();
    assert!(output.status.success(), "{program:?} failed");
    let answers: Vec<Value> = serde_json::from_slice(&output.stdout).expect("it answers in JSON");
    assert_eq!(answers.len(), texts.len());
    answers
}

/// Random numbers that are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).unwrap()
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }

    /// A text of awkward characters that the format holds.
    fn value(&mut self, format: &Format) -> String {
        const PIECES: [&str; 24] = [
            "a", "Z9", " ", "\n", "\t", "\r", "\"", "'", "\\", "/", "//", "/*", "*/", "&", "&amp;",
            "<", "]]>", "<!--", "é", "😀", "\u{2028}", "\u{7f}", "\u{1b}", "\u{ffff}",
        ];
        loop {
            let length = self.below(8);
            let text: String = (0..length).map(|_| *self.pick(&PIECES)).collect();
            if format.accepts(&name("A"), &text).is_ok() {
                return text;
            }
        }
    }
}

fn name(text: &str) -> VarName {
    text.parse().unwrap()
}

const NAMES: [&str; 6] = ["A", "B_1", "c", "DD", "E9", "_f"];

/// Random sets and deletes, and what they make of what is there.
fn disturb(
    random: &mut Random,
    format: &Format,
    there: &mut BTreeMap<&'static str, String>,
) -> Vec<(&'static str, Option<String>)> {
    let mut edits = vec![];
    for name in NAMES {
        match random.below(4) {
            0 => {
                there.remove(name);
                edits.push((name, None));
            }
            1 => {
                let value = random.value(format);
                there.insert(name, value.clone());
                edits.push((name, Some(value)));
            }
            _ => {}
        }
    }
    edits
}

fn rewrite(format: &Format, bytes: &[u8], edits: &[(&str, Option<String>)]) -> Vec<u8> {
    let edits: Vec<Edit<'_>> = edits
        .iter()
        .map(|(key, value)| Edit {
            name: name(key),
            value: value.as_deref(),
        })
        .collect();
    let opened = format.open(Some(bytes)).unwrap();
    opened.rewrite(&edits).unwrap().to_vec()
}
