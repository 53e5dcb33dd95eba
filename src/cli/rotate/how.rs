//! How a new value is made: by the command line, by the variable's recipe, or like the present one.

use std::fmt;
use std::path::{Path, PathBuf};

use super::RotateArgs;
use super::form::form_of;
use super::refusal::{Left, unmakable};
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::prompt;
use crate::manifest::{Manifest, Variable};
use crate::model::{COMMAND_LIMIT, CommandRecipe, Recipe, SecretValue, Shape, TextRecipe, VarName};
use crate::render::escape;

/// Where the command line says that the value of the one variable comes from.
pub(super) enum Origin {
    /// It says nothing.
    Chance,
    Prompt,
    File(PathBuf),
    Command(CommandRecipe),
}

impl Origin {
    pub(super) fn of(arguments: &RotateArgs) -> Result<Self, CommandError> {
        let origin = match (&arguments.from_file, &arguments.command) {
            (Some(path), _) => Self::File(path.clone()),
            (_, Some(line)) if line.trim().is_empty() || line.contains('\0') => {
                return Err(CommandError::usage(
                    "--command needs a command line for sh; nothing was changed",
                ));
            }
            (_, Some(line)) => Self::Command(CommandRecipe {
                line: line.clone(),
                limit: COMMAND_LIMIT,
            }),
            _ if arguments.prompt => Self::Prompt,
            _ => return Ok(Self::Chance),
        };
        if arguments.names.len() != 1 {
            return Err(CommandError::usage(
                "a value that is given is for one variable; nothing was changed",
            )
            .hint("name one variable, once for each value"));
        }
        Ok(origin)
    }
}

/// How the new value of one variable is made.
pub(super) enum How {
    Recipe(Recipe),
    /// In the form of the present one.
    Form(TextRecipe),
    /// A command of the command line, which needs no further yes.
    Once(CommandRecipe),
    Typed(SecretValue),
    Read(SecretValue),
    /// Nobody is asked and nothing is read where nothing is done.
    LaterTyped,
}

impl How {
    /// The command line comes first, then the recipe, then the present value.
    pub(super) fn find(
        name: &VarName,
        variable: Option<&Variable>,
        present: &SecretValue,
        origin: &Origin,
        is_dry: bool,
        context: &Context,
    ) -> Result<Self, CommandError> {
        match origin {
            Origin::Prompt if is_dry => Ok(Self::LaterTyped),
            Origin::Prompt if context.terminal.input => {
                prompt::secret(name.as_str()).map(Self::Typed)
            }
            Origin::Prompt => Err(CommandError::usage(
                "--prompt asks on a terminal, and standard input is none; nothing was changed",
            )
            .hint(format!("driftlock rotate {name} --from-file - reads it"))),
            Origin::File(path) if path == Path::new("-") => {
                authoring::value_of_stdin().map(Self::Read)
            }
            Origin::File(path) => authoring::value_of_file(&context.absolute(path)).map(Self::Read),
            Origin::Command(command) => Ok(Self::Once(command.clone())),
            Origin::Chance => match variable.and_then(|one| one.metadata.generate.clone()) {
                Some(recipe) => Ok(Self::Recipe(recipe)),
                None => form_of(present)
                    .map(Self::Form)
                    .map_err(|why| unmakable(name, why).into_error()),
            },
        }
    }

    /// What it will be, for who only looks.
    pub(super) fn before(&self) -> String {
        match self {
            Self::Recipe(Recipe::Command(command)) | Self::Once(command) => {
                format!("what this prints: {}", escape::terminal(&command.line))
            }
            Self::LaterTyped => "a value that is asked for".to_owned(),
            other => other.to_string(),
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recipe(recipe) => write!(f, "{recipe}, by its recipe"),
            Self::Form(text) => match text.shape {
                Shape::Hex { .. } => f.write_str("hex digits, as many as before"),
                Shape::Uuid { .. } => f.write_str("a UUID, as before"),
                _ => text.fmt(f),
            },
            Self::Once(_) => f.write_str("what the command printed"),
            Self::Typed(_) | Self::LaterTyped => f.write_str("the value that was typed"),
            Self::Read(_) => f.write_str("the value that was read"),
        }
    }
}

/// The first of these variables whose recipe is a command.
pub(super) fn commands_of<'n>(manifest: &Manifest, names: &'n [VarName]) -> Option<&'n VarName> {
    names.iter().find(|name| {
        let variable = manifest.variables.get(*name);
        let recipe = variable.and_then(|variable| variable.metadata.generate.as_ref());
        recipe.is_some_and(|recipe| recipe.command().is_some())
    })
}

impl From<CommandError> for Left {
    fn from(error: CommandError) -> Self {
        let message = error.message;
        let why = message.strip_suffix("; nothing was changed");
        Self {
            why: why.map(str::to_owned).unwrap_or(message),
            hints: error.hints,
            exit: error.exit,
        }
    }
}
