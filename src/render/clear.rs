//! Clear texts as people read them: two that differ never look alike, and none is longer than what
//! somebody would read, however long it is.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::escape;
use super::words;
use crate::plan::Glimpse;

/// Unchanged characters that stay around a changed part of a long line.
const AROUND: usize = 16;
/// Unchanged lines that stay around a changed one.
const CONTEXT: usize = 2;
/// Lines of one block; the rest is counted.
const MOST_LINES: usize = 40;
/// Characters of one line among others.
const LONG_LINE: usize = 400;
/// Texts longer than this are not compared character by character.
const MOST_CHARACTERS: usize = 4096;
/// Pairs of lines that are compared; beyond, all that lies between the first and the last difference
/// counts as changed.
const MOST_PAIRS: usize = 4_000_000;

/// A clear text; in quotes where its ends could not be seen.
pub(super) fn shown(text: &str) -> String {
    let bare = text.trim() == text && !text.is_empty() && !text.starts_with('"');
    if bare {
        escape::terminal(text)
    } else {
        escape::quoted(text)
    }
}

/// Two texts that never look alike.
pub(super) fn pair(old: &str, new: &str) -> (String, String) {
    let simple = (shown(old), shown(new));
    if simple.0 == simple.1 {
        (escape::quoted(old), escape::quoted(new))
    } else {
        simple
    }
}

/// The begin of a text, escaped for one line; what is longer says how long it is.
pub(super) fn bounded(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => escape::terminal(text),
        Some((end, _)) => format!("{}… ({})", escape::terminal(&text[..end]), length(text)),
    }
}

/// `1048576 characters`.
pub(super) fn length(text: &str) -> String {
    words::counted(text.chars().count(), "character")
}

/// The parts of two texts, escaped already, in which they differ, with a little around: at most
/// `most` characters of each between them.
pub(super) fn window(old: &str, new: &str, most: usize, ellipsis: &str) -> (String, String) {
    let (a, b): (Vec<char>, Vec<char>) = (old.chars().collect(), new.chars().collect());
    let (head, tail) = alike(&a, &b);
    let cut = |text: &[char]| {
        let begin = head.saturating_sub(AROUND);
        let end = text.len() - tail;
        let mut out = String::new();
        if begin > 0 {
            out.push_str(ellipsis);
        }
        out.extend(&text[begin..head]);
        let (shown, hidden) = text[head..end].split_at((end - head).min(most));
        out.extend(shown);
        if !hidden.is_empty() {
            out.push_str(ellipsis);
        } else {
            out.extend(&text[end..text.len().min(end + AROUND)]);
            if text.len() > end + AROUND {
                out.push_str(ellipsis);
            }
        }
        out
    };
    (cut(&a), cut(&b))
}

/// How much is alike at both begins, and at both ends behind that.
fn alike<T: PartialEq>(a: &[T], b: &[T]) -> (usize, usize) {
    let same = |pair: &(&T, &T)| pair.0 == pair.1;
    let head = a.iter().zip(b).take_while(same).count();
    let (a, b) = (a[head..].iter().rev(), b[head..].iter().rev());
    (head, a.zip(b).take_while(same).count())
}

/// What changed, line by line.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// Escaped lines, none with a line end.
    pub(super) lines: Vec<(ChangeTag, String)>,
    /// How many more there are.
    pub(super) left_out: usize,
}

/// Before and after as lines; `ellipsis` stands for what is alike and far away.
pub(super) fn block(before: &Glimpse, after: &Glimpse, ellipsis: &str) -> Block {
    let mut block = Block::default();
    match (before, after) {
        (Glimpse::Text(old), Glimpse::Text(new)) if old.contains('\n') || new.contains('\n') => {
            block.several(old, new, ellipsis);
        }
        (Glimpse::Text(old), Glimpse::Text(new)) => block.one(old, new, ellipsis),
        (before, after) => {
            block.side(ChangeTag::Delete, before);
            block.side(ChangeTag::Insert, after);
        }
    }
    block
}

impl Block {
    fn push(&mut self, tag: ChangeTag, line: impl FnOnce() -> String) {
        if self.lines.len() < MOST_LINES {
            self.lines.push((tag, line()));
        } else {
            self.left_out += 1;
        }
    }

    fn side(&mut self, tag: ChangeTag, side: &Glimpse) {
        match side {
            Glimpse::Absent => {}
            Glimpse::Text(text) => {
                for line in text.split('\n') {
                    self.push(tag, || bounded(line, LONG_LINE));
                }
            }
            other => self.push(tag, || words::opaque(other)),
        }
    }

    /// Several lines: the changed ones with a little around them.
    fn several(&mut self, old: &str, new: &str, ellipsis: &str) {
        let (a, b): (Vec<&str>, Vec<&str>) = (
            old.split_inclusive('\n').collect(),
            new.split_inclusive('\n').collect(),
        );
        let ends_differ = old.ends_with('\n') != new.ends_with('\n');
        for (number, group) in groups(&a, &b).iter().enumerate() {
            if number > 0 {
                self.push(ChangeTag::Equal, || ellipsis.to_owned());
            }
            for op in group {
                self.op(op, (&a, &b), ends_differ, ellipsis);
            }
        }
    }

    fn op(&mut self, op: &DiffOp, (a, b): (&[&str], &[&str]), ends_differ: bool, ellipsis: &str) {
        let (old, new) = (&a[op.old_range()], &b[op.new_range()]);
        let line = |line: &str, shown: String| {
            let missing = ends_differ && !line.ends_with('\n');
            format!("{shown}{}", if missing { "  (no line end)" } else { "" })
        };
        let bare = |line: &str| line.strip_suffix('\n').unwrap_or(line).to_owned();
        if let DiffOp::Equal { .. } = op {
            for one in old {
                self.push(ChangeTag::Equal, || bounded(&bare(one), LONG_LINE));
            }
            return;
        }
        // a line that became another one: where it is long, what differs is shown
        let both = |number: usize| {
            let (old, new) = (bare(old.get(number)?), bare(new.get(number)?));
            let is_long = old.len().max(new.len()) > LONG_LINE;
            is_long.then(|| {
                let (old, new) = pair(&old, &new);
                window(&old, &new, LONG_LINE / 2, ellipsis)
            })
        };
        for (number, one) in old.iter().enumerate() {
            self.push(ChangeTag::Delete, || {
                let shown = both(number).map(|(old, _)| old);
                line(one, shown.unwrap_or_else(|| bounded(&bare(one), LONG_LINE)))
            });
        }
        for (number, one) in new.iter().enumerate() {
            self.push(ChangeTag::Insert, || {
                let shown = both(number).map(|(_, new)| new);
                line(one, shown.unwrap_or_else(|| bounded(&bare(one), LONG_LINE)))
            });
        }
    }

    /// One long line each: what is alike far from the changes is left out.
    fn one(&mut self, old: &str, new: &str, ellipsis: &str) {
        let (old, new) = pair(old, new);
        let (before, after) = if old.len().max(new.len()) > MOST_CHARACTERS {
            window(&old, &new, LONG_LINE / 2, ellipsis)
        } else {
            parts(&old, &new, ellipsis)
        };
        self.push(ChangeTag::Delete, || before);
        self.push(ChangeTag::Insert, || after);
    }
}

/// The changed lines, in groups with their surroundings.
fn groups(a: &[&str], b: &[&str]) -> Vec<Vec<DiffOp>> {
    let (head, tail) = alike(a, b);
    let (old_len, new_len) = (a.len() - head - tail, b.len() - head - tail);
    if old_len.saturating_mul(new_len) <= MOST_PAIRS {
        return TextDiff::from_slices(a, b).grouped_ops(CONTEXT);
    }
    let equal = |index: usize, new_index: usize, len: usize| DiffOp::Equal {
        old_index: index,
        new_index,
        len,
    };
    let before = head.min(CONTEXT);
    let replace = DiffOp::Replace {
        old_index: head,
        old_len,
        new_index: head,
        new_len,
    };
    let after = equal(head + old_len, head + new_len, tail.min(CONTEXT));
    vec![vec![
        equal(head - before, head - before, before),
        replace,
        after,
    ]]
}

/// Both texts, escaped already, shortened where they are alike.
fn parts(old: &str, new: &str, ellipsis: &str) -> (String, String) {
    let diff = TextDiff::from_chars(old, new);
    let (mut before, mut after) = (String::new(), String::new());
    let ops = diff.ops();
    for (number, op) in ops.iter().enumerate() {
        let parts: Vec<_> = diff.iter_changes(op).collect();
        let text = |tag| -> String {
            let same = parts.iter().filter(|part| part.tag() == tag);
            same.map(|part| part.value()).collect()
        };
        before.push_str(&text(ChangeTag::Delete));
        after.push_str(&text(ChangeTag::Insert));
        let (is_first, is_last) = (number == 0, number + 1 == ops.len());
        let alike = shortened(&text(ChangeTag::Equal), is_first, is_last, ellipsis);
        before.push_str(&alike);
        after.push_str(&alike);
    }
    (before, after)
}

/// Keeps the ends of an unchanged part that touch a changed one.
fn shortened(text: &str, is_first: bool, is_last: bool, ellipsis: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (head, tail) = (
        if is_first { 0 } else { AROUND },
        if is_last { 0 } else { AROUND },
    );
    if characters.len() <= head + tail + AROUND {
        return text.to_owned();
    }
    let mut out: String = characters[..head].iter().collect();
    out.push_str(ellipsis);
    out.extend(&characters[characters.len() - tail..]);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Glimpse {
        Glimpse::Text(text.to_owned())
    }

    fn written(old: &str, new: &str) -> String {
        let block = block(&text(old), &text(new), "…");
        let lines = block
            .lines
            .iter()
            .map(|(tag, line)| format!("{tag}{line}\n"));
        lines.collect::<String>() + &format!("{} more", block.left_out)
    }

    #[test]
    fn a_megabyte_is_shown_where_it_differs() {
        let long = "x".repeat(1 << 20);
        assert_eq!(bounded(&long, 5), "xxxxx… (1048576 characters)");
        assert_eq!(
            written(&format!("{long}a{long}"), &format!("{long}bb{long}")),
            "-…xxxxxxxxxxxxxxxxaxxxxxxxxxxxxxxxx…\n+…xxxxxxxxxxxxxxxxbbxxxxxxxxxxxxxxxx…\n0 more"
        );
        // one line among others, too
        assert_eq!(
            written(&format!("1\n{long}a\n2"), &format!("1\n{long}b\n2")),
            " 1\n-…xxxxxxxxxxxxxxxxa\n+…xxxxxxxxxxxxxxxxb\n 2\n0 more"
        );
        let grown = written(&long, &format!("{long}{long}\n"));
        assert!(grown.len() < 3 * LONG_LINE, "{grown}");
    }

    #[test]
    fn as_many_lines_as_there_are_letters_are_not_all_compared() {
        let lines = |letter: char| -> String {
            (0..100_000)
                .map(|number| format!("{letter}{number}\n"))
                .collect()
        };
        let (old, new) = (lines('a'), lines('b'));
        let shown = written(
            &format!("0\n1\n2\n{old}end\n"),
            &format!("0\n1\n2\n{new}end\n"),
        );
        assert!(shown.starts_with(" 1\n 2\n-a0\n-a1\n"), "{shown}");
        assert!(shown.ends_with("\n199963 more"), "{shown}");
        assert_eq!(shown.lines().count(), MOST_LINES + 1);
    }

    #[test]
    fn two_that_differ_never_look_alike() {
        let escaped = ("\u{1b}", "\\u{1b}");
        assert_ne!(pair(escaped.0, escaped.1).0, pair(escaped.0, escaped.1).1);
        let (long, other) = (
            format!("{}{}", escaped.0, "x".repeat(5000)),
            format!("{}{}", escaped.1, "x".repeat(5000)),
        );
        let block = block(&text(&long), &text(&other), "…");
        assert_ne!(block.lines[0].1, block.lines[1].1);
    }
}
