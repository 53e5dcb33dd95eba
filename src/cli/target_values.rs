//! What one target shall hold, for a program that is started with it or reads it: all of it, or an
//! error that names what is missing.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::Global;
use super::context::Context;
use super::error::CommandError;
use super::look;
use super::records;
use super::session::{self, Item};
use super::ui::Ui;
use crate::manifest::{TargetSpec, nearest};
use crate::model::{PlatformKind, SecretValue, Sensitivity, TargetName, Trust, VarName};
use crate::reconcile::desired::{Offered, Values};
use crate::reconcile::load::{Opener, Opening};
use crate::render::escape;

/// What begins a reference that only Railway can follow.
const REFERENCE: &str = "${{";

/// Which target is meant, and what of it.
pub(crate) struct Asked<'a> {
    /// `TARGET`, or `MANIFEST/TARGET`.
    pub(crate) target: &'a str,
    pub(crate) manifest: Option<&'a PathBuf>,
    /// Left out, as the target names them.
    pub(crate) without: &'a [VarName],
}

/// The values of one target, by their names there.
pub(crate) struct TargetValues {
    pub(crate) target: TargetName,
    pub(crate) values: Vec<TargetValue>,
}

pub(crate) struct TargetValue {
    pub(crate) name: VarName,
    pub(crate) value: SecretValue,
    pub(crate) is_secret: bool,
}

/// Opens and expands. Nothing of any platform is read.
///
/// A manifest whose key is not the one that was applied last is refused, as `plan` holds it: somebody
/// could have made the header, and all values with it. Clear texts are believed: they are as good as
/// the checkout that they stand in.
pub(crate) fn collect(
    asked: &Asked<'_>,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<TargetValues, CommandError> {
    let paths = asked.manifest.map_or(&[][..], std::slice::from_ref);
    let items = session::load_manifests(paths, context, ui)?;
    if items.is_empty() {
        return Err(CommandError::error("there is no manifest here").hint("driftlock init"));
    }
    let (item, spec) = find(asked.target, &items)?;
    for name in asked.without {
        if !spec.uses.iter().any(|used| used.name == *name) {
            return Err(CommandError::usage(format!(
                "--without: {} does not use {name}",
                spec.name
            )));
        }
    }
    let mut wanted = spec.clone();
    wanted
        .uses
        .retain(|used| !asked.without.contains(&used.name));
    let mut keyring = session::keyring(global, context);
    let needs_key = !item.loaded.manifest.secret_sources(&wanted).is_empty();
    let opening = match needs_key {
        true => session::open_or_fail(item, &mut keyring)?,
        false => Opening::Clear,
    };
    if needs_key {
        check_key(item, spec, &opening, global, context, ui)?;
    }
    let mut opener = Opener {
        opening: &opening,
        keyring: &mut keyring,
    };
    let values = Values::of_targets(&item.loaded.manifest, &mut opener, [&wanted]);
    ui.protect(values.secrets().cloned(), values.public());
    taken(&values, &wanted, &item.file.path)
}

fn taken(
    values: &Values<'_>,
    spec: &TargetSpec,
    manifest: &std::path::Path,
) -> Result<TargetValues, CommandError> {
    let desired = values.desired(spec, true, |_| Offered::default());
    let mut wrong = vec![];
    for (name, unknown) in &desired.unknown {
        wrong.push(format!("{name} does not open: {}", unknown.why));
    }
    let on_railway = spec.address.platform() == PlatformKind::Railway;
    let mut accepts = BTreeSet::new();
    for (name, variable) in &desired.vars {
        if variable.trust == Trust::Unauthenticated {
            wrong.push(format!(
                "{name} was written by somebody without the key, and no reader accepted it"
            ));
            accepts.extend(variable.declared.clone());
        } else if on_railway && variable.value.expose().contains(REFERENCE) {
            wrong.push(format!(
                "{name} refers to another variable of Railway, whose value only Railway knows"
            ));
        } else if variable.value.expose().contains('\0') {
            wrong.push(format!(
                "{name} holds a NUL character, which no environment variable can"
            ));
        }
    }
    if !wrong.is_empty() {
        let target = &spec.name;
        let mut error = CommandError::refused(format!("not all of {target} can be had"));
        for line in &wrong {
            error = error.detail(line);
        }
        for name in accepts {
            error = error.hint(format!(
                "driftlock accept {name} -f {}",
                super::context::shell_word(manifest)
            ));
        }
        return Err(error.hint("--without NAME leaves a variable out"));
    }
    let vars = desired.vars.into_iter();
    let values = vars.map(|(name, variable)| TargetValue {
        name,
        is_secret: variable.sensitivity == Sensitivity::Secret,
        value: variable.value,
    });
    Ok(TargetValues {
        target: spec.name.clone(),
        values: values.collect(),
    })
}

/// The header's key must be the one that was last applied, where that is on record.
fn check_key(
    item: &Item,
    spec: &TargetSpec,
    opening: &Opening,
    global: &Global,
    context: &Context,
    ui: &mut Ui,
) -> Result<(), CommandError> {
    let mut journal = records::journal(global, context, std::slice::from_ref(item), false, ui)?;
    let fingerprinter = session::fingerprinter(opening, &mut *journal, &item.scope, false)?;
    let memory = look::recall(item, &*journal, fingerprinter.as_ref())?;
    if memory.trusts(&item.loaded.manifest) {
        return Ok(());
    }
    let path = item.file.path.display();
    Err(CommandError::refused(format!(
        "{path} has another key than the one that was last applied: whoever made that key may have made its values"
    ))
    .hint("driftlock plan shows what else is new")
    .hint(format!("driftlock apply --allow new-key@{}, if the key is meant to be new", spec.name)))
}

/// By name; of several manifests the one that has it.
fn find<'i>(asked: &str, items: &'i [Item]) -> Result<(&'i Item, &'i TargetSpec), CommandError> {
    let (manifest, name) = match asked.split_once('/') {
        Some((manifest, name)) => (Some(manifest), name),
        None => (None, asked),
    };
    let all = || {
        let named = items.iter().filter(move |item| {
            manifest.is_none_or(|name| item.loaded.manifest.name.as_str() == name)
        });
        named.flat_map(|item| {
            item.loaded
                .manifest
                .targets
                .iter()
                .map(move |spec| (item, spec))
        })
    };
    let mut found: Vec<_> = all()
        .filter(|(_, spec)| spec.name.as_str() == name)
        .collect();
    if found.len() > 1 {
        let names: Vec<String> = found
            .iter()
            .map(|(item, spec)| session::full_name(item, &spec.name))
            .collect();
        return Err(
            CommandError::usage("several manifests have a target of this name")
                .hint(format!("name one: {}", names.join(", "))),
        );
    }
    if let Some(found) = found.pop() {
        return Ok(found);
    }
    let named = |(item, spec): (&Item, &TargetSpec)| match items {
        [_] => spec.name.to_string(),
        _ => session::full_name(item, &spec.name),
    };
    let meant = nearest(name, all().map(|(_, spec)| spec.name.as_str()));
    let meant = meant.and_then(|meant| all().find(|(_, spec)| spec.name.as_str() == meant));
    let every = items.iter().flat_map(|item| {
        let specs = item.loaded.manifest.targets.iter();
        specs.map(move |spec| (item, spec))
    });
    let names: Vec<String> = every.map(named).collect();
    let shown = match asked.len() <= 129
        && asked
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-/".contains(c))
    {
        true => format!(" {}", escape::terminal(asked)),
        false => String::new(),
    };
    let error = CommandError::usage(format!("there is no target{shown}"));
    Err(match (meant, names.as_slice()) {
        (Some(meant), _) => error.hint(format!("did you mean {}?", named(meant))),
        (None, []) => error.hint("no manifest here has a target"),
        (None, names) => error.hint(format!("there are {}", names.join(", "))),
    })
}
