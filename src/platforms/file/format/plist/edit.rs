//! Splices into the XML text, and the proof that nothing else changed.

use std::collections::BTreeMap;
use std::ops::Range;

use zeroize::Zeroizing;

use super::scan::{Entry, Kind, Node};
use super::xml::Tree;
use super::{EditError, VARIABLES};
use crate::model::VarName;

type Wanted<'a> = BTreeMap<&'a VarName, Option<&'a str>>;
type Splice = (Range<usize>, Zeroizing<String>);

impl Tree<'_> {
    /// The text with these variables set (`Some`) or deleted.
    pub(super) fn rewrite(&self, wanted: &Wanted<'_>) -> Result<String, EditError> {
        let entries = self.variables().unwrap_or_default();
        let mut splices: Vec<Splice> = Vec::new();
        let mut added: Vec<(&str, &str)> = Vec::new();
        for (name, value) in wanted {
            let there = entries.iter().find(|entry| entry.key == name.as_str());
            match (there, value) {
                (Some(entry), Some(value)) => {
                    splices.push((entry.value.span.clone(), element("string", value)));
                }
                (Some(entry), None) => {
                    let cuts = self.cuts(entry).into_iter();
                    splices.extend(cuts.map(|cut| (cut, Zeroizing::default())));
                }
                (None, Some(value)) => added.push((name.as_str(), value)),
                (None, None) => {}
            }
        }
        if !added.is_empty() {
            splices.push(self.addition(&added));
        }
        let text = apply(self.text, splices);
        self.verify(&text, wanted)?;
        let bom = if self.bom { "\u{FEFF}" } else { "" };
        Ok(format!("{bom}{}", *text))
    }

    /// What goes when an entry goes: key and value, with their lines where they have them alone.
    /// Comments stay.
    fn cuts(&self, entry: &Entry) -> Vec<Range<usize>> {
        let (key, value) = (&entry.key_span, &entry.value.span);
        let cuts = if self.text[key.end..value.start].trim().is_empty() {
            let whole = key.start..value.end;
            vec![whole]
        } else {
            vec![key.clone(), value.clone()]
        };
        cuts.into_iter()
            .map(
                |cut| match (self.own_line(cut.start), self.line_end(cut.end)) {
                    (Some(indent), Some(end)) => cut.start - indent.len()..end,
                    _ => cut,
                },
            )
            .collect()
    }

    /// The new entries, at the end of their dictionary, which is made where there is none.
    fn addition(&self, added: &[(&str, &str)]) -> Splice {
        let unit = self.unit();
        let Some(holder) = self.holder() else {
            let indent = self.child_indent(&self.root, unit);
            let inner = indent.as_ref().map(|indent| format!("{indent}{unit}"));
            let mut dict = Zeroizing::new("<dict>".to_owned());
            self.open_line(&mut dict, indent.as_deref());
            dict.push_str(&self.lines(added, inner.as_deref()));
            dict.push_str(indent.as_deref().unwrap_or_default());
            dict.push_str("</dict>");
            let key = element("key", VARIABLES);
            let text = self.on_lines(&[&key, &dict], indent.as_deref());
            return self.at_end(&self.root, text);
        };
        if matches!(holder.kind, Kind::Dict { inside: None, .. }) {
            let outer = self.own_line_of(holder);
            let inner = outer.as_ref().map(|outer| format!("{outer}{unit}"));
            let mut dict = Zeroizing::new("<dict>".to_owned());
            self.open_line(&mut dict, inner.as_deref());
            dict.push_str(&self.lines(added, inner.as_deref()));
            dict.push_str(&outer.unwrap_or_default());
            dict.push_str("</dict>");
            return (holder.span.clone(), dict);
        }
        let indent = self.child_indent(holder, unit);
        self.at_end(holder, self.lines(added, indent.as_deref()))
    }

    fn lines(&self, added: &[(&str, &str)], indent: Option<&str>) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for (name, value) in added {
            let pair = [element("key", name), element("string", value)];
            text.push_str(&self.on_lines(&[&pair[0], &pair[1]], indent));
        }
        text
    }

    /// Each on a line of its own where there is an indentation, else side by side.
    fn on_lines(&self, parts: &[&str], indent: Option<&str>) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::new());
        for part in parts {
            text.push_str(indent.unwrap_or_default());
            text.push_str(part);
            self.open_line(&mut text, indent);
        }
        text
    }

    fn open_line(&self, text: &mut String, indent: Option<&str>) {
        if indent.is_some() {
            text.push_str(if self.text.contains("\r\n") {
                "\r\n"
            } else {
                "\n"
            });
        }
    }

    /// Puts whole lines before the line of the last tag, or text before the tag itself.
    fn at_end(&self, dict: &Node, text: Zeroizing<String>) -> Splice {
        let end = match &dict.kind {
            Kind::Dict {
                inside: Some(inside),
                ..
            } => inside.end,
            _ => dict.span.end,
        };
        let at = end - self.own_line(end).map_or(0, str::len);
        (at..at, text)
    }

    /// How the entries of a dictionary are indented; `None` where its last tag has no line of its own.
    fn child_indent(&self, dict: &Node, unit: &str) -> Option<String> {
        let Kind::Dict {
            entries,
            inside: Some(inside),
        } = &dict.kind
        else {
            return None;
        };
        let outer = self.own_line(inside.end)?;
        let last = entries.last();
        let of_last = last.and_then(|last| self.own_line(last.key_span.start));
        Some(of_last.map_or_else(|| format!("{outer}{unit}"), str::to_owned))
    }

    fn own_line_of(&self, dict: &Node) -> Option<String> {
        self.own_line(dict.span.start).map(str::to_owned)
    }

    /// One step of indentation: what the first key of the outermost dictionary has more than it.
    fn unit(&self) -> &str {
        let first = match &self.root.kind {
            Kind::Dict { entries, .. } => entries.first(),
            _ => None,
        };
        let inner = first.and_then(|first| self.own_line(first.key_span.start));
        let outer = self.own_line(self.root.span.start);
        inner
            .zip(outer)
            .and_then(|(inner, outer)| inner.strip_prefix(outer))
            .filter(|unit| !unit.is_empty())
            .unwrap_or("\t")
    }

    /// The blanks before this place, if nothing else stands before it on its line.
    fn own_line(&self, at: usize) -> Option<&str> {
        let start = self.text[..at].rfind('\n')? + 1;
        let before = &self.text[start..at];
        before
            .chars()
            .all(|c| matches!(c, ' ' | '\t'))
            .then_some(before)
    }

    /// The start of the next line, if nothing else follows on this one.
    fn line_end(&self, at: usize) -> Option<usize> {
        let rest = &self.text[at..];
        let end = rest.find('\n')?;
        rest[..end].trim().is_empty().then_some(at + end + 1)
    }

    /// Every value reads as wanted or as before, in the same order, and no comment went.
    fn verify(&self, text: &str, wanted: &Wanted<'_>) -> Result<(), EditError> {
        let after = Tree::parse(text).map_err(|_| EditError::Misread)?;
        let comments = |tree: &Self| -> Vec<String> {
            let of = |range: &Range<usize>| tree.text[range.clone()].to_owned();
            tree.comments.iter().map(of).collect()
        };
        let mut expected = Shape::of(self.text, &self.root);
        expected.expect(wanted);
        let after_comments: Vec<String> = after
            .comments
            .iter()
            .map(|range| text[range.clone()].to_owned())
            .collect();
        let same = expected == Shape::of(text, &after.root) && comments(self) == after_comments;
        same.then_some(()).ok_or(EditError::Misread)
    }
}

fn apply(text: &str, mut splices: Vec<Splice>) -> Zeroizing<String> {
    // what goes ends before what comes begins, at the same place
    splices.sort_by_key(|(range, _)| (range.start, range.end));
    splices.sort_by_key(|(range, _)| range.start);
    let more: usize = splices.iter().map(|(_, new)| new.len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + more));
    let mut at = 0;
    for (range, new) in &splices {
        out.push_str(&text[at..range.start]);
        out.push_str(new);
        at = range.end;
    }
    out.push_str(&text[at..]);
    out
}

/// `<tag>text</tag>`. A carriage return is spelled out, because XML makes a newline of a bare one.
fn element(tag: &str, text: &str) -> Zeroizing<String> {
    let mut out = Zeroizing::new(String::with_capacity(text.len() + 32));
    out.push_str(&format!("<{tag}>"));
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
    out.push_str(&format!("</{tag}>"));
    out
}

/// What a node says, without places.
#[derive(PartialEq, Eq)]
enum Shape {
    Text(Zeroizing<String>),
    Dict(Vec<(String, Self)>),
    /// As it is written.
    Raw(String),
}

impl Shape {
    fn of(text: &str, node: &Node) -> Self {
        match &node.kind {
            Kind::Text { value, .. } => Self::Text(Zeroizing::new(value.clone())),
            Kind::Dict { entries, .. } => Self::Dict(
                entries
                    .iter()
                    .map(|entry| (entry.key.clone(), Self::of(text, &entry.value)))
                    .collect(),
            ),
            Kind::Other(_) => Self::Raw(text[node.span.clone()].to_owned()),
        }
    }

    fn expect(&mut self, wanted: &Wanted<'_>) {
        let Self::Dict(root) = self else { return };
        let sets = wanted.values().any(Option::is_some);
        if sets && !root.iter().any(|(key, _)| key == VARIABLES) {
            root.push((VARIABLES.to_owned(), Self::Dict(vec![])));
        }
        let Some((_, Self::Dict(variables))) = root.iter_mut().find(|(key, _)| key == VARIABLES)
        else {
            return;
        };
        for (name, value) in wanted {
            let place = variables.iter().position(|(key, _)| key == name.as_str());
            let new = value.map(|value| Self::Text(Zeroizing::new(value.to_owned())));
            match (place, new) {
                (Some(place), Some(new)) => variables[place].1 = new,
                (Some(place), None) => drop(variables.remove(place)),
                (None, Some(new)) => variables.push((name.to_string(), new)),
                (None, None) => {}
            }
        }
    }
}
