//! The fact sheet's 108 values, with the text that each dialect writes and each reader takes.

use std::collections::BTreeMap;

use driftlock::platforms::file::format::Dialect;
use serde::Deserialize;

use crate::support::peers;

#[derive(Deserialize)]
struct Raw {
    name: String,
    value: Option<String>,
    value_repeat: Option<Repeat>,
    dialects: BTreeMap<String, Option<String>>,
    parsers: BTreeMap<String, Option<String>>,
}

#[derive(Deserialize)]
struct Repeat {
    unit: String,
    count: usize,
}

pub(super) struct Case {
    pub(super) name: String,
    pub(super) value: String,
    /// `None` where `@` stands for a value whose escaped text the sheet does not spell out.
    texts: BTreeMap<String, Option<String>>,
    /// By reader, a text that it takes for the value.
    pub(super) readers: BTreeMap<String, String>,
    long: bool,
}

impl Case {
    /// The text that a dialect writes (`Some(None)`: none, it refuses); `None` if the sheet does
    /// not say.
    pub(super) fn text(&self, dialect: Dialect) -> Option<Option<&str>> {
        let text = self.texts[dialect.name()].as_deref();
        // `@` cannot spell the `'\''` of a repeated value
        let unsaid = self.long && text.is_none() && dialect == Dialect::Shell;
        (!unsaid).then_some(text)
    }
}

/// `None` if the data is not at hand.
pub(super) fn load() -> Option<Vec<Case>> {
    let path = peers::facts("facts/dotenv-cases.json", "DRIFTLOCK_DOTENV_CASES")?;
    let text = std::fs::read_to_string(path).expect("the cases can be read");
    let raw: Vec<Raw> = serde_json::from_str(&text).expect("the cases are JSON");
    assert_eq!(raw.len(), 108);
    Some(raw.into_iter().map(case).collect())
}

fn case(raw: Raw) -> Case {
    let long = raw.value_repeat.is_some();
    let value = raw.value.unwrap_or_else(|| {
        let repeat = raw
            .value_repeat
            .expect("a case has a value or says how to make it");
        repeat.unit.repeat(repeat.count)
    });
    let fill = |text: String| {
        if long {
            text.replace('@', &value)
        } else {
            text
        }
    };
    let texts = raw
        .dialects
        .into_iter()
        .map(|(key, text)| (key, text.map(fill)));
    let readers = raw.parsers.into_iter();
    Case {
        name: raw.name,
        texts: texts.collect(),
        readers: readers
            .filter_map(|(key, text)| Some((key, fill(text?))))
            .collect(),
        long,
        value,
    }
}
