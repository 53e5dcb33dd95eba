//! A comparison of two states of the manifests, for people.

use std::fmt::{self, Write};

use super::diff::{texts_inline, values_block};
use crate::model::{Diagnostic, Severity};
use crate::plan::Glimpse;
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::review_words as said;
use crate::render::said::Said;
use crate::render::style::{Role, Style};
use crate::render::words;
use crate::review::{Comparison, Review, State, TargetChange, UseChange, VariableChange};

/// Columns of a name before what is said of it begins.
const NAME: usize = 28;

/// Writes it: what may do harm first, the summary last.
pub fn render_review(out: &mut dyn Write, style: &Style, comparison: &Comparison) -> fmt::Result {
    let (base, head) = (
        said::end(&comparison.base).text(),
        said::end(&comparison.head).text(),
    );
    Line::new()
        .then(Role::Dim, format!("{base} {} {head}", style.arrow()))
        .write(out, style, 0, 2)?;
    for one in &comparison.unreadable {
        let path = escape::terminal(&one.path);
        let side = match one.side {
            "base" => &base,
            _ => &head,
        };
        Line::new()
            .then(Role::Unknown, format!("{path} cannot be read at {side}"))
            .write(out, style, 0, 2)?;
        for diagnostic in &one.diagnostics {
            problem(out, style, &path, diagnostic)?;
        }
    }
    for review in &comparison.reviews {
        render_one(out, style, review)?;
    }
    let summary = said::summary(comparison);
    Line::new()
        .then(Role::Heading, summary)
        .write(out, style, 0, 2)
}

fn problem(out: &mut dyn Write, style: &Style, path: &str, one: &Diagnostic) -> fmt::Result {
    let (line, column) = (one.position.line, one.position.column);
    let role = match one.severity {
        Severity::Error => Role::Bad,
        Severity::Warning => Role::Change,
    };
    Line::new()
        .then(Role::Plain, format!("{path}:{line}:{column}: "))
        .then(role, escape::terminal(&one.message))
        .write(out, style, 2, 2)
}

fn render_one(out: &mut dyn Write, style: &Style, review: &Review) -> fmt::Result {
    writeln!(out)?;
    Line::new()
        .then(Role::Heading, escape::terminal(&review.path))
        .then(Role::Dim, format!("  {}", review.manifest))
        .write(out, style, 0, 2)?;
    for one in said::whole(review) {
        sentence(out, style, Role::Bad, &one)?;
    }
    for one in &review.authority {
        let role = if one.held { Role::Bad } else { Role::Change };
        let words = Said::new(words::authority(one.kind))
            .then(": ")
            .of(&one.what);
        sentence(out, style, role, &words.loud())?;
    }
    for one in &review.keys {
        sentence(out, style, Role::Bad, &said::key(one))?;
    }
    if let Some(why) = said::sight(review) {
        sentence(out, style, Role::Unknown, &why.loud())?;
    }
    for one in &review.variables {
        variable(out, style, one)?;
    }
    for one in &review.targets {
        target(out, style, one)?;
    }
    for note in &review.notes {
        Line::new()
            .then(Role::Dim, format!("note: {}", escape::terminal(note)))
            .write(out, style, 2, 2)?;
    }
    Ok(())
}

/// In its colour where somebody must see it.
fn sentence(out: &mut dyn Write, style: &Style, role: Role, said: &Said) -> fmt::Result {
    let role = if said.is_loud { role } else { Role::Plain };
    Line::new().then(role, said.text()).write(out, style, 2, 2)
}

fn variable(out: &mut dyn Write, style: &Style, one: &VariableChange) -> fmt::Result {
    let (sign, role) = said::sign(one);
    let mut line = Line::new()
        .then_whole(role, format!("{sign} {}", one.name))
        .pad_to(NAME);
    let mut is_first = true;
    for phrase in said::phrases(one) {
        let gap = if is_first { "" } else { "; " };
        is_first = false;
        let role = if phrase.is_loud {
            Role::Bad
        } else {
            Role::Plain
        };
        line = line.then(Role::Plain, gap).then(role, phrase.text());
    }
    let texts = texts(&one.before, &one.after);
    let short = texts.and_then(|(old, new)| texts_inline(style, old, new));
    if let Some(short) = &short {
        line = line.then(Role::Plain, format!("  {short}"));
    }
    line.write(out, style, 2, 4)?;
    match texts {
        Some(_) if short.is_none() => values_block(out, style, (&one.before, &one.after)),
        _ => Ok(()),
    }
}

/// Clear texts that differ; a side that is not there is `None`.
type Texts<'a> = Option<(Option<&'a str>, Option<&'a str>)>;

fn texts<'a>(before: &'a Glimpse, after: &'a Glimpse) -> Texts<'a> {
    match (before, after) {
        (Glimpse::Text(old), Glimpse::Text(new)) if old != new => {
            Some((Some(old.as_str()), Some(new.as_str())))
        }
        (Glimpse::Text(old), Glimpse::Absent) => Some((Some(old.as_str()), None)),
        (Glimpse::Absent, Glimpse::Text(new)) => Some((None, Some(new.as_str()))),
        _ => None,
    }
}

fn target(out: &mut dyn Write, style: &Style, one: &TargetChange) -> fmt::Result {
    let state = match one.state {
        State::Added => ", new",
        State::Removed => ", removed: what it holds stays there",
        State::Changed => "",
    };
    let was = match &one.was {
        Some(was) => format!(", renamed from {was}"),
        None => String::new(),
    };
    Line::new()
        .then(Role::Heading, one.target.as_str())
        .then(Role::Dim, format!("  {}", escape::terminal(&one.place)))
        .then(Role::Plain, format!("{state}{was}"))
        .write(out, style, 2, 2)?;
    for used in &one.uses {
        used_line(out, style, used)?;
    }
    for setting in &one.settings {
        Line::new()
            .then(Role::Plain, escape::terminal(setting))
            .write(out, style, 4, 2)?;
    }
    Ok(())
}

fn used_line(out: &mut dyn Write, style: &Style, one: &UseChange) -> fmt::Result {
    let (sign, role) = said::use_sign(&one.kind);
    let mut line = Line::new()
        .then_whole(role, format!("{sign} {}", one.name))
        .pad_to(NAME);
    if let Some(values) = values(style, &one.before, &one.after) {
        line = line.then(Role::Plain, format!("{values}  "));
    }
    line.then(Role::Plain, said::use_words(one).text())
        .write(out, style, 4, 4)
}

/// Fingerprints as the plan of the target shows them. Clear texts stand at their variable.
fn values(style: &Style, before: &Glimpse, after: &Glimpse) -> Option<String> {
    match (before, after) {
        (Glimpse::Fingerprint(old), Glimpse::Fingerprint(new)) if old != new => {
            Some(format!("{} {} {}", old.short(), style.arrow(), new.short()))
        }
        (Glimpse::Absent, Glimpse::Fingerprint(one))
        | (Glimpse::Fingerprint(one), Glimpse::Absent) => Some(one.short()),
        _ => {
            let (old, new) = texts(before, after)?;
            texts_inline(style, old, new)
        }
    }
}
