//! One variable: where it is declared, and who has what of it.

use std::fmt::{self, Write};

use super::super::age;
use super::Page;
use super::case::since_words;
use crate::model::VarName;
use crate::reconcile::event::{Form, Holder, Holding, Subject};
use crate::render::escape;
use crate::render::layout::Line;
use crate::render::style::Role;

/// Targets that are alike stand together, wrong ones first.
struct Group<'a> {
    key: (&'a Holding, String),
    holders: Vec<&'a Holder>,
}

pub(super) fn subject(
    out: &mut dyn Write,
    page: Page<'_>,
    subject: &Subject,
    file: &str,
) -> fmt::Result {
    let file = escape::terminal(file);
    let place = match subject.position {
        Some(position) => format!("{file}:{}", position.line),
        None => file,
    };
    let mut form = match subject.form {
        Form::Clear => "clear",
        Form::Encrypted => "encrypted",
        Form::Template => "a template",
        Form::AtTargets => "at targets only",
    }
    .to_owned();
    if let Some(at) = subject.sealed_at {
        form.push_str(&format!(", its value sealed {} ago", age(page.now, at)));
    }
    Line::new()
        .then(Role::Heading, subject.variable.as_str())
        .then(Role::Plain, format!("  {place}"))
        .then(Role::Dim, format!("  {form}"))
        .write(out, page.style, 0, 2)?;
    if subject.holders.is_empty() {
        return Line::new()
            .then(Role::Change, "no target uses it")
            .write(out, page.style, 2, 2);
    }
    for group in groups(page, subject) {
        line(out, page, &group, &subject.variable)?;
    }
    Ok(())
}

fn groups<'a>(page: Page<'_>, subject: &'a Subject) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = vec![];
    for holder in &subject.holders {
        let since = holder
            .since
            .map_or_else(String::new, |since| since_words(since, page.now));
        let key = (&holder.holding, since);
        match groups.iter_mut().find(|group| group.key == key) {
            Some(group) => group.holders.push(holder),
            None => groups.push(Group {
                key,
                holders: vec![holder],
            }),
        }
    }
    groups
}

fn line(out: &mut dyn Write, page: Page<'_>, group: &Group<'_>, variable: &VarName) -> fmt::Result {
    let (holding, since) = &group.key;
    let (role, sign, text) = words(holding, page, group.holders.len());
    let most = if page.all { usize::MAX } else { super::NAMES };
    let names: Vec<String> = group
        .holders
        .iter()
        .take(most)
        .map(|one| named(one, variable))
        .collect();
    let mut names = names.join(", ");
    if group.holders.len() > most {
        names.push_str(&format!(" and {} more", group.holders.len() - most));
    }
    let since = if since.is_empty() {
        String::new()
    } else {
        format!(", {since}")
    };
    Line::new()
        .then_whole(role, format!("{sign} "))
        .then(role, names)
        .then(Role::Plain, format!(": {}{since}", escape::terminal(&text)))
        .write(out, page.style, 2, 4)
}

/// With its name there, if that is another one.
fn named(holder: &Holder, variable: &VarName) -> String {
    let target = holder.target.as_str();
    match (holder.through_template, &holder.name) {
        (true, name) => format!("{target} (in the template {name})"),
        (false, name) if name == variable => target.to_owned(),
        (false, name) => format!("{target} (as {name})"),
    }
}

fn words(holding: &Holding, page: Page<'_>, count: usize) -> (Role, &'static str, String) {
    let style = page.style;
    let wrong = style.sign("✗", "x");
    match holding {
        Holding::Another { why, alike } => {
            let same = match (alike, count) {
                (Some(_), 2) => ", the same on both",
                (Some(_), 3..) => ", the same on all of them",
                _ => "",
            };
            let text = format!("another value than the manifest{same}: {why}");
            (Role::Bad, wrong, text)
        }
        Holding::Missing { why } => (Role::Bad, wrong, format!("missing: {why}")),
        Holding::Leftover => (
            Role::Bad,
            wrong,
            "still there, and no longer in the manifest".to_owned(),
        ),
        Holding::Unknown(why) => (Role::Unknown, "?", format!("unknown: {why}")),
        Holding::Elsewhere(machine) => (
            Role::Dim,
            style.sign("·", "."),
            format!("elsewhere, on {machine}"),
        ),
        Holding::NotRunning => (
            Role::Drift,
            "!",
            "stored as wanted, but not what runs".to_owned(),
        ),
        Holding::Equal => (Role::Good, style.sign("✓", "ok"), "as wanted".to_owned()),
    }
}
