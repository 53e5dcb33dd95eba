//! `rotate --status`: where each rotation stands, and what it waits for.

use super::super::RotateArgs;
use super::survey::{Question, Standing, chosen, survey};
use super::tell;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::model::TargetName;
use crate::reconcile::event::{RotationLine, RotationReport};
use crate::reconcile::rotation::{Direction, Next, Rotation, next};
use crate::render::json::{self, RotationDocument};
use crate::render::text;

/// Reads the targets, sends no probe and writes nothing.
pub(in crate::cli::rotate) fn status(
    arguments: &RotateArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Exit, CommandError> {
    let item = session::load_one(arguments.manifest.as_ref(), context, ui)?;
    super::check_names(&item, &arguments.names)?;
    let rotations = chosen(&item, &arguments.names);
    let mut report = RotationReport::default();
    if !rotations.is_empty() {
        let mut keyring = session::keyring(global, context);
        let question = Question {
            names: &arguments.names,
            direction: Direction::On,
            probes: false,
        };
        let standings = survey(&item, question, &mut keyring, global, context, ui)?;
        let lines = rotations.iter().zip(&standings);
        report.rotations = lines
            .map(|(rotation, standing)| line(arguments, &item, rotation, standing, context))
            .collect();
    }
    let mut out = String::new();
    let written = if arguments.json {
        let verdict = Exit::DONE.verdict("looked at");
        json::render_json(&mut out, &RotationDocument::new(&report, &verdict))
    } else {
        text::render_rotations(&mut out, &ui.style(), &report)
    };
    written.map_err(|_| CommandError::error("the rotations cannot be written as text"))?;
    ui.page(&out);
    Ok(Exit::DONE)
}

fn line(
    arguments: &RotateArgs,
    item: &Item,
    rotation: &Rotation<'_>,
    standing: &Standing,
    context: &Context,
) -> RotationLine {
    let names = std::slice::from_ref(rotation.name);
    let next_step = next(rotation, Direction::On, standing.switched_at, context.now());
    let is_clear = standing.obstacles.is_empty();
    let targets = |list: &[(TargetName, _)]| list.iter().map(|(name, _)| name.clone()).collect();
    RotationLine {
        variable: rotation.name.clone(),
        former: rotation.former.clone(),
        stage: rotation.stage.into(),
        accepted_by: targets(&rotation.overlap.accepted_by),
        used_by: targets(&rotation.overlap.used_by),
        waits_for: standing
            .obstacles
            .iter()
            .map(|one| (one.target.clone(), one.why.clone()))
            .collect(),
        good_until: match next_step {
            Next::Hold(until) if is_clear => Some(until),
            _ => None,
        },
        next: tell::next_command(arguments, item, names, standing),
    }
}
