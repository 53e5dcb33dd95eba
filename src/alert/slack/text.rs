//! Texts of others in Slack's markup. Nothing in them formats, links, or calls anybody.
//!
//! `&`, `<` and `>` are Slack's control characters (docs.slack.dev, "Formatting message text"): a
//! mention or a link cannot be written without them, and plain addresses are not made into links where
//! the text object is `verbatim`.

use crate::model::is_treacherous;

/// Longest text of a section, in characters.
pub(super) const SECTION: usize = 3000;
/// Longest text of a header, in characters.
pub(super) const HEADER: usize = 150;

/// What a text is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// Among words of ours.
    Prose,
    /// Within ticks.
    Code,
    /// A text that is not markup at all (`plain_text`).
    Plain,
}

/// The text escaped for its place, cut to `most` characters (as UTF-16 counts them, so at least as
/// many as anybody does).
pub(super) fn fit(text: &str, most: usize, place: Place) -> String {
    let mut out = String::with_capacity(text.len().min(most));
    let mut room = most;
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let piece = escaped(c, before, rest.peek().copied(), place);
        let needed = piece.encode_utf16().count();
        // room for the mark that something is missing, unless this is the end
        let spare = usize::from(rest.peek().is_some());
        if needed + spare > room {
            out.push('…');
            return out;
        }
        room -= needed;
        out.push_str(&piece);
        before = Some(c);
    }
    out
}

fn escaped(c: char, before: Option<char>, after: Option<char>, place: Place) -> String {
    match c {
        c if is_treacherous(c) => format!("\\u{{{:x}}}", u32::from(c)),
        '&' if place != Place::Plain => "&amp;".to_owned(),
        '<' if place != Place::Plain => "&lt;".to_owned(),
        '>' if place != Place::Plain => "&gt;".to_owned(),
        // it would end the code, and nothing in code can be escaped: one that looks like it
        '`' if place == Place::Code => '\u{2cb}'.to_string(),
        '*' | '_' | '~' | '`' if place == Place::Prose && !is_inside(before, after) => {
            format!("{c}\u{200b}")
        }
        // an emoji, or the middle of an address
        ':' if place == Place::Prose
            && !is_inside(before, after)
            && after.is_some_and(|after| !after.is_whitespace()) =>
        {
            format!("{c}\u{200b}")
        }
        c => c.to_string(),
    }
}

/// Within a word, Slack takes none of them for markup, and a name is still copied as it is.
fn is_inside(before: Option<char>, after: Option<char>) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    is_word(before) && is_word(after)
}

/// As code within a line.
pub(super) fn code(text: &str, most: usize) -> String {
    let inner = fit(text, most.saturating_sub(2), Place::Code);
    if inner.is_empty() {
        return String::new();
    }
    format!("`{inner}`")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn nothing_calls_links_or_formats() {
        let prose = |text| fit(text, 500, Place::Prose);
        assert_eq!(prose("<!channel> a&b"), "&lt;!channel&gt; a&amp;b");
        assert_eq!(prose("DATABASE_URL moved"), "DATABASE_URL moved");
        assert_eq!(
            prose("*bold* _it_"),
            "*\u{200b}bold*\u{200b} _\u{200b}it_\u{200b}"
        );
        assert_eq!(prose(":fire: a: b"), ":\u{200b}fire: a: b");
        assert_eq!(prose("https://x.y"), "https:\u{200b}//x.y");
        assert_eq!(prose("at 10:30"), "at 10:30");
        assert_eq!(prose("a\u{202e}b\nc"), "a\\u{202e}b\\u{a}c");
        assert_eq!(code("a`b<", 10), "`a\u{2cb}b&lt;`");
        assert_eq!(fit("a & b", 10, Place::Plain), "a & b");
    }

    proptest! {
        #[test]
        fn it_fits_and_holds_no_control_character(text in any::<String>(), most in 0..200_usize) {
            for place in [Place::Prose, Place::Code, Place::Plain] {
                let out = fit(&text, most, place);
                prop_assert!(out.encode_utf16().count() <= most.max(1), "{out:?}");
                if place != Place::Plain {
                    prop_assert!(!out.contains(['<', '>']));
                    let left = out.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "");
                    prop_assert!(!left.contains('&'));
                }
                if place == Place::Code {
                    prop_assert!(!out.contains('`'));
                }
                prop_assert!(!out.chars().any(char::is_control));
            }
        }
    }
}
