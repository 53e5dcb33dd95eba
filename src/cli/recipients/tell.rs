//! What a change of readers means, in the words of somebody who has to answer for it: who reads what
//! from when on, who else does, and what to do next.

use super::files::shown;
use super::keys::Newcomer;
use super::named::{Listed, call, roster, words};
use super::past::Past;
use super::remove::Parting;
use super::write::Prepared;
use crate::cli::context::Context;
use crate::cli::reach;
use crate::cli::rotate::is_made_by_chance;
use crate::cli::session::Item;
use crate::cli::ui::Ui;
use crate::model::VarName;
use crate::reconcile::event::ListedSince;
use crate::reconcile::readers;
use crate::render::escape;
use crate::render::style::shell_quoted;

/// So many names are written out.
const MOST_NAMES: usize = 200;
/// So many secrets get a line of their own, with the targets that use them.
const MOST_LINES: usize = 60;

/// `3 secrets`
pub(super) fn counted(count: usize, thing: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {thing}{plural}")
}

/// After `add`: who can read what, since when, and who else.
pub(super) fn added(one: &Prepared<'_>, new: &[Newcomer], context: &Context, ui: &mut Ui) {
    let path = shown(one.item);
    let before = roster(one.item).unwrap_or_default();
    let known = |new: &Newcomer| before.iter().any(|old| old.key == new.key);
    for there in new.iter().filter(|new| known(new)) {
        let who = words(there.name.as_deref(), &there.key);
        ui.say(&format!("{who} is a reader of {path} already"));
    }
    if one.text.is_none() {
        ui.say(&format!("{path} is unchanged"));
        return;
    }
    let fresh: Vec<&Newcomer> = new.iter().filter(|new| !known(new)).collect();
    for new in &fresh {
        let who = words(new.name.as_deref(), &new.key);
        ui.say(&format!("{who} can read {path} from now on"));
    }
    let manifest = &one.item.loaded.manifest;
    if let Some(seal) = &manifest.seal {
        secrets("  ", "reads", readers::sealed(manifest), ui);
        let past = Past::of(one.item, context).and_then(|past| past.key_since(seal.key_id));
        ui.say(&format!(
            "  and what these held in every older revision under the same file key {}{}",
            seal.key_id.short(),
            back_to(past.as_ref())
        ));
        waiting(one.item, ui);
    } else {
        ui.say("  nothing in it is encrypted yet");
    }
    others("others who read it", &before, ui);
}

fn back_to(since: Option<&ListedSince>) -> String {
    since.map_or_else(String::new, |since| {
        let commit = since.commit.get(..12).unwrap_or(&since.commit);
        let day = since.at.strftime("%Y-%m-%d");
        let more = if since.or_longer {
            ", and further than this clone goes"
        } else {
            ""
        };
        format!(", back to {commit} of {day}{more}")
    })
}

fn waiting(item: &Item, ui: &mut Ui) {
    let waiting = readers::waiting(&item.loaded.manifest);
    if waiting.is_empty() {
        return;
    }
    ui.say(&format!(
        "  not yet: {}, written without the key for the readers of then; driftlock accept puts it under the key",
        names(&waiting)
    ));
}

fn others(label: &str, readers: &[Listed], ui: &mut Ui) {
    let names: Vec<String> = readers.iter().map(Listed::call).collect();
    if !names.is_empty() {
        ui.say(&format!("  {label}: {}", names.join(", ")));
    }
}

fn secrets(indent: &str, verb: &str, all: Vec<&VarName>, ui: &mut Ui) {
    match all.len() {
        0 => ui.say(&format!("{indent}{verb} no secret yet")),
        count => ui.say(&format!(
            "{indent}{verb} {}: {}",
            counted(count, "secret"),
            names(&all)
        )),
    }
}

/// All of them, as long as somebody would read that.
fn names(all: &[&VarName]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(MOST_NAMES)
        .map(ToString::to_string)
        .collect();
    match all.len().checked_sub(MOST_NAMES) {
        None | Some(0) => shown.join(", "),
        Some(more) => format!("{} and {more} more", shown.join(", ")),
    }
}

/// What comes after an addition.
pub(super) fn next_after_adding(all: &[Prepared<'_>], ui: &mut Ui) {
    ui.say(&format!(
        "  next: commit {}; an apply where nobody is asked holds its changes until somebody allows the new \
         reader (--allow authority, or `recipients:` in the machine's authority.yaml)",
        written(all)
    ));
}

fn written(all: &[Prepared<'_>]) -> String {
    let paths = all.iter().filter(|one| one.text.is_some());
    let paths: Vec<String> = paths.map(|one| shown(one.item)).collect();
    paths.join(" and ")
}

/// After `remove`: what they have seen, what renews it, and what git still gives away.
pub(super) fn removed(one: &Prepared<'_>, parting: &Parting, context: &Context, ui: &mut Ui) {
    let path = shown(one.item);
    for (name, key) in &parting.gone {
        let who = words(name.as_deref(), key);
        ui.say(&format!("{who} is no reader of {path} any more"));
    }
    let Some(keys) = &one.keys else {
        ui.say("  nothing in it is encrypted, so no key changed");
        return;
    };
    let gone: Vec<String> = parting
        .gone
        .iter()
        .map(|(name, key)| call(name.as_deref(), key))
        .collect();
    let gone = gone.join(" and ");
    new_key(one, ui);
    others("who reads it", &parting.stay, ui);
    let values = &keys.rekeyed.values;
    if values.is_empty() {
        return;
    }
    let since = one.item.loaded.manifest.seal.as_ref().and_then(|seal| {
        let past = Past::of(one.item, context)?;
        past.key_since(seal.key_id)
    });
    ui.say(&format!(
        "  {gone} could read {}, and git still shows them to that key in every revision up to this one{}:",
        counted(values.len(), "secret"),
        back_to(since.as_ref())
    ));
    seen(one.item, &values.keys().collect::<Vec<_>>(), ui);
    let file = shell_quoted(&one.item.file.path.display().to_string());
    let (chance, issued): (Vec<&VarName>, Vec<&VarName>) = values.keys().partition(|name| {
        let variable = one.item.loaded.manifest.variables.get(*name);
        let recipe = variable.and_then(|variable| variable.metadata.generate.as_ref());
        recipe.is_some() || is_made_by_chance(&values[*name].value)
    });
    for some in chance.chunks(MOST_NAMES) {
        let names: Vec<String> = some.iter().map(ToString::to_string).collect();
        ui.say(&format!(
            "  next: driftlock rotate {} -f {file}",
            names.join(" ")
        ));
    }
    if !issued.is_empty() {
        ui.say(&format!(
            "  renew where it comes from, then driftlock set NAME -f {file}: {}",
            names(&issued)
        ));
    }
    ui.say(&format!(
        "  then commit {path}; what is not renewed stays known to {gone}"
    ));
}

/// Each secret, and where it is in use.
fn seen(item: &Item, all: &[&VarName], ui: &mut Ui) {
    for name in all.iter().take(MOST_LINES) {
        let targets = reach::used_by(&item.loaded.manifest, name);
        let targets = match targets.is_empty() {
            true => "no target".to_owned(),
            false => escape::terminal(&targets.join(", ")),
        };
        ui.say(&format!("    {name}  {targets}"));
    }
    if let Some(more) = all.get(MOST_LINES..).filter(|more| !more.is_empty()) {
        ui.say(&format!("    and {} more: {}", more.len(), names(more)));
    }
}

fn new_key(one: &Prepared<'_>, ui: &mut Ui) {
    if let Some(keys) = &one.keys {
        ui.say(&format!(
            "  new file key {}: {} sealed anew, with the number and the date that each had",
            keys.rekeyed.seal.key_id.short(),
            counted(keys.rekeyed.values.len(), "secret")
        ));
    }
}

/// After `rekey`.
pub(super) fn rekeyed(one: &Prepared<'_>, ui: &mut Ui) {
    ui.say(&format!("{} is under a new key", shown(one.item)));
    new_key(one, ui);
    let waiting = readers::waiting(&one.item.loaded.manifest);
    if !waiting.is_empty() {
        ui.say(&format!(
            "  as before: {}, written without the key",
            names(&waiting)
        ));
    }
    others("who reads it", &roster(one.item).unwrap_or_default(), ui);
    ui.say(&format!(
        "  older revisions in git stay under the old key; next: commit {}",
        shown(one.item)
    ));
}

/// After `accept`.
pub(super) fn accepted(one: &Prepared<'_>, ui: &mut Ui) {
    let path = shown(one.item);
    ui.say(&format!(
        "the recipients list of {path} is signed as it is, and its key wrapped for all of it"
    ));
    secrets(
        "  ",
        "each of them reads",
        readers::sealed(&one.item.loaded.manifest),
        ui,
    );
    waiting(one.item, ui);
    others("who reads it", &roster(one.item).unwrap_or_default(), ui);
    ui.say(&format!("  next: commit {path}"));
}
