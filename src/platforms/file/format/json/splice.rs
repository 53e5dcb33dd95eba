//! Where bytes go in and out of an object. All of it by looking at the text: the layout of the
//! neighbours is taken over.

use std::ops::Range;

use jsonc_parser::ast::{Object, ObjectProp};
use jsonc_parser::common::Ranged;
use zeroize::Zeroizing;

/// A value or key as both JSON and JSON5 spell it. The line separators, which JavaScript took for
/// ends of lines, are escaped.
pub(super) fn literal(value: &str) -> Zeroizing<String> {
    let quoted = Zeroizing::new(
        serde_json::to_string(value).expect("a string has a JSON text, whatever is in it"),
    );
    Zeroizing::new(
        quoted
            .replace('\u{2028}', "\\u2028")
            .replace('\u{2029}', "\\u2029"),
    )
}

/// `text` with one member more at the end of `object`: the first of `keys`, which holds an object
/// of the next one, and so on; the last one holds `value`.
pub(super) fn insert(
    text: &str,
    object: &Object<'_>,
    keys: &[&str],
    value: &str,
) -> Zeroizing<String> {
    let style = Style::of(text, object);
    let entry = style.entry(keys, value);
    match object.properties.last() {
        Some(last) => insert_after(text, object, last, &style, &entry),
        None => {
            let inside = object.start() + 1..object.end() - 1;
            let kept = text[inside.clone()].trim_end();
            let (before, after) = match &style.line {
                Some(indent) => (
                    format!("{}{indent}", style.end),
                    style.closing(text, object),
                ),
                None => (String::new(), String::new()),
            };
            splice(
                text,
                &[(
                    inside.start + kept.len()..inside.end,
                    Zeroizing::new(format!("{before}{}{after}", *entry)),
                )],
            )
        }
    }
}

fn insert_after(
    text: &str,
    object: &Object<'_>,
    last: &ObjectProp<'_>,
    style: &Style<'_>,
    entry: &str,
) -> Zeroizing<String> {
    let comma = comma_after(text, last.end(), object.end() - 1);
    let trailing = if comma.is_some() { "," } else { "" };
    let after = comma.map_or(last.end(), |comma| comma + 1);
    let Some(indent) = &style.line else {
        let gap = if style.colon == ":" { "" } else { " " };
        let new = match comma {
            Some(_) => format!("{gap}{entry},"),
            None => format!(",{gap}{entry}"),
        };
        return splice(text, &[(after..after, Zeroizing::new(new))]);
    };
    let place = end_of_line(text, after, object.end() - 1);
    let new = Zeroizing::new(format!("{}{indent}{entry}{trailing}", style.end));
    let mut edits = vec![];
    if comma.is_none() {
        edits.push((after..after, Zeroizing::new(",".to_owned())));
    }
    edits.push((place..place, new));
    splice(text, &edits)
}

/// `text` without the member. Comments stay.
pub(super) fn delete(text: &str, object: &Object<'_>, index: usize) -> Zeroizing<String> {
    let member = &object.properties[index];
    let inside_end = object.end() - 1;
    let mut cuts = without_comments(text, member);
    if let Some(comma) = comma_after(text, member.end(), inside_end) {
        cuts.push(comma..comma + 1);
    } else if let Some(before) = index.checked_sub(1).map(|i| &object.properties[i]) {
        // the last of several: JSON takes no comma before the brace
        if let Some(comma) = comma_after(text, before.end(), member.start()) {
            cuts.insert(0, comma..comma + 1);
        }
    }
    let cuts = tidy(text, join(text, cuts));
    let edits: Vec<_> = cuts
        .into_iter()
        .map(|range| (range, Zeroizing::default()))
        .collect();
    splice(text, &edits)
}

/// The member; in pieces where comments stand between key and value.
fn without_comments(text: &str, member: &ObjectProp<'_>) -> Vec<Range<usize>> {
    let (from, to) = (member.name.end(), member.value.start());
    let gap = &text[from..to];
    if !gap.contains('/') {
        let whole = member.start()..member.end();
        return vec![whole];
    }
    let key = member.start()..from;
    let mut cuts = vec![key];
    let mut at = from;
    while at < to {
        match trivia(&text[at..to]) {
            Some(length) => at += length,
            None => {
                cuts.push(at..at + 1);
                at += 1;
            }
        }
    }
    cuts.push(to..member.end());
    cuts
}

/// Cuts with only blanks between them are one.
fn join(text: &str, cuts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    let mut joined: Vec<Range<usize>> = Vec::new();
    for cut in cuts {
        match joined.last_mut() {
            Some(last)
                if text[last.end..cut.start]
                    .chars()
                    .all(|c| matches!(c, ' ' | '\t')) =>
            {
                last.end = cut.end;
            }
            _ => joined.push(cut),
        }
    }
    joined
}

/// Takes the blanks along: the whole line where nothing else stands on it.
fn tidy(text: &str, cuts: Vec<Range<usize>>) -> Vec<Range<usize>> {
    cuts.into_iter()
        .map(|cut| {
            if text[cut.start..].starts_with(',') {
                return cut; // what follows the comma belongs to the member before it
            }
            let blanks = |text: &str| text.len() - text.trim_start_matches([' ', '\t']).len();
            let end = cut.end + blanks(&text[cut.end..]);
            let line_end = ["\r\n", "\n"]
                .into_iter()
                .find(|line_end| text[end..].starts_with(line_end));
            match (own_line(text, cut.start), line_end) {
                (Some(indent), Some(line_end)) => cut.start - indent.len()..end + line_end.len(),
                (None, Some(_)) => cut,
                (_, None) => cut.start..end,
            }
        })
        .collect()
}

/// The layout of an object's members.
struct Style<'t> {
    /// The end of a line.
    end: &'static str,
    /// The indentation of a member, where each has a line of its own.
    line: Option<String>,
    /// One step of indentation.
    unit: &'t str,
    /// What stands between key and value.
    colon: &'t str,
}

impl<'t> Style<'t> {
    fn of(text: &'t str, object: &Object<'_>) -> Self {
        let unit = unit(text);
        let last = object.properties.last();
        let colon = last.map_or_else(
            || if text.contains('\n') { ": " } else { ":" },
            |last| {
                let gap = &text[last.name.end()..last.value.start()];
                let plain = gap.chars().all(|c| matches!(c, ' ' | '\t' | ':'));
                if plain { gap } else { ": " }
            },
        );
        let line = match last {
            Some(last) => own_line(text, last.start()).map(str::to_owned),
            None if text.contains('\n') => {
                Some(format!("{}{unit}", indent_at(text, object.start())))
            }
            None => None,
        };
        Self {
            end: if text.contains("\r\n") { "\r\n" } else { "\n" },
            line,
            unit,
            colon,
        }
    }

    /// What comes before the closing brace of an object that was empty.
    fn closing(&self, text: &str, object: &Object<'_>) -> String {
        format!("{}{}", self.end, indent_at(text, object.start()))
    }

    /// `"a": { "b": "value" }` for the keys `a` and `b`.
    fn entry(&self, keys: &[&str], value: &str) -> Zeroizing<String> {
        let mut entry = Zeroizing::new(String::new());
        for (depth, key) in keys.iter().enumerate() {
            if depth > 0 {
                entry.push('{');
                entry.push_str(&self.inner(depth));
            }
            entry.push_str(&literal(key));
            entry.push_str(self.colon);
        }
        entry.push_str(&literal(value));
        for depth in (1..keys.len()).rev() {
            entry.push_str(&self.inner(depth - 1));
            entry.push('}');
        }
        entry
    }

    /// A new line at this depth below the member, where members have lines.
    fn inner(&self, depth: usize) -> String {
        self.line.as_ref().map_or_else(String::new, |indent| {
            format!("{}{indent}{}", self.end, self.unit.repeat(depth))
        })
    }
}

/// One step of indentation: the first one in the file, else two blanks.
fn unit(text: &str) -> &str {
    text.lines()
        .skip(1)
        .find_map(|line| {
            let rest = line.trim_start_matches([' ', '\t']);
            let indent = &line[..line.len() - rest.len()];
            let member = rest
                .starts_with(|c: char| matches!(c, '"' | '\'' | '_' | '$') || c.is_alphabetic());
            (!indent.is_empty() && member).then_some(indent)
        })
        .unwrap_or("  ")
}

/// The blanks at the start of the line that holds this place.
fn indent_at(text: &str, at: usize) -> &str {
    let line = &text[line_start(text, at)..];
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The blanks before this place, if nothing else stands before it on its line.
fn own_line(text: &str, at: usize) -> Option<&str> {
    let before = &text[line_start(text, at)..at];
    before
        .chars()
        .all(|c| matches!(c, ' ' | '\t'))
        .then_some(before)
        .filter(|_| text[..at].contains('\n'))
}

fn line_start(text: &str, at: usize) -> usize {
    text[..at].rfind('\n').map_or(0, |newline| newline + 1)
}

/// The comma of the member that ends at `from`, if there is one before `to`.
fn comma_after(text: &str, from: usize, to: usize) -> Option<usize> {
    let mut at = from;
    while at < to {
        let rest = &text[at..to];
        if rest.starts_with(',') {
            return Some(at);
        }
        at += trivia(rest)?;
    }
    None
}

/// The length of the blank or comment at the start; `None` if something else is there.
fn trivia(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find(['\n', '\r']).unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return text.find("*/").map(|end| end + 2);
    }
    let first = text.chars().next()?;
    (first.is_whitespace() || first == '\u{FEFF}').then(|| first.len_utf8())
}

/// The end of the line, if only blanks and comments follow on it; else `from`.
fn end_of_line(text: &str, from: usize, to: usize) -> usize {
    let mut at = from;
    while at < to {
        let rest = &text[at..to];
        if rest.starts_with(['\n', '\r']) {
            return at;
        }
        match trivia(rest) {
            Some(length) if !text[at..at + length].contains('\n') => at += length,
            _ => return from,
        }
    }
    from
}

/// `text` with these places replaced; they are in order and do not overlap.
fn splice(text: &str, edits: &[(Range<usize>, Zeroizing<String>)]) -> Zeroizing<String> {
    let more: usize = edits.iter().map(|(_, new)| new.len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + more));
    let mut at = 0;
    for (range, new) in edits {
        out.push_str(&text[at..range.start]);
        out.push_str(new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}
