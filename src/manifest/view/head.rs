//! The lines above a view: what it is, and what was wrong with it. They go away by themselves.

use zeroize::Zeroizing;

use crate::model::{Diagnostic, Severity};

/// How each of them begins.
const MARK: &str = "# driftlock edit: ";
const BOM: char = '\u{feff}';

/// What is said above a view.
#[derive(Debug, Clone, Copy)]
pub struct Head<'a> {
    /// What the manifest is called.
    pub name: &'a str,
    /// Sentences about this edit.
    pub notes: &'a [String],
    /// What was wrong with the text, with places in the text below the head.
    pub problems: &'a [Diagnostic],
}

impl Head<'_> {
    /// The lines and the text.
    pub fn above(&self, body: &str) -> Zeroizing<String> {
        let line_end = match body.find('\n') {
            Some(at) if body[..at].ends_with('\r') => "\r\n",
            _ => "\n",
        };
        let lines = self.lines();
        let room: usize = lines.iter().map(|line| line.len() + 2).sum();
        let mut out = Zeroizing::new(String::with_capacity(body.len() + room + BOM.len_utf8()));
        let rest = body.strip_prefix(BOM);
        if rest.is_some() {
            out.push(BOM);
        }
        for line in &lines {
            out.push_str(line);
            out.push_str(line_end);
        }
        out.push_str(rest.unwrap_or(body));
        out
    }

    /// How many lines it has, by which places move.
    pub fn height(&self) -> u32 {
        u32::try_from(self.lines().len()).unwrap_or(u32::MAX)
    }

    /// The problems with their places in the whole text.
    pub fn moved(&self) -> Vec<Diagnostic> {
        let height = self.height();
        let mut moved = self.problems.to_vec();
        for problem in &mut moved {
            if problem.position.line > 0 {
                problem.position.line += height;
            }
        }
        moved
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = vec![
            format!(
                "{}, decrypted. When the editor is closed, each `secret:` is encrypted again.",
                self.name
            ),
            "To change nothing, leave the text as it is. These lines go away by themselves.".into(),
        ];
        lines.extend(self.notes.iter().cloned());
        let problems = self.problems.iter();
        let count = problems
            .clone()
            .map(|one| 1 + usize::from(one.help.is_some()));
        let height = u32::try_from(lines.len() + count.sum::<usize>()).unwrap_or(u32::MAX);
        for problem in problems {
            let place = match problem.position.line {
                0 => String::new(),
                line => format!(
                    "line {}, column {}: ",
                    line + height,
                    problem.position.column
                ),
            };
            lines.push(format!(
                "{}: {place}{}",
                word(problem.severity),
                problem.message
            ));
            lines.extend(problem.help.iter().map(|help| format!("  {help}")));
        }
        let line = |text: String| format!("{MARK}{}", text.replace(char::is_control, " "));
        lines.into_iter().map(line).collect()
    }
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// A text without the lines of a head at its beginning.
pub fn without_head(text: &str) -> Zeroizing<String> {
    let (bom, mut rest) = match text.strip_prefix(BOM) {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    while rest.starts_with(MARK.trim_end()) {
        rest = rest.find('\n').map_or("", |at| &rest[at + 1..]);
    }
    let mut out = Zeroizing::new(String::with_capacity(rest.len() + BOM.len_utf8()));
    if bom {
        out.push(BOM);
    }
    out.push_str(rest);
    out
}
