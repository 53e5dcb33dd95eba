//! A folder that Railway's own command has linked: its variables may be meant, and not a `.env`.

use super::InitArgs;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::import::{self, RailwayArgs};
use crate::cli::prompt::confirm;
use crate::cli::ui::Ui;
use crate::render::escape;
use crate::source::railway_link;

/// Says that there is a link, and asks whether to import. `false` where there is none, or nobody to
/// ask: then what would do it is said.
pub(super) fn offer(
    arguments: &InitArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<bool, CommandError> {
    let Some(link) = context
        .home
        .as_deref()
        .and_then(|home| railway_link(home, &context.folder))
    else {
        return Ok(false);
    };
    let shown = |name: &Option<String>, id: &str| {
        let name = name.as_deref().unwrap_or(id);
        escape::terminal(name)
    };
    let project = shown(&link.project_name, &link.project);
    let environment = match &link.environment {
        Some(id) => format!(" (environment {})", shown(&link.environment_name, id)),
        None => String::new(),
    };
    let linked = format!("this folder is linked to the Railway project {project}{environment}");
    if context.terminal.input && context.terminal.errors && !arguments.yes {
        ui.say(&linked);
        return confirm(ui, "Import its variables, in place of a .env?");
    }
    ui.say(&format!(
        "{linked}; to take its variables in: driftlock import railway"
    ));
    Ok(false)
}

/// What `driftlock import railway` does here, under this command's name and for its readers.
pub(super) fn import(
    arguments: &InitArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let arguments = RailwayArgs {
        name: Some(arguments.name.clone()),
        clear: arguments.clear.clone(),
        recipient: arguments.recipient.clone(),
        ..RailwayArgs::default()
    };
    import::railway(&arguments, global, context, ui)
}
