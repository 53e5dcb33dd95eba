//! Railway's own configuration files beside the manifests: said once, where they may manage the same
//! variables.

use std::collections::BTreeSet;
use std::path::Path;

use super::context::Context;
use super::session::Item;
use super::ui::Ui;
use crate::manifest::Manifest;
use crate::model::PlatformKind;
use crate::render::escape;
use crate::source::{Neighbour, neighbours};

/// Looks beside these manifests, as far as they have Railway targets.
pub(crate) fn warn_of_manifests(items: &[Item], context: &Context, ui: &mut Ui) {
    let folders = items
        .iter()
        .filter(|item| is_on_railway(&item.loaded.manifest))
        .map(|item| item.file.folder.as_path());
    warn(folders, context, ui);
}

fn is_on_railway(manifest: &Manifest) -> bool {
    manifest
        .targets
        .iter()
        .any(|target| target.address.platform() == PlatformKind::Railway)
}

/// Looks beside and above these folders; each file is named once.
pub(crate) fn warn<'a>(
    folders: impl IntoIterator<Item = &'a Path>,
    context: &Context,
    ui: &mut Ui,
) {
    let mut seen = BTreeSet::new();
    for neighbour in folders.into_iter().flat_map(neighbours) {
        if !seen.insert(neighbour.path.clone()) {
            continue;
        }
        let path = neighbour
            .path
            .strip_prefix(&context.folder)
            .unwrap_or(&neighbour.path);
        let path = escape::terminal(&path.display().to_string());
        match message(&neighbour, &path) {
            Some(text) => ui.warn(&text),
            None => tracing::debug!(%path, "a Railway configuration file without variables"),
        }
    }
}

fn message(neighbour: &Neighbour, path: &str) -> Option<String> {
    let owns = match (neighbour.is_code, neighbour.mentions_variables) {
        (false, false) => return None,
        (true, true) => "manages variables too",
        (true, false) => "does not mention variables now, but can manage them",
        (false, true) => "mentions variables",
    };
    let by = if neighbour.is_code {
        "`railway config apply`"
    } else {
        "a deployment"
    };
    Some(format!(
        "{path} {owns}: what both it and driftlock hold, {by} and `driftlock apply` undo for each other\n  \
         help: let one of the two own each variable: take it out of that file, or out of the manifest"
    ))
}
