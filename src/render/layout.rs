//! Lines that fit the window: wrapped at spaces by display width, never inside a word, so that what
//! is ready to paste stays whole.

use std::fmt::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::style::{Role, Style};

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// One logical line, of pieces in different colours. The texts must be escaped already.
#[derive(Debug, Default)]
pub(crate) struct Line {
    pieces: Vec<(Role, String, bool)>,
}

impl Line {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds a piece.
    #[must_use]
    pub(crate) fn then(mut self, role: Role, text: impl Into<String>) -> Self {
        self.pieces.push((role, text.into(), false));
        self
    }

    /// Adds a piece that is not wrapped inside.
    #[must_use]
    pub(crate) fn then_whole(mut self, role: Role, text: impl Into<String>) -> Self {
        self.pieces.push((role, text.into(), true));
        self
    }

    /// Adds spaces until the line is `column` wide, at least one.
    #[must_use]
    pub(crate) fn pad_to(self, column: usize) -> Self {
        let gap = column.saturating_sub(self.width()).max(1);
        self.then(Role::Plain, " ".repeat(gap))
    }

    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text, _)| width(text)).sum()
    }

    /// Writes it with `indent` spaces in front, further lines with `hang` more.
    pub(crate) fn write(
        &self,
        out: &mut dyn Write,
        style: &Style,
        indent: usize,
        hang: usize,
    ) -> fmt::Result {
        let mut cursor = Cursor {
            out,
            style,
            column: indent,
            margin: indent + hang,
            gap: String::new(),
            fresh: true,
        };
        write!(cursor.out, "{}", " ".repeat(indent))?;
        for (role, text, whole) in &self.pieces {
            cursor.piece(*role, text, *whole)?;
        }
        writeln!(cursor.out)
    }
}

/// Writes words, and breaks where the next one would not fit.
struct Cursor<'a> {
    out: &'a mut dyn Write,
    style: &'a Style,
    column: usize,
    margin: usize,
    gap: String,
    fresh: bool,
}

impl Cursor<'_> {
    fn piece(&mut self, role: Role, text: &str, whole: bool) -> fmt::Result {
        let mut pending = String::new();
        for part in split_keeping_spaces(text, whole) {
            if !whole && part.starts_with(' ') {
                self.gap.push_str(part);
                continue;
            }
            let breaks = !self.fresh
                && !self.gap.is_empty()
                && self.column + self.gap.len() + width(part) > self.style.width;
            if breaks || pending.is_empty() {
                self.flush(role, &mut pending)?;
            }
            if breaks {
                write!(self.out, "\n{}", " ".repeat(self.margin))?;
                self.column = self.margin;
            } else if pending.is_empty() {
                write!(self.out, "{}", self.gap)?;
                self.column += self.gap.len();
            } else {
                pending.push_str(&self.gap);
                self.column += self.gap.len();
            }
            self.gap.clear();
            self.fresh = false;
            pending.push_str(part);
            self.column += width(part);
        }
        self.flush(role, &mut pending)
    }

    fn flush(&mut self, role: Role, pending: &mut String) -> fmt::Result {
        if !pending.is_empty() {
            write!(self.out, "{}", self.style.paint(role, &pending))?;
            pending.clear();
        }
        Ok(())
    }
}

/// Words and runs of spaces, in turn; or all of it at once.
fn split_keeping_spaces(text: &str, whole: bool) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = rest
            .find(|c: char| !whole && (c == ' ') != (first == ' '))
            .unwrap_or(rest.len());
        let (part, tail) = rest.split_at(end);
        rest = tail;
        Some(part)
    })
}

/// `text` cut to `columns`, with a sign where something was left out.
pub(crate) fn truncated(text: &str, columns: usize, style: &Style) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(style.ellipsis()));
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let next = width(c.encode_utf8(&mut [0; 4]));
        if used + next > room {
            break;
        }
        used += next;
        out.push(c);
    }
    out.push_str(style.ellipsis());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(line: &Line, width: usize) -> String {
        let mut out = String::new();
        let style = Style {
            width,
            ..Style::plain()
        };
        line.write(&mut out, &style, 2, 2).unwrap();
        out
    }

    #[test]
    fn wraps_at_spaces_only() {
        let line = Line::new()
            .then(Role::Bad, "one two")
            .then(Role::Plain, " three")
            .then(Role::Dim, " averyveryverylongword end");
        assert_eq!(
            written(&line, 14),
            "  one two\n    three\n    averyveryverylongword\n    end\n"
        );
    }

    #[test]
    fn a_word_may_be_of_two_pieces() {
        let line = Line::new()
            .then(Role::Bad, "aaa bbb")
            .then(Role::Plain, "ccc");
        assert_eq!(written(&line, 80), "  aaa bbbccc\n");
    }

    #[test]
    fn wide_characters_count_twice() {
        let style = Style::plain();
        assert_eq!(truncated("日本語", 6, &style), "日本語");
        assert_eq!(truncated("日本語", 5, &style), "日本…");
        assert_eq!(truncated("abcdef", 4, &style), "abc…");
    }
}
