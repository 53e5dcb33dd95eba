//! `docker run --env-file`: a line is a variable, and everything after the first `=` is its value.

use super::Reading;
use super::scan::{INHERITED, Lines, ParseError, Remark, Scan, ambiguous, bom, skip};

pub(super) fn scan(text: &str) -> Result<Scan, ParseError> {
    let lines = Lines::new(text);
    let mut scan = Scan::default();
    let mut at = 0;
    while at < text.len() {
        let from = if at == 0 { bom(text) } else { at };
        let start = skip(text, from, |c| c.is_whitespace() && c != '\n');
        let (end, next) = (lines.text_end(at), lines.end(at));
        let line = lines.number(at);
        at = next;
        let Some(content) = text.get(start..end).filter(|line| !line.is_empty()) else {
            continue;
        };
        if content.starts_with('#') {
            continue;
        }
        let refuse = |why| Err(ParseError { line, why });
        if end - lines.start(end) > 65_535 {
            return refuse("docker refuses a line of more than 65,535 bytes");
        }
        let (key, value) = match content.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (content, None),
        };
        if key.is_empty() {
            return refuse("docker refuses a line without a name before `=`");
        }
        if key.contains([' ', '\t']) {
            return refuse("docker refuses a name with a blank in it (`export` is one)");
        }
        let reading = match value {
            Some(value) => Reading::Value(value.to_owned()),
            None => {
                scan.remark(Remark::NoEquals, line);
                ambiguous(line, INHERITED)
            }
        };
        let from = value.map_or(end, |value| end - value.len());
        scan.push(&lines, start, key, from..end, reading);
    }
    Ok(scan)
}
