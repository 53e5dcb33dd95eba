//! The new values, before anything is written.

use super::choose::Wanted;
use super::how::{How, Origin};
use super::overlap::Begin;
use super::refusal::Left;
use crate::cli::Global;
use crate::cli::allowlist::Allows;
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::recipe::{self, Made};
use crate::cli::session::Item;
use crate::cli::ui::Ui;
use crate::crypto::random_bytes;
use crate::manifest::{EditError, Editor, Source};
use crate::model::{CommandRecipe, SecretValue, VarName};
use crate::reconcile::fit::Refused;
use crate::reconcile::load::{Open, OpenValue, Opener};

/// What a rotation works with.
pub(super) struct Desk<'a> {
    pub(super) item: &'a Item,
    pub(super) opener: Opener<'a>,
    pub(super) open: &'a Open,
    pub(super) global: &'a Global,
    pub(super) context: &'a Context,
    /// No command is run and nobody is asked.
    pub(super) is_dry: bool,
    pub(super) yes: bool,
}

/// What becomes of the variables.
pub(super) struct Rotation {
    pub(super) done: Vec<Rotated>,
    /// What was left as it is, and why.
    pub(super) left: Vec<Left>,
}

/// One variable with a new value.
pub(super) struct Rotated {
    pub(super) name: VarName,
    pub(super) how: How,
    /// `None` where nothing is made before somebody runs or types it.
    source: Option<Source>,
    /// The clear variable with the public half of a key pair.
    pub(super) public: Option<(VarName, String)>,
    /// What begins an overlap.
    begin: Option<Begin>,
}

impl Rotated {
    pub(super) fn write(&self, editor: &mut Editor<'_>) -> Result<(), EditError> {
        if let Some(source) = &self.source {
            editor.set(&self.name, source)?;
        }
        if let Some(begin) = &self.begin {
            begin.edit(editor)?;
        }
        match &self.public {
            Some((name, text)) => editor.set(name, &Source::Clear(text.clone())),
            None => Ok(()),
        }
    }
}

impl Rotation {
    /// The variables, and those of their public halves.
    pub(super) fn names(&self) -> Vec<VarName> {
        let publics = self.done.iter().filter_map(|one| one.public.as_ref());
        let names = self.done.iter().map(|one| &one.name);
        names
            .chain(publics.map(|(name, _)| name))
            .cloned()
            .collect()
    }

    /// The variables whose new value comes in stages.
    pub(super) fn begun(&self) -> Vec<VarName> {
        let begun = self.done.iter().filter(|one| one.begin.is_some());
        begun.map(|one| one.name.clone()).collect()
    }

    /// Gives up what does not fit: every variable that a refused value is made from.
    fn leave(&mut self, misfits: &[Refused]) {
        for misfit in misfits {
            self.left.push(Left::refused(
                recipe::unfit(misfit),
                recipe::FITTING.to_owned(),
            ));
        }
        self.done.retain(|one| {
            let public = one.public.as_ref().map(|(name, _)| name);
            let is_in = |misfit: &Refused| {
                misfit.of.contains(&one.name) || public.is_some_and(|name| misfit.of.contains(name))
            };
            !misfits.iter().any(is_in)
        });
    }

    /// Partly, where something was left; refused, where everything was.
    pub(super) fn exit(&self) -> Exit {
        match (self.done.is_empty(), self.left.is_empty()) {
            (_, true) => Exit::DONE,
            (false, false) => Exit::PARTIAL,
            (true, false) => Exit::REFUSED,
        }
    }
}

/// A variable that is going to get a new value.
struct Begun {
    name: VarName,
    present: OpenValue,
    how: How,
}

impl Desk<'_> {
    /// All that is named, or what can be rotated of a part.
    pub(super) fn rotate(
        &mut self,
        wanted: &Wanted<'_>,
        origin: &Origin,
        ui: &mut Ui,
    ) -> Result<Rotation, CommandError> {
        let manifest = &self.item.loaded.manifest;
        let now = self.context.now();
        let (names, mut left) = wanted.choose(manifest, &mut self.opener, now);
        let is_part = matches!(wanted, Wanted::Part { .. });
        let mut begun = vec![];
        for name in names {
            match self.begin(&name, origin) {
                Ok(one) => begun.push(one),
                Err(error) if is_part => left.push(error.into()),
                Err(error) => return Err(error),
            }
        }
        if is_part && self.yes {
            self.leave_uncovered(&mut begun, &mut left, ui)?;
        }
        if !self.is_dry {
            let commands: Vec<(&VarName, &CommandRecipe)> = (begun.iter())
                .filter_map(|one| Some((&one.name, one.manifest_command()?)))
                .collect();
            recipe::ask(&commands, self.yes, self.context, ui)?;
        }
        let mut done = vec![];
        for one in begun {
            match self.make(one) {
                Ok(one) => done.push(one),
                Err(error) if is_part => left.push(error.into()),
                Err(error) => return Err(error),
            }
        }
        Ok(Rotation { done, left })
    }

    /// The manifest's text with the new values. What a target could not hold is refused, or left where
    /// only a part is wanted.
    pub(super) fn edited(
        &mut self,
        wanted: &Wanted<'_>,
        rotation: &mut Rotation,
        ui: &mut Ui,
    ) -> Result<String, CommandError> {
        let item = self.item;
        loop {
            let (text, after) = authoring::edited(item, &item.file.text, ui, |editor| {
                rotation.done.iter().try_for_each(|one| one.write(editor))
            })?;
            let names = rotation.names();
            let misfits = recipe::misfits(&after, &names, &mut self.opener, item, self.context, ui);
            if matches!(wanted, Wanted::Names(_)) {
                recipe::check_fit(&misfits)?;
            }
            if misfits.is_empty() {
                return Ok(text);
            }
            rotation.leave(&misfits);
        }
    }

    fn begin(&mut self, name: &VarName, origin: &Origin) -> Result<Begun, CommandError> {
        let manifest = &self.item.loaded.manifest;
        let present = self.opener.value(manifest, name).map_err(|why| {
            CommandError::error(format!("{name} does not open: {why}; nothing was changed")).hint(
                format!("restore its line from git, or driftlock set {name}"),
            )
        })?;
        let variable = manifest.variables.get(name);
        let how = How::find(
            name,
            variable,
            &present.value,
            origin,
            self.is_dry,
            self.context,
        )?;
        Ok(Begun {
            name: name.clone(),
            present,
            how,
        })
    }

    /// Where nobody looks at what is due, a command runs only if this machine's own list has it:
    /// whoever may edit the manifest may not decide what runs here.
    fn leave_uncovered(
        &self,
        begun: &mut Vec<Begun>,
        left: &mut Vec<Left>,
        ui: &mut Ui,
    ) -> Result<(), CommandError> {
        if begun.iter().all(|one| one.manifest_command().is_none()) {
            return Ok(());
        }
        let items = std::slice::from_ref(self.item);
        let allows = Allows::load(self.global, items, self.context, ui)?;
        let machine = allows.of(self.item);
        let manifest = &self.item.loaded.manifest;
        begun.retain(|one| {
            let Some(command) = one.manifest_command() else {
                return true;
            };
            let covered = machine.is_some_and(|machine| {
                machine
                    .list
                    .covers_recipe(manifest, &command.line, machine.here)
            });
            if !covered {
                let name = &one.name;
                left.push(Left::refused(
                    format!("{name} is made by a command that the authority.yaml of this machine does not list"),
                    format!("driftlock rotate {name}, or list the command there, with this machine"),
                ));
            }
            covered
        });
        Ok(())
    }

    fn make(&self, begun: Begun) -> Result<Rotated, CommandError> {
        let Begun { name, present, how } = begun;
        let made = match &how {
            _ if self.is_dry && how.waits() => None,
            How::Recipe(recipe) => Some(recipe::make(&name, recipe, self.context)?),
            How::Once(command) => {
                Some(Made::of(recipe::run_command(&name, command, self.context)?))
            }
            How::Form(text) => Some(Made::of(text.make(random_bytes))),
            How::Typed(value) | How::Read(value) => Some(Made::of(value.clone())),
            How::LaterTyped => None,
        };
        let Some(Made { value, public }) = made else {
            return Ok(Rotated {
                name,
                how,
                source: None,
                public: None,
                begin: None,
            });
        };
        check_new(&name, &value, &present.value)?;
        let payload = authoring::sealed_payload(
            &self.open.envelope,
            name.as_str(),
            present.sequence.unwrap_or_default().saturating_add(1),
            self.context.now(),
            &value,
        )?;
        let begin = Begin::of(&self.item.loaded.manifest, &name, &present, self.open)?;
        if begin.is_some() && public.is_some() {
            return Err(CommandError::refused(format!(
                "{name} has an overlap, and its recipe makes a key pair, whose public half would change everywhere at once; nothing was changed"
            ))
            .hint("take `overlap` out, or let each pair have a variable of its own"));
        }
        Ok(Rotated {
            name,
            how,
            source: Some(Source::Sealed(payload)),
            public,
            begin,
        })
    }
}

impl Begun {
    /// The command that somebody has to agree to.
    fn manifest_command(&self) -> Option<&CommandRecipe> {
        match &self.how {
            How::Recipe(recipe) => recipe.command(),
            _ => None,
        }
    }
}

impl How {
    /// Whether a program or a person makes it.
    fn waits(&self) -> bool {
        match self {
            Self::Recipe(recipe) => recipe.command().is_some(),
            Self::Once(_) | Self::LaterTyped => true,
            Self::Form(_) | Self::Typed(_) | Self::Read(_) => false,
        }
    }
}

/// A rotation that rotates nothing would be believed.
fn check_new(
    name: &VarName,
    value: &SecretValue,
    present: &SecretValue,
) -> Result<(), CommandError> {
    if value.is_empty() {
        return Err(CommandError::refused(format!(
            "the new value of {name} is empty; nothing was changed"
        ))
        .hint(format!("driftlock set {name}, if it is to be empty")));
    }
    if value == present {
        return Err(CommandError::refused(format!(
            "the new value of {name} is the one that it has already; nothing was changed"
        ))
        .hint("let whoever gives it out make another one"));
    }
    Ok(())
}
