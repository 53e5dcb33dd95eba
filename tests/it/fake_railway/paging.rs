//! Pages: section 3 of the facts.

use serde_json::{Value, json};

use super::Lab;
use crate::support::fake_railway::switches::Cursors;

const PAGE: &str = "query($e: String!, $f: Int, $a: String, $l: Int, $b: String) {
    environment(id: $e) { variables(first: $f, after: $a, last: $l, before: $b) {
        edges { cursor node { name } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } }
        serviceInstances(first: 1) { pageInfo { hasNextPage endCursor } } } }";

fn lab() -> Option<Lab> {
    let lab = Lab::open()?;
    let mut api = lab.api.clone();
    for number in 0..7 {
        api = api.set(&format!("V{number}"), "x");
    }
    Some(lab)
}

/// The names on a page, whether there is a next one, and the last cursor.
fn page(lab: &Lab, arguments: &Value) -> (Vec<String>, bool, Value) {
    let mut ids = json!({ "e": lab.production.id });
    ids.as_object_mut()
        .unwrap()
        .extend(arguments.as_object().unwrap().clone());
    let found = lab.ask(PAGE, &ids)["environment"]["variables"].clone();
    let edges = found["edges"].as_array().unwrap();
    let names = edges
        .iter()
        .map(|edge| edge["node"]["name"].as_str().unwrap().to_owned());
    let info = &found["pageInfo"];
    (
        names.collect(),
        info["hasNextPage"] == json!(true),
        info["endCursor"].clone(),
    )
}

#[test]
fn pages_are_followed_by_their_cursor() {
    let Some(lab) = lab() else { return };
    let (first, more, cursor) = page(&lab, &json!({ "f": 3 }));
    assert_eq!((first.join(" ").as_str(), more), ("V0 V1 V2", true));
    let (second, more, cursor) = page(&lab, &json!({ "f": 3, "a": cursor }));
    assert_eq!((second.join(" ").as_str(), more), ("V3 V4 V5", true));
    let (third, more, cursor) = page(&lab, &json!({ "f": 3, "a": cursor }));
    assert_eq!((third.join(" ").as_str(), more), ("V6", false));
    let (end, more, _) = page(&lab, &json!({ "f": 3, "a": cursor }));
    assert_eq!((end.len(), more), (0, false));
    let (last, ..) = page(&lab, &json!({ "l": 2, "b": cursor }));
    assert_eq!(last, ["V4", "V5"]);
}

#[test]
fn the_server_caps_pages_and_has_a_default_size() {
    let Some(lab) = lab() else { return };
    lab.fake.switches(|switches| {
        switches.page_cap = 4;
        switches.default_page = 2;
    });
    let (capped, more, _) = page(&lab, &json!({ "f": 10000 }));
    assert_eq!((capped.len(), more), (4, true));
    let (default, more, _) = page(&lab, &json!({}));
    assert_eq!((default.len(), more), (2, true));
}

#[test]
fn cursors_may_be_null_or_repeat() {
    let Some(lab) = lab() else { return };
    lab.fake.switches(|switches| {
        switches.cursors = Cursors::NullWithMore;
        switches.cursors_of = Some("variables");
    });
    let (names, more, cursor) = page(&lab, &json!({ "f": 3 }));
    assert_eq!((names.len(), more, cursor), (3, true, Value::Null));
    let other = lab.ask(PAGE, &json!({ "e": lab.production.id }));
    let info = &other["environment"]["serviceInstances"]["pageInfo"];
    assert!(
        info["endCursor"].is_string(),
        "only the one connection is spoilt"
    );

    lab.fake
        .switches(|switches| switches.cursors = Cursors::Repeating);
    let (first, more, cursor) = page(&lab, &json!({ "f": 3 }));
    assert_eq!((first.len(), more), (3, true));
    let (second, more, again) = page(&lab, &json!({ "f": 3, "a": cursor }));
    assert_eq!((second.len(), more, &again), (3, true, &cursor));
}
