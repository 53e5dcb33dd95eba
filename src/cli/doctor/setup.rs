//! This machine's own set-up: manifests, identities, journal, tokens, ssh, its name.

use std::collections::BTreeMap;
use std::path::Path;

use rustix::fs::{Access, access};

use super::super::Global;
use super::super::context::Context;
use super::super::error::CommandError;
use super::super::records::{self, Named};
use super::super::session::{self, Item};
use crate::crypto::UnlockError;
use crate::model::Address;
use crate::platforms::railway::token::Tokens;
use crate::reconcile::event::{Check, Finding, Step};
use crate::reconcile::load::{Opening, SealedBecause};
use crate::reconcile::targets::Visibility;

fn check(what: &str, seen: impl Into<String>, finding: Finding) -> Check {
    Check {
        what: what.to_owned(),
        seen: seen.into(),
        finding,
        next: vec![],
        told: false,
    }
}

fn ours(verb: &str, flags: Vec<String>) -> Step {
    Step::Driftlock {
        verb: verb.to_owned(),
        flags,
        of_one: false,
    }
}

/// A manifest that does not parse: what it wants is not known.
pub(super) fn broken(path: &Path, problems: usize) -> Check {
    let plural = if problems == 1 { "" } else { "s" };
    let why = format!(
        "{} has {problems} problem{plural} and was left out: what it wants is not known",
        path.display()
    );
    Check {
        next: vec![ours("check", vec![])],
        ..check("manifest", "", Finding::Unknown(why))
    }
}

/// Two targets that are one place fight over it.
pub(super) fn shared_place(items: &[Item]) -> Option<Check> {
    let (first, second) = session::shared_place_of(items)?;
    let what = format!("{first} and {second} are the same place");
    Some(Check {
        next: vec![Step::Advice(
            "let one target hold the variables of both".to_owned(),
        )],
        ..check("manifest", "", Finding::Wrong(what))
    })
}

/// Which identity opened a manifest, and what was noticed on the way.
pub(super) fn identity(item: &Item, opening: &Opening) -> Vec<Check> {
    let path = item.file.path.display();
    let mut found = vec![];
    let notes = match opening {
        Opening::Clear => {
            let seen = format!("{path} has no secrets");
            found.push(check("identity", seen, Finding::Well));
            &[][..]
        }
        Opening::Open(open) => {
            let seen = format!("{path} is opened by {}", open.identity);
            found.push(check("identity", seen, Finding::Well));
            if !open.recipients_authentic {
                found.push(recipients(item));
            }
            &open.notes
        }
        Opening::Sealed(why) => {
            let finding = Finding::Unknown(format!("{path} stays sealed: {why}"));
            found.push(Check {
                next: vec![Step::Advice(why.help().to_owned())],
                ..check("identity", "", finding)
            });
            match why {
                SealedBecause::Locked(UnlockError::NoIdentity { notes, .. }) => notes,
                _ => &[][..],
            }
        }
    };
    found.extend(notes.iter().map(|note| key_file(note)));
    found
}

fn recipients(item: &Item) -> Check {
    let what = format!(
        "the recipients list of {} is not the one that a reader signed",
        item.file.path.display()
    );
    Check {
        next: vec![Step::Advice(
            "restore `recipients:` from git, or let a reader accept the change; driftlock recipients list says what there is".to_owned(),
        )],
        ..check("identity", "", Finding::Wrong(what))
    }
}

/// A note about a key file; where it says what to run, that becomes the next command.
fn key_file(note: &str) -> Check {
    let run = note
        .split_once("; run `chmod 600 ")
        .and_then(|(what, rest)| Some((what, rest.strip_suffix('`')?)));
    let (what, next) = match run {
        Some((what, path)) => {
            let words = ["chmod", "600", path].map(str::to_owned).to_vec();
            (what, vec![Step::Program(words)])
        }
        None => (note, vec![]),
    };
    Check {
        next,
        ..check("identity", "", Finding::Wrong(what.to_owned()))
    }
}

/// What the journal says about itself.
pub(super) fn journal_note(note: &str) -> Check {
    check("journal", "", Finding::Wrong(note.to_owned()))
}

/// It cannot be read: who moved is not known.
pub(super) fn journal_error(error: &CommandError) -> Check {
    let why = format!(
        "{}: what was applied last is not known, so neither is who moved",
        error.message
    );
    let hints = error.hints.iter().cloned().map(Step::Advice);
    Check {
        next: hints.collect(),
        ..check("journal", "", Finding::Unknown(why))
    }
}

/// What does not depend on how a manifest opens.
pub(super) fn surroundings(
    items: &[Item],
    global: &Global,
    context: &Context,
    place: &str,
) -> Vec<Check> {
    let mut found = vec![machine(items, context)];
    found.extend(journal(global, context, place));
    found.extend(tokens(items, context));
    found.extend(ssh(items, context));
    found
}

fn machine(items: &[Item], context: &Context) -> Check {
    let located = items.iter().flat_map(|item| &item.located);
    let elsewhere = located.filter_map(|located| match &located.visibility {
        Visibility::Elsewhere(machine) => Some(format!("{} on {machine}", located.target.name)),
        Visibility::Here | Visibility::Unresolvable(_) => None,
    });
    let elsewhere: Vec<String> = elsewhere.collect();
    let mut seen = format!("this is {}", context.machine());
    if !elsewhere.is_empty() {
        seen.push_str(&format!("; elsewhere: {}", elsewhere.join(", ")));
    }
    check("machine", seen, Finding::Well)
}

/// Whether an apply could write its receipts. Nothing is written to find out.
fn journal(global: &Global, context: &Context, place: &str) -> Option<Check> {
    let path = match records::named(global, context) {
        Named::File(path) => Some(path),
        Named::Nothing => context.journal(),
        Named::Git(_) => None,
    };
    // of a shared one it was seen whether it can be read, when it was asked what was applied
    let Some(path) = path.filter(|path| place == path.display().to_string()) else {
        return Some(check("journal", place, Finding::Well));
    };
    let shown = path.display();
    let (seen, writable) = if path.exists() {
        let folder = path.parent().is_none_or(is_writable);
        (shown.to_string(), is_writable(&path) && folder)
    } else {
        let mut parents = path.ancestors().skip(1);
        let there = parents.find(|parent| parent.exists());
        let seen = format!("{shown} is not there yet: nothing was applied from here");
        (seen, there.is_none_or(is_writable))
    };
    let finding = if writable {
        Finding::Well
    } else {
        let what = format!("{shown} cannot be written: an apply could not keep its receipts");
        Finding::Wrong(what)
    };
    Some(Check {
        next: if writable {
            vec![]
        } else {
            let advice = "make it writable for you, or name another one with --journal";
            vec![Step::Advice(advice.to_owned())]
        },
        ..check("journal", seen, finding)
    })
}

fn is_writable(path: &Path) -> bool {
    access(path, Access::WRITE_OK).is_ok()
}

/// Which token each Railway target would show; a target without one says so itself.
fn tokens(items: &[Item], context: &Context) -> Vec<Check> {
    let tokens = Tokens::new(context.railway().tokens);
    let mut users: BTreeMap<Result<String, (String, String)>, Vec<String>> = BTreeMap::new();
    for located in items.iter().flat_map(|item| &item.located) {
        if let Address::Railway(railway) = &located.target.address {
            let token = tokens.pick(railway.token.as_deref());
            let key = token
                .map(|token| token.variable().to_owned())
                .map_err(|error| (error.to_string(), error.help()));
            let names = users.entry(key).or_default();
            names.push(located.target.name.to_string());
        }
    }
    let each = users.into_iter().map(|(token, names)| {
        let names = names.join(", ");
        match token {
            Ok(variable) => {
                let seen = format!("{variable} is set, for {names}");
                check("Railway token", seen, Finding::Well)
            }
            Err((why, help)) => Check {
                next: vec![Step::Advice(help)],
                told: true,
                ..check("Railway token", "", Finding::Unknown(why))
            },
        }
    });
    each.collect()
}

/// The program that reaches other machines, where a target needs it.
fn ssh(items: &[Item], context: &Context) -> Option<Check> {
    let mut located = items.iter().flat_map(|item| &item.located);
    let needed = located.any(|located| located.target.address.host().is_some());
    if !needed {
        return None;
    }
    let path = context.variable("PATH").cloned().unwrap_or_default();
    let found = std::env::split_paths(&path)
        .map(|folder| folder.join("ssh"))
        .find(|program| program.is_file() && access(program, Access::EXEC_OK).is_ok());
    Some(match found {
        Some(program) => check("ssh", program.display().to_string(), Finding::Well),
        None => Check {
            next: vec![Step::Advice(
                "install the OpenSSH client, or put it into PATH".to_owned(),
            )],
            ..check(
                "ssh",
                "",
                Finding::Unknown("there is no program `ssh` in PATH".to_owned()),
            )
        },
    })
}
