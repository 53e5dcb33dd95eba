//! Before and after of one change: on the line where it fits, else as a block.

use std::fmt::{self, Write};

use similar::{ChangeTag, TextDiff};

use crate::plan::{ActionKind, Change, Class, Glimpse, Reason};
use crate::render::escape;
use crate::render::layout::{truncated, width};
use crate::render::style::{Role, Style};
use crate::render::words;

/// Unchanged characters that stay around a changed part of a long line.
const AROUND: usize = 16;
/// Unchanged lines that stay around a changed one.
const CONTEXT: usize = 2;
/// Lines of one block; the rest is counted.
const MOST_LINES: usize = 40;

/// Texts longer than this are not compared character by character.
const MOST_CHARACTERS: usize = 4096;

/// `before → after` for the change's own line; `None` where it needs a block.
pub(super) fn inline(change: &Change, style: &Style) -> Option<String> {
    let room = style.width / 2;
    let (before, after) = (&change.before, &change.after);
    if let (Glimpse::Text(old), Glimpse::Text(new)) = (before, after) {
        if old.contains('\n') || new.contains('\n') {
            return None;
        }
        let shown = pair(old, new);
        return (width(&shown.0) + width(&shown.1) + 3 <= room)
            .then(|| format!("{} {} {}", shown.0, style.arrow(), shown.1));
    }
    match (before, after) {
        (Glimpse::Absent, Glimpse::Absent) => Some(String::new()),
        (Glimpse::Text(text), _) | (_, Glimpse::Text(text))
            if text.contains('\n') || width(&shown(text)) > room =>
        {
            None
        }
        (Glimpse::Absent, one) if change.action == ActionKind::Create => {
            // what was there and is not is the point of a removal
            let gone = change.reason == Reason::RemovedOutside;
            let from = format!("absent {} ", style.arrow());
            Some(format!("{}{}", if gone { &from } else { "" }, value(one)))
        }
        (one, Glimpse::Absent) if change.action != ActionKind::Delete && is_report(change) => {
            Some(value(one))
        }
        (one, other) => Some(format!("{} {} {}", value(one), style.arrow(), value(other))),
    }
}

/// Whether the change only says what is there.
fn is_report(change: &Change) -> bool {
    change.class == Class::Change && change.action == ActionKind::None
}

fn value(glimpse: &Glimpse) -> String {
    match glimpse {
        Glimpse::Text(text) => shown(text),
        other => words::opaque(other),
    }
}

/// A clear text; in quotes where its ends could not be seen.
fn shown(text: &str) -> String {
    let bare = text.trim() == text && !text.is_empty() && !text.starts_with('"');
    if bare {
        escape::terminal(text)
    } else {
        escape::quoted(text)
    }
}

/// Two texts that never look alike.
fn pair(old: &str, new: &str) -> (String, String) {
    let simple = (shown(old), shown(new));
    if simple.0 == simple.1 {
        (escape::quoted(old), escape::quoted(new))
    } else {
        simple
    }
}

/// The block form, below the change's line.
pub(super) fn block(out: &mut dyn Write, style: &Style, change: &Change) -> fmt::Result {
    match (&change.before, &change.after) {
        (Glimpse::Text(old), Glimpse::Text(new)) if old.contains('\n') || new.contains('\n') => {
            lines(out, style, old, new)
        }
        (Glimpse::Text(old), Glimpse::Text(new)) => long_line(out, style, old, new),
        (before, after) => {
            one_side(out, style, before, ChangeTag::Delete)?;
            one_side(out, style, after, ChangeTag::Insert)
        }
    }
}

fn one_side(out: &mut dyn Write, style: &Style, side: &Glimpse, tag: ChangeTag) -> fmt::Result {
    let mut page = Page::new(out, style);
    match side {
        Glimpse::Absent => {}
        Glimpse::Text(text) => {
            for line in text.split('\n') {
                page.line(tag, &escape::terminal(line))?;
            }
        }
        other => page.line(tag, &words::opaque(other))?,
    }
    page.end()
}

/// Several lines: the changed ones with a little around them.
fn lines(out: &mut dyn Write, style: &Style, old: &str, new: &str) -> fmt::Result {
    let diff = TextDiff::from_lines(old, new);
    let mut page = Page::new(out, style);
    for (number, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if number > 0 {
            page.line(ChangeTag::Equal, style.ellipsis())?;
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let line = change.value();
            let mut shown = escape::terminal(line.strip_suffix('\n').unwrap_or(line));
            if !line.ends_with('\n') && old.ends_with('\n') != new.ends_with('\n') {
                shown.push_str("  (no line end)");
            }
            page.line(change.tag(), &shown)?;
        }
    }
    page.end()
}

/// One long line each: what is alike far from the changes is left out.
fn long_line(out: &mut dyn Write, style: &Style, old: &str, new: &str) -> fmt::Result {
    let (old, new) = pair(old, new);
    let mut page = Page::new(out, style);
    if old.len().max(new.len()) > MOST_CHARACTERS {
        page.line(ChangeTag::Delete, &truncated(&old, style.width, style))?;
        page.line(ChangeTag::Insert, &truncated(&new, style.width, style))?;
        return page.end();
    }
    let diff = TextDiff::from_chars(old.as_str(), new.as_str());
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
        let alike = shortened(
            &text(ChangeTag::Equal),
            number == 0,
            number + 1 == ops.len(),
            style,
        );
        before.push_str(&alike);
        after.push_str(&alike);
    }
    page.line(ChangeTag::Delete, &before)?;
    page.line(ChangeTag::Insert, &after)?;
    page.end()
}

/// Keeps the ends of an unchanged part that touch a changed one.
fn shortened(text: &str, is_first: bool, is_last: bool, style: &Style) -> String {
    let characters: Vec<char> = text.chars().collect();
    let (head, tail) = (
        if is_first { 0 } else { AROUND },
        if is_last { 0 } else { AROUND },
    );
    if characters.len() <= head + tail + AROUND {
        return text.to_owned();
    }
    let mut out: String = characters[..head].iter().collect();
    out.push_str(style.ellipsis());
    out.extend(&characters[characters.len() - tail..]);
    out
}

/// Lines with a sign, of which only so many are shown.
struct Page<'a> {
    out: &'a mut dyn Write,
    style: &'a Style,
    written: usize,
    left_out: usize,
}

impl<'a> Page<'a> {
    fn new(out: &'a mut dyn Write, style: &'a Style) -> Self {
        Self {
            out,
            style,
            written: 0,
            left_out: 0,
        }
    }

    fn line(&mut self, tag: ChangeTag, text: &str) -> fmt::Result {
        if self.written == MOST_LINES {
            self.left_out += 1;
            return Ok(());
        }
        self.written += 1;
        let (sign, role) = match tag {
            ChangeTag::Delete => ("-", Role::Removed),
            ChangeTag::Insert => ("+", Role::Added),
            ChangeTag::Equal => (" ", Role::Dim),
        };
        // a long line goes on in the next row: in a diff, nothing that changed may be cut off
        let rail = self.style.sign("│", "|");
        writeln!(
            self.out,
            "      {rail} {}",
            self.style.paint(role, format_args!("{sign} {text}"))
        )
    }

    fn end(self) -> fmt::Result {
        if self.left_out > 0 {
            let text = format!("{} {} more lines", self.style.ellipsis(), self.left_out);
            writeln!(self.out, "      {}", self.style.paint(Role::Dim, text))?;
        }
        Ok(())
    }
}

/// Two clear texts on one line, `None` where they need a block; a side that is not there is left out.
pub(super) fn texts_inline(style: &Style, old: Option<&str>, new: Option<&str>) -> Option<String> {
    let room = style.width / 2;
    let many = |side: Option<&str>| side.is_some_and(|text| text.contains('\n'));
    if many(old) || many(new) {
        return None;
    }
    let text = match (old, new) {
        (Some(old), Some(new)) => {
            let (old, new) = pair(old, new);
            format!("{old} {} {new}", style.arrow())
        }
        (Some(one), None) | (None, Some(one)) => shown(one),
        (None, None) => String::new(),
    };
    (width(&text) <= room).then_some(text)
}

/// The same as a block.
pub(super) fn texts_block(
    out: &mut dyn Write,
    style: &Style,
    old: Option<&str>,
    new: Option<&str>,
) -> fmt::Result {
    match (old, new) {
        (Some(old), Some(new)) if old.contains('\n') || new.contains('\n') => {
            lines(out, style, old, new)
        }
        (Some(old), Some(new)) => long_line(out, style, old, new),
        (old, new) => {
            let glimpse = |side: Option<&str>| {
                side.map_or(Glimpse::Absent, |text| Glimpse::Text(text.to_owned()))
            };
            one_side(out, style, &glimpse(old), ChangeTag::Delete)?;
            one_side(out, style, &glimpse(new), ChangeTag::Insert)
        }
    }
}
