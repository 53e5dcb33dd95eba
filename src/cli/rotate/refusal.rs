//! What `rotate` leaves alone, and what to do instead.

use super::form::Unmakable;
use crate::cli::error::{CommandError, Exit};
use crate::manifest::{Manifest, Source, UseSource};
use crate::model::VarName;

pub(super) fn check_names(names: &[VarName]) -> Result<(), CommandError> {
    let twice = names
        .iter()
        .enumerate()
        .find(|(at, name)| names[..*at].contains(name));
    match twice {
        None => Ok(()),
        Some((_, name)) => Err(CommandError::usage(format!(
            "{name} is named twice; nothing was changed"
        ))
        .hint("name each variable once")),
    }
}

/// Why one variable keeps its value.
#[derive(Debug)]
pub(super) struct Left {
    /// Lower case, no final period, no value.
    pub(super) why: String,
    /// What to do about it.
    pub(super) hints: Vec<String>,
    /// What it means where nothing else is wanted.
    pub(super) exit: Exit,
}

impl Left {
    pub(super) fn refused(why: String, hint: String) -> Self {
        Self::new(Exit::REFUSED, why, hint)
    }

    fn error(why: String, hint: String) -> Self {
        Self::new(Exit::ERROR, why, hint)
    }

    fn new(exit: Exit, why: String, hint: String) -> Self {
        Self {
            why,
            hints: vec![hint],
            exit,
        }
    }

    pub(super) fn into_error(self) -> CommandError {
        CommandError {
            exit: self.exit,
            message: format!("{}; nothing was changed", self.why),
            hints: self.hints,
        }
    }
}

/// Whether the manifest keeps a secret under this name. Asked before anything is decrypted.
pub(super) fn check_source(manifest: &Manifest, name: &VarName) -> Result<(), Left> {
    let variable = manifest.variables.get(name);
    if let Some(of) = variable.and_then(|variable| variable.metadata.previous_of.as_ref()) {
        return Err(Left::refused(
            format!("{name} is the former value of {of}"),
            status_of(of),
        ));
    }
    match variable.map(|variable| &variable.source) {
        Some(Source::Sealed(_)) => Ok(()),
        Some(Source::Clear(_)) => Err(Left::refused(
            format!("{name} is clear, for everyone to read: there is no secret in it"),
            format!("driftlock set {name} --secret --generate, if it is to be one"),
        )),
        Some(Source::Template(_)) => Err(of_template(manifest, name)),
        // its writer may have put a value there that was given out elsewhere, for a reader to accept
        Some(Source::Armored(_)) => Err(Left::refused(
            format!("{name} has a new value already, which was written without the key and waits"),
            format!("driftlock accept {name}"),
        )),
        None => Err(Left::error(
            format!("{name} is not declared in this manifest"),
            "driftlock status lists the variables that there are".to_owned(),
        )),
    }
}

/// What a rotation put there, and takes away again.
pub(in crate::cli) fn of_former(name: &VarName, of: &VarName, rest: &str) -> CommandError {
    CommandError::refused(format!("{name} is the former value of {of}; {rest}")).hint(status_of(of))
}

fn status_of(of: &VarName) -> String {
    format!("driftlock rotate --status {of}")
}

/// A template has no value of its own.
fn of_template(manifest: &Manifest, name: &VarName) -> Left {
    let secrets: Vec<String> = manifest
        .secrets_of_use(&UseSource::Declared(name.clone()))
        .iter()
        .map(ToString::to_string)
        .collect();
    if secrets.is_empty() {
        return Left::error(
            format!("{name} is a template without a secret in it"),
            "change it in the manifest".to_owned(),
        );
    }
    Left::error(
        format!("{name} is a template, made from {}", secrets.join(" and ")),
        format!("driftlock rotate {}", secrets.join(" ")),
    )
}

pub(super) fn unmakable(name: &VarName, why: Unmakable) -> Left {
    let hint = match why {
        Unmakable::PrivateKey | Unmakable::Lines | Unmakable::Ciphertext | Unmakable::Json => {
            format!(
                "make a new one with the program that it is for, then driftlock set {name} --from-file FILE; or let `generate:` say how"
            )
        }
        Unmakable::Jwt | Unmakable::Url => {
            format!("renew it where it comes from, then driftlock set {name}")
        }
        Unmakable::Issued => format!(
            "renew it where it comes from, then driftlock set {name}; if it was made here after all, driftlock set {name} --generate"
        ),
        Unmakable::Reference => "renew that one, on the platform".to_owned(),
    };
    Left::refused(
        format!("{name} {why}: a new one cannot be made by chance"),
        hint,
    )
}
