//! systemd's `EnvironmentFile=`: the state machine of its reader, character by character.
//!
//! Quotes may open only where a value (or its next part) begins; there are no comments after a
//! value; a quote that never closes takes everything up to the end.

use super::Reading;
use super::encode::is_noncharacter;
use super::scan::{Lines, ParseError, Remark, Scan, UNCLOSED, ambiguous};

const ESCAPED_COMMENT: &str =
    "the comment above ends in a backslash, and versions of systemd differ on what follows";

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut scan = Scan::default();
    let mut at = 0;
    // whether the comment just left ended in a backslash
    let mut escaped_comment = false;
    while let Some(c) = text[at..].chars().next() {
        if is_blank(c) {
            at += c.len_utf8();
        } else if matches!(c, '#' | ';') {
            let end = line_end(text, at);
            escaped_comment = ends_escaped(&text[at..end]);
            at = end;
        } else {
            let escaped = std::mem::take(&mut escaped_comment);
            at = statement(&lines, &mut scan, at, escaped)?;
        }
    }
    Ok(scan)
}

fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

fn line_end(text: &str, at: usize) -> usize {
    text[at..]
        .find(['\n', '\r'])
        .map_or(text.len(), |found| at + found)
}

fn ends_escaped(comment: &str) -> bool {
    let backslashes = comment.len() - comment.trim_end_matches('\\').len();
    backslashes % 2 == 1
}

fn statement(
    lines: &Lines<'_>,
    scan: &mut Scan,
    start: usize,
    after_escaped_comment: bool,
) -> Result<usize, ParseError> {
    let text = lines.text;
    let line = lines.number(start);
    let end = line_end(text, start);
    let Some(equals) = text[start..end].find('=').map(|found| start + found) else {
        scan.remark(Remark::NoEquals, line);
        return Ok(end);
    };
    let key = text[start..equals].trim_end_matches([' ', '\t']);
    if key.starts_with("export ") {
        scan.remark(Remark::Export, line);
    }
    let (value, end, closed) = read_value(text, equals + 1);
    if after_escaped_comment && text[start..end].contains('\n') {
        return Err(ParseError {
            line,
            why: ESCAPED_COMMENT,
        });
    }
    let reading = if after_escaped_comment {
        ambiguous(line, ESCAPED_COMMENT)
    } else if !closed {
        ambiguous(line, UNCLOSED)
    } else if value.chars().any(is_noncharacter) {
        ambiguous(
            line,
            "systemd does not start a unit with a Unicode noncharacter",
        )
    } else {
        Reading::Value(value)
    };
    scan.push(lines, start, key, equals + 1..end, reading);
    Ok(end)
}

#[derive(PartialEq)]
enum State {
    /// Where a quote may open.
    Before,
    Bare,
    Single,
    Double,
}

/// The value that begins at `at`, where it ends, and whether all quotes are closed.
fn read_value(text: &str, at: usize) -> (String, usize, bool) {
    let mut value = String::new();
    let mut state = State::Before;
    // how much of the value is not a blank at its end
    let mut solid = 0;
    let mut chars = text[at..].char_indices();
    while let Some((offset, c)) = chars.next() {
        match state {
            State::Before | State::Bare if matches!(c, '\n' | '\r') => {
                if state == State::Bare {
                    value.truncate(solid);
                }
                return (value, at + offset, true);
            }
            State::Before if c == '\'' => state = State::Single,
            State::Before if c == '"' => state = State::Double,
            State::Before if matches!(c, ' ' | '\t') => {}
            State::Before | State::Bare => {
                state = State::Bare;
                let taken = if c == '\\' {
                    chars.next().map(|(_, c)| c)
                } else {
                    Some(c)
                };
                match taken {
                    Some('\n' | '\r') => {}
                    Some(taken) => value.push(taken),
                    None => return (value, text.len(), false),
                }
                if c == '\\' || !matches!(c, ' ' | '\t') {
                    solid = value.len();
                }
            }
            State::Single if c == '\'' => state = State::Before,
            State::Double if c == '"' => state = State::Before,
            State::Double if c == '\\' => match chars.next().map(|(_, c)| c) {
                Some(c @ ('"' | '\\' | '`' | '$')) => value.push(c),
                Some('\n') => {}
                Some(c) => value.extend(['\\', c]),
                None => return (value, text.len(), false),
            },
            State::Single | State::Double => value.push(c),
        }
    }
    let closed = matches!(state, State::Before | State::Bare);
    if state == State::Bare {
        value.truncate(solid);
    }
    (value, text.len(), closed)
}
