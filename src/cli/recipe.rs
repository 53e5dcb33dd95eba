//! New values by recipe: what `set --generate` and `rotate` have in common.

mod command;
mod consent;

pub(crate) use command::run as run_command;
pub(crate) use consent::{ask, check_yes};

use super::context::Context;
use super::error::CommandError;
use super::session::{self, Item};
use super::ui::Ui;
use crate::crypto::{make_key_pair, random_bytes};
use crate::manifest::Manifest;
use crate::model::{Recipe, RecipeError, SHORT_FORMS, SecretValue, TextRecipe, VarName};
use crate::reconcile::fit::{self, Refused};
use crate::reconcile::load::Opener;

/// What a recipe made.
pub(crate) struct Made {
    /// The new value.
    pub(crate) value: SecretValue,
    /// The clear variable that gets the public half of a key pair, and that half.
    pub(crate) public: Option<(VarName, String)>,
}

impl Made {
    /// A value without a public half.
    pub(crate) const fn of(value: SecretValue) -> Self {
        Self {
            value,
            public: None,
        }
    }
}

/// A new value. A command was agreed to before.
pub(crate) fn make(
    name: &VarName,
    recipe: &Recipe,
    context: &Context,
) -> Result<Made, CommandError> {
    let value = match recipe {
        Recipe::Text(text) => text.make(random_bytes),
        Recipe::Command(command) => run_command(name, command, context)?,
        Recipe::Pair(pair) => {
            let made = make_key_pair(pair.kind, name).map_err(|error| {
                CommandError::error(format!("{name} got no new value: {error}"))
            })?;
            return Ok(Made {
                value: made.secret,
                public: Some((pair.public.clone(), made.public)),
            });
        }
    };
    Ok(Made::of(value))
}

/// A recipe of the command line. What was typed is not repeated.
pub(crate) fn parse(text: &str) -> Result<TextRecipe, CommandError> {
    text.parse().map_err(|error: RecipeError| {
        let why = match error {
            RecipeError::Unknown => "--generate takes no recipe like this".to_owned(),
            other => format!("--generate: {other}"),
        };
        CommandError::usage(why)
            .hint(format!("for example {SHORT_FORMS}"))
            .hint("key pairs and commands stand in the manifest, under `generate:` of the variable")
    })
}

/// What targets could not hold of the values of these variables. `manifest` is what an edited text
/// says.
pub(crate) fn misfits(
    manifest: &Manifest,
    names: &[VarName],
    opener: &mut Opener<'_>,
    item: &Item,
    context: &Context,
    ui: &mut Ui,
) -> Vec<Refused> {
    let connections = session::connections(context, ui);
    let names = names.iter().cloned().collect();
    fit::refused(manifest, &names, opener, &item.located, &connections)
}

/// Refuses the edit, where there is any.
pub(crate) fn check_fit(misfits: &[Refused]) -> Result<(), CommandError> {
    let Some((first, rest)) = misfits.split_first() else {
        return Ok(());
    };
    let mut error = CommandError::refused(format!("{}; nothing was changed", unfit(first)));
    for one in rest {
        error = error.detail(unfit(one));
    }
    Err(error.hint(FITTING))
}

/// What to do about a value that does not fit.
pub(crate) const FITTING: &str = "give the variable a recipe whose values fit, under `generate:`";

pub(crate) fn unfit(one: &Refused) -> String {
    let Refused {
        target, name, why, ..
    } = one;
    format!("{target} could not hold the new value of {name}: {why}")
}
