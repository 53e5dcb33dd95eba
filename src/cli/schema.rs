//! `schema`: the JSON Schemas of what is read and printed.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::error::{CommandError, Exit};
use super::ui::Ui;
use crate::render::json;

/// Print a JSON Schema: of the manifest, of a command's --json output, or of a plan file
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock schema > schemas/manifest.json
  driftlock schema plan")]
pub(crate) struct SchemaArgs {
    /// Of what
    #[arg(
        default_value = "manifest",
        value_parser = PossibleValuesParser::new(["manifest", "plan", "apply", "status", "history", "check", "doctor", "saved-plan", "undo"])
    )]
    name: String,
}

pub(crate) fn run(arguments: &SchemaArgs, ui: &mut Ui) -> Result<Exit, CommandError> {
    let schema = if arguments.name == "manifest" {
        Some(crate::manifest::json_schema())
    } else {
        let file = format!("{}.json", arguments.name);
        json::schemas()
            .into_iter()
            .find(|(name, _)| *name == file)
            .map(|(_, schema)| schema)
    };
    let text = schema
        .and_then(|schema| serde_json::to_string_pretty(&schema).ok())
        .ok_or_else(|| CommandError::error("there is no schema of this name"))?;
    ui.raw(format!("{text}\n").as_bytes());
    Ok(Exit::DONE)
}
