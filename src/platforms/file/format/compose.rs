//! Compose's `env_file` and project `.env`, as compose-go reads them.

use super::Reading;
use super::scan::{
    EXPANDS, INHERITED, Lines, ParseError, Remark, Scan, UNCLOSED, ambiguous, bom, has_odd_edge,
    skip,
};

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut scan = Scan::default();
    let mut at = bom(text);
    loop {
        at = skip(text, at, char::is_whitespace);
        let rest = &text[at..];
        if rest.is_empty() {
            return Ok(scan);
        }
        if rest.starts_with('#') {
            at = lines.end(at);
        } else {
            at = statement(&lines, &mut scan, at)?;
        }
    }
}

fn is_blank(c: char) -> bool {
    matches!(
        c,
        '\t' | '\u{b}' | '\u{c}' | '\r' | ' ' | '\u{85}' | '\u{a0}'
    )
}

fn statement(lines: &Lines<'_>, scan: &mut Scan, head: usize) -> Result<usize, ParseError> {
    let text = lines.text;
    let line = lines.number(head);
    let refuse = |why| Err(ParseError { line, why });
    let key_start = match text[head..].strip_prefix("export") {
        Some(after) if after.starts_with(char::is_whitespace) => {
            skip(text, head + "export".len(), char::is_whitespace)
        }
        _ => head,
    };
    let key_end = text[key_start..]
        .find(['=', ':', '\n'])
        .map_or(text.len(), |found| key_start + found);
    let key = text[key_start..key_end].trim_end();
    if key.contains(char::is_whitespace) {
        return refuse("compose refuses a name with a blank in it");
    }
    if key.is_empty()
        || !key
            .chars()
            .all(|c| c.is_alphanumeric() || "_.-[]".contains(c))
    {
        return refuse("compose refuses a line that does not begin with a name and `=`");
    }
    let separator = text[key_end..].chars().next();
    if !matches!(separator, Some('=' | ':')) {
        scan.remark(Remark::NoEquals, line);
        let end = key_start + key.len();
        scan.push(lines, head, key, end..end, ambiguous(line, INHERITED));
        return Ok(lines.end(end));
    }
    let value_start = skip(text, key_end + 1, is_blank);
    let (mut reading, end) = read_value(lines, value_start, line)?;
    if separator == Some(':') {
        reading = ambiguous(
            line,
            "`:` stands for `=` there, which not every reader takes",
        );
    }
    let after = text[end..lines.text_end(end).max(end)].trim_start();
    if !after.is_empty() && !after.starts_with('#') {
        reading = ambiguous(line, "there is more text after the closing quote");
    }
    scan.push(lines, head, key, value_start..end, reading);
    Ok(end)
}

fn read_value(lines: &Lines<'_>, at: usize, line: u32) -> Result<(Reading, usize), ParseError> {
    let text = lines.text;
    match text[at..].chars().next() {
        Some(quote @ ('\'' | '"')) => {
            let Some(end) = closing(text, at, quote) else {
                return Err(ParseError {
                    line,
                    why: UNCLOSED,
                });
            };
            let raw = &text[at + 1..end];
            let value = if quote == '\'' {
                single_quoted(raw)
            } else {
                double_quoted(raw)
            };
            let reading = value.map_or_else(|why| ambiguous(line, why), Reading::Value);
            Ok((reading, end + 1))
        }
        _ => {
            // an empty value: `at` is on the line end, or past it where blanks were skipped
            let raw = &text[at..lines.text_end(at).max(at)];
            let bare = raw.split(" #").next().unwrap_or(raw).trim_end();
            let reading = if bare.contains('$') {
                ambiguous(line, EXPANDS)
            } else if bare.contains('\r') || has_odd_edge(bare) || raw.starts_with('#') {
                ambiguous(line, "readers differ on the characters at its ends")
            } else {
                Reading::Value(bare.to_owned())
            };
            Ok((reading, at + bare.len()))
        }
    }
}

/// The quote that ends the value: the first that no backslash escapes.
fn closing(text: &str, open: usize, quote: char) -> Option<usize> {
    let mut escaped = false;
    text[open + 1..].char_indices().find_map(|(offset, c)| {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
        } else if c == quote {
            return Some(open + 1 + offset);
        }
        None
    })
}

fn single_quoted(raw: &str) -> Result<String, &'static str> {
    if raw.contains(r"\'") || raw.ends_with('\\') {
        return Err("versions differ on a backslash before a single quote");
    }
    Ok(raw.to_owned())
}

fn double_quoted(raw: &str) -> Result<String, &'static str> {
    let mut value = String::with_capacity(raw.len());
    let mut chars = raw.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '$' if chars.peek().is_none_or(|next| *next == ' ') => value.push('$'),
            '$' => return Err(EXPANDS),
            '\\' => match chars.next() {
                Some('n') => value.push('\n'),
                Some('r') => value.push('\r'),
                Some('t') => value.push('\t'),
                Some(c @ ('\\' | '"' | '$')) => value.push(c),
                _ => return Err("versions differ on a backslash before that character"),
            },
            c => value.push(c),
        }
    }
    Ok(value)
}
