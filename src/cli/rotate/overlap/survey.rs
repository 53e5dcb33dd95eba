//! A look at all targets that rotations concern: what they hold, what runs, what their probes say, and
//! what is recorded of them.

use std::collections::{BTreeMap, BTreeSet};

use crate::cli::Global;
use crate::cli::allowlist::Allows;
use crate::cli::context::Context;
use crate::cli::error::CommandError;
use crate::cli::look::{self, Opened};
use crate::cli::records;
use crate::cli::session::{self, Item};
use crate::cli::ui::Ui;
use crate::crypto::Keyring;
use crate::model::{TargetName, Unsettled, VarName};
use crate::plan::{LiveState, Plan, widened};
use crate::reconcile::event::ProbeReport;
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::probes::probe_target;
use crate::reconcile::rotation::{
    Direction, Look, Obstacle, Rotation, matters, obstacle, switched_at, under_way,
};
use crate::reconcile::targets::Visibility;

/// How one rotation stands.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) name: VarName,
    /// What is in the way of its next step, by target.
    pub(super) obstacles: Vec<Obstacle>,
    /// When the last of its users got what it has now.
    pub(super) switched_at: Option<jiff::Timestamp>,
}

/// What is asked of a look.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<'a> {
    /// Which rotations; all that are under way where it is empty.
    pub(super) names: &'a [VarName],
    pub(super) direction: Direction,
    /// Whether probes are sent.
    pub(super) probes: bool,
}

/// Reads every target, and judges.
pub(super) fn survey(
    item: &Item,
    question: Question<'_>,
    keyring: &mut Keyring,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<Vec<Standing>, CommandError> {
    let items = std::slice::from_ref(item);
    let mut journal = records::journal(global, context, items, false, ui)?;
    let allows = Allows::load(global, items, context, ui)?;
    let opened = look::open(item, keyring, &mut *journal, None, false, context, ui)?;
    let connections = session::connections(context, ui);
    let runtime = look::runtime()?;
    let values = look::values(&opened, keyring, context.now(), ui);
    let scope = Scope::default();
    let pass = look::pass(&opened, &values, &connections, &scope, &allows);
    let live = look::drive(ui, &runtime, async |events| {
        pass.read(&opened.memory, events).await
    });
    let seen = look::elsewhere(&pass, &opened, &*journal, context)?;
    let unsettled: Vec<Option<Unsettled>> = live.iter().map(rest).collect();
    let plan = pass.plan(live, &opened.memory);
    let rotations = chosen(item, question.names);
    let concerned = concerned(&rotations, question, &pass);
    let probed = match question.probes {
        true => runtime.block_on(ask(&pass, &plan, &opened.memory, &concerned)),
        false => BTreeMap::new(),
    };
    let looks = looks(&pass, &plan, &unsettled, &opened, &probed, &seen);
    let manifest = &item.loaded.manifest;
    let standings = rotations.iter().map(|rotation| {
        let mattering = looks
            .iter()
            .filter(|look| matters(rotation, question.direction, &look.spec.name));
        Standing {
            name: rotation.name.clone(),
            obstacles: mattering
                .filter_map(|look| obstacle(rotation, question.direction, manifest, look))
                .collect(),
            switched_at: switched_at(rotation, manifest, &looks),
        }
    });
    Ok(standings.collect())
}

/// Those that are meant.
pub(super) fn chosen<'i>(item: &'i Item, names: &[VarName]) -> Vec<Rotation<'i>> {
    let all = under_way(&item.loaded.manifest).into_iter();
    all.filter(|one| names.is_empty() || names.contains(one.name))
        .collect()
}

fn rest(live: &LiveState) -> Option<Unsettled> {
    match live {
        LiveState::Read(live) => live.unsettled.clone(),
        LiveState::Elsewhere { .. } | LiveState::Unknown { .. } => None,
    }
}

fn concerned(
    rotations: &[Rotation<'_>],
    question: Question<'_>,
    pass: &Pass<'_>,
) -> BTreeSet<TargetName> {
    let specs = pass.loaded.manifest.targets.iter();
    specs
        .map(|spec| &spec.name)
        .filter(|name| {
            rotations
                .iter()
                .any(|one| matters(one, question.direction, name))
        })
        .cloned()
        .collect()
}

fn looks<'a>(
    pass: &'a Pass<'_>,
    plan: &'a Plan,
    unsettled: &'a [Option<Unsettled>],
    opened: &'a Opened<'_>,
    probed: &'a BTreeMap<TargetName, Vec<ProbeReport>>,
    seen: &'a look::Elsewhere,
) -> Vec<Look<'a>> {
    let specs = pass.loaded.manifest.targets.iter();
    specs
        .zip(&plan.targets)
        .zip(unsettled)
        .map(|((spec, plan), unsettled)| Look {
            spec,
            plan,
            unsettled: unsettled.as_ref(),
            last: opened.memory.last.get(&spec.name),
            probed: probed.get(&spec.name).map_or(&[][..], |reports| reports),
            seen: seen.get(&spec.name),
        })
        .collect()
}

/// Sends the probes of these targets, one after the other. One that no apply has agreed to is not sent.
async fn ask(
    pass: &Pass<'_>,
    plan: &Plan,
    memory: &Memory,
    targets: &BTreeSet<TargetName>,
) -> BTreeMap<TargetName, Vec<ProbeReport>> {
    let mut all = BTreeMap::new();
    let specs = pass.loaded.manifest.targets.iter().zip(pass.located);
    for (spec, located) in specs {
        let here = located.visibility == Visibility::Here;
        let agreed = memory.authority.is_some() && widened(&plan.authority, &spec.name).is_none();
        if !here || !agreed || spec.probes.is_empty() || !targets.contains(&spec.name) {
            continue;
        }
        let prober = pass.connections.prober();
        let target = &located.target;
        let reports = probe_target(pass.values, pass.connections, prober, spec, target).await;
        all.insert(spec.name.clone(), reports);
    }
    all
}
