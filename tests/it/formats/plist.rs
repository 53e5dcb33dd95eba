//! Property lists: Python's plistlib reads every rewritten file, and we read what it wrote.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use driftlock::platforms::file::format::{Format, Reading};
use serde_json::json;

use super::{NAMES, Random, ask, disturb, name, rewrite};
use crate::support::peers;

const FILES: usize = 300;

/// Makes agents out of JSON, in both forms; the texts cross as base64.
const WRITE: &str = "
import base64, datetime, json, plistlib, sys
made = []
for text in json.load(sys.stdin):
    env = json.loads(text)
    agent = {'Label': 'org.example.agent', 'ProgramArguments': ['/bin/sh', '-c', 'a & b < c'],
             'KeepAlive': True, 'StartInterval': 300, 'Nice': -1.5, 'Blob': bytes(range(40)),
             'When': datetime.datetime(2026, 1, 2, 3, 4, 5), 'EnvironmentVariables': env}
    for form in (plistlib.FMT_XML, plistlib.FMT_BINARY):
        made.append(base64.b64encode(plistlib.dumps(agent, fmt=form, sort_keys=False)).decode())
print(json.dumps([made[i:i + 2] for i in range(0, len(made), 2)]))";

/// Says what agents hold: their variables, and whether all else is as it was made.
const READ: &str = "
import base64, datetime, json, plistlib, sys
said = []
for text in json.load(sys.stdin):
    agent = plistlib.loads(base64.b64decode(text))
    keys = list(agent)
    env = agent.pop('EnvironmentVariables')
    same = agent == {'Label': 'org.example.agent', 'ProgramArguments': ['/bin/sh', '-c', 'a & b < c'],
             'KeepAlive': True, 'StartInterval': 300, 'Nice': -1.5, 'Blob': bytes(range(40)),
             'When': datetime.datetime(2026, 1, 2, 3, 4, 5)}
    said.append({'env': env, 'same': same, 'keys': keys})
print(json.dumps(said))";

#[test]
fn plistlib_and_we_read_each_other() {
    let Some(python) = peers::program("python3") else {
        return;
    };
    let launchd = Format::new("launchd", None).unwrap();
    let mut random = Random(6);
    let mut expected: Vec<BTreeMap<&str, String>> = vec![];
    for _ in 0..FILES {
        let mut there = BTreeMap::new();
        for name in NAMES {
            if random.below(2) == 0 {
                // plistlib itself writes bare carriage returns, which it does not read back
                there.insert(name, random.value(&launchd).replace('\r', "."));
            }
        }
        expected.push(there);
    }
    let questions: Vec<String> = expected
        .iter()
        .map(|there| serde_json::to_string(there).unwrap())
        .collect();
    let made = ask(&python, &["-c", WRITE], &questions);

    let mut texts = vec![];
    let mut wanted = vec![];
    for (pair, there) in made.iter().zip(&expected) {
        for (form, bytes) in pair.as_array().unwrap().iter().enumerate() {
            let mut bytes = STANDARD.decode(bytes.as_str().unwrap()).unwrap();
            assert_eq!(bytes.starts_with(b"bplist"), form == 1);
            let values = launchd.open(Some(&bytes)).unwrap().values();
            assert_eq!(values.len(), there.len());
            for (key, value) in there {
                assert_eq!(values[&name(key)], Reading::Value(value.clone()), "{key}");
            }
            let mut there = there.clone();
            for _ in 0..3 {
                let edits = disturb(&mut random, &launchd, &mut there);
                bytes = rewrite(&launchd, &bytes, &edits);
            }
            texts.push(STANDARD.encode(&bytes));
            wanted.push(there);
        }
    }
    for (answer, there) in ask(&python, &["-c", READ], &texts).iter().zip(&wanted) {
        assert_eq!(answer["env"], json!(there));
        assert_eq!(answer["same"], json!(true));
        assert_eq!(
            answer["keys"],
            json!([
                "Label",
                "ProgramArguments",
                "KeepAlive",
                "StartInterval",
                "Nice",
                "Blob",
                "When",
                "EnvironmentVariables"
            ])
        );
    }
}
