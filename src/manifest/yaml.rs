//! YAML text to a [`Node`] tree. Everything that makes YAML surprising is refused here: anchors,
//! aliases, tags, several documents, keys that are not text.
//!
//! This reads the events of the parser that `serde_yaml` brings along, and not its serde side: an
//! edit needs the bytes, the style and the place of every scalar, all problems are to be named at
//! once, and messages must be our own, because serde's quote values.

use std::ops::Range;

use serde_yaml::granit_parser::{self, Event, Parser, ScalarStyle, Span, StructureStyle};

use super::problem::{Problems, code};
use super::tree::{Kind, Node, Style};
use crate::model::Position;

/// The longest text that is read.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
const MAX_DEPTH: usize = 16;
const MAX_NODES: usize = 400_000;
/// Of anchors and aliases, until the rest is left unread.
const MAX_ALIASES: usize = 5;

/// What is being collected while events come in.
enum Open {
    Seq(Node),
    Map(Node, Option<Node>),
}

/// The whole text as a tree. On an error, what was read before it is lost: half a manifest is not
/// a manifest.
pub(super) fn parse_tree(text: &str, problems: &mut Problems) -> Option<Node> {
    let root = parse_any(text, problems);
    if root.is_none() && !problems.failed() {
        let help = "`driftlock init` writes a first manifest";
        is_empty(problems, code::NOT_A_MANIFEST, Some(help));
    }
    root
}

/// The same of another file. One that is empty may be one that was lost: it says nothing, which is
/// not the same as saying that there is nothing.
pub(super) fn parse_tree_of(text: &str, file: &str, problems: &mut Problems) -> Option<Node> {
    let root = parse_any(text, problems);
    let found = root.filter(|root| !root.is_null());
    if found.is_none() && !problems.failed() {
        let help = format!("write what it shall say, or remove {file}");
        is_empty(problems, code::EMPTY_VALUE, Some(&help));
    }
    found
}

fn is_empty(problems: &mut Problems, code: &'static str, help: Option<&str>) {
    let at = Position::default();
    problems.error(at, code, "this file is empty", help);
}

fn parse_any(text: &str, problems: &mut Problems) -> Option<Node> {
    if text.len() > MAX_BYTES {
        problems.error(
            Position::default(),
            code::TOO_LARGE,
            "this file is larger than 8 MiB",
            Some("split it into several manifests"),
        );
        return None;
    }
    let mut options = granit_parser::options! {
        strict_indentation: true,
        disallow_directives: true,
        emit_unresolved_aliases: true,
    };
    options.set_emit_comments(false);
    let mut builder = Builder {
        open: Vec::new(),
        root: None,
        nodes: 0,
        aliases: 0,
        documents: 0,
        problems,
    };
    for event in Parser::new_from_str_with_options(text, options) {
        match event {
            Ok((event, span)) => builder.event(event, span)?,
            Err(error) => {
                let position = position(error.marker());
                builder.problems.error(
                    position,
                    code::NOT_YAML,
                    "this is not valid YAML",
                    Some("look at indentation, quotes, colons and brackets here and just above"),
                );
                return None;
            }
        }
    }
    builder.root.take()
}

struct Builder<'a> {
    open: Vec<Open>,
    root: Option<Node>,
    nodes: usize,
    aliases: usize,
    documents: usize,
    problems: &'a mut Problems,
}

impl Builder<'_> {
    /// `None` ends the parse; a problem was noted then.
    fn event(&mut self, event: Event<'_>, span: Span) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some())?;
                let style = match style {
                    ScalarStyle::Plain => Style::Plain,
                    ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => Style::Quoted,
                    _ => Style::Block,
                };
                // the parser spells a value that is not written as `~`
                let text = if bytes(&span).is_empty() && style == Style::Plain {
                    String::new()
                } else {
                    text.into_owned()
                };
                self.add(node(Kind::Scalar { text, style }, span))
            }
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some())?;
                let flow = style == StructureStyle::Flow;
                let items = Vec::new();
                self.begin(Open::Seq(node(Kind::Seq { items, flow }, span)), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_properties(span, anchor, tag.is_some())?;
                let flow = style == StructureStyle::Flow;
                let entries = Vec::new();
                let map = node(Kind::Map { entries, flow }, span);
                self.begin(Open::Map(map, None), span)
            }
            Event::SequenceEnd | Event::MappingEnd => {
                let mut node = match self.open.pop()? {
                    Open::Seq(node) | Open::Map(node, _) => node,
                };
                node.span.end = bytes(&span).end;
                self.add(node)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                self.refuse_alias(&span)?;
                self.add(Node::made_text(""))
            }
            Event::DocumentStart(..) => {
                self.documents += 1;
                if self.documents > 1 {
                    self.problems.error(
                        position(&span.start),
                        code::SEVERAL_DOCUMENTS,
                        "a second YAML document begins here",
                        Some("keep one manifest in a file"),
                    );
                    return None;
                }
                Some(())
            }
            _ => Some(()),
        }
    }

    /// A file full of them is no manifest: after a few, no more is read or said.
    fn refuse_alias(&mut self, span: &Span) -> Option<()> {
        self.aliases += 1;
        self.problems.error(
            position(&span.start),
            code::ALIAS,
            "anchors and aliases are not supported",
            Some("write the value out, or use a group or a template"),
        );
        (self.aliases < MAX_ALIASES).then_some(())
    }

    fn refuse_properties(&mut self, span: Span, anchor: usize, tagged: bool) -> Option<()> {
        if anchor != 0 {
            self.refuse_alias(&span)?;
        }
        if tagged {
            self.problems.error(
                position(&span.tag_start().unwrap_or(span.start)),
                code::TAG,
                "tags (`!…`) are not supported",
                Some("every value is text: remove the tag, or quote the value"),
            );
        }
        Some(())
    }

    fn begin(&mut self, open: Open, span: Span) -> Option<()> {
        if self.open.len() >= MAX_DEPTH {
            self.problems.error(
                position(&span.start),
                code::TOO_DEEP,
                "this is nested too deeply",
                None,
            );
            return None;
        }
        self.open.push(open);
        Some(())
    }

    fn add(&mut self, node: Node) -> Option<()> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.problems.error(
                node.position,
                code::TOO_LARGE,
                "this file has too many entries",
                Some("split it into several manifests"),
            );
            return None;
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some(Open::Seq(parent)) => parent.items_mut()?.push(node),
            Some(Open::Map(parent, waiting)) => match waiting.take() {
                Some(key) => parent.entries_mut()?.push((key, node)),
                None if node.text().is_some() => *waiting = Some(node),
                None => {
                    self.problems.error(
                        node.position,
                        code::WRONG_TYPE,
                        "a key must be text",
                        None,
                    );
                    return None;
                }
            },
        }
        Some(())
    }
}

fn node(kind: Kind, span: Span) -> Node {
    Node {
        kind,
        span: bytes(&span),
        position: position(&span.start),
    }
}

fn bytes(span: &Span) -> Range<usize> {
    span.byte_range().unwrap_or(0..0)
}

fn position(marker: &granit_parser::Marker) -> Position {
    let narrow = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: narrow(marker.line()),
        column: narrow(marker.col()) + 1,
    }
}
