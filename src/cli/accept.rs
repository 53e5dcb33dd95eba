//! `accept`: a reader vouches for values that were written without the key.

use std::path::PathBuf;

use clap::Args;

use super::Global;
use super::authoring;
use super::context::Context;
use super::error::{CommandError, Exit};
use super::session::{self, Item};
use super::ui::Ui;
use crate::manifest::{Payload, Source};
use crate::model::VarName;
use crate::reconcile::load::{Open, Opener, Opening};

/// Vouch for values that were written by somebody without the key
///
/// Anybody who has the manifest's public keys can write such a value, so apply holds it back. A reader
/// who knows where it comes from accepts it: it is opened and sealed under the manifest's own key.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock reveal API_TOKEN      look at it first
  driftlock accept API_TOKEN")]
pub(crate) struct AcceptArgs {
    /// The variables
    #[arg(required = true)]
    names: Vec<VarName>,

    /// The manifest [default: the only one in the folder manifests]
    #[arg(long, short = 'f', value_name = "FILE")]
    manifest: Option<PathBuf>,
}

pub(crate) fn run(
    arguments: &AcceptArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    let mut keyring = session::keyring(global, context);
    let opening = session::open_or_fail(&item, &mut keyring)?;
    let Opening::Open(open) = &opening else {
        return Err(CommandError::error("nothing in this manifest is encrypted"));
    };
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let sources = arguments
        .names
        .iter()
        .map(|name| Ok((name, accepted(&item, name, &mut opener, open)?)))
        .collect::<Result<Vec<_>, CommandError>>()?;
    authoring::edit(&item, context, ui, |editor| {
        sources
            .iter()
            .try_for_each(|(name, source)| editor.set(name, source))
    })?;
    for name in &arguments.names {
        ui.say(&format!(
            "{name} is accepted in {}",
            item.file.path.display()
        ));
    }
    ui.say("  next: driftlock plan");
    Ok(Exit::DONE)
}

/// The same value, sequence and date, under the manifest's own key.
fn accepted(
    item: &Item,
    name: &VarName,
    opener: &mut Opener<'_>,
    open: &Open,
) -> Result<Source, CommandError> {
    let manifest = &item.loaded.manifest;
    match manifest
        .variables
        .get(name)
        .map(|variable| &variable.source)
    {
        Some(Source::Armored(_)) => {}
        Some(_) => {
            return Err(CommandError::error(format!(
                "{name} needs no accepting; nothing was changed"
            )));
        }
        None => {
            return Err(CommandError::error(format!(
                "{name} is not declared in this manifest"
            )));
        }
    }
    let present = opener
        .value(manifest, name)
        .map_err(|why| CommandError::error(format!("{name} does not open: {why}")))?;
    let (Some(sequence), Some(sealed_at)) = (present.sequence, present.sealed_at) else {
        return Err(CommandError::error(format!("{name} has no sequence")));
    };
    let payload: Payload = authoring::sealed_payload(
        &open.envelope,
        name.as_str(),
        sequence,
        sealed_at,
        &present.value,
    )?;
    Ok(Source::Sealed(payload))
}
