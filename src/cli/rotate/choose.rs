//! Which variables: those that are named, or those that are due or somebody's.

use jiff::Timestamp;

use super::refusal::{Left, check_names, check_source};
use crate::cli::error::CommandError;
use crate::manifest::{Manifest, Metadata, Source};
use crate::model::{Due, ExpiryPolicy, VarName};
use crate::reconcile::expiry::{self, Dates};
use crate::reconcile::load::Opener;

/// What was asked for.
#[derive(Debug, Clone, Copy)]
pub(super) enum Wanted<'a> {
    /// Each of them, or nothing at all.
    Names(&'a [VarName]),
    /// What there is of them; what cannot be rotated is told and left.
    Part {
        /// Only what is due, or soon will be.
        due: bool,
        /// Only what has this owner.
        owner: Option<&'a str>,
    },
}

impl<'a> Wanted<'a> {
    pub(super) fn of(
        names: &'a [VarName],
        due: bool,
        owner: Option<&'a str>,
    ) -> Result<Self, CommandError> {
        if due || owner.is_some() {
            return Ok(Self::Part { due, owner });
        }
        check_names(names)?;
        Ok(Self::Names(names))
    }

    /// Asked before anything is decrypted.
    pub(super) fn check(&self, manifest: &Manifest) -> Result<(), CommandError> {
        match self {
            Self::Names(names) => names
                .iter()
                .try_for_each(|name| check_source(manifest, name).map_err(Left::into_error)),
            Self::Part {
                owner: Some(owner), ..
            } => {
                let all = manifest.variables.values();
                let mut owners = all.filter_map(|variable| variable.metadata.owner.as_deref());
                if owners.any(|one| one == *owner) {
                    return Ok(());
                }
                Err(CommandError::error(
                    "no variable of this manifest has that owner; nothing was changed",
                )
                .hint("--owner takes the text that stands behind `owner:`, whole"))
            }
            Self::Part { owner: None, .. } => Ok(()),
        }
    }

    /// The variables, and those that would be among them but for something that a person must do.
    pub(super) fn choose(
        &self,
        manifest: &Manifest,
        opener: &mut Opener<'_>,
        now: Timestamp,
    ) -> (Vec<VarName>, Vec<Left>) {
        let (due, owner) = match self {
            Self::Names(names) => return (names.to_vec(), vec![]),
            Self::Part { due, owner } => (*due, *owner),
        };
        let (mut names, mut left) = (vec![], vec![]);
        for (name, variable) in &manifest.variables {
            if owner.is_some() && variable.metadata.owner.as_deref() != owner {
                continue;
            }
            let is_sealed = matches!(variable.source, Source::Sealed(_));
            let sealed_at = match is_sealed && due {
                true => (opener.value(manifest, name).ok()).and_then(|open| open.sealed_at),
                false => None,
            };
            let when = when(&variable.metadata, sealed_at, manifest.expiry, now);
            match (due, when) {
                (true, None) => continue,
                (true, Some(Due::Expired(date))) => {
                    left.push(Left::refused(
                        format!("{name} has the end {date}, which the manifest gives it"),
                        format!(
                            "driftlock rotate {name}, and write the new date behind `expires:`"
                        ),
                    ));
                    continue;
                }
                (true, Some(Due::SealedAhead(at))) => {
                    left.push(Left::refused(
                        format!("{name} was sealed in the future, {at}: a clock was wrong, and nobody can say when it is due"),
                        format!("put the clock right; driftlock rotate {name}"),
                    ));
                    continue;
                }
                _ => {}
            }
            match check_source(manifest, name) {
                Ok(()) => names.push(name.clone()),
                // an owner has clear variables and templates too: there is nothing to do about them
                Err(_) if !due && !variable.source.is_encrypted() => {}
                Err(why) => left.push(why),
            }
        }
        (names, left)
    }
}

/// What has run out or is near: the rotation first, which a new value begins anew.
fn when(
    metadata: &Metadata,
    sealed_at: Option<Timestamp>,
    policy: ExpiryPolicy,
    now: Timestamp,
) -> Option<Due> {
    let rotation = Metadata {
        expires: None,
        ..metadata.clone()
    };
    // what a value says itself is its issuer's: chance makes no such value
    let dates = Dates {
        sealed_at,
        own: None,
    };
    let near = |of: &Metadata| Some(expiry::due(of, &dates, policy, now)?.0);
    near(&rotation).or_else(|| near(metadata))
}
