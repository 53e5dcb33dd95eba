//! Relay connections: pages of a list, with the cap and the cursor faults of the switches.

use super::super::execute::{Object, Reply};
use super::super::switches::{Cursors, Switches};
use super::{Arguments, leaf};

/// A page of `nodes`, each with its cursor.
pub(super) fn connection(
    switches: &Switches,
    field: &str,
    arguments: &Arguments<'_>,
    nodes: Vec<(String, Reply)>,
) -> Reply {
    let position = |name: &str| {
        let cursor = arguments.text(name)?;
        nodes.iter().position(|(known, _)| known == cursor)
    };
    let start = position("after").map_or(0, |index| index + 1);
    let end = position("before").unwrap_or(nodes.len()).max(start);
    let backwards = arguments.number("last");
    let wanted = arguments
        .number("first")
        .or(backwards)
        .unwrap_or(switches.default_page);
    let size = wanted.min(switches.page_cap).min(end - start);
    let (start, end) = if backwards.is_some() && arguments.number("first").is_none() {
        (end - size, end)
    } else {
        (start, start + size)
    };
    let more = end < nodes.len();
    let cursor = |index: Option<usize>| {
        let cursor = index.and_then(|index| nodes.get(index));
        leaf(cursor.map(|(cursor, _)| cursor.clone()))
    };
    let honest = cursor(end.checked_sub(1).filter(|last| *last >= start));
    let spoilt = switches.cursors_of.is_none_or(|only| only == field);
    let (end_cursor, more) = match switches.cursors {
        Cursors::NullWithMore if spoilt && more => (leaf(None::<String>), true),
        Cursors::Repeating if spoilt && size > 0 => (cursor(Some(size - 1)), true),
        _ => (honest, more),
    };
    let page_info = record(vec![
        ("hasNextPage", leaf(more)),
        ("hasPreviousPage", leaf(start > 0)),
        ("startCursor", cursor((size > 0).then_some(start))),
        ("endCursor", end_cursor),
    ]);
    let edges = nodes
        .into_iter()
        .skip(start)
        .take(size)
        .map(|(cursor, node)| record(vec![("node", node), ("cursor", leaf(cursor))]));
    record(vec![
        ("edges", Reply::List(edges.collect())),
        ("pageInfo", page_info),
    ])
}

pub(super) fn record(fields: Vec<(&'static str, Reply)>) -> Reply {
    Reply::Object(Object::Record(fields))
}
