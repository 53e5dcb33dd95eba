//! What a SOPS file holds. It declares variables, and becomes no target: driftlock does not write it.

use std::collections::BTreeSet;
use std::path::Path;

use super::SourcesArgs;
use super::address::Place;
use super::plain::named;
use super::read::Held;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::model::VarName;
use crate::reconcile::import::Found;
use crate::render::escape;
use crate::render::style::shell_quoted;
use crate::sops::{self, Entry, Opened, Sealed, SopsError, Store, Unfit};

/// How many refused values are named.
const SHOWN: usize = 20;

pub(super) fn take(
    place: &Place,
    text: &str,
    store: Store,
    arguments: &SourcesArgs,
    keyring: &mut Keyring,
    ui: &mut Ui,
) -> Result<Held, CommandError> {
    let called = &place.spelled.called;
    let opened = Sealed::parse(text, store)
        .and_then(|sealed| sealed.open(keyring))
        .map_err(|error| refusal(place, &error))?;
    refuse_binary(place, store, &opened.entries)?;
    ui.say(&format!(
        "opened {called} with {}",
        escape::terminal(&opened.identity)
    ));
    let except: BTreeSet<String> = arguments.except.iter().cloned().collect();
    let vars = sops::variables(&opened.entries, arguments.flatten, &except)
        .map_err(|unfit| refused(called, &unfit))?;
    let left_out = except
        .iter()
        .filter(|path| opened.entries.iter().any(|entry| entry.lies_at(path)))
        .cloned()
        .collect();
    let public: BTreeSet<VarName> = vars
        .iter()
        .filter(|(_, plain)| !plain.is_encrypted)
        .map(|(name, _)| name.clone())
        .collect();
    let mut notes = uncovered(called, &opened, &public);
    if store == Store::Dotenv {
        notes.extend(quoted(
            called,
            vars.iter()
                .map(|(name, plain)| (name, plain.value.expose())),
        ));
    }
    Ok(Held {
        found: Found {
            label: place.label.clone(),
            called: called.clone(),
            address: None,
            vars: vars
                .into_iter()
                .map(|(name, plain)| (name, plain.value))
                .collect(),
            public,
        },
        notes,
        clear_file: None,
        left_out,
    })
}

/// Why nothing was taken, with what to do about it.
pub(super) fn refusal(place: &Place, error: &SopsError) -> CommandError {
    let called = &place.spelled.called;
    let message = format!(
        "{called} {}; nothing was written",
        escape::terminal(&error.to_string())
    );
    let file = match named(place) {
        Some(path) => shell_quoted(&escape::terminal(&path.display().to_string())),
        None => "FILE".to_owned(),
    };
    let failed = match error {
        SopsError::Ini | SopsError::Groups { .. } | SopsError::NoAge { .. } => {
            CommandError::refused(message)
        }
        _ => CommandError::error(message),
    };
    failed.hint(error.help(&file))
}

/// What SOPS calls binary is one value: a whole file, in JSON under the key `data`.
fn refuse_binary(place: &Place, store: Store, entries: &[Entry]) -> Result<(), CommandError> {
    let is_json = named(place)
        .and_then(Path::extension)
        .is_some_and(|ending| ending == "json");
    if store != Store::Json || is_json || entries.len() != 1 || entries[0].path() != "data" {
        return Ok(());
    }
    let called = &place.spelled.called;
    Err(CommandError::refused(format!(
        "{called} is a whole file that SOPS encrypted (its binary store), and no set of variables; nothing was written"
    ))
    .hint("sops -d FILE | driftlock import - takes in what is in it"))
}

fn refused(called: &str, unfit: &[Unfit]) -> CommandError {
    let plural = if unfit.len() == 1 { "" } else { "s" };
    let mut error = CommandError::refused(format!(
        "{} value{plural} of {called} cannot be a variable as it stands; nothing was written",
        unfit.len()
    ));
    for one in unfit.iter().take(SHOWN) {
        error = error.detail(format!(
            "{} {}",
            escape::terminal(&one.path),
            escape::terminal(&one.why)
        ));
    }
    if unfit.len() > SHOWN {
        error = error.detail(format!("and {} more", unfit.len() - SHOWN));
    }
    if unfit.iter().any(|one| one.nested) {
        error = error.hint(
            "--flatten names nested values after their paths: db.password becomes db_password",
        );
    }
    let flags: Vec<String> = unfit
        .iter()
        .take(5)
        .map(|one| format!("--except {}", shell_quoted(&escape::terminal(&one.path))))
        .collect();
    error.hint(format!("leave values out: {}", flags.join(" ")))
}

fn uncovered(called: &str, opened: &Opened, public: &BTreeSet<VarName>) -> Vec<String> {
    if !opened.mac_only_encrypted || public.is_empty() {
        return vec![];
    }
    let names: Vec<&str> = public.iter().map(VarName::as_str).collect();
    vec![format!(
        "{called}: the file's MAC is over encrypted values alone, so anybody may have changed {}",
        names.join(", ")
    )]
}

/// SOPS knows no quotes in a dotenv file: whoever wrote them may have meant otherwise.
fn quoted<'a>(called: &str, vars: impl Iterator<Item = (&'a VarName, &'a str)>) -> Option<String> {
    let is_quoted = |text: &str| {
        ['"', '\'']
            .iter()
            .any(|quote| text.len() > 1 && text.starts_with(*quote) && text.ends_with(*quote))
    };
    let names: Vec<&str> = vars
        .filter(|(_, text)| is_quoted(text))
        .map(|(name, _)| name.as_str())
        .collect();
    (!names.is_empty()).then(|| {
        format!(
            "{called}: {} with the quotes around, which SOPS takes for a part of the value",
            names.join(", ")
        )
    })
}
