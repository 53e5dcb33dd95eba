//! Which kinds of findings a run is asked for.

use std::collections::BTreeSet;
use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::super::error::CommandError;
use super::super::selection::Selection;
use crate::model::{CheckKind, TargetName};

#[derive(Debug, Args)]
pub(super) struct KindArgs {
    /// Only these kinds of findings, separated by commas
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = words())]
    only: Vec<CheckKind>,

    /// All but these kinds
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = words())]
    skip: Vec<CheckKind>,

    /// Look at the targets too, as `plan` does; exit with 2 where something differs
    #[arg(long)]
    drift: bool,

    /// For drift: only this target; may be repeated
    #[arg(long, value_name = "TARGET")]
    target: Vec<TargetName>,

    /// For drift: take the manifest at this git revision as what was last applied
    #[arg(long, value_name = "REV")]
    since: Option<String>,

    /// For drift: fail where a target of another machine was not seen lately
    #[arg(long)]
    require_all: bool,
}

fn words() -> impl TypedValueParser<Value = CheckKind> {
    let words = CheckKind::ALL.map(CheckKind::word);
    PossibleValuesParser::new(words).try_map(|word| {
        let kind = CheckKind::ALL.into_iter().find(|kind| kind.word() == word);
        kind.ok_or("there is no such kind")
    })
}

impl KindArgs {
    /// What was asked for. A run that would look at nothing, or contradicts itself, is a mistake.
    pub(super) fn wanted(&self) -> Result<BTreeSet<CheckKind>, CommandError> {
        let mut wanted: BTreeSet<CheckKind> = if self.only.is_empty() {
            let all = CheckKind::ALL.into_iter();
            all.filter(|kind| self.drift || *kind != CheckKind::Drift)
                .collect()
        } else {
            self.only.iter().copied().collect()
        };
        if self.drift {
            wanted.insert(CheckKind::Drift);
        }
        let both = |kind: &&CheckKind| {
            self.only.contains(kind) || (self.drift && **kind == CheckKind::Drift)
        };
        if let Some(kind) = self.skip.iter().find(both) {
            let kind = kind.word();
            return Err(wrong(format!("{kind} is both asked for and skipped")));
        }
        wanted.retain(|kind| !self.skip.contains(kind));
        if wanted.is_empty() {
            return Err(wrong("every kind is skipped: there is nothing to check"));
        }
        let flags = [
            ("--target", !self.target.is_empty()),
            ("--since", self.since.is_some()),
            ("--require-all", self.require_all),
        ];
        let given = flags.iter().find(|(_, given)| *given);
        match given {
            Some((flag, _)) if !wanted.contains(&CheckKind::Drift) => Err(CommandError::usage(
                format!("{flag} is for drift, which this run does not look at"),
            )
            .hint("add --drift")),
            _ => Ok(wanted),
        }
    }

    /// The part of the targets that drift is looked for on.
    pub(super) fn selection(&self, manifests: &[PathBuf]) -> Selection {
        Selection {
            manifests: manifests.to_vec(),
            target: self.target.clone(),
            only: vec![],
            since: self.since.clone(),
            require_all: self.require_all,
        }
    }
}

fn wrong(message: impl Into<String>) -> CommandError {
    let words = CheckKind::ALL.map(CheckKind::word).join(", ");
    CommandError::usage(message).hint(format!("the kinds are {words}"))
}
