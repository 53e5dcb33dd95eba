//! A binary property list: read whole, written as XML.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use plist::stream::{BinaryReader, Event};
use plist::{Dictionary, Value};

use super::xml::Tree;
use super::{DEEPEST, EditError, LABEL, OpenError, Reading, VARIABLES};
use crate::model::VarName;

/// One object can stand in many places, so a small file can unfold to a large one.
const MOST_OBJECTS: usize = 100_000;
const MOST_BYTES: usize = 16 * 1024 * 1024;

type Wanted<'a> = BTreeMap<&'a VarName, Option<&'a str>>;

/// Reads the dictionary that is the whole file.
pub(super) fn parse(bytes: &[u8]) -> Result<Dictionary, OpenError> {
    let damaged = OpenError::Whole("a binary property list that does not read as one");
    let mut census = Census::default();
    let mut events = Vec::new();
    for event in BinaryReader::new(Cursor::new(bytes)) {
        let event = event.map_err(|_| damaged.clone())?;
        census.count(&event)?;
        events.push(Ok(event));
    }
    let root = Value::from_events(events).map_err(|_| damaged)?;
    let Value::Dictionary(root) = root else {
        return Err(OpenError::Whole("not a dictionary"));
    };
    if !matches!(root.get(LABEL), Some(Value::String(_))) {
        return Err(OpenError::Whole(
            "there is no Label, so launchd would refuse it",
        ));
    }
    Ok(root)
}

/// What is open while the objects go by: a dictionary with its keys so far, or a list.
enum Open {
    Dict {
        keys: BTreeSet<String>,
        value_next: bool,
    },
    List,
}

#[derive(Default)]
struct Census {
    objects: usize,
    bytes: usize,
    open: Vec<Open>,
}

impl Census {
    fn count(&mut self, event: &Event<'_>) -> Result<(), OpenError> {
        self.objects += 1;
        self.bytes += match event {
            Event::String(text) => text.len(),
            Event::Data(data) => data.len(),
            _ => 0,
        };
        if self.objects > MOST_OBJECTS || self.bytes > MOST_BYTES {
            return Err(OpenError::Whole("a property list that unfolds to too much"));
        }
        if !matches!(event, Event::EndCollection)
            && let Some(Open::Dict { keys, value_next }) = self.open.last_mut()
        {
            if let (Event::String(key), false) = (event, *value_next)
                && !keys.insert(key.to_string())
            {
                return Err(OpenError::Whole("a dictionary with one key twice"));
            }
            *value_next = !*value_next;
        }
        match event {
            Event::StartDictionary(_) => self.open.push(Open::Dict {
                keys: BTreeSet::new(),
                value_next: false,
            }),
            Event::StartArray(_) => self.open.push(Open::List),
            Event::EndCollection => drop(self.open.pop()),
            _ => {}
        }
        if self.open.len() > DEEPEST {
            return Err(OpenError::Whole("nested more than 64 levels deep"));
        }
        Ok(())
    }
}

/// The variables, by key.
pub(super) fn readings(root: &Dictionary) -> Result<Vec<(&str, Reading)>, OpenError> {
    let variables = match root.get(VARIABLES) {
        None => return Ok(vec![]),
        Some(Value::Dictionary(variables)) => variables,
        Some(_) => return Err(OpenError::Whole("EnvironmentVariables is not a dictionary")),
    };
    let read = |value: &Value| match value {
        Value::String(text) => Reading::Value(text.clone()),
        other => Reading::Ambiguous {
            line: 0,
            why: format!("{}, not a string", kind(other)),
        },
    };
    Ok(variables
        .iter()
        .map(|(key, value)| (key.as_str(), read(value)))
        .collect())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "a list",
        Value::Dictionary(_) => "a dictionary",
        Value::Boolean(_) => "true or false",
        Value::Data(_) => "data",
        Value::Date(_) => "a date",
        Value::Real(_) => "a number",
        Value::Integer(_) => "a whole number",
        _ => "something else",
    }
}

/// The list with these variables set (`Some`) or deleted, as XML.
pub(super) fn rewrite(root: &Dictionary, wanted: &Wanted<'_>) -> Result<Vec<u8>, EditError> {
    let mut root = root.clone();
    if !root.contains_key(VARIABLES) {
        root.insert(VARIABLES.to_owned(), Value::Dictionary(Dictionary::new()));
    }
    let Some(Value::Dictionary(variables)) = root.get_mut(VARIABLES) else {
        return Err(EditError::Misread);
    };
    for (name, value) in wanted {
        match value {
            Some(value) => {
                variables.insert(name.to_string(), Value::String((*value).to_owned()));
            }
            // not `remove`, which would move the last one into its place
            None => variables.retain(|key, _| key != name.as_str()),
        }
    }
    let root = Value::Dictionary(root);
    let mut xml = Vec::new();
    root.to_writer_xml(&mut xml)
        .map_err(|_| EditError::Misread)?;
    // the writer ends its lines with newlines only, so these stand in values
    let xml = String::from_utf8(xml)
        .map_err(|_| EditError::Misread)?
        .replace('\r', "&#13;");
    let reads_back = Value::from_reader_xml(xml.as_bytes()).is_ok_and(|again| again == root)
        && Tree::parse(&xml).is_ok();
    if reads_back {
        Ok(xml.into_bytes())
    } else {
        Err(EditError::Misread)
    }
}
