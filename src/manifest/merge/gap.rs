//! Blank lines and comments between entries. They say nothing to the machine, so both sides' are
//! kept, and there is never anything to decide.

use std::borrow::Cow;

/// A text of three sides, of which the base may not have it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Three<'t> {
    pub(super) base: Option<&'t str>,
    pub(super) ours: &'t str,
    pub(super) theirs: &'t str,
}

impl Three<'_> {
    /// The side that changed; of two, our lines and then those that only they have.
    pub(super) fn lines(self) -> String {
        let Self { base, ours, theirs } = self;
        if ours == theirs || Some(theirs) == base {
            return ours.to_owned();
        }
        if Some(ours) == base {
            return theirs.to_owned();
        }
        let known = |line: &str| {
            let has = |text: &str| text.lines().any(|one| one == line.trim_end());
            has(ours) || base.is_some_and(has)
        };
        let mut out = ended(ours, "\n");
        for line in theirs.split_inclusive('\n') {
            if !(line.trim().is_empty() || known(line)) {
                out.to_mut().push_str(line);
            }
        }
        out.into_owned()
    }

    /// The side that changed; of two, ours.
    pub(super) fn one(self) -> String {
        match self.base == Some(self.ours) {
            true => self.theirs.to_owned(),
            false => self.ours.to_owned(),
        }
    }
}

/// The blank lines that it begins with, and the rest.
pub(super) fn split(gap: &str) -> (&str, &str) {
    let mut at = 0;
    for line in gap.split_inclusive('\n') {
        if !line.trim().is_empty() {
            break;
        }
        at += line.len();
    }
    gap.split_at(at)
}

/// With a line end at its end, unless it is empty.
pub(super) fn ended<'t>(text: &'t str, line_end: &str) -> Cow<'t, str> {
    match text.is_empty() || text.ends_with('\n') {
        true => Cow::Borrowed(text),
        false => Cow::Owned(format!("{text}{line_end}")),
    }
}

/// Lines that stood at column `from`, moved to column `to`.
pub(super) fn moved(text: &str, from: usize, to: usize) -> Cow<'_, str> {
    if from == to || text.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        if line.trim().is_empty() {
            out.push_str(line);
            continue;
        }
        let indent = line.len() - line.trim_start_matches(' ').len();
        let wanted = (indent + to).saturating_sub(from);
        out.extend(std::iter::repeat_n(' ', wanted));
        out.push_str(&line[indent..]);
    }
    Cow::Owned(out)
}
