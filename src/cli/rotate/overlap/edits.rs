//! The manifest's text at the steps of a rotation: what is sealed, and which marks are set.

use crate::cli::authoring;
use crate::cli::error::CommandError;
use crate::manifest::{EditError, Editor, Manifest, Payload, Source, Stage};
use crate::model::VarName;
use crate::reconcile::load::{Open, OpenValue, Opener};
use crate::reconcile::rotation::{Next, Rotation};

/// What a variable with an overlap gets beside its new value.
#[derive(Debug)]
pub(in crate::cli::rotate) struct Begin {
    name: VarName,
    former: VarName,
    payload: Payload,
}

impl Begin {
    /// Keeps the present value as the former one. `None` where the variable has no overlap.
    pub(in crate::cli::rotate) fn of(
        manifest: &Manifest,
        name: &VarName,
        present: &OpenValue,
        open: &Open,
    ) -> Result<Option<Self>, CommandError> {
        let metadata = manifest.variables.get(name).map(|one| &one.metadata);
        let Some((metadata, overlap)) =
            metadata.and_then(|metadata| Some((metadata, metadata.overlap.as_ref()?)))
        else {
            return Ok(None);
        };
        if metadata.rotating.is_some() {
            return Err(CommandError::refused(format!(
                "a rotation of {name} is under way; nothing was changed"
            ))
            .hint(format!("driftlock rotate --continue {name}"))
            .hint(format!(
                "driftlock rotate --abort {name} takes its new value back"
            )));
        }
        let former = overlap.former_name(name).ok_or_else(|| {
            CommandError::refused(format!(
                "{name} is too long to have a former value beside it; nothing was changed"
            ))
        })?;
        if manifest.variables.contains_key(&former) {
            return Err(CommandError::refused(format!(
                "{former} is declared already, where the former value of {name} would be; nothing was changed"
            ))
            .hint("rename that one, or name the former value otherwise: `previous: _OLD`"));
        }
        // both count on from the same number, so that neither is ever an older value put back
        let sequence = present.sequence.unwrap_or_default().saturating_add(1);
        let sealed_at = present.sealed_at.unwrap_or_default();
        let (envelope, value) = (&open.envelope, &present.value);
        let payload =
            authoring::sealed_payload(envelope, former.as_str(), sequence, sealed_at, value)?;
        Ok(Some(Self {
            name: name.clone(),
            former,
            payload,
        }))
    }

    /// After the new value was set.
    pub(in crate::cli::rotate) fn edit(&self, editor: &mut Editor<'_>) -> Result<(), EditError> {
        editor.set_metadata(&self.name, "rotating", Stage::Accept.word())?;
        let of = vec![("previous_of", self.name.to_string())];
        editor.add(&self.former, self.payload.clone(), of)
    }
}

/// One step of one rotation.
#[derive(Debug)]
pub(super) struct Step {
    name: VarName,
    former: VarName,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    /// Another stage.
    Mark(Stage),
    /// The rotation ends with this value.
    End(Payload),
}

impl Step {
    /// What a step changes. `None` where there is nothing to do but wait.
    pub(super) fn of(
        manifest: &Manifest,
        rotation: &Rotation<'_>,
        next: Next,
        opener: &mut Opener<'_>,
        open: &Open,
    ) -> Result<Option<Self>, CommandError> {
        let kind = match next {
            Next::Hold(_) => return Ok(None),
            Next::Switch => Kind::Mark(Stage::Use),
            Next::SwitchBack => Kind::Mark(Stage::Accept),
            Next::Retire | Next::Withdraw => {
                let mut value = |name: &VarName| {
                    opener.value(manifest, name).map_err(|why| {
                        CommandError::error(format!(
                            "{name} does not open: {why}; nothing was changed"
                        ))
                        .hint("take its line from git")
                    })
                };
                let (new, old) = (value(rotation.name)?, value(rotation.former)?);
                let sequences = [new.sequence, old.sequence];
                let highest = sequences.into_iter().flatten().max().unwrap_or_default();
                let kept = match next {
                    Next::Withdraw => &old,
                    _ => &new,
                };
                // a higher number than both: whoever puts the other one back later is noticed
                Kind::End(authoring::sealed_payload(
                    &open.envelope,
                    rotation.name.as_str(),
                    highest.saturating_add(1),
                    kept.sealed_at.unwrap_or_default(),
                    &kept.value,
                )?)
            }
        };
        Ok(Some(Self {
            name: rotation.name.clone(),
            former: rotation.former.clone(),
            kind,
        }))
    }

    pub(super) fn edit(&self, editor: &mut Editor<'_>) -> Result<(), EditError> {
        match &self.kind {
            Kind::Mark(stage) => editor.set_metadata(&self.name, "rotating", stage.word()),
            Kind::End(payload) => {
                editor.set(&self.name, &Source::Sealed(payload.clone()))?;
                editor.remove_metadata(&self.name, "rotating")?;
                editor.unset(&self.former, false)
            }
        }
    }
}
