//! The forms in which a value could come back, and the search for them.

use base64::Engine;
use base64::prelude::{BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE_NO_PAD};

/// A value that must not come back, under a name that may be shown.
pub struct Canary {
    pub name: &'static str,
    pub text: String,
    forms: Vec<(&'static str, String)>,
}

impl Canary {
    pub fn new(name: &'static str, text: &str) -> Self {
        Self {
            name,
            text: text.to_owned(),
            forms: forms(text),
        }
    }

    /// In which form it stands in this text.
    pub fn found_in(&self, text: &str) -> Option<&'static str> {
        let hit = self.forms.iter().find(|(_, form)| text.contains(form));
        hit.map(|(name, _)| *name)
    }
}

fn forms(text: &str) -> Vec<(&'static str, String)> {
    let bytes = text.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = bytes.iter().map(|byte| percent(*byte)).collect();
    let json = serde_json::to_string(text).unwrap();
    let mut forms = vec![
        ("plain", text.to_owned()),
        ("hex", hex.clone()),
        ("upper hex", hex.to_uppercase()),
        ("percent", percent.clone()),
        ("lower percent", percent.to_lowercase()),
        ("JSON", json[1..json.len() - 1].to_owned()),
        ("reversed", text.chars().rev().collect()),
    ];
    // the middle of the encoding, which does not depend on what stands around it
    for shift in 0..3 {
        let padded = [vec![b'.'; shift], bytes.to_vec()].concat();
        let whole = &padded[..padded.len() / 3 * 3];
        let skip = if shift == 0 { 0 } else { 4 };
        let standard = BASE64_STANDARD_NO_PAD.encode(whole).split_off(skip);
        let url = BASE64_URL_SAFE_NO_PAD.encode(whole).split_off(skip);
        forms.push(("base64", standard));
        forms.push(("base64url", url));
    }
    assert!(
        forms
            .iter()
            .all(|(_, form)| form.len() >= 12 && form.is_ascii())
    );
    forms
}

fn percent(byte: u8) -> String {
    if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
        char::from(byte).to_string()
    } else {
        format!("%{byte:02X}")
    }
}

#[test]
fn every_form_is_found() {
    let canary = Canary::new("X", "canary \"quoted\" / value?");
    for before in ["", "a", "ab", "abc"] {
        let around = format!("{before}{}tail", canary.text);
        for encoded in [
            around.clone(),
            BASE64_STANDARD_NO_PAD.encode(&around),
            BASE64_URL_SAFE_NO_PAD.encode(&around),
            serde_json::to_string(&around).unwrap(),
            around.bytes().map(percent).collect(),
            around.bytes().map(|byte| format!("{byte:02x}")).collect(),
        ] {
            assert!(canary.found_in(&encoded).is_some(), "{encoded}");
        }
    }
    assert!(canary.found_in("canary quoted value").is_none());
}
