//! A place belongs to one target. One that has an owner already is not taken in again.

use std::path::PathBuf;

use super::address::Place;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::model::{Address, KeyPath, Target};
use crate::reconcile::load;
use crate::source;

/// Refuses if a manifest here has one of these places. One that cannot be read is said so.
pub(super) fn refuse_second_owner(
    places: &[Place],
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    // no manifests is no reason to refuse a first one
    for file in source::load_manifests(&context.folder, &[]).unwrap_or_default() {
        let path = file.path.display().to_string();
        let Ok(loaded) = load::load(&file.text) else {
            ui.warn(&format!(
                "{path} is not a valid manifest, so what it owns is not known; driftlock check says more"
            ));
            continue;
        };
        let item = session::item(file, loaded, context);
        for place in places {
            let owner = place.target.as_ref().and_then(|target| {
                item.located
                    .iter()
                    .find(|located| is_one(&located.target, target))
            });
            if let Some(owner) = owner {
                return Err(CommandError::refused(format!(
                    "{} belongs to {} already; nothing was written",
                    place.spelled.called,
                    session::full_name(&item, &owner.target.name)
                ))
                .hint("take in another place, or change that manifest with driftlock set"));
            }
        }
    }
    Ok(())
}

/// By the place's text, or as the same object of the same file.
fn is_one(one: &Target, other: &Target) -> bool {
    let real = |target: &Target| -> Option<(PathBuf, Option<KeyPath>)> {
        let at = match &target.address {
            Address::File(file) => file.at.clone(),
            Address::Openclaw(_) => None,
            Address::Railway(_) | Address::Memory(_) => return None,
        };
        if target.address.host().is_some() {
            return None;
        }
        Some((target.path.as_ref()?.canonicalize().ok()?, at))
    };
    one.place == other.place || real(one).is_some_and(|place| Some(place) == real(other))
}
