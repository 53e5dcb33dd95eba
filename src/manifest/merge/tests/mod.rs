//! Joins of small manifests, and the laws that joins of any keep.

mod cases;
mod conflicts;
mod laws;
mod model;

use super::{MergeError, Merged, Texts, merge};

const BASE: &str = "\
# yaml-language-server: $schema=x
driftlock: 1
name: test
recipients:
  - age1first   # laptop
variables:
  # the one for the API
  API_TOKEN:
    age: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
    rotate: 90d

  LOG_LEVEL: info

  URL: { template: \"https://x/${LOG_LEVEL}\", owner: ops }

targets:
  api:
    file: { path: ../a.env }
    variables: [API_TOKEN, LOG_LEVEL]
  web:
    file:
      path: ../w.env
      format: compose
    activate: systemctl restart web
    variables:
      - LOG_LEVEL  # shown
      - URL
key: 3fa9c1000000000000000000000000ff.0101010101010101010101010101010101010101010101010101010101010101
fingerprints: 3fa9c1.AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=
age: |
  age-encryption.org/v1
  -> X25519 stanza1
  body
  --- mac1
";

/// The base with pieces replaced.
fn with(edits: &[(&str, &str)]) -> String {
    edits.iter().fold(BASE.to_owned(), |text, (old, new)| {
        assert!(text.contains(old), "{old}");
        text.replacen(old, new, 1)
    })
}

const TOKEN: &str = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE=\n    rotate: 90d";
const TOKEN_2: &str = "AgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAgI=\n    rotate: 90d";
const TOKEN_3: &str = "AwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwM=\n    rotate: 90d";
const LIST: &str = "[API_TOKEN, LOG_LEVEL]";

/// Every value under another key, and what names it.
fn re_keyed(text: &str) -> String {
    text.replace("3fa9c1.AQ", "b00b1e.BA")
        .replace("key: 3fa9c1", "key: b00b1e")
        .replace("stanza1", "stanza2")
}

/// Joined by somebody who cannot open anything, and without git.
fn joined(base: &str, ours: &str, theirs: &str) -> Result<Merged, MergeError> {
    let texts = Texts {
        base,
        ours,
        theirs,
        by_lines: None,
    };
    merge(&texts, &mut |_, _, _| false)
}

#[track_caller]
fn clean(base: &str, ours: &str, theirs: &str) -> String {
    match joined(base, ours, theirs) {
        Ok(Merged::Clean(text)) => text,
        other => panic!("{other:?}"),
    }
}

/// The marked text, and what is said.
#[track_caller]
fn clash(base: &str, ours: &str, theirs: &str) -> (String, Vec<String>) {
    match joined(base, ours, theirs) {
        Ok(Merged::Conflict { text, conflicts }) => {
            assert!(crate::manifest::parse(&text).is_err(), "{text}");
            (text, conflicts.iter().map(ToString::to_string).collect())
        }
        other => panic!("{other:?}"),
    }
}
