//! Who may read, for people: each manifest with what was proved of it, then its readers.

use std::fmt::{self, Write};

use crate::model::{Finding, Severity};
use crate::reconcile::event::{ListedSince, Reader, ReadersOf, RecipientsReport};
use crate::render::escape;
use crate::render::layout::{Line, width};
use crate::render::style::{Role, Style};
use crate::render::words::counted;

/// Writes every manifest, and the count as the last line. `full` shows whole keys.
pub fn render_recipients(
    out: &mut dyn Write,
    style: &Style,
    report: &RecipientsReport,
    full: bool,
) -> fmt::Result {
    for of in &report.manifests {
        heading(out, style, of)?;
        if of.key.is_some() {
            proofs(out, style, of, report.proves)?;
        }
        readers(out, style, &of.readers, full)?;
        for one in &of.findings {
            finding(out, style, one)?;
        }
    }
    let all = report.manifests.iter();
    let mut keys: Vec<&str> = all
        .flat_map(|of| &of.readers)
        .map(|reader| reader.key.as_str())
        .collect();
    keys.sort_unstable();
    keys.dedup();
    let wrong = report
        .manifests
        .iter()
        .filter(|of| !of.findings.is_empty())
        .count();
    let mut text = format!(
        "{} of {}",
        counted(keys.len(), "reader"),
        counted(report.manifests.len(), "manifest")
    );
    match wrong {
        0 if report.proves => text.push_str(", all in order."),
        0 => text.push('.'),
        wrong => text.push_str(&format!(", {wrong} not in order.")),
    }
    Line::new()
        .then(Role::Heading, text)
        .write(out, style, 0, 2)
}

fn heading(out: &mut dyn Write, style: &Style, of: &ReadersOf) -> fmt::Result {
    let path = escape::terminal(&of.path.display().to_string());
    let mut line = Line::new().then(Role::Heading, path);
    if let Some(name) = &of.name {
        line = line.then(Role::Plain, format!("  {}", escape::terminal(name)));
    }
    line = match &of.key {
        Some(key) => line.then(
            Role::Dim,
            format!(", key {}{}", key.short(), since(of.key_since.as_ref())),
        ),
        None if of.name.is_some() => line.then(Role::Dim, ", nothing in it is encrypted"),
        None => line,
    };
    line.write(out, style, 0, 4)
}

fn since(since: Option<&ListedSince>) -> String {
    since.map_or_else(String::new, |since| {
        let longer = if since.or_longer { " or longer" } else { "" };
        let commit = since.commit.get(..12).unwrap_or(&since.commit);
        let day = since.at.strftime("%Y-%m-%d");
        format!(" since {day}{longer} ({commit})")
    })
}

fn proofs(out: &mut dyn Write, style: &Style, of: &ReadersOf, proves: bool) -> fmt::Result {
    const UNSEEN: &str = "not checked: no identity here opens the manifest";
    let (role, text) = match of.signed {
        Some(true) => (Role::Good, "signed by a reader, as it is".to_owned()),
        Some(false) => (Role::Bad, "not the one that a reader signed".to_owned()),
        None => (Role::Unknown, UNSEEN.to_owned()),
    };
    proof(out, style, "list", role, &text)?;
    let counts = of.readers.iter().any(|reader| reader.kind == "X25519");
    let (role, text) = match of.fits {
        Some(true) if counts => (
            Role::Good,
            "for exactly this list, as far as X25519 keys can be counted",
        ),
        Some(true) => (Role::Good, "for exactly this list"),
        Some(false) => (Role::Bad, "not for this list"),
        None => (Role::Unknown, "cannot be read"),
    };
    proof(out, style, "header", role, text)?;
    if !proves {
        return Ok(());
    }
    let (role, mut text) = match of.values.open {
        Some(open) if open == of.values.total => (
            Role::Good,
            format!("all {} open", counted(open, "encrypted value")),
        ),
        Some(open) => (
            Role::Bad,
            format!(
                "{open} of {} open",
                counted(of.values.total, "encrypted value")
            ),
        ),
        None => (Role::Unknown, UNSEEN.to_owned()),
    };
    if of.values.waiting > 0 {
        let waiting = of.values.waiting;
        text.push_str(&format!(
            "; {waiting} written without the key, for a reader to accept"
        ));
    }
    proof(out, style, "values", role, &text)
}

fn proof(out: &mut dyn Write, style: &Style, what: &str, role: Role, text: &str) -> fmt::Result {
    Line::new()
        .then(Role::Dim, what)
        .pad_to(8)
        .then(role, text)
        .write(out, style, 2, 8)
}

fn readers(out: &mut dyn Write, style: &Style, readers: &[Reader], full: bool) -> fmt::Result {
    let name = |reader: &Reader| {
        let name = reader.name.as_deref().unwrap_or("(no name)");
        escape::terminal(name)
    };
    let widest = |of: &dyn Fn(&Reader) -> usize| readers.iter().map(of).max().unwrap_or_default();
    let names = widest(&|reader| width(&name(reader))).min(32);
    let kinds = widest(&|reader| width(&reader.kind)).min(24);
    for reader in readers {
        let key = if full { &reader.key } else { &reader.short };
        let mut line = Line::new()
            .then(Role::Plain, name(reader))
            .pad_to(names + 2)
            .then(Role::Dim, escape::terminal(&reader.kind))
            .pad_to(names + kinds + 4)
            .then_whole(Role::Plain, escape::terminal(key));
        if reader.yours == Some(true) {
            line = line.then(Role::Good, "  yours");
        }
        if reader.since.is_some() {
            line = line.then(Role::Dim, format!(" {}", since(reader.since.as_ref())));
        }
        line.write(out, style, 2, 4)?;
    }
    Ok(())
}

fn finding(out: &mut dyn Write, style: &Style, one: &Finding) -> fmt::Result {
    let (role, word) = match one.diagnostic.severity {
        Severity::Error => (Role::Bad, "error"),
        Severity::Warning => (Role::Change, "warning"),
    };
    let place = match one.diagnostic.position.line {
        0 => String::new(),
        line => format!("line {line}: "),
    };
    let message = escape::terminal(&one.diagnostic.message);
    Line::new()
        .then(Role::Dim, place)
        .then(role, word)
        .then(Role::Plain, format!(": {message}"))
        .then(Role::Dim, format!(" [{}]", one.diagnostic.code))
        .write(out, style, 2, 4)?;
    match &one.diagnostic.help {
        Some(help) => Line::new()
            .then(Role::Dim, format!("help: {}", escape::terminal(help)))
            .write(out, style, 4, 6),
        None => Ok(()),
    }
}
