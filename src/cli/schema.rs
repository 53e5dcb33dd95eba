//! `schema`: the JSON Schemas of what is read and printed.

use clap::Args;
use clap::builder::PossibleValuesParser;

use super::error::{CommandError, Exit};
use super::ui::Ui;
use crate::render::json;

/// Print a JSON Schema: of a file that is read, or of a --json output
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  driftlock schema > schemas/manifest.json
  driftlock schema rails > schemas/rails.json
  driftlock schema plan")]
pub(crate) struct SchemaArgs {
    /// Of what
    #[arg(
        default_value = "manifest",
        value_parser = PossibleValuesParser::new(["manifest", "rails", "authority", "alerts", "alert-event", "alert-test", "alerts-list", "plan", "saved-plan", "apply", "undo", "status", "round", "history", "journal", "check", "diff", "doctor", "rotation", "recipients"])
    )]
    name: String,
}

pub(crate) fn run(arguments: &SchemaArgs, ui: &mut Ui) -> Result<Exit, CommandError> {
    let schema = match arguments.name.as_str() {
        "manifest" => Some(crate::manifest::json_schema()),
        "rails" => Some(crate::manifest::rails_schema()),
        "authority" => Some(crate::manifest::authority_schema()),
        "alerts" => Some(crate::manifest::alerts_schema()),
        "alert-event" => Some(crate::alert::event_schema()),
        name => {
            let file = format!("{name}.json");
            json::schemas()
                .into_iter()
                .find(|(name, _)| *name == file)
                .map(|(_, schema)| schema)
        }
    };
    let text = schema
        .and_then(|schema| serde_json::to_string_pretty(&schema).ok())
        .ok_or_else(|| CommandError::error("there is no schema of this name"))?;
    ui.raw(format!("{text}\n").as_bytes());
    Ok(Exit::DONE)
}
