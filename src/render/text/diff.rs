//! Before and after of one change: on the line where it fits, else as a block.

use std::fmt::{self, Write};

use similar::ChangeTag;

use crate::plan::{ActionKind, Change, Class, Glimpse, Reason};
use crate::render::clear::{self, pair, shown};
use crate::render::layout::width;
use crate::render::style::{Role, Style};
use crate::render::words;

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

/// The block form, below the change's line.
pub(super) fn block(out: &mut dyn Write, style: &Style, change: &Change) -> fmt::Result {
    values_block(out, style, (&change.before, &change.after))
}

/// The same for values alone.
pub(super) fn values_block(
    out: &mut dyn Write,
    style: &Style,
    (before, after): (&Glimpse, &Glimpse),
) -> fmt::Result {
    let block = clear::block(before, after, style.ellipsis());
    let rail = style.sign("│", "|");
    for (tag, line) in &block.lines {
        let (sign, role) = match tag {
            ChangeTag::Delete => ("-", Role::Removed),
            ChangeTag::Insert => ("+", Role::Added),
            ChangeTag::Equal => (" ", Role::Dim),
        };
        // a long line goes on in the next row, so that what changed in it is seen
        let line = style.paint(role, format!("{sign} {line}"));
        writeln!(out, "      {rail} {line}")?;
    }
    if block.left_out > 0 {
        let text = format!("{} {} more lines", style.ellipsis(), block.left_out);
        writeln!(out, "      {}", style.paint(Role::Dim, text))?;
    }
    Ok(())
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
