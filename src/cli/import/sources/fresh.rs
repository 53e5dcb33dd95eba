//! A new manifest of what was read.

use std::path::Path;

use super::SourcesArgs;
use super::read::Held;
use super::tell::{Done, Written};
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::import::compose;
use crate::cli::prompt::confirm;
use crate::cli::ui::Ui;
use crate::cli::{Global, identity, ignore};
use crate::model::ManifestName;
use crate::reconcile::import::Imported;

pub(super) struct Fresh<'a> {
    pub(super) name: &'a ManifestName,
    pub(super) path: &'a Path,
    pub(super) asks: bool,
    pub(super) arguments: &'a SourcesArgs,
}

impl Fresh<'_> {
    /// `None` where a person said no.
    pub(super) fn write(
        &self,
        done: &Done<'_>,
        global: &Global,
        context: &Context,
        ui: &mut Ui,
    ) -> Result<Option<Written>, CommandError> {
        let arguments = self.arguments;
        let own = identity::find_or_make(global, context, self.asks, arguments.yes, "import", ui)?;
        if self.asks && !confirm(ui, &format!("Write {}?", self.path.display()))? {
            return Ok(None);
        }
        let readers = identity::readers(&own, &arguments.recipient, &context.who())?;
        let imported = Imported {
            declared: done.gathered.declared.clone(),
            targets: done.gathered.targets.clone(),
            ..Imported::default()
        };
        let text = compose::compose(
            self.name,
            context,
            &readers,
            &imported,
            done.clear,
            "import fewer sources at once, into manifests of their own with --name",
        )?;
        crate::cli::import::write(context, self.path, &text)?;
        let mut ignored = ignore::ignore(context, None, own.file.as_deref())?;
        ignored.extend(ignore_files(done.held, context)?);
        Ok(Some(Written {
            verb: "wrote",
            made: own.file,
            encrypted_for: Some(own.public),
            ignored,
        }))
    }
}

/// Files with clear values stay out of git.
pub(super) fn ignore_files(held: &[Held], context: &Context) -> Result<Vec<String>, CommandError> {
    let mut ignored = vec![];
    for file in held.iter().filter_map(|held| held.clear_file.as_deref()) {
        ignored.extend(ignore::ignore(context, Some(file), None)?);
    }
    Ok(ignored)
}
