//! XML to a tree of property list nodes with their places. Stricter than any one reader: what
//! readers would take differently is refused.

use std::ops::Range;

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesStart, Event};

use super::{DEEPEST, ParseError, is_xml};

/// One value.
#[derive(Clone)]
pub(super) struct Node {
    /// From the start of its first tag to the end of its last.
    pub(super) span: Range<usize>,
    pub(super) kind: Kind,
}

#[derive(Clone)]
pub(super) enum Kind {
    /// A string; whether readers differ about the ends of its lines.
    Text { value: String, raw_cr: bool },
    /// A dictionary, and where its entries stand: `None` for `<dict/>`.
    Dict {
        entries: Vec<Entry>,
        inside: Option<Range<usize>>,
    },
    /// Anything else, in words.
    Other(&'static str),
}

/// A key and its value.
#[derive(Clone)]
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Range<usize>,
    pub(super) value: Node,
}

/// The outermost value, and where the comments are.
pub(super) fn scan(text: &str) -> Result<(Node, Vec<Range<usize>>), ParseError> {
    let mut scanner = Scanner {
        text,
        reader: Reader::from_str(text),
        at: 0,
        comments: Vec::new(),
    };
    if let Some(bad) = text.find(|c| !is_xml(c)) {
        return Err(scanner.wrong(bad, "a character that XML does not have"));
    }
    let root = scanner.document()?;
    Ok((root, scanner.comments))
}

struct Scanner<'a> {
    text: &'a str,
    reader: Reader<&'a [u8]>,
    /// Where the last event began.
    at: usize,
    comments: Vec<Range<usize>>,
}

/// What stands between values.
enum Next<'a> {
    Open(BytesStart<'a>, bool),
    Close,
    End,
}

impl<'a> Scanner<'a> {
    fn wrong(&self, at: usize, why: &'static str) -> ParseError {
        let line = line_of(self.text, at);
        ParseError { line, why }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position())
            .map_or(self.text.len(), |at| at.min(self.text.len()))
    }

    fn event(&mut self) -> Result<Event<'a>, ParseError> {
        self.at = self.position();
        self.reader
            .read_event()
            .map_err(|_| self.wrong(self.at, "not well-formed XML"))
    }

    /// The next tag; comments and blanks are passed over.
    fn next(&mut self) -> Result<Next<'a>, ParseError> {
        loop {
            match self.event()? {
                Event::Start(tag) => return Ok(Next::Open(tag, false)),
                Event::Empty(tag) => return Ok(Next::Open(tag, true)),
                Event::End(_) => return Ok(Next::Close),
                Event::Eof => return Ok(Next::End),
                Event::Comment(_) => self.comments.push(self.at..self.position()),
                Event::Text(text) if text.chars().all(|c| c.is_ascii_whitespace()) => {}
                Event::Decl(_) => return Err(self.wrong(self.at, "a misplaced XML declaration")),
                Event::DocType(_) => return Err(self.wrong(self.at, "a misplaced document type")),
                Event::PI(_) => return Err(self.wrong(self.at, "a processing instruction")),
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return Err(self.wrong(self.at, "text where only elements can be"));
                }
            }
        }
    }

    fn document(&mut self) -> Result<Node, ParseError> {
        let mut doctype = false;
        let plist = loop {
            match self.event()? {
                Event::Decl(declaration) if self.at == 0 => {
                    let utf8 = match declaration.encoding() {
                        None => true,
                        Some(Ok(name)) => name.eq_ignore_ascii_case("utf-8"),
                        Some(Err(_)) => false,
                    };
                    let version = declaration.version();
                    if !utf8 || !version.is_ok_and(|version| version == "1.0") {
                        return Err(self.wrong(0, "only XML 1.0 in UTF-8 is read"));
                    }
                }
                Event::DocType(kind) if !doctype => {
                    doctype = true;
                    if kind.contains('[') {
                        return Err(self.wrong(self.at, "a document type with definitions inside"));
                    }
                }
                Event::Comment(_) => self.comments.push(self.at..self.position()),
                Event::Text(text) if text.chars().all(|c| c.is_ascii_whitespace()) => {}
                Event::Start(tag) if tag.name().as_ref() == "plist" => break tag,
                _ => return Err(self.wrong(self.at, "not a property list")),
            }
        };
        if plist.attributes().any(|attribute| attribute.is_err()) {
            return Err(self.wrong(self.at, "not well-formed XML"));
        }
        let root = match self.next()? {
            Next::Open(tag, empty) => self.value(&tag, empty, 1)?,
            Next::Close | Next::End => return Err(self.wrong(self.at, "an empty property list")),
        };
        match (self.next()?, self.next()?) {
            (Next::Close, Next::End) => Ok(root),
            _ => Err(self.wrong(self.at, "more than one value, or no end")),
        }
    }

    /// A value whose first tag was just read.
    fn value(
        &mut self,
        tag: &BytesStart<'a>,
        empty: bool,
        depth: usize,
    ) -> Result<Node, ParseError> {
        let start = self.at;
        if depth > DEEPEST {
            return Err(self.wrong(start, "nested more than 64 levels deep"));
        }
        if tag.attributes().next().is_some() {
            return Err(self.wrong(start, "an attribute, which property lists do not have"));
        }
        let kind = match tag.name().as_ref() {
            "string" => {
                let (value, raw_cr) = self.text_until_end(empty)?;
                Kind::Text { value, raw_cr }
            }
            "dict" => self.dict(empty, depth)?,
            "array" => {
                while !empty && self.element(depth)? {}
                Kind::Other("a list")
            }
            "integer" => self.leaf(empty, "a whole number")?,
            "real" => self.leaf(empty, "a number")?,
            "date" => self.leaf(empty, "a date")?,
            "data" => self.leaf(empty, "data")?,
            "true" | "false" => {
                let (inside, _) = self.text_until_end(empty)?;
                if !inside.trim().is_empty() {
                    return Err(self.wrong(start, "text in true or false"));
                }
                Kind::Other("true or false")
            }
            _ => return Err(self.wrong(start, "an element that property lists do not have")),
        };
        Ok(Node {
            span: start..self.position(),
            kind,
        })
    }

    fn leaf(&mut self, empty: bool, kind: &'static str) -> Result<Kind, ParseError> {
        self.text_until_end(empty)?;
        Ok(Kind::Other(kind))
    }

    /// One element of a list; `false` at its end.
    fn element(&mut self, depth: usize) -> Result<bool, ParseError> {
        match self.next()? {
            Next::Open(tag, empty) => self.value(&tag, empty, depth + 1).map(|_| true),
            Next::Close => Ok(false),
            Next::End => Err(self.wrong(self.at, "a list without an end")),
        }
    }

    fn dict(&mut self, empty: bool, depth: usize) -> Result<Kind, ParseError> {
        let mut entries = Vec::new();
        if empty {
            let inside = None;
            return Ok(Kind::Dict { entries, inside });
        }
        let inside = self.position();
        loop {
            let key = match self.next()? {
                Next::Open(tag, empty)
                    if tag.name().as_ref() == "key" && tag.attributes().next().is_none() =>
                {
                    let start = self.at;
                    let (key, raw_cr) = self.text_until_end(empty)?;
                    if raw_cr {
                        return Err(self.wrong(start, "a carriage return in a key"));
                    }
                    (key, start..self.position())
                }
                Next::Close => {
                    let inside = Some(inside..self.at);
                    return Ok(Kind::Dict { entries, inside });
                }
                Next::Open(..) => return Err(self.wrong(self.at, "a value without a key")),
                Next::End => return Err(self.wrong(self.at, "a dictionary without an end")),
            };
            let (key, key_span) = key;
            match self.next()? {
                Next::Open(tag, empty) if tag.name().as_ref() != "key" => {
                    let value = self.value(&tag, empty, depth + 1)?;
                    entries.push(Entry {
                        key,
                        key_span,
                        value,
                    });
                }
                _ => return Err(self.wrong(key_span.start, "a key without a value")),
            }
        }
    }

    /// The text up to the end of the element that was just opened, and whether a carriage return
    /// stands in it as it is: some readers make a newline of it.
    fn text_until_end(&mut self, empty: bool) -> Result<(String, bool), ParseError> {
        let mut content = String::new();
        let mut raw_cr = false;
        if empty {
            return Ok((content, raw_cr));
        }
        loop {
            match self.event()? {
                Event::Text(text) => {
                    raw_cr |= text.contains('\r');
                    content.push_str(&text);
                }
                Event::CData(text) => {
                    raw_cr |= text.contains('\r');
                    content.push_str(&text);
                }
                Event::GeneralRef(reference) => {
                    let unknown = "an entity that property lists do not have";
                    match reference.resolve_char_ref() {
                        Ok(Some(c)) if is_xml(c) => content.push(c),
                        Ok(None) => content.push_str(
                            resolve_xml_entity(&reference)
                                .ok_or_else(|| self.wrong(self.at, unknown))?,
                        ),
                        _ => return Err(self.wrong(self.at, unknown)),
                    }
                }
                Event::End(_) => break,
                Event::Comment(_) => return Err(self.wrong(self.at, "a comment inside a text")),
                Event::Eof => return Err(self.wrong(self.at, "an element without an end")),
                _ => return Err(self.wrong(self.at, "an element inside a text")),
            }
        }
        Ok((content, raw_cr))
    }
}

pub(super) fn line_of(text: &str, at: usize) -> u32 {
    let before = text.as_bytes()[..at.min(text.len())].iter();
    u32::try_from(before.filter(|byte| **byte == b'\n').count() + 1).unwrap_or(u32::MAX)
}
