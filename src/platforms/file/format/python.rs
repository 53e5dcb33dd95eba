//! `python-dotenv`, which also expands `${NAME}`, in every kind of quotes.

use super::Reading;
use super::scan::{
    EXPANDS, INHERITED, Lines, ParseError, Remark, Scan, ambiguous, bom, has_odd_edge, skip,
};

const DROPPED: &str = "python-dotenv cannot parse the line and leaves the variable out";

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut scan = Scan::default();
    let mut at = bom(text);
    loop {
        at = skip(text, at, char::is_whitespace);
        if at == text.len() {
            return Ok(scan);
        }
        at = if text[at..].starts_with('#') {
            line_end(text, at)
        } else {
            statement(&lines, &mut scan, at)
        };
    }
}

fn is_end(c: char) -> bool {
    matches!(c, '\n' | '\r')
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && !is_end(c)
}

fn line_end(text: &str, at: usize) -> usize {
    skip(text, at, |c| !is_end(c))
}

fn statement(lines: &Lines<'_>, scan: &mut Scan, head: usize) -> usize {
    let text = lines.text;
    let line = lines.number(head);
    let key_start = match text[head..].strip_prefix("export") {
        Some(after) if after.starts_with(is_blank) => skip(text, head + "export".len(), is_blank),
        _ => head,
    };
    let (key, key_end) = match text[key_start..].strip_prefix('\'') {
        Some(rest) => match rest.split_once('\'') {
            Some((key, _)) => (key, key_start + key.len() + 2),
            None => ("", key_start),
        },
        None => {
            let end = skip(text, key_start, |c| {
                !c.is_whitespace() && !matches!(c, '=' | '#')
            });
            (&text[key_start..end], end)
        }
    };
    if key.is_empty() {
        scan.remark(Remark::BadLine, line);
        return line_end(text, key_end);
    }
    let equals = skip(text, key_end, is_blank);
    if !text[equals..].starts_with('=') {
        let end = line_end(text, key_end);
        scan.remark(Remark::NoEquals, line);
        let rest = text[equals..end].trim();
        if rest.is_empty() || rest.starts_with('#') {
            scan.push(
                lines,
                head,
                key,
                key_end..key_end,
                ambiguous(line, INHERITED),
            );
        }
        return end;
    }
    let value_start = skip(text, equals + 1, is_blank);
    let (reading, end) = read_value(text, value_start, value_start > equals + 1, line);
    let after = text[end..line_end(text, end)].trim_start();
    let reading = if after.is_empty() || after.starts_with('#') {
        reading
    } else {
        ambiguous(line, DROPPED)
    };
    scan.push(lines, head, key, value_start..end, reading);
    line_end(text, end)
}

fn read_value(text: &str, at: usize, after_blank: bool, line: u32) -> (Reading, usize) {
    let rest = &text[at..];
    match rest.chars().next() {
        Some(quote @ ('\'' | '"')) => match closing(rest, quote) {
            Some(end) => {
                let value = unescape(&rest[1..end], quote);
                (reading_of(value, line), at + end + 1)
            }
            None => (ambiguous(line, DROPPED), line_end(text, at)),
        },
        Some('#') if after_blank => (
            ambiguous(line, "versions differ on `#` where the value would begin"),
            line_end(text, at),
        ),
        _ => {
            let raw = &text[at..line_end(text, at)];
            let value = without_comment(raw).trim_end();
            if has_odd_edge(value) {
                let why = "readers differ on the characters at its ends";
                return (ambiguous(line, why), at + value.len());
            }
            (reading_of(value.to_owned(), line), at + value.len())
        }
    }
}

fn reading_of(value: String, line: u32) -> Reading {
    if value.contains("${") {
        ambiguous(line, EXPANDS)
    } else {
        Reading::Value(value)
    }
}

/// A comment begins with a blank and `#`.
fn without_comment(raw: &str) -> &str {
    let comment = raw.char_indices().find(|&(at, c)| {
        c == '#'
            && raw[..at]
                .chars()
                .next_back()
                .is_some_and(char::is_whitespace)
    });
    comment.map_or(raw, |(at, _)| &raw[..at])
}

/// The closing quote; a backslash escapes whatever follows it.
fn closing(text: &str, quote: char) -> Option<usize> {
    let mut chars = text.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        if c == '\\' {
            chars.next();
        } else if c == quote {
            return Some(at);
        }
    }
    None
}

/// Resolves escapes, and line ends to LF, as the file is opened in text mode.
fn unescape(raw: &str, quote: char) -> String {
    let raw = raw.replace("\r\n", "\n").replace('\r', "\n");
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        let resolved = match chars.peek() {
            Some(&next) if c == '\\' => resolve(next, quote),
            _ => None,
        };
        if let Some(resolved) = resolved {
            value.push(resolved);
            chars.next();
        } else {
            value.push(c);
        }
    }
    value
}

fn resolve(c: char, quote: char) -> Option<char> {
    match c {
        '\\' | '\'' => Some(c),
        _ if quote == '\'' => None,
        '"' => Some('"'),
        'a' => Some('\u{7}'),
        'b' => Some('\u{8}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        _ => None,
    }
}
