//! A terminal's second screen, for as long as it is needed. However the run ends, the first one comes
//! back as it was.

use crate::cli::ui::Ui;

/// The second screen, no cursor, and lines that end at the edge: what is drawn stays where it is.
const TAKE: &str = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const GIVE_BACK: &str = "\x1b[?7h\x1b[?25h\x1b[?1049l";

pub(super) struct Screen<'a> {
    ui: &'a mut Ui,
}

impl<'a> Screen<'a> {
    pub(super) fn take(ui: &'a mut Ui) -> Self {
        ui.raw(TAKE.as_bytes());
        Self { ui }
    }

    pub(super) fn ui(&mut self) -> &mut Ui {
        self.ui
    }

    /// Takes on the size that the window has now; says how many lines it shows.
    pub(super) fn fit(&mut self) -> usize {
        self.ui.resize().unwrap_or(24)
    }

    /// Over what is there, line by line, so that nothing flickers.
    pub(super) fn draw(&mut self, head: &str, page: &str) {
        let mut frame = String::from("\x1b[H");
        frame.push_str(head);
        for line in page.lines() {
            frame.push_str("\x1b[K\r\n");
            frame.push_str(line);
        }
        frame.push_str("\x1b[K\x1b[J");
        self.ui.raw(frame.as_bytes());
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        self.ui.raw(GIVE_BACK.as_bytes());
    }
}

/// At most so many lines; where that is not all, the last one says how many are missing.
pub(super) fn cut(page: &str, rows: usize) -> String {
    let lines: Vec<&str> = page.lines().collect();
    if lines.len() <= rows {
        return page.to_owned();
    }
    let shown = rows.saturating_sub(1);
    let mut out = lines[..shown].join("\n");
    let more = lines.len() - shown;
    out.push_str(&format!(
        "\n… {more} more lines; a larger window shows them"
    ));
    out
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(cut("a\nb\nc\n", 3), "a\nb\nc\n");
        assert_eq!(
            cut("a\nb\nc\nd", 3),
            "a\nb\n… 2 more lines; a larger window shows them"
        );
    }
}
