//! The text of a comment: a first line by which it is found again, then the summary, then the rest.

/// A text that may be posted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Text {
    marker: String,
    body: String,
}

/// Why a text is not posted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it.
    #[error("the text of the comment is empty")]
    Empty,
    /// Its first line is none of ours.
    #[error(
        "the first line of the text is no `<!-- driftlock:… -->`, by which the comment is found again"
    )]
    NoMarker,
}

impl Text {
    /// Looks for the marker. Line ends become plain ones, and none is kept at the end.
    ///
    /// # Errors
    /// When there is no text, or no marker on its first line.
    pub fn parse(text: &str) -> Result<Self, TextError> {
        let body = normal(text);
        if body.trim().is_empty() {
            return Err(TextError::Empty);
        }
        let marker = marker(&body).ok_or(TextError::NoMarker)?.to_owned();
        Ok(Self { marker, body })
    }

    /// The first line.
    pub fn marker(&self) -> &str {
        &self.marker
    }

    /// All of it.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The line after the marker without its Markdown, at most `most` characters long.
    pub fn summary(&self, most: usize) -> String {
        let mut lines = self.body.lines().skip(1).map(str::trim);
        let line = lines.find(|line| !line.is_empty()).unwrap_or_default();
        cut(&plain(line), most)
    }
}

/// As texts are compared: forges may change line ends, and what stands at the end.
pub(super) fn normal(text: &str) -> String {
    text.replace("\r\n", "\n").trim_end().to_owned()
}

/// The first line, if it is a marker of ours.
pub(super) fn marker(text: &str) -> Option<&str> {
    let line = text.lines().next()?.trim_end();
    let inner = line.strip_prefix("<!-- driftlock:")?.strip_suffix(" -->")?;
    // a line that ends the comment early shows what follows
    (!inner.trim().is_empty() && !inner.contains("-->")).then_some(line)
}

/// Markdown of our own making as plain text: no emphasis, no backslashes, no entities.
fn plain(line: &str) -> String {
    let line = line.trim_start_matches('#').trim();
    let line = line
        .strip_prefix("**")
        .and_then(|rest| rest.strip_suffix("**"))
        .unwrap_or(line);
    let mut out = String::with_capacity(line.len());
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        let escaped = letter == '\\' && letters.peek().is_some_and(char::is_ascii_punctuation);
        // a space without width keeps a name from calling its owner; no status does
        if !escaped && letter != '\u{200b}' {
            out.push(letter);
        } else if let Some(next) = letters.next_if(|_| escaped) {
            out.push(next);
        }
    }
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", kept.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARKER: &str = "<!-- driftlock:plan dev -->";

    #[test]
    fn the_first_line_must_be_a_marker() {
        let text = Text::parse("<!-- driftlock:plan dev -->\r\n**1 change.**\r\n\r\n").unwrap();
        assert_eq!(text.marker(), MARKER);
        assert_eq!(text.body(), "<!-- driftlock:plan dev -->\n**1 change.**");
        for empty in ["", "\n \t\n"] {
            assert_eq!(Text::parse(empty), Err(TextError::Empty));
        }
        for other in [
            "hello",
            "\n<!-- driftlock:plan dev -->",
            " <!-- driftlock:plan dev -->",
            "<!-- other:plan dev -->",
            "<!-- driftlock:plan dev",
            "<!-- driftlock: -->",
            "<!-- driftlock:plan --> shown <!-- -->",
            "\u{feff}<!-- driftlock:plan dev -->",
        ] {
            assert_eq!(Text::parse(other), Err(TextError::NoMarker), "{other:?}");
        }
    }

    #[test]
    fn the_summary_is_plain_and_short() {
        let summary = |line: &str, most| {
            let text = format!("{MARKER}\n\n{line}\nmore");
            Text::parse(&text).unwrap().summary(most)
        };
        assert_eq!(
            summary("**1 change, 2 \\(held\\) &lt;x&gt; @\u{200b}bob.**", 140),
            "1 change, 2 (held) <x> @bob."
        );
        assert_eq!(summary("## Done", 140), "Done");
        assert_eq!(summary("a\\b \\", 140), "a\\b \\");
        assert_eq!(summary("äöü äöü", 5), "äöü…");
        assert_eq!(Text::parse(MARKER).unwrap().summary(9), "");
    }
}
