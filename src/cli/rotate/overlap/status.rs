//! `rotate --status`: where each rotation stands, and what it waits for.

use super::super::RotateArgs;
use super::survey::{Question, chosen, survey};
use super::tell;
use crate::cli::Global;
use crate::cli::context::Context;
use crate::cli::error::{CommandError, Exit};
use crate::cli::session;
use crate::cli::ui::Ui;
use crate::reconcile::rotation::{Direction, Next, next};
use crate::render::escape;

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
    if rotations.is_empty() {
        ui.page("No rotation is under way.\n");
        return Ok(Exit::DONE);
    }
    let mut keyring = session::keyring(global, context);
    let question = Question {
        names: &arguments.names,
        direction: Direction::On,
        probes: false,
    };
    let standings = survey(&item, question, &mut keyring, global, context, ui)?;
    let mut out = String::new();
    for (rotation, standing) in rotations.iter().zip(&standings) {
        let names = std::slice::from_ref(rotation.name);
        out.push_str(&format!("{}  {}\n", rotation.name, tell::stage(rotation)));
        for obstacle in &standing.obstacles {
            let why = escape::terminal(&obstacle.why);
            out.push_str(&format!("  {}: {why}\n", obstacle.target));
        }
        let on = tell::go_on(arguments, names, Direction::On);
        out.push_str(&if standing.obstacles.iter().any(|one| one.wants_apply) {
            let apply = tell::apply(arguments, &item, names);
            format!("  next: {apply}\n")
        } else if !standing.obstacles.is_empty() {
            format!("  next: driftlock doctor {}\n", rotation.name)
        } else {
            match next(rotation, Direction::On, standing.switched_at, context.now()) {
                Next::Hold(until) => format!(
                    "  the former value stays good until {}\n  next, then: {on}\n",
                    tell::time(until)
                ),
                _ => format!("  every target is where it should be\n  next: {on}\n"),
            }
        });
    }
    ui.page(&out);
    Ok(Exit::DONE)
}
