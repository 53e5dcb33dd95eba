//! Whatever a platform, a file or a manifest says is escaped for the place that it goes to.

use std::fmt::Write as _;

/// Whether a character can move the cursor, reorder or hide what stands around it.
fn is_treacherous(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}'
            | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}'
            | '\u{e0000}'..='\u{e0fff}')
}

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

/// For Markdown prose: nothing in it formats, opens HTML, closes a comment, or calls anybody.
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

/// A Markdown code span that holds the text whatever it is.
pub fn markdown_code(text: &str) -> String {
    let text = terminal(text);
    let fence = "`".repeat(longest_run(&text, '`') + 1);
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

/// A fence that is longer than any in `text`, at least three ticks.
pub fn markdown_fence(text: &str) -> String {
    "`".repeat((longest_run(text, '`') + 1).max(3))
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

/// For output that a CI runner reads line by line: no line of it is a command to the runner.
pub fn workflow_guarded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let rest = line.trim_start();
        if rest.starts_with("::") {
            out.push_str(&line[..line.len() - rest.len()]);
            out.push('\\');
            out.push_str(&without_brackets(rest));
        } else {
            out.push_str(&without_brackets(line));
        }
    }
    out
}

/// The older spellings, which count anywhere in a line.
fn without_brackets(line: &str) -> String {
    line.replace("##[", "##\\[").replace("##vso[", "##vso\\[")
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
    fn markdown_does_nothing() {
        assert_eq!(
            markdown("|a| `b` <b> --> @bob [x](y) &lt;"),
            "\\|a\\| \\`b\\` &lt;b&gt; --&gt; @\u{200b}bob \\[x\\]\\(y\\) &amp;lt;"
        );
        assert_eq!(markdown_code("a``b"), "```a``b```");
        assert_eq!(markdown_code("`"), "`` ` ``");
        assert_eq!(markdown_fence("x\n````\ny"), "`````");
    }

    #[test]
    fn runners_see_no_command() {
        assert_eq!(
            workflow_guarded("ok\n  ::set-output name=x::y\r\na ::b ##[error] ##vso[x]"),
            "ok\n  \\::set-output name=x::y\r\na ::b ##\\[error] ##vso\\[x]"
        );
        assert_eq!(workflow_property("a:b,c\n%"), "a%3Ab%2Cc%0A%25");
    }

    proptest! {
        #[test]
        fn no_text_breaks_out(text in any::<String>()) {
            prop_assert!(!terminal(&text).chars().any(is_treacherous));
            let code = markdown_code(&text);
            let fence = code.len() - code.trim_start_matches('`').len();
            prop_assert!(longest_run(&code[fence..code.len() - fence], '`') < fence);
            let prose = markdown(&text);
            prop_assert!(!prose.contains(['<', '>', '\n']));
            prop_assert!(!workflow_guarded(&text).lines().any(|l| l.trim_start().starts_with("::")));
        }

        #[test]
        fn quoting_loses_nothing(a in "[a\\\\\"nu{}1b\u{1b}\n]{0,6}", b in "[a\\\\\"nu{}1b\u{1b}\n]{0,6}") {
            prop_assert_eq!(a == b, quoted(&a) == quoted(&b));
        }
    }
}
