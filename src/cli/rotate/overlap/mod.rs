//! `rotate` of secrets with an overlap: those that accept one get both values, then those that use it
//! get the new one, then the former one goes. How far it is stands in the manifest, so that any run on
//! any machine can go on from there.

mod edits;
mod status;
mod survey;
mod tell;

use std::time::Duration;

use jiff::Timestamp;

use super::RotateArgs;
use crate::cli::Global;
use crate::cli::apply::{self, ApplyArgs};
use crate::cli::authoring;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::reach;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::model::VarName;
use crate::reconcile::load::Opener;
use crate::reconcile::rotation::{Direction, Next, next};
pub(super) use edits::Begin;
use edits::Step;
pub(super) use status::status;
use survey::{Question, Standing, chosen, survey};

/// How long `--apply` waits for what ends by itself: deployments, services that start.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
/// The pauses between two looks, the first and the longest.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(15));

/// How a walk goes.
#[derive(Clone, Copy)]
struct Walk<'a> {
    arguments: &'a RotateArgs,
    direction: Direction,
    global: &'a Global,
    context: &'a Context,
}

/// `--continue` and `--abort`: one step, or with `--apply` as many as can be made now.
pub(super) fn walk(
    arguments: &RotateArgs,
    direction: Direction,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    check_names(&item, &arguments.names)?;
    let rotations = chosen(&item, &arguments.names);
    if rotations.is_empty() {
        ui.say(
            "no rotation is under way\n  next: driftlock plan says whether all of it is applied",
        );
        return Ok(Exit::DONE);
    }
    let names: Vec<VarName> = rotations.iter().map(|one| one.name.clone()).collect();
    let walk = Walk {
        arguments,
        direction,
        global,
        context,
    };
    match arguments.apply {
        true => walk.through(&names, ui),
        false => walk.one_step(&names, ui),
    }
}

/// After `rotate NAME --apply` has begun some.
pub(super) fn go_on(
    names: &[VarName],
    arguments: &RotateArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let walk = Walk {
        arguments,
        direction: Direction::On,
        global,
        context,
    };
    walk.through(names, ui)
}

/// What comes after the apply of a first stage.
pub(super) fn then(arguments: &RotateArgs, names: &[VarName]) -> String {
    format!("  then: {}", tell::go_on(arguments, names, Direction::On))
}

/// A name that is not being rotated is a mistake, and never one less to look after.
fn check_names(item: &Item, names: &[VarName]) -> Result<(), CommandError> {
    let rotations = chosen(item, &[]);
    match names
        .iter()
        .find(|name| !rotations.iter().any(|one| one.name == *name))
    {
        None => Ok(()),
        Some(name) => Err(CommandError::refused(format!(
            "no rotation of {name} is under way; nothing was changed"
        ))
        .hint(format!("driftlock rotate {name} begins one"))),
    }
}

/// What came of one look and, where it was possible, one edit.
enum Made {
    /// The manifest says the next stage now.
    Steps,
    /// Nothing is in the way but time.
    Holds(Timestamp),
    /// Something is; whether all of it may end by itself.
    Blocked { passes: bool },
    /// Nothing is left to do.
    Nothing,
}

impl Walk<'_> {
    fn one_step(&self, names: &[VarName], ui: &mut Ui) -> Result<Exit, CommandError> {
        let item = self.load(ui)?;
        Ok(match self.step(&item, names, true, ui)? {
            Made::Steps | Made::Nothing => {
                let item = self.load(ui)?;
                tell::next_apply(self.arguments, &item, names, ui);
                Exit::DONE
            }
            Made::Holds(until) => {
                tell::holds(self.arguments, names, until, ui);
                Exit::DONE
            }
            Made::Blocked { .. } => Exit::REFUSED,
        })
    }

    /// Applies what the manifest says, goes on, and so forth until it is over or has to wait.
    fn through(&self, names: &[VarName], ui: &mut Ui) -> Result<Exit, CommandError> {
        loop {
            let item = self.load(ui)?;
            let exit = self.apply(&item, names, ui)?;
            if exit != Exit::DONE {
                tell::interrupted(self.arguments, names, self.direction, ui);
                return Ok(exit);
            }
            let item = self.load(ui)?;
            let left: Vec<VarName> = chosen(&item, names)
                .iter()
                .map(|one| one.name.clone())
                .collect();
            if left.is_empty() {
                tell::over(names, self.direction, ui);
                return Ok(Exit::DONE);
            }
            match self.step_patiently(&item, &left, ui)? {
                Made::Steps | Made::Nothing => {}
                Made::Blocked { .. } => {
                    tell::interrupted(self.arguments, names, self.direction, ui);
                    return Ok(Exit::REFUSED);
                }
                Made::Holds(until) if self.arguments.wait => self.wait_until(until, ui)?,
                Made::Holds(until) => {
                    tell::holds(self.arguments, names, until, ui);
                    return Ok(Exit::DONE);
                }
            }
        }
    }

    fn load(&self, ui: &mut Ui) -> Result<Item, CommandError> {
        session::load_one(self.arguments.manifest.as_ref(), self.context, ui)
    }

    fn apply(&self, item: &Item, names: &[VarName], ui: &mut Ui) -> Result<Exit, CommandError> {
        let on_targets = reach::names_on_targets(&item.loaded.manifest, names);
        let apply = ApplyArgs::of_variables(&item.file.path, on_targets, self.arguments.yes);
        apply::run(&apply, self.global, self.context, ui)
    }

    /// Looks again while all that is in the way may end by itself.
    fn step_patiently(
        &self,
        item: &Item,
        names: &[VarName],
        ui: &mut Ui,
    ) -> Result<Made, CommandError> {
        let begin = std::time::Instant::now();
        let mut pause = PAUSES.0;
        loop {
            let last = begin.elapsed() + pause > PATIENCE;
            match self.step(item, names, last, ui)? {
                Made::Blocked { passes: true } if !last => {
                    std::thread::sleep(pause);
                    pause = (pause * 2).min(PAUSES.1);
                }
                made => return Ok(made),
            }
        }
    }

    /// One look, and the edit of every rotation that can go on. `tells` is false where a later look
    /// will say what is in the way.
    fn step(
        &self,
        item: &Item,
        names: &[VarName],
        tells: bool,
        ui: &mut Ui,
    ) -> Result<Made, CommandError> {
        let mut keyring = session::keyring(self.global, self.context);
        let question = Question {
            names,
            direction: self.direction,
            probes: true,
        };
        let standings = survey(item, question, &mut keyring, self.global, self.context, ui)?;
        let now = self.context.now();
        let blocked: Vec<&Standing> = standings
            .iter()
            .filter(|one| !one.obstacles.is_empty())
            .collect();
        let passes = blocked
            .iter()
            .flat_map(|one| &one.obstacles)
            .all(|one| one.passes);
        if tells || !passes {
            tell::blocked(self.arguments, item, &blocked, ui);
        }
        let opening = session::open_or_fail(item, &mut keyring)?;
        let Some(open) = opening.as_open() else {
            return Err(CommandError::error("nothing in this manifest is encrypted"));
        };
        let mut opener = Opener {
            opening: &opening,
            keyring: &mut keyring,
        };
        let (mut steps, mut said, mut until) = (vec![], vec![], None);
        for rotation in chosen(item, names) {
            let standing = standings.iter().find(|one| one.name == *rotation.name);
            let Some(standing) = standing.filter(|one| one.obstacles.is_empty()) else {
                continue;
            };
            let next = next(&rotation, self.direction, standing.switched_at, now);
            if let Next::Hold(time) = next {
                until = until.max(Some(time));
            }
            let manifest = &item.loaded.manifest;
            if let Some(step) = Step::of(manifest, &rotation, next, &mut opener, open)? {
                steps.push(step);
                said.push(tell::step(&rotation, next));
            }
        }
        if steps.is_empty() {
            return Ok(match (blocked.is_empty(), until) {
                (false, _) => Made::Blocked { passes },
                (true, Some(until)) => Made::Holds(until),
                (true, None) => Made::Nothing,
            });
        }
        authoring::edit(item, self.context, ui, |editor| {
            steps.iter().try_for_each(|step| step.edit(editor))
        })?;
        for text in said {
            ui.say(&text);
        }
        Ok(Made::Steps)
    }

    /// Until the former value may go. Ctrl-C ends the run, and nothing is lost by that.
    fn wait_until(&self, until: Timestamp, ui: &mut Ui) -> Result<(), CommandError> {
        ui.say(&format!(
            "the former value stays good until {}; waiting for that",
            until.strftime("%Y-%m-%d %H:%M:%SZ")
        ));
        let left = until.duration_since(self.context.now());
        if let Ok(left) = Duration::try_from(left) {
            std::thread::sleep(left);
        }
        Ok(())
    }
}
