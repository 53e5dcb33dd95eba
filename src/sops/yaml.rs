//! The YAML store. Comments are left out: no MAC goes over them.
//!
//! A plain scalar is resolved as the reader that SOPS uses resolves it, because the MAC goes over
//! what it reads; one that other readers take differently is [`Scalar::Odd`].

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, Span};

use super::number;
use super::tree::{MAX_DEPTH, Node, Scalar, twice};
use super::{SopsError, Store};

/// What is being collected.
enum Open {
    Map(Vec<(String, Node)>, Option<String>),
    List(Vec<Node>),
}

/// Ends of lines for YAML 1.1, which SOPS reads, and letters for YAML 1.2.
const SEPARATORS: [char; 3] = ['\u{85}', '\u{2028}', '\u{2029}'];

pub(super) fn parse(text: &str) -> Result<Node, SopsError> {
    if let Some(at) = text.find(SEPARATORS) {
        let line = text[..at].lines().count().max(1);
        return Err(wrong(
            "there is a line separator that programs read differently",
            line,
        ));
    }
    let mut options = granit_parser::options! {
        strict_indentation: true,
        disallow_directives: true,
        emit_unresolved_aliases: true,
    };
    options.set_emit_comments(false);
    let mut builder = Builder {
        open: vec![],
        root: None,
        documents: 0,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, &span)?,
            Err(error) => return Err(wrong("it does not parse", error.marker().line())),
        }
    }
    builder.root.ok_or(SopsError::NoMetadata)
}

fn wrong(what: &'static str, line: usize) -> SopsError {
    SopsError::Text {
        store: Store::Yaml,
        what,
        line,
    }
}

struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    documents: usize,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: &Span) -> Result<(), SopsError> {
        let line = span.start.line();
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                refuse_properties(anchor, tag.is_some(), line)?;
                let is_absent = span.byte_range().is_some_and(|range| range.is_empty());
                let scalar = match style {
                    ScalarStyle::Plain if is_absent => Scalar::Null,
                    ScalarStyle::Plain => resolve(&text),
                    _ => Scalar::text(text.into_owned()),
                };
                self.add(Node::Leaf(scalar), line)
            }
            Event::SequenceStart(_, anchor, tag) => {
                refuse_properties(anchor, tag.is_some(), line)?;
                self.begin(Open::List(vec![]), line)
            }
            Event::MappingStart(_, anchor, tag) => {
                refuse_properties(anchor, tag.is_some(), line)?;
                self.begin(Open::Map(vec![], None), line)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let node = match self.open.pop() {
                    Some(Open::List(items)) => Node::List(items),
                    Some(Open::Map(entries, _)) => {
                        if twice(entries.iter().map(|(key, _)| key)) {
                            return Err(wrong("a key stands twice in the map that ends", line));
                        }
                        Node::Map(entries)
                    }
                    None => return Err(wrong("something ends that did not begin", line)),
                };
                self.add(node, line)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                Err(wrong("there is an alias, which SOPS never writes,", line))
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                match self.documents {
                    1 => Ok(()),
                    _ => Err(wrong("a second document begins", line)),
                }
            }
            _ => Ok(()),
        }
    }

    fn begin(&mut self, open: Open, line: usize) -> Result<(), SopsError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(wrong("it is nested too deeply", line));
        }
        self.open.push(open);
        Ok(())
    }

    fn add(&mut self, node: Node, line: usize) -> Result<(), SopsError> {
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::List(items)) => items.push(node),
            Some(Open::Map(entries, waiting)) => match (waiting.take(), node) {
                (Some(key), node) => entries.push((key, node)),
                (None, Node::Leaf(Scalar::Text(key))) => *waiting = Some(key.as_str().to_owned()),
                (None, _) => return Err(wrong("a key is not text", line)),
            },
        }
        Ok(())
    }
}

fn refuse_properties(anchor: usize, tagged: bool, line: usize) -> Result<(), SopsError> {
    match (anchor, tagged) {
        (0, false) => Ok(()),
        (0, true) => Err(wrong("there is a tag (`!…`)", line)),
        _ => Err(wrong("there is an anchor, which SOPS never writes,", line)),
    }
}

const DIFFERENT: &str = "is written so that programs read it differently: quote it in the file";

/// What a plain scalar is for `go.yaml.in/yaml/v3` (`resolve.go`).
fn resolve(text: &str) -> Scalar {
    match text {
        "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    let infinite = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if matches!(infinite.as_str(), ".inf" | ".nan") {
        return Scalar::Odd("is no number that a text could say");
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return Scalar::text(text);
    }
    if let Ok(whole) = text.parse::<i64>()
        && whole.to_string() == text
    {
        return Scalar::Int(whole);
    }
    if let Some(time) = moment(text) {
        return time;
    }
    let bare = text.replace('_', "");
    if is_float(&bare)
        && let Ok(number) = bare.parse::<f64>()
    {
        let shown = number::plain(number) == text;
        return match number::in_yaml(number) == text {
            true => Scalar::Float(number, shown.then(|| text.to_owned())),
            false => Scalar::Odd(DIFFERENT),
        };
    }
    if is_other_number(&bare) {
        return Scalar::Odd(DIFFERENT);
    }
    Scalar::text(text)
}

/// Digits, a point, an exponent.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    digits(whole) && digits(fraction) && whole.len() + fraction.len() > 0 && exponent_fits
}

/// In another base than ten.
fn is_other_number(text: &str) -> bool {
    let text = text
        .strip_prefix(['+', '-'])
        .unwrap_or(text)
        .to_ascii_lowercase();
    ["0x", "0o", "0b"].iter().any(|base| {
        text.strip_prefix(base).is_some_and(|rest| {
            !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_hexdigit())
        })
    })
}

/// `2001-12-14`, alone or with a time of day: only the form that SOPS writes is one text.
fn moment(text: &str) -> Option<Scalar> {
    let mut parts = text.splitn(3, '-');
    let digits = |part: &str, most: usize| {
        (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (year, month, rest) = (parts.next()?, parts.next()?, parts.next()?);
    if year.len() != 4 || !digits(year, 4) || !digits(month, 2) {
        return None;
    }
    let day = rest.find(['T', 't', ' ']).map_or(rest, |at| &rest[..at]);
    if !digits(day, 2) {
        return None;
    }
    let clock = &rest[day.len()..];
    if !clock.is_empty()
        && !clock[1..]
            .trim_start()
            .starts_with(|c: char| c.is_ascii_digit())
    {
        return None;
    }
    Some(match is_rfc3339(text) {
        true => Scalar::Time(text.to_owned()),
        false => Scalar::Odd(DIFFERENT),
    })
}

/// The one spelling of a moment that reads back as itself.
pub(super) fn is_rfc3339(text: &str) -> bool {
    let form =
        regex::Regex::new(r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d*[1-9])?(Z|[+-]\d{2}:\d{2})$");
    form.is_ok_and(|form| form.is_match(text)) && text.parse::<jiff::Timestamp>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_are_what_sops_reads() {
        for (text, kind) in [
            ("8080", "int"),
            ("-3", "int"),
            ("9223372036854775807", "int"),
            ("9223372036854775808", "odd"),
            ("017", "odd"),
            ("0x1F", "odd"),
            ("1_000", "odd"),
            ("+1", "odd"),
            ("1.5", "float"),
            ("1.50", "odd"),
            ("1e+06", "float"),
            ("1e6", "odd"),
            (".5", "odd"),
            (".inf", "odd"),
            ("yes", "text"),
            ("True", "bool"),
            ("~", "null"),
            ("2001-12-14", "odd"),
            ("2001-12-14T00:00:00Z", "time"),
            ("2001-12-14t00:00:00Z", "odd"),
            ("2001-12-14 foo", "text"),
            ("2001-abc", "text"),
            ("1.2.3.4", "text"),
            ("1:30", "text"),
            ("-", "text"),
            ("0xzz", "text"),
        ] {
            assert_eq!(format!("{:?}", resolve(text)), kind, "{text}");
        }
    }
}
