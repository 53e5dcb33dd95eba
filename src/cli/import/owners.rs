//! Two manifests that write one place would undo each other, so every plan would refuse both.

use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::ui::Ui;
use crate::manifest::Manifest;
use crate::model::Address;
use crate::reconcile::import::{Environment, Named};
use crate::reconcile::load;
use crate::source;

/// Refuses if a manifest here has one of these places already. One that cannot be read is said so.
pub(super) fn refuse_second_owner(
    found: &Environment,
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
        if let Some((target, service)) = owner(&loaded.manifest, found) {
            return Err(CommandError::refused(format!(
                "{service} belongs to {}/{target} already; nothing was written",
                loaded.manifest.name
            ))
            .hint(
                "import other services with --service, or change that manifest with driftlock set",
            ));
        }
    }
    Ok(())
}

/// A target of this manifest that is one of the places, and how people call the place.
fn owner(manifest: &Manifest, found: &Environment) -> Option<(String, String)> {
    manifest.targets.iter().find_map(|target| {
        let Address::Railway(address) = &target.address else {
            return None;
        };
        if !is(&found.project, &address.project, false)
            || !is(&found.environment, &address.environment, false)
        {
            return None;
        }
        let place = found
            .places
            .iter()
            .find(|place| match (&place.service, &address.service) {
                (Some(service), Some(spelled)) => is(service, spelled, true),
                (None, None) => true,
                _ => false,
            })?;
        // nothing is taken of an empty place, but it is theirs all the same
        let service = place.service.as_ref().map(|service| service.name.as_str());
        let called = service.unwrap_or("the shared variables").to_owned();
        Some((target.name.to_string(), called))
    })
}

fn is(named: &Named, spelled: &str, any_case: bool) -> bool {
    named.id == spelled
        || named.name == spelled
        || (any_case && named.name.to_lowercase() == spelled.to_lowercase())
}
