//! What is in a value by mistake, because it was copied with what stood around it.

/// A single line with blanks at an end, or with the line break of the file that it was in. A text of
/// several lines ends with a break by right, and to a JSON document they are nothing.
pub(super) fn has_blanks(text: &str) -> bool {
    let inner = text.trim();
    let is_document = inner.contains(['\n', '\r']) || inner.starts_with(['{', '[']);
    !inner.is_empty() && inner.len() != text.len() && !is_document
}

/// The same quotes at both ends, and none of them between.
pub(super) fn is_quoted(text: &str) -> bool {
    let text = text.trim();
    ['"', '\'', '`'].into_iter().any(|quote| {
        text.strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
            .is_some_and(|inner| !inner.is_empty() && !inner.contains(quote))
    })
}

/// A mark of byte order, a blank without width or one that looks like another, a change of direction.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{feff}'
            | '\u{a0}'
            | '\u{ad}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202f}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{2069}'
    ) || (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
}

/// In plain text, or at an end of any. Between the letters of other scripts, and in emoji, some of them
/// have work to do.
pub(super) fn has_invisible(text: &str) -> bool {
    let at_end = text.starts_with(is_invisible) || text.ends_with(is_invisible);
    at_end || text.contains(is_invisible) && text.chars().all(|c| c.is_ascii() || is_invisible(c))
}

/// `Bearer x` under the name of a token: mostly the word comes twice then.
pub(super) fn is_bearer(text: &str) -> bool {
    let Some((word, rest)) = text.trim().split_once(' ') else {
        return false;
    };
    ["bearer", "basic", "token"].contains(&word.to_ascii_lowercase().as_str())
        && rest.len() >= 8
        && !rest.contains(char::is_whitespace)
}
