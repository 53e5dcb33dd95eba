//! JSON: Python's json and Node's JSON.parse read every rewritten file.

use std::collections::BTreeMap;

use driftlock::platforms::file::format::Format;
use serde_json::{Value, json};

use super::{NAMES, Random, ask, disturb, rewrite};
use crate::support::peers;

const FILES: usize = 400;

/// A file with random values in a random layout, and what it says.
fn file(random: &mut Random, format: &Format) -> (String, BTreeMap<&'static str, String>) {
    let mut there = BTreeMap::new();
    let mut members = vec![];
    let gap = *random.pick(&["", " ", "\n    ", "\r\n\t"]);
    for name in NAMES {
        if random.below(2) == 0 {
            let value = random.value(format);
            let spelled = serde_json::to_string(&value).unwrap();
            members.push(format!("{gap}\"{name}\" :{gap}{spelled}"));
            there.insert(name, value);
        }
        if random.below(4) == 0 {
            members.push(format!("{gap}\"x-{name}\": [1, {{\"A\": null}}]"));
        }
    }
    let inside = members.join(",");
    let text = format!(
        "{{\"first\": [\"}}\", 1.5], \"env\": {{{inside}{gap}}},{gap}\"last\": \"\\u00e9\"}}"
    );
    (text, there)
}

/// Every file after a few rounds of edits, and what its object should say.
fn files() -> (Vec<String>, Vec<BTreeMap<&'static str, String>>) {
    let mut random = Random(4);
    let format = Format::new("json", Some(&"env".parse().unwrap())).unwrap();
    let mut texts = vec![];
    let mut expected = vec![];
    for _ in 0..FILES {
        let (text, mut there) = file(&mut random, &format);
        let mut bytes = text.into_bytes();
        for _ in 0..3 {
            let edits = disturb(&mut random, &format, &mut there);
            bytes = rewrite(&format, &bytes, &edits);
        }
        texts.push(String::from_utf8(bytes).unwrap());
        expected.push(there);
    }
    (texts, expected)
}

fn check(reader: &str, answers: &[Value], expected: &[BTreeMap<&'static str, String>]) {
    for (answer, expected) in answers.iter().zip(expected) {
        assert_eq!(answer["first"], json!(["}", 1.5]), "{reader}");
        assert_eq!(answer["last"], json!("é"), "{reader}");
        let env = answer["env"].as_object().unwrap();
        let ours: BTreeMap<&str, String> = env
            .iter()
            .filter(|(key, _)| !key.starts_with("x-"))
            .map(|(key, value)| (key.as_str(), value.as_str().unwrap().to_owned()))
            .collect();
        assert_eq!(&ours, expected, "{reader}");
        for (key, value) in env.iter().filter(|(key, _)| key.starts_with("x-")) {
            assert_eq!(*value, json!([1, {"A": null}]), "{reader} {key}");
        }
    }
}

#[test]
fn python_reads_our_json() {
    let Some(python) = peers::program("python3") else {
        return;
    };
    let (texts, expected) = files();
    let code = "import json, sys; print(json.dumps([json.loads(t) for t in json.load(sys.stdin)]))";
    check("python", &ask(&python, &["-c", code], &texts), &expected);
}

#[test]
fn node_reads_our_json() {
    let Some(node) = peers::program("node") else {
        return;
    };
    let (texts, expected) = files();
    let code = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')).map(t => JSON.parse(t))))";
    check("node", &ask(&node, &["-e", code], &texts), &expected);
}

/// JSON5 without its comments' and keys' freedoms is JavaScript: node evaluates our files.
#[test]
fn node_reads_our_json5_as_javascript() {
    let Some(node) = peers::program("node") else {
        return;
    };
    let format = Format::new("json5", Some(&"env".parse().unwrap())).unwrap();
    let mut random = Random(5);
    let mut texts = vec![];
    let mut expected = vec![];
    for _ in 0..FILES {
        let mut there = BTreeMap::new();
        let mut text = "// head, { it's\n{ first: ['}', +1.5,], env: {\n".to_owned();
        for name in NAMES {
            if random.below(2) == 0 {
                let key = random.pick(&["", "'", "\""]);
                let tail = random.pick(&["", " // it's, }", " /* \" */"]);
                text.push_str(&format!(
                    "  {key}{name}{key} : 'a\\\nb\\x41\\'\\v',{tail}\n"
                ));
                there.insert(name, "abA'\u{b}".to_owned());
            }
        }
        let end = random.pick(&["  'x-y': [0x1, {A: null}], }", "}", "/* end */}"]);
        text.push_str(end);
        text.push_str(", last: '\\u00e9', } // tail\n");
        let mut bytes = text.into_bytes();
        for _ in 0..3 {
            let edits = disturb(&mut random, &format, &mut there);
            bytes = rewrite(&format, &bytes, &edits);
        }
        let text = String::from_utf8(bytes).unwrap();
        for part in ["// head, { it's\n", "// tail\n"] {
            assert!(text.contains(part));
        }
        texts.push(text);
        expected.push(there);
    }
    let code = "process.stdout.write(JSON.stringify(JSON.parse(require('fs').readFileSync(0, 'utf8')).map(t => (0, eval)('(' + t + ')'))))";
    check("node", &ask(&node, &["-e", code], &texts), &expected);
}
