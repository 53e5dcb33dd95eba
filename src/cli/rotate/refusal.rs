//! What `rotate` leaves alone, and what to do instead.

use super::form::Unmakable;
use crate::cli::error::CommandError;
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

/// Whether the manifest keeps a secret under this name. Asked before anything is decrypted.
pub(super) fn check_source(manifest: &Manifest, name: &VarName) -> Result<(), CommandError> {
    let variable = manifest.variables.get(name);
    if let Some(of) = variable.and_then(|variable| variable.metadata.previous_of.as_ref()) {
        return Err(of_former(name, of, "nothing was changed"));
    }
    match variable.map(|variable| &variable.source) {
        Some(Source::Sealed(_)) => Ok(()),
        Some(Source::Clear(_)) => Err(CommandError::refused(format!(
            "{name} is clear, for everyone to read: there is no secret in it; nothing was changed"
        ))
        .hint(format!("driftlock set {name} --secret --generate, if it is to be one"))),
        Some(Source::Template(_)) => Err(of_template(manifest, name)),
        // its writer may have put a value there that was given out elsewhere, for a reader to accept
        Some(Source::Armored(_)) => Err(CommandError::refused(format!(
            "{name} has a new value already, which was written without the key and waits; nothing was changed"
        ))
        .hint(format!("driftlock accept {name}"))),
        None => Err(CommandError::error(format!(
            "{name} is not declared in this manifest; nothing was changed"
        ))
        .hint("driftlock status lists the variables that there are")),
    }
}

/// What a rotation put there, and takes away again.
pub(in crate::cli) fn of_former(name: &VarName, of: &VarName, rest: &str) -> CommandError {
    CommandError::refused(format!("{name} is the former value of {of}; {rest}"))
        .hint(format!("driftlock rotate --status {of}"))
}

/// A template has no value of its own.
fn of_template(manifest: &Manifest, name: &VarName) -> CommandError {
    let secrets: Vec<String> = manifest
        .secrets_of_use(&UseSource::Declared(name.clone()))
        .iter()
        .map(ToString::to_string)
        .collect();
    if secrets.is_empty() {
        return CommandError::error(format!(
            "{name} is a template without a secret in it; nothing was changed"
        ))
        .hint("change it in the manifest");
    }
    CommandError::error(format!(
        "{name} is a template, made from {}; nothing was changed",
        secrets.join(" and ")
    ))
    .hint(format!("driftlock rotate {}", secrets.join(" ")))
}

pub(super) fn unmakable(name: &VarName, why: Unmakable) -> CommandError {
    let hint = match why {
        Unmakable::PrivateKey | Unmakable::Lines | Unmakable::Ciphertext | Unmakable::Json => {
            format!(
                "make a new one with the program that it is for, then driftlock set {name} --from-file FILE"
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
    CommandError::refused(format!(
        "{name} {why}: a new one cannot be made by chance; nothing was changed"
    ))
    .hint(hint)
}
