//! What goes where.

use std::collections::{BTreeMap, BTreeSet};

use crate::manifest::decode::fields::{Fields, decode_bool, decode_list, decode_text};
use crate::manifest::problem::{Problems, code, nearest};
use crate::manifest::tree::{Kind, Node};
use crate::model::{AlertClass, Pattern, Route, SinkSpec};

const KEYS: [&str; 7] = [
    "target", "manifest", "class", "owner", "urgent", "to", "continue",
];

/// Routes, each of which may be looked at for each event.
const MOST: usize = 1000;

pub(super) fn decode_routes(
    node: &Node,
    sinks: &BTreeMap<String, SinkSpec>,
    problems: &mut Problems,
) -> Vec<Route> {
    let items = decode_list(node, "`routes`", problems);
    if items.len() > MOST {
        let message = format!("there are more than {MOST} routes");
        problems.error(node.position, code::BAD_VALUE, message, None);
        return Vec::new();
    }
    let routes = items.iter();
    routes
        .filter_map(|item| decode_route(item, sinks, problems))
        .collect()
}

fn decode_route(
    node: &Node,
    sinks: &BTreeMap<String, SinkSpec>,
    problems: &mut Problems,
) -> Option<Route> {
    let fields = Fields::of(node, "a route", &KEYS, problems)?;
    let mut route = Route {
        targets: decode_patterns(&fields, "target", problems),
        manifests: decode_patterns(&fields, "manifest", problems),
        classes: decode_classes(&fields, problems),
        owners: decode_patterns(&fields, "owner", problems),
        ..Route::default()
    };
    if let Some((_, node)) = fields.get("urgent") {
        route.urgent = Some(decode_bool(node, "`urgent`", problems)?);
    }
    if let Some((_, node)) = fields.get("continue") {
        route.go_on = decode_bool(node, "`continue`", problems)?;
    }
    let (_, to) = fields.required("to", problems)?;
    for item in decode_list(to, "`to`", problems) {
        let Some(name) = decode_text(item, "a sink's name", problems) else {
            continue;
        };
        if sinks.contains_key(name) {
            route.to.push(name.to_owned());
            continue;
        }
        let known = sinks.keys().map(String::as_str);
        let help = match nearest(name, known) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name one of `sinks`".to_owned(),
        };
        let message = "there is no sink of this name";
        problems.error(item.position, code::UNDECLARED, message, Some(&help));
    }
    Some(route)
}

/// One text, or a list of them.
fn decode_texts<'n>(
    fields: &Fields<'n>,
    key: &str,
    problems: &mut Problems,
) -> Option<Vec<(&'n Node, &'n str)>> {
    let (_, node) = fields.get(key)?;
    let what = format!("`{key}`");
    let items = match &node.kind {
        Kind::Seq { items, .. } => items.as_slice(),
        _ => std::slice::from_ref(node),
    };
    if items.is_empty() {
        let message = format!("{what} matches nothing, so this route is never taken");
        let help = Some("name something, or leave it out to match anything");
        problems.error(node.position, code::EMPTY_VALUE, message, help);
    }
    let texts = items.iter();
    Some(
        texts
            .filter_map(|item| Some((item, decode_text(item, &what, problems)?)))
            .collect(),
    )
}

fn decode_patterns(
    fields: &Fields<'_>,
    key: &str,
    problems: &mut Problems,
) -> Option<Vec<Pattern>> {
    let texts = decode_texts(fields, key, problems)?;
    let mut found = Vec::new();
    for (node, text) in texts {
        if text.is_empty() || text.len() > 256 {
            let message = format!("what `{key}` is compared with must be 1 to 256 characters");
            problems.error(node.position, code::BAD_VALUE, message, None);
        }
        found.push(Pattern::new(text));
    }
    Some(found)
}

fn decode_classes(fields: &Fields<'_>, problems: &mut Problems) -> Option<BTreeSet<AlertClass>> {
    let texts = decode_texts(fields, "class", problems)?;
    let mut found = BTreeSet::new();
    for (node, text) in texts {
        let class = AlertClass::ALL
            .into_iter()
            .find(|class| class.word() == text);
        match class {
            Some(class) => {
                found.insert(class);
            }
            None => {
                let words = AlertClass::ALL.map(AlertClass::word);
                let help = match nearest(text, words) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("one of `{}`", words.join("`, `")),
                };
                let message = "there is no such class of alerts";
                problems.error(node.position, code::BAD_VALUE, message, Some(&help));
            }
        }
    }
    Some(found)
}
