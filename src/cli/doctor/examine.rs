//! From manifests to diagnoses: one that is broken, or a journal that cannot be read, does not hide
//! the rest.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::{StreamExt, stream};
use jiff::Timestamp;

use super::super::Global;
use super::super::allowlist::Allows;
use super::super::context::Context;
use super::super::error::CommandError;
use super::super::look::{self, Opened};
use super::super::rails::Folders;
use super::super::records;
use super::super::session::{self, Item};
use super::super::ui::Ui;
use super::{DoctorArgs, check_variables, setup};
use crate::crypto::Keyring;
use crate::journal::Journal;
use crate::manifest::{Manifest, TargetSpec};
use crate::model::{Fingerprinter, TargetName, VarName, Verdict};
use crate::plan::{Plan, widened};
use crate::reconcile::connect::Connections;
use crate::reconcile::desired::Values;
use crate::reconcile::doctor::{Chart, Probed, Vitals, alike, diagnose, touches};
use crate::reconcile::event::{Check, DoctorReport};
use crate::reconcile::expiry::of_manifest;
use crate::reconcile::load::{self, Opening};
use crate::reconcile::pass::{Memory, Pass, Scope};
use crate::reconcile::probes::probe_target;
use crate::reconcile::targets::Visibility;
use crate::source;

/// The set-up, and each manifest.
pub(super) fn examine(
    arguments: &DoctorArgs,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<(Vec<Check>, Vec<DoctorReport>), CommandError> {
    let (items, mut checks) = load(arguments, context, ui)?;
    look::check_targets(&items, &arguments.target)?;
    check_variables(&items, &arguments.variables)?;
    let mut room = Room {
        allows: Allows::load(global, &items, context, ui)?,
        arguments,
        context,
        keyring: session::keyring(global, context),
        journal: records::journal(global, context, &items, false, ui)?,
        connections: session::connections(context, ui),
        runtime: look::runtime()?,
        scope: Scope {
            unattended: !context.terminal.input,
            ..Scope::default()
        },
        checks: vec![],
    };
    let reports = items.iter().map(|item| room.report(item, ui)).collect();
    let place = room.journal.place();
    checks.extend(room.checks);
    checks.extend(setup::surroundings(&items, global, context, &place));
    Ok((checks, reports))
}

/// So many targets' probes are under way at a time.
const AT_ONCE: usize = 16;

/// What every manifest of this run is looked at with.
struct Room<'a> {
    arguments: &'a DoctorArgs,
    context: &'a Context,
    keyring: Keyring,
    journal: Box<dyn Journal>,
    connections: Connections,
    runtime: tokio::runtime::Runtime,
    scope: Scope,
    allows: Allows,
    checks: Vec<Check>,
}

/// What decides whether a probe is sent.
struct Asking<'a> {
    arguments: &'a DoctorArgs,
    memory: &'a Memory,
}

impl Room<'_> {
    fn report(&mut self, item: &Item, ui: &mut Ui) -> DoctorReport {
        let opened = self.open(item);
        let values = look::values(&opened, &mut self.keyring, self.context.now(), ui);
        let pass = look::pass(
            &opened,
            &values,
            &self.connections,
            &self.scope,
            &self.allows,
        );
        let live = look::drive(ui, &self.runtime, async |events| {
            pass.read(&opened.memory, events).await
        });
        let manifest = &item.loaded.manifest;
        let vitals: Vec<Vitals> = live.iter().map(Vitals::of).collect();
        let alike = alike(manifest, &item.located, &live);
        // a journal that cannot be read was told when it was asked what was applied
        let seen =
            look::elsewhere(&pass, &opened, &*self.journal, self.context).unwrap_or_default();
        let plan = pass.plan(live, &opened.memory);
        let asking = Asking {
            arguments: self.arguments,
            memory: &opened.memory,
        };
        let probed = look::drive(ui, &self.runtime, async |_| {
            ask_probes(&pass, &plan, &asking).await
        });
        let targets: BTreeSet<TargetName> = self.arguments.target.iter().cloned().collect();
        diagnose(&Chart {
            file: &item.file.path.display().to_string(),
            manifest,
            located: &item.located,
            plan: &plan,
            vitals: &vitals,
            last: &opened.memory.last,
            probed: &probed,
            probing: !self.arguments.no_probe,
            seen: &seen,
            due: &of_manifest(&values, self.context.now()),
            sealed_at: &sealed_at(manifest, &values),
            alike: &alike,
            targets: (!targets.is_empty()).then_some(&targets),
            variables: &self.arguments.variables,
            require_all: self.arguments.require_all,
        })
    }

    /// Opens a manifest and recalls what was applied, as far as that goes.
    fn open<'i>(&mut self, item: &'i Item) -> Opened<'i> {
        let opening = load::open(&item.loaded.manifest, &mut self.keyring);
        self.checks.extend(setup::identity(item, &opening));
        let fingerprinter = self.fingerprinter(item, &opening);
        let memory = look::recall(item, &*self.journal, fingerprinter.as_ref());
        let memory = match memory {
            Ok(memory) => {
                let notes = memory.notes.iter();
                self.checks
                    .extend(notes.map(|note| setup::journal_note(note)));
                memory
            }
            Err(error) => {
                self.checks.push(setup::journal_error(&error));
                Memory {
                    // without records nobody can say whether this is the key of the last apply
                    key_unknown: opening.as_open().is_some(),
                    ..Memory::default()
                }
            }
        };
        Opened {
            item,
            opening,
            fingerprinter,
            memory,
        }
    }

    /// A journal that cannot be read is told once, when it is asked what was applied.
    fn fingerprinter(&mut self, item: &Item, opening: &Opening) -> Option<Fingerprinter> {
        session::fingerprinter(opening, &mut *self.journal, &item.scope, false).unwrap_or_else(
            |_told_by_recall| {
                let key = crate::model::FingerprintKey::new(*crate::crypto::random_bytes());
                Some(Fingerprinter::new(key, vec![]))
            },
        )
    }
}

/// The manifests that parse. Those that do not are said so in full on standard error, and count as
/// unknown.
fn load(
    arguments: &DoctorArgs,
    context: &Context,
    ui: &mut Ui,
) -> Result<(Vec<Item>, Vec<Check>), CommandError> {
    let files = source::load_manifests(&context.folder, &arguments.manifest)
        .map_err(|error| CommandError::of(&error))?;
    let (mut items, mut checks) = (vec![], vec![]);
    let mut folders = Folders::default();
    for file in files {
        match load::load(&file.text) {
            Ok(mut loaded) => {
                if folders.tighten(&file, &mut loaded)? {
                    items.push(session::item(file, loaded, context));
                }
            }
            Err(diagnostics) => {
                ui.diagnostics(&file.path, &diagnostics);
                checks.push(setup::broken(&file.path, diagnostics.len()));
            }
        }
    }
    folders.report(ui);
    let broken = folders.broken();
    checks.extend(broken.map(|(path, problems)| setup::broken(path, problems.len())));
    checks.extend(setup::shared_place(&items));
    Ok((items, checks))
}

fn sealed_at(manifest: &Manifest, values: &Values<'_>) -> BTreeMap<VarName, Timestamp> {
    let names = manifest.variables.keys();
    names
        .filter_map(|name| Some((name.clone(), values.sealed_at(name)?)))
        .collect()
}

/// What the probes of each target say, one try each. Targets without an entry were not asked.
async fn ask_probes(
    pass: &Pass<'_>,
    plan: &Plan,
    room: &Asking<'_>,
) -> BTreeMap<TargetName, Probed> {
    if room.arguments.no_probe {
        return BTreeMap::new();
    }
    let specs = pass.loaded.manifest.targets.iter().zip(pass.located);
    let asked = specs.filter(|(spec, located)| {
        let arguments = room.arguments;
        let mut names = arguments.variables.iter();
        let manifest = &pass.loaded.manifest;
        let about = names.any(|name| spec.uses.iter().any(|used| touches(manifest, used, name)))
            || arguments.variables.is_empty();
        let wanted =
            about && (arguments.target.is_empty() || arguments.target.contains(&spec.name));
        wanted && !spec.probes.is_empty() && located.visibility == Visibility::Here
    });
    let each = asked.map(|(spec, located)| async move {
        let reports = match not_in_force(plan, spec, room) {
            Some(why) => {
                let verdict = Verdict::NotTried { why };
                vec![("its probe".to_owned(), verdict)]
            }
            None => {
                let connections = pass.connections;
                let prober = connections.prober();
                let target = &located.target;
                probe_target(pass.values, connections, prober, spec, target)
                    .await
                    .into_iter()
                    // where there is nothing to ask, nothing is not known
                    .filter(|report| !report.left_out)
                    .map(|report| (report.what, report.verdict))
                    .collect()
            }
        };
        (spec.name.clone(), reports)
    });
    stream::iter(each).buffer_unordered(AT_ONCE).collect().await
}

/// A probe sends secrets and runs commands: what the manifest in hand says of it must be what an
/// apply from here agreed to, or the person has to say so.
fn not_in_force(plan: &Plan, spec: &TargetSpec, room: &Asking<'_>) -> Option<String> {
    const SEND: &str = "`driftlock doctor --probe` sends it all the same";
    if room.arguments.probe {
        return None;
    }
    if room.memory.authority.is_none() {
        return Some(format!(
            "no apply from here is on record that agreed to it; {SEND}"
        ));
    }
    widened(&plan.authority, &spec.name)
        .map(|one| format!("{}, and no apply agreed to that yet; {SEND}", one.what))
}
