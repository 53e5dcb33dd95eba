//! `--generate`: by the recipe of the command line, or the variable's own.

use super::SetArgs;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::recipe::{self, Made};
use crate::cli::ui::Ui;
use crate::manifest::Manifest;
use crate::model::{Recipe, SHORT_FORMS, TextRecipe, VarName};

/// The recipe to go by; `None` where nothing is to be generated.
pub(super) fn recipe_of(
    arguments: &SetArgs,
    manifest: &Manifest,
    name: &VarName,
    clear: bool,
) -> Result<Option<Recipe>, CommandError> {
    let Some(text) = arguments.generate.as_deref() else {
        return Ok(None);
    };
    let own = manifest
        .variables
        .get(name)
        .and_then(|variable| variable.metadata.generate.clone());
    let recipe = match (text, own) {
        ("", Some(own)) => own,
        ("", None) => return Ok(Some(Recipe::Text(TextRecipe::usual()))),
        (text, _) => return recipe::parse(text).map(Recipe::Text).map(Some),
    };
    let is_pair = recipe.public().is_some();
    if clear && (is_pair || !arguments.clear) {
        let refused = CommandError::refused(format!(
            "{name} is in clear, and its recipe would put a secret there for everyone to read; nothing was changed"
        ))
        .hint(format!("driftlock set {name} --secret --generate"));
        return Err(match is_pair {
            true => refused,
            false => refused.hint(format!(
                "driftlock set {name} --clear --generate, if everyone may read it"
            )),
        });
    }
    Ok(Some(recipe))
}

/// The recipe that goes into the manifest.
pub(super) fn word_to_save(arguments: &SetArgs, clear: bool) -> Result<Option<&str>, CommandError> {
    match arguments.generate.as_deref() {
        _ if !arguments.save_recipe => Ok(None),
        None | Some("") => Err(CommandError::usage(
            "--save-recipe needs a recipe to save; nothing was changed",
        )
        .hint(format!(
            "write it behind --generate, for example {SHORT_FORMS}"
        ))),
        Some(_) if clear => Err(CommandError::usage(
            "--save-recipe is for secrets, and this variable is in clear; nothing was changed",
        )
        .hint("with --secret it becomes one")),
        Some(word) => Ok(Some(word)),
    }
}

/// The private half would wait for a reader, and the public one would not.
pub(super) fn needs_reader(name: &VarName) -> CommandError {
    CommandError::refused(format!(
        "no identity of yours opens this manifest, so the private half of {name} would wait while the public one goes out; nothing was changed"
    ))
    .hint("name an identity file with --identity, or let a reader make the key pair")
}

/// A new value; a command is shown and asked for first.
pub(super) fn make(
    name: &VarName,
    recipe: &Recipe,
    yes: bool,
    context: &Context,
    ui: &mut Ui,
) -> Result<Made, CommandError> {
    if let Some(command) = recipe.command() {
        recipe::ask(&[(name, command)], yes, context, ui)?;
    }
    recipe::make(name, recipe, context)
}
