//! Dates of values that have passed or are near, behind what is to be done.

use std::fmt::{self, Write};

use super::command;
use crate::model::Expiring;
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::{Invocation, Role, Style};
use crate::render::words::counted;

/// More than these are counted.
const MOST: usize = 12;

/// A section of its own; nothing where there is nothing to say.
pub(super) fn expiry(
    out: &mut dyn Write,
    style: &Style,
    call: &Invocation,
    dates: &[Expiring],
) -> fmt::Result {
    if dates.is_empty() {
        return Ok(());
    }
    Line::new()
        .then(Role::Heading, "Expiry")
        .write(out, style, 0, 2)?;
    for one in dates.iter().take(MOST) {
        let role = if one.is_wrong() {
            Role::Bad
        } else {
            Role::Change
        };
        let mut line = Line::new()
            .then(role, format!("! {}", one.name))
            .then(Role::Plain, format!(" {}", one.what()));
        if let Some(owner) = &one.owner {
            line = line.then(Role::Dim, format!(" (ask {})", escape::terminal(owner)));
        }
        line.write(out, style, 2, 4)?;
        if let Some(first) = one.before_next() {
            Line::new()
                .then(Role::Dim, format!("{first}, then"))
                .write(out, style, 4, 2)?;
        }
        let next = call.command_of_one(one.verb(), &[one.name.as_str()]);
        command(out, style, 4, &next)?;
    }
    if dates.len() > MOST {
        let more = counted(dates.len() - MOST, "more date");
        Line::new()
            .then(Role::Plain, format!("and {more}"))
            .write(out, style, 2, 4)?;
        command(out, style, 4, &call.command("check", &["--only expiry"]))?;
    }
    writeln!(out)
}
