//! Whatever a platform, a file or a manifest says is escaped for the place that it goes to.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::is_treacherous;

fn push_escaped(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        other => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(other));
        }
    }
}

/// For one line of a terminal: control characters, bidirectional overrides and what is invisible
/// become visible escapes.
pub fn terminal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_treacherous(c) {
            push_escaped(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

/// As [`terminal`], in double quotes and with backslashes and quotes escaped too: two different
/// texts never look the same.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_treacherous(c) => push_escaped(&mut out, c),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// For JSON that is one line already: what is invisible or moves the cursor becomes `\\uXXXX`, and no two
/// signs in it begin a command to a CI runner. What it says stays the same.
pub fn json_line(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    for c in json.chars() {
        // both stand in texts only
        if is_treacherous(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else if c == '#' && out.ends_with('#') {
            out.push_str("\\u0023");
        } else {
            out.push(c);
        }
    }
    out
}

/// For Markdown prose of ours: nothing in it formats, opens HTML, closes a comment, or calls anybody.
/// What is not ours goes into a code span ([`markdown_code`]): no escape keeps a forge from making links
/// of `#12`, `www.…` or a revision.
pub fn markdown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in terminal(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            // an entity or a backslash would still call the person: forges look at the rendered text
            '@' => out.push_str("@\u{200b}"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '+' | '!' | '|'
            | '~' | '$' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

/// Ticks that a fence may have: renderers count no further than 80 in a span and 255 in a block.
const MOST_TICKS: usize = 60;

/// A Markdown code span that holds the text whatever it is. An empty one cannot be: it is two spaces.
pub fn markdown_code(text: &str) -> String {
    let mut text = terminal(text);
    let mut runs = tick_runs(&text);
    if (1..=MOST_TICKS).all(|length| runs.contains(&length)) {
        text = text.replace('`', "\\u{60}");
        runs.clear();
    }
    // the span ends at a run of the very length of its fence
    let length = (1..).find(|length| !runs.contains(length)).unwrap_or(1);
    let fence = "`".repeat(length);
    // a reader takes one space off each end, unless there is nothing else; they keep ticks and an
    // empty text apart from the fence
    let is_blank = !text.is_empty() && text.trim_matches(' ').is_empty();
    let touches = text.is_empty() || text.starts_with(['`', ' ']) || text.ends_with('`');
    let pad = if touches && !is_blank { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// The same for a cell of a table, which ends at a bar wherever it stands.
pub fn markdown_cell(text: &str) -> String {
    let mut out = String::new();
    let mut after_backslash = false;
    for c in markdown_code(text).chars() {
        match c {
            // a reader takes one backslash off, and only before a bar: two cannot be told from one
            '|' if after_backslash => out.push_str("\\u{7c}"),
            '|' => out.push_str("\\|"),
            c => out.push(c),
        }
        after_backslash = c == '\\';
    }
    out
}

/// A fenced block of code. No line of the body ends it.
pub fn markdown_block(language: &str, body: &str) -> String {
    let body = match longest_run(body, '`') {
        0..MOST_TICKS => body.to_owned(),
        _ => body.replace('`', "\\u{60}"),
    };
    let fence = markdown_fence(&body);
    let end = if body.is_empty() || body.ends_with('\n') {
        ""
    } else {
        "\n"
    };
    format!("{fence}{language}\n{body}{end}{fence}")
}

/// A fence that is longer than any in `text`, at least three ticks.
pub fn markdown_fence(text: &str) -> String {
    "`".repeat((longest_run(text, '`') + 1).max(3))
}

/// The lengths of the runs of ticks.
fn tick_runs(text: &str) -> BTreeSet<usize> {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.filter(|length| *length > 0).collect()
}

fn longest_run(text: &str, wanted: char) -> usize {
    let (mut longest, mut run) = (0, 0);
    for c in text.chars() {
        run = if c == wanted { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    longest
}

/// The message part of a GitHub workflow command (`::error::…`).
pub fn workflow_data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property of a GitHub workflow command (`::error file=…::`).
pub fn workflow_property(text: &str) -> String {
    workflow_data(text).replace(':', "%3A").replace(',', "%2C")
}

/// For output that a CI runner reads line by line: no line of it is a command to the runner. Guarding
/// twice changes nothing.
pub fn workflow_guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    // runners end a line at a lone CR, too
    for line in text.split_inclusive(['\n', '\r']) {
        let rest = line.trim_start();
        if rest.starts_with("::") {
            out.push_str(&line[..line.len() - rest.len()]);
            out.push('\\');
            without_brackets(&mut out, rest);
        } else {
            without_brackets(&mut out, line);
        }
    }
    out
}

/// The spellings that count anywhere in a line: `##[…]`, `##vso[…]`, `##teamcity[…]`.
fn without_brackets(out: &mut String, mut line: &str) {
    while let Some(at) = line.find("##") {
        let (before, rest) = line.split_at(at + 2);
        let word = rest.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
        let (word, behind) = rest.split_at(rest.len() - word.len());
        out.push_str(before);
        // in `###[` the last two count
        if word.is_empty() && behind.starts_with('#') {
            line = &line[at + 1..];
            out.truncate(out.len() - 1);
            continue;
        }
        out.push_str(word);
        if behind.starts_with('[') {
            out.push('\\');
        }
        line = behind;
    }
    out.push_str(line);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terminal_shows_what_would_hide() {
        assert_eq!(
            terminal("a\u{1b}[31mred\u{202e}x\u{200b}\n\u{9b}\u{e0041}é"),
            "a\\u{1b}[31mred\\u{202e}x\\u{200b}\\n\\u{9b}\\u{e0041}é"
        );
        assert_ne!(quoted("\u{1b}"), quoted("\\u{1b}"));
    }

    #[test]
    fn json_stays_what_it_is() {
        let value = serde_json::json!({"a##[b": "x\u{9b}31m\u{202e}\u{e0041}é ###vso[y]\n\"\\"});
        let line = json_line(&value.to_string());
        assert!(!line.chars().any(is_treacherous), "{line:?}");
        assert!(!line.contains("##"), "{line}");
        assert!(line.contains("\\u009b31m\\u202e\\udb40\\udc41é"), "{line}");
        assert_eq!(
            serde_json::from_str::<serde_json::Value>(&line).unwrap(),
            value
        );
    }

    #[test]
    fn markdown_does_nothing() {
        assert_eq!(
            markdown("|a| `b` <b> --> @bob [x](y) &lt;"),
            "\\|a\\| \\`b\\` &lt;b&gt; --&gt; @\u{200b}bob \\[x\\]\\(y\\) &amp;lt;"
        );
        assert_eq!(markdown_code("a``b"), "`a``b`");
        assert_eq!(markdown_code("a`b``c"), "```a`b``c```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_code(" "), "` `");
        assert_eq!(markdown_code(" x"), "`  x `");
        let all: Vec<String> = (1..99).map(|length| "`".repeat(length)).collect();
        assert!(markdown_code(&all.join(" ")).starts_with("`\\u{60} \\u{60}\\u{60} "));
        assert_eq!(
            markdown_cell("a|b\\|c\\\\|"),
            "`a\\|b\\\\u{7c}c\\\\\\u{7c}`"
        );
        assert_eq!(markdown_block("diff", " x"), "```diff\n x\n```");
        assert_eq!(markdown_block("", &"`".repeat(300)).matches('`').count(), 6);
        assert_eq!(markdown_fence("x\n````\ny"), "`````");
    }

    #[test]
    fn runners_see_no_command() {
        assert_eq!(
            workflow_guarded("ok\n  ::set-output name=x::y\r\na ::b ##[error] ##vso[x]"),
            "ok\n  \\::set-output name=x::y\r\na ::b ##\\[error] ##vso\\[x]"
        );
        assert_eq!(
            workflow_guarded("a\r::b\n###[x] #### ##a ##teamcity[y"),
            "a\r\\::b\n###\\[x] #### ##a ##teamcity\\[y"
        );
        assert_eq!(workflow_property("a:b,c\n%"), "a%3Ab%2Cc%0A%25");
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in any::<String>()) {
            prop_assert!(!terminal(&text).chars().any(is_treacherous));
            let code = markdown_code(&text);
            let fence = code.len() - code.trim_start_matches('`').len();
            prop_assert!(!tick_runs(&code[fence..code.len() - fence]).contains(&fence));
            prop_assert!(!markdown_cell(&text).replace("\\|", "").contains('|'));
            let prose = markdown(&text);
            prop_assert!(!prose.contains(['<', '>', '\n']));
        }

        #[test]
        fn no_line_is_a_command(text in "[ \t\r\n:#a\\[\\]\\\\]{0,30}") {
            let guarded = workflow_guarded(&text);
            let mut lines = guarded.split(['\n', '\r']);
            prop_assert!(!lines.any(|line| line.trim_start().starts_with("::")));
            for (at, _) in guarded.match_indices("##") {
                let rest = guarded[at + 2..].trim_start_matches(|c: char| c.is_ascii_alphanumeric());
                prop_assert!(!rest.starts_with('['), "{:?}", guarded);
            }
            prop_assert_eq!(workflow_guarded(&guarded), guarded);
        }

        #[test]
        fn quoting_loses_nothing(a in "[a\\\\\"nu{}1b\u{1b}\n]{0,6}", b in "[a\\\\\"nu{}1b\u{1b}\n]{0,6}") {
            prop_assert_eq!(a == b, quoted(&a) == quoted(&b));
        }
    }
}
