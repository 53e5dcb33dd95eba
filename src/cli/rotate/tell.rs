//! What a rotation says.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::choose::Wanted;
use super::make::{Rotated, Rotation};
use crate::cli::error::{CommandError, Exit};
use crate::cli::reach;
use crate::cli::session::Item;
use crate::cli::ui::Ui;
use crate::manifest::Metadata;
use crate::reconcile::expiry::{self, Dates};
use crate::reconcile::targets::Visibility;

/// Says what was done; whether any of it is used.
pub(super) fn done(item: &Item, rotation: &Rotation, now: Timestamp, ui: &mut Ui) -> bool {
    let path = item.file.path.display();
    let mut using = BTreeSet::new();
    for one in &rotation.done {
        ui.say(&format!("{} rotated in {path}: {}", one.name, one.how));
        using.extend(where_it_goes(item, one, ui));
        end_of(item, one, now, ui);
    }
    let is_used = !using.is_empty();
    elsewhere(item, &using, ui);
    left(rotation, ui);
    is_used
}

/// Says what would be done.
pub(super) fn would(item: &Item, rotation: &Rotation, ui: &mut Ui) {
    let path = item.file.path.display();
    let mut using = BTreeSet::new();
    for one in &rotation.done {
        let how = one.how.before();
        ui.say(&format!("{} would be rotated in {path}: {how}", one.name));
        using.extend(where_it_goes(item, one, ui));
    }
    elsewhere(item, &using, ui);
    left(rotation, ui);
    ui.say("nothing was changed: this was a dry run");
}

/// Says that there was nothing to do, or nothing that could be done.
pub(super) fn nothing(wanted: &Wanted<'_>, rotation: &Rotation, ui: &mut Ui) -> Exit {
    left(rotation, ui);
    let words = match (rotation.left.is_empty(), wanted) {
        (false, _) => "nothing was changed",
        (true, Wanted::Part { due: true, .. }) => "nothing is due for rotation",
        (true, _) => "there is nothing to rotate",
    };
    ui.say(words);
    rotation.exit()
}

/// A manifest of clear variables has nothing to rotate, which is an error only for who names one.
pub(super) fn nothing_sealed(wanted: &Wanted<'_>, ui: &mut Ui) -> Result<Exit, CommandError> {
    if matches!(wanted, Wanted::Names(_)) {
        return Err(CommandError::error("nothing in this manifest is encrypted"));
    }
    ui.say("nothing in this manifest is encrypted: there is nothing to rotate");
    Ok(Exit::DONE)
}

fn where_it_goes(item: &Item, one: &Rotated, ui: &mut Ui) -> Vec<String> {
    let manifest = &item.loaded.manifest;
    let mut targets = reach::used_by(manifest, &one.name);
    if targets.is_empty() {
        ui.say("  no target uses it: list it at one in the manifest, or take it out with driftlock unset");
    } else {
        ui.say(&format!("  used by {}", targets.join(", ")));
    }
    let templates = reach::templates_of(manifest, &one.name);
    if !templates.is_empty() {
        ui.say(&format!("  made from it: {}", templates.join(", ")));
    }
    if let Some((public, _)) = &one.public {
        let more = reach::used_by(manifest, public);
        let words = match more.is_empty() {
            true => "which no target uses".to_owned(),
            false => format!("used by {}", more.join(", ")),
        };
        ui.say(&format!("  its public half is {public}, in clear, {words}"));
        targets.extend(more);
    }
    targets
}

/// A date in the manifest is of the former value.
fn end_of(item: &Item, one: &Rotated, now: Timestamp, ui: &mut Ui) {
    let variable = item.loaded.manifest.variables.get(&one.name);
    let Some(date) = variable.and_then(|variable| variable.metadata.expires) else {
        return;
    };
    let only = Metadata {
        expires: Some(date),
        ..Metadata::default()
    };
    let (none, policy) = (Dates::default(), item.loaded.manifest.expiry);
    if expiry::due(&only, &none, policy, now).is_some() {
        ui.warn(&format!(
            "{} still ends on {date}: write the new date behind `expires:`",
            one.name
        ));
    }
}

fn elsewhere(item: &Item, using: &BTreeSet<String>, ui: &mut Ui) {
    for located in &item.located {
        let target = located.target.name.as_str();
        if let Visibility::Elsewhere(machine) = &located.visibility
            && using.contains(target)
        {
            ui.say(&format!(
                "  {target} is written by an apply on the machine {machine}, not by one here"
            ));
        }
    }
}

fn left(rotation: &Rotation, ui: &mut Ui) {
    for one in &rotation.left {
        let mut text = format!("{}; it is left as it is", one.why);
        for hint in &one.hints {
            text.push_str(&format!("\n  help: {hint}"));
        }
        ui.warn(&text);
    }
}
