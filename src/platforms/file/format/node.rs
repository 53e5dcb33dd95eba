//! npm `dotenv` and `node --env-file`, which were meant to be the same and are not quite: what they
//! are known to read apart is ambiguous.
//!
//! npm `dotenv` is one regular expression. It lets `\'` stand inside quotes and gives back what it
//! took only when the rest of the line does not fit, so where a value ends can depend on text far
//! below it; [`closings`] follows that.

use super::Reading;
use super::scan::{Lines, ParseError, Remark, Scan, UNCLOSED, ambiguous, bom, has_odd_edge, skip};

const QUOTES: [char; 3] = ['\'', '"', '`'];
const NEXT_LINE: &str = "a quote begins the next line, and dotenv takes it for the value";
const SWALLOWED: &str =
    "node 26 takes the next line for the value where it is empty after `export` or blanks";
const GLUED: &str = "node glues the line above, which has no `=`, to this name";

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut scan = Scan::default();
    let mut at = bom(text);
    if at > 0 {
        scan.remark(Remark::Bom, 1);
    }
    let mut glued = false;
    // the line below which dotenv and node may see different statements
    let mut parted = None;
    while at < text.len() {
        let line = lines.number(at);
        let start = skip(text, at, is_blank);
        let end = line_end(text, at);
        if start == end {
            if start > at {
                scan.remark(Remark::BlankedLine, line);
            }
            at = next_line(text, end);
        } else if text[start..].starts_with('#') {
            if start > at {
                scan.remark(Remark::IndentedComment, line);
            }
            at = next_line(text, end);
        } else {
            if text[at..start].contains('\t') {
                scan.remark(Remark::LeadingTab, line);
            }
            let taken = statement(&lines, &mut scan, start, std::mem::take(&mut glued));
            if let (Some(line), Some(last)) = (parted, scan.statements.last_mut()) {
                last.reading = ambiguous(line, NEXT_LINE);
            } else if taken
                .is_some_and(|(end, kind)| kind == Kind::Open || quote_is_next(text, end))
            {
                parted = Some(line);
            }
            glued = !matches!(taken, Some((_, Kind::Plain | Kind::Open)));
            if taken.is_none() {
                scan.remark(Remark::NoEquals, line);
            }
            let end = match taken {
                Some((end, _)) if parted.is_none() => end,
                _ => end,
            };
            at = next_line(text, line_end(text, end));
        }
    }
    Ok(scan)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() && !matches!(c, '\n' | '\r')
}

fn line_end(text: &str, at: usize) -> usize {
    skip(text, at, |c| !matches!(c, '\n' | '\r'))
}

fn next_line(text: &str, end: usize) -> usize {
    let rest = &text[end..];
    let length = if rest.starts_with("\r\n") {
        2
    } else {
        usize::from(!rest.is_empty())
    };
    end + length
}

/// Whether a value that ends at `end` was empty and dotenv finds a quote in the lines below.
fn quote_is_next(text: &str, end: usize) -> bool {
    let empty = text[..end].trim_end_matches(is_blank).ends_with(['=', ':']);
    empty && text[end..].trim_start().starts_with(QUOTES)
}

/// Reads the statement at `head` and says where its value ends; `None` if there is no statement.
fn statement(
    lines: &Lines<'_>,
    scan: &mut Scan,
    head: usize,
    glued: bool,
) -> Option<(usize, Kind)> {
    let text = lines.text;
    let line = lines.number(head);
    let key_start = match text[head..].strip_prefix("export") {
        Some(after) if after.starts_with(is_blank) => skip(text, head + "export".len(), is_blank),
        _ => head,
    };
    if key_start > head + "export ".len() {
        scan.remark(Remark::ExportTwoBlanks, line);
    }
    let key_end = skip(text, key_start, |c| {
        c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
    });
    let separator = skip(text, key_end, is_blank);
    let colon = separator == key_end && text[separator..].starts_with(": ");
    if key_end == key_start || !(colon || text[separator..].starts_with('=')) {
        return None;
    }
    let value_start = skip(text, separator + 1, is_blank);
    let (mut reading, mut end, mut open) = read_value(text, value_start, line);
    // node 26 looks for the value beyond the line end after `export`, or if blanks follow the `=`
    let value_end = skip(text, value_start, is_blank);
    let at_end = text[value_end..].starts_with(['\n', '\r', '#']) || value_end == text.len();
    let swallowed = at_end && (key_start > head || value_end > separator + 1);
    if swallowed {
        open = true;
        reading = ambiguous(line, SWALLOWED);
    }
    let odd_blank = text[key_end..value_start].contains(|c: char| is_blank(c) && c != ' ');
    if odd_blank && end > line_end(text, value_start) {
        (end, open) = (line_end(text, value_start), true);
    }
    let kind = match (colon, open) {
        (true, _) => Kind::Colon,
        (false, true) => Kind::Open,
        (false, false) => Kind::Plain,
    };
    if glued {
        reading = ambiguous(line, GLUED);
    } else if line == 1 && bom(text) > 0 {
        reading = ambiguous(
            line,
            "node takes the byte order mark for a part of the name",
        );
    } else if colon {
        reading = ambiguous(
            line,
            "`:` stands for `=` there, which not every reader takes",
        );
    } else if odd_blank {
        reading = ambiguous(line, "versions of node differ on a tab beside `=`");
    }
    scan.push(
        lines,
        head,
        &text[key_start..key_end],
        value_start..end,
        reading,
    );
    Some((end, kind))
}

/// What the statements below may suffer from.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Plain,
    /// `NAME: value`, which node glues to the name below.
    Colon,
    /// A quote that is not closed as it should be.
    Open,
}

/// The reading, where the value ends, and whether a quote stayed open.
fn read_value(text: &str, at: usize, line: u32) -> (Reading, usize, bool) {
    let rest = &text[at..];
    match rest.chars().next() {
        Some(quote) if QUOTES.contains(&quote) => match closings(rest, quote).as_slice() {
            [] => (ambiguous(line, UNCLOSED), line_end(text, at), true),
            &[.., end] => {
                let raw = &rest[1..end];
                let value = quoted(raw, quote);
                let reading = value.map_or_else(|why| ambiguous(line, why), Reading::Value);
                if raw.contains(quote) {
                    // node sees the lines that dotenv takes for a part of the value
                    return (reading, line_end(text, at), true);
                }
                (reading, at + end + 1, false)
            }
        },
        _ => {
            let raw = &text[at..line_end(text, at)];
            let value = raw.split('#').next().unwrap_or(raw).trim_end();
            (bare(rest, raw, value, line), at + value.len(), false)
        }
    }
}

fn bare(rest: &str, raw: &str, value: &str, line: u32) -> Reading {
    if value.is_empty() && rest.trim_start().starts_with(QUOTES) {
        return ambiguous(
            line,
            "a quote begins the next line, and dotenv takes it for the value",
        );
    }
    if value.len() < raw.trim_end().len() && raw.contains(QUOTES) {
        return ambiguous(line, "readers differ on a quote and `#` in one bare value");
    }
    let part = raw.split('#').next().unwrap_or(raw);
    if has_odd_edge(part.trim_matches([' ', '\t'])) || raw[value.len()..].contains('\t') {
        return ambiguous(line, "readers differ on the characters at its ends");
    }
    Reading::Value(value.to_owned())
}

/// Where npm `dotenv` could end the quoted value that `text` begins with, in order; it takes the
/// last. A quote ends it if blanks or a comment are all that follows on its line (blank lines
/// count as blanks), and it is looked beyond only if a backslash stands before it.
fn closings(text: &str, quote: char) -> Vec<usize> {
    let mut found = vec![];
    for (at, _) in text.match_indices(quote).skip(1) {
        let after = text[at + 1..].trim_start_matches(is_blank);
        if after.is_empty() || after.starts_with(['\n', '\r', '#']) {
            found.push(at);
        }
        if !text[..at].ends_with('\\') {
            break;
        }
    }
    found
}

fn quoted(raw: &str, quote: char) -> Result<String, &'static str> {
    if raw.contains(quote) {
        return Err("node ends the value at the first quote inside it, dotenv does not");
    }
    let value = raw.replace("\r\n", "\n");
    if value.contains('\r') {
        return Err("there is a lone carriage return in it");
    }
    if quote != '"' {
        return Ok(value);
    }
    if value.contains(r"\r") {
        return Err(r"dotenv reads `\r` as a carriage return, node does not");
    }
    Ok(value.replace(r"\n", "\n"))
}
